// The tests of test/control/, in one process.
import { room } from "./support/room.ts";

await room("control");
