// Worlds made up by chance: other ones with each run, and each can be had again by its seed.
import { randomInt } from "node:crypto";
import t from "tap";
import { RANDOM } from "./random.ts";
import { Theatre } from "./theatre.ts";

const { name } = RANDOM;
const theatre = new Theatre();
t.teardown(() => theatre.close());

const NEW_SEEDS = 5;
/** Seeds that found something once. */
const OLD_SEEDS = [1, 20, 25, 50, 115];

const fresh = Array.from({ length: NEW_SEEDS }, () => randomInt(2 ** 32));
for (const seed of [...OLD_SEEDS, ...fresh]) {
  t.test(`whatever breaks, the rules hold: seed ${seed}`, async (t) => {
    const again = `npm run sim -- --seed ${seed}`;
    t.comment(again);
    const { breaches } = await theatre.play({ name, seed });
    t.strictSame(breaches, [], `to see it again: ${again}`);
  });
}

t.test(
  "the same seed gives the same journal, byte for byte, and another one another",
  async (t) => {
    const journal = async (seed: number): Promise<string> => {
      const told = await theatre.play({ name, seed, seconds: 20, journal: true });
      return told.journal;
    };
    const [once, again, other] = [await journal(7), await journal(7), await journal(8)];
    t.ok(once.length > 10_000);
    t.ok(once === again);
    t.not(once, other);
  },
);
