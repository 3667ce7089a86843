// The tests of test/tls/, in one process.
import { room } from "./support/room.ts";

await room("tls");
