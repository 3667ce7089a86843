// `status`: what a running sidecar says of itself, for people; with `--watch` for as long as they look.
import { styleText } from "node:util";
import { parseDuration } from "../control/config/duration.ts";
import type { State } from "../control/state.ts";
import { systemClock } from "../core/clock.ts";
import { askAdmin, NoAnswer } from "./admin/ask.ts";
import type { Place } from "./admin/place.ts";
import { printAnswer } from "./admin/print.ts";
import { Screen } from "./admin/screen.ts";
import { isState, statusText } from "./admin/statustext.ts";
import { type Moment, watchText } from "./admin/watchtext.ts";
import { type Given, UsageError } from "./arguments.ts";
import { watch } from "./watch.ts";

const FLAGS = { watch: "switch", interval: "value" } as const;
const [LEAST_MS, USUAL_MS, MOST_MS] = [100, 1000, 3_600_000];

/** The exit code: 0 told, 1 no answer, 2 the config that names the place is bad. */
export async function status(args: string[]): Promise<number> {
  return printAnswer("status", args, FLAGS, async (place, given) => {
    const everyMs = intervalOf(given);
    if (everyMs !== undefined) {
      await watchPlace(place, everyMs);
      return { json: undefined, text: () => "" };
    }
    const state = await ask(place);
    // Colours are for terminals whose user has not said NO_COLOR: styleText knows.
    return { json: state, text: () => statusText(state, systemClock.wall(), styleText) };
  });
}

async function ask(place: Place): Promise<State> {
  const state = await askAdmin(place, "/state");
  if (isState(state)) return state;
  throw new NoAnswer(`${place.address.text} is no sidecar's admin listener`);
}

async function watchPlace(place: Place, everyMs: number): Promise<void> {
  const screen = new Screen(process.stdout);
  let before: Moment | undefined;
  let text = "";
  await watch({
    everyMs,
    show: async () => {
      const now = { state: await ask(place), at: systemClock.wall() };
      text = watchText(now, before, styleText);
      before = now;
      screen.draw(text);
    },
    lost: (why) => screen.draw(`${styleText("red", why)}\n\n${text}`),
    end: () => screen.end(),
  });
}

/** In milliseconds; undefined where it is asked once. */
function intervalOf({ values, switches }: Given): number | undefined {
  const text = values.get("interval");
  if (!switches.has("watch")) {
    if (text === undefined) return undefined;
    throw new UsageError("--interval goes with --watch");
  }
  if (switches.has("json")) throw new UsageError("give --watch or --json, not both");
  if (text === undefined) return USUAL_MS;
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= LEAST_MS && ms <= MOST_MS) return ms;
  throw new UsageError(
    `--interval must be a duration from 100ms to 1h, not ${JSON.stringify(text)}`,
  );
}
