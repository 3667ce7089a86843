// The tests of test/e2e/process/, in one process.
import { room } from "../support/room.ts";

await room("e2e/process");
