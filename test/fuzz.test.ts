// The tests of test/fuzz/, in one process.
import { room } from "./support/room.ts";

await room("fuzz");
