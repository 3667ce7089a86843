// Loaded before a test file: tap follows what each test starts, so that an error that nobody catches is told of the
// test that it comes from. To follow each promise, too, costs a tenth of the CPU. Without them such an error is told
// of the test that runs by then, or of the file.
import hooks from "node:async_hooks";
import { syncBuiltinESMExports } from "node:module";

const { createHook } = hooks;
hooks.createHook = (callbacks) => createHook({ ...callbacks, trackPromises: false });
syncBuiltinESMExports();
