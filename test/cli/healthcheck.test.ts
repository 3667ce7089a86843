import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { UsageError } from "../../src/cli/arguments.ts";
import { healthcheck } from "../../src/cli/healthcheck.ts";

async function serving(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/livez`;
}

/** The exit code, and what was written to stderr and stdout meanwhile. */
async function asked(t: Test, args: string[]): Promise<{ code: number; said: string }> {
  const written = [process.stderr, process.stdout].map((stream) =>
    t.capture(stream, "write", () => true),
  );
  const code = await healthcheck(args);
  const said = written.flatMap((calls) => calls().map(({ args: [text] }) => String(text)));
  return { code, said: said.join("") };
}

t.test("200 is healthy, and nothing is said", async (t) => {
  const url = await serving(t, (_, response) => response.end("ok"));
  t.strictSame(await asked(t, [url]), { code: 0, said: "" });
});

t.test("any other status is not, and is told", async (t) => {
  const url = await serving(t, (_, response) => response.writeHead(503).end("draining\n"));
  t.strictSame(await asked(t, [url]), { code: 1, said: `healthcheck: ${url}: 503 draining\n` });
});

t.test("a redirect is not followed: it is no answer of ours", async (t) => {
  const url = await serving(t, (_, response) => response.writeHead(302, { location: "/" }).end());
  t.equal((await asked(t, [url])).code, 1);
});

t.test("nobody there is not healthy, and the message says so", async (t) => {
  const { code, said } = await asked(t, ["http://127.0.0.1:1/livez"]);
  t.equal(code, 1);
  t.equal(said, "healthcheck: http://127.0.0.1:1/livez: connect ECONNREFUSED 127.0.0.1:1\n");
});

t.test("a service that closes without an answer is not healthy", async (t) => {
  const url = await serving(t, (request) => request.socket.destroy());
  const { code, said } = await asked(t, [url]);
  t.equal(code, 1);
  t.match(said, /socket hang up/);
});

t.test("what is no http URL is an error of use", async (t) => {
  for (const args of [["localhost:9902"], ["https://x/"], ["http://a/", "http://b/"], ["-x"]]) {
    await t.rejects(healthcheck(args), UsageError);
  }
});

t.test("--help says how to use it", async (t) => {
  const { code, said } = await asked(t, ["--help"]);
  t.equal(code, 0);
  t.match(said, /127\.0\.0\.1:9902\/livez/);
});
