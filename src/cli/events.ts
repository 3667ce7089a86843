// `events`: what has changed of late in a running sidecar, for people.
import { parseDuration } from "../control/config/duration.ts";
import { systemClock } from "../core/clock.ts";
import { askAdmin, NoAnswer } from "./admin/ask.ts";
import { areChanges, chosen, eventLines } from "./admin/eventtext.ts";
import { printAnswer } from "./admin/print.ts";
import { type Given, UsageError } from "./arguments.ts";

const FLAGS = { since: "value", cluster: "value" } as const;

/** The exit code: 0 told, 1 no answer, 2 the config that names the place is bad. */
export async function events(args: string[]): Promise<number> {
  return printAnswer("events", args, FLAGS, async (place, given) => {
    const wanted = { since: sinceOf(given), cluster: given.values.get("cluster") };
    const all = await askAdmin(place, "/events");
    if (!areChanges(all))
      throw new NoAnswer(`${place.address.text} is no sidecar's admin listener`);
    const changes = chosen(all, wanted);
    const text = () => (changes.length === 0 ? "nothing has changed\n" : eventLines(changes));
    return { json: changes, text };
  });
}

/** In milliseconds since 1970. */
function sinceOf({ values }: Given): number {
  const text = values.get("since");
  if (text === undefined) return Number.NEGATIVE_INFINITY;
  const ms = parseDuration(text);
  if (ms !== undefined) return systemClock.wall() - ms;
  throw new UsageError(
    `--since must be a duration such as 10m or 1h30m, not ${JSON.stringify(text)}`,
  );
}
