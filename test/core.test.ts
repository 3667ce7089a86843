// The tests of test/core/, in one process.
import { room } from "./support/room.ts";

await room("core");
