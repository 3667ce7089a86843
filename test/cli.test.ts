// The tests of test/cli/, in one process.
import { room } from "./support/room.ts";

await room("cli");
