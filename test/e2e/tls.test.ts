// The tests of test/e2e/tls/, in one process.
import { room } from "../support/room.ts";

await room("e2e/tls");
