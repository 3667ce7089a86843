// The tests of test/sim/, in one process.
import { room } from "./support/room.ts";

await room("sim");
