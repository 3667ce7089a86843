// The tests of test/proxy/, in one process.
import { room } from "./support/room.ts";

await room("proxy");
