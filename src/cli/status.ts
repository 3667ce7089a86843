// `status`: what a running sidecar says of itself, for people.
import { styleText } from "node:util";
import { systemClock } from "../core/clock.ts";
import { askAdmin, NoAnswer } from "./admin/ask.ts";
import { printAnswer } from "./admin/print.ts";
import { isState, statusText } from "./admin/statustext.ts";

/** The exit code: 0 told, 1 no answer, 2 the config that names the place is bad. */
export async function status(args: string[]): Promise<number> {
  return printAnswer("status", args, {}, async (place) => {
    const state = await askAdmin(place, "/state");
    if (!isState(state)) throw new NoAnswer(`${place.address.text} is no sidecar's admin listener`);
    // Colours are for terminals whose user has not said NO_COLOR: styleText knows.
    return { json: state, text: () => statusText(state, systemClock.wall(), styleText) };
  });
}
