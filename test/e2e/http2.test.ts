// The tests of test/e2e/http2/, in one process.
import { room } from "../support/room.ts";

await room("e2e/http2");
