// The tests of test/http1/, in one process.
import { room } from "./support/room.ts";

await room("http1");
