// The tests of test/e2e/faults/, in one process.
import { room } from "../support/room.ts";

await room("e2e/faults");
