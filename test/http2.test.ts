// The tests of test/http2/, in one process.
import { room } from "./support/room.ts";

await room("http2");
