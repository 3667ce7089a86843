// The named scenarios: every promise is kept, no rule is broken, and the journal is the one that it was.
import t from "tap";
import { GOLDEN_SEED, readGoldens } from "./golden.ts";
import { SCENARIOS } from "./scenarios.ts";
import { Theatre } from "./theatre.ts";

const goldens = readGoldens();
const theatre = new Theatre();
t.teardown(() => theatre.close());

for (const scenario of SCENARIOS) {
  t.test(`${scenario.name}: ${scenario.about}`, async (t) => {
    const again = `npm run sim -- --seed ${GOLDEN_SEED} --scenario ${scenario.name}`;
    const { breaches, promised, digest } = await theatre.play({
      name: scenario.name,
      seed: GOLDEN_SEED,
    });
    t.strictSame(breaches, [], `to see it again: ${again}`);
    t.ok(promised.length > 0, "something was promised");
    t.equal(digest, goldens[scenario.name], "if that is meant: npm run sim -- --golden");
  });
}
