// The tests of test/policy/, in one process.
import { room } from "./support/room.ts";

await room("policy");
