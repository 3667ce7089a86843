// The tests of test/tidy/, in one process.
import { room } from "./support/room.ts";

await room("tidy");
