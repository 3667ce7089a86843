// The tests of test/e2e/retries/, in one process.
import { room } from "../support/room.ts";

await room("e2e/retries");
