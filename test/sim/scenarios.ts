// The named scenarios.
import { FAULTS } from "./scenarios-faults.ts";
import { HEDGES } from "./scenarios-hedges.ts";
import { HERDS } from "./scenarios-herds.ts";
import { OVERLOADS } from "./scenarios-overload.ts";
import type { Scenario } from "./stage.ts";

export const SCENARIOS: readonly Scenario[] = [...FAULTS, ...HEDGES, ...HERDS, ...OVERLOADS];
