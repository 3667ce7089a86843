// The tests of test/bench/, in one process.
import { room } from "./support/room.ts";

await room("bench");
