// The tests of test/conformance/, in one process.
import { room } from "./support/room.ts";

await room("conformance");
