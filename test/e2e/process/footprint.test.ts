// What a sidecar loads: memory that every pod pays for.
import t from "tap";
import { Daemon } from "../../support/daemon.ts";
import { settings } from "../../support/settings.ts";
import { Upstream } from "../../support/upstream.ts";

/** Tells of every package that is loaded, by what it was asked for as. */
const TELLING = `data:text/javascript,
import { registerHooks } from "node:module";
registerHooks({ resolve(specifier, context, next) {
  if (/^[a-z@]/.test(specifier) && !/^(node|file|data):/.test(specifier)) {
    process.stderr.write("loads " + specifier + "\\n");
  }
  return next(specifier, context);
} });`;

t.test("a sidecar loads no library that it does not need while it runs", async (t) => {
  const upstream = await Upstream.listen();
  const nodeArgs = ["--import", TELLING.replaceAll("\n", "")];
  const cluster = { healthCheck: { tcp: {} }, breaker: {} };
  const daemon = await Daemon.start(settings(upstream.address, { cluster }), { nodeArgs });
  t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));
  t.equal(await daemon.metric("build_info"), 1);
  const loaded = new Set(daemon.child.stderr.match(/(?<=^loads )[@a-z-]+/gm));
  t.ok(loaded.has("pino"), "the list is not empty for another reason");
  for (const heavy of ["undici", "yaml", "zod", "opossum"]) t.notOk(loaded.has(heavy), heavy);
});
