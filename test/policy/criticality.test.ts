import t from "tap";
import { CRITICALITIES } from "../../src/core/criticality.ts";
import { COHORTS, CriticalityRule, cohortOf, hashOf } from "../../src/policy/criticality.ts";

const [CRITICAL_PLUS, CRITICAL, SHEDDABLE_PLUS, SHEDDABLE] = CRITICALITIES.keys();

t.test("a client may lower its own, and never raise it beyond the route's", async (t) => {
  const rule = new CriticalityRule({ default: "CRITICAL", header: undefined, methods: {} });
  t.equal(rule.header, "x-criticality");
  for (const trusted of [false, true]) {
    t.equal(rule.rank("GET", [], trusted), CRITICAL);
    t.equal(rule.rank("GET", ["SHEDDABLE"], trusted), SHEDDABLE);
    t.equal(rule.rank("GET", ["sheddable_plus"], trusted), SHEDDABLE_PLUS);
    t.equal(rule.rank("GET", ["CRITICAL_PLUS"], trusted), CRITICAL);
    t.equal(rule.rank("GET", ["VERY"], trusted), CRITICAL, "what is no class says nothing");
  }
});

t.test("where the route takes it from a header, a trusted one raises it as well", async (t) => {
  const rule = new CriticalityRule({ default: "SHEDDABLE_PLUS", header: "x-tier", methods: {} });
  t.equal(rule.header, "x-tier");
  t.equal(rule.rank("GET", ["CRITICAL_PLUS"], true), CRITICAL_PLUS);
  t.equal(rule.rank("GET", ["CRITICAL_PLUS"], false), SHEDDABLE_PLUS);
  t.equal(rule.rank("GET", ["SHEDDABLE"], false), SHEDDABLE);
});

t.test("of several in one request the lowest counts, whoever says them", async (t) => {
  const rule = new CriticalityRule({ default: "CRITICAL", header: "x-tier", methods: {} });
  for (const trusted of [false, true]) {
    t.equal(rule.rank("GET", ["CRITICAL_PLUS", "SHEDDABLE"], trusted), SHEDDABLE);
    t.equal(rule.rank("GET", ["SHEDDABLE_PLUS, CRITICAL_PLUS"], trusted), SHEDDABLE_PLUS);
    t.equal(rule.rank("GET", ["", "SHEDDABLE_PLUS", "VERY"], trusted), SHEDDABLE_PLUS);
  }
});

t.test("a method has its own", async (t) => {
  const methods = { GET: "SHEDDABLE", POST: "CRITICAL_PLUS" } as const;
  const rule = new CriticalityRule({ default: "CRITICAL", header: undefined, methods });
  t.equal(rule.rank("GET", [], false), SHEDDABLE);
  t.equal(rule.rank("POST", [], false), CRITICAL_PLUS);
  t.equal(rule.rank("PUT", [], false), CRITICAL);
  t.equal(rule.rank("GET", ["CRITICAL"], false), SHEDDABLE);
});

t.test("callers are spread over all cohorts evenly, and anew each hour", async (t) => {
  const sizes = new Array<number>(COHORTS).fill(0);
  let stay = 0;
  for (let caller = 0; caller < 12_800; caller++) {
    const hash = hashOf(`10.1.${caller >> 8}.${caller & 255}`);
    const cohort = cohortOf(hash, 490_000);
    sizes[cohort] = (sizes[cohort] ?? 0) + 1;
    if (cohortOf(hash, 490_001) === cohort) stay++;
  }
  // A hundred each by chance: four standard deviations are forty.
  t.ok(Math.min(...sizes) > 55, `${Math.min(...sizes)}`);
  t.ok(Math.max(...sizes) < 145, `${Math.max(...sizes)}`);
  t.ok(stay < 160, `${stay} of 12800 stay in their cohort`);
});
