import { execFile } from "node:child_process";
import { promisify } from "node:util";
import t, { type Test } from "tap";
import { HEALTH_CONNECTIONS, type HealthSource, startHealth } from "../../src/control/health.ts";
import { type Address, tcpAddress } from "../../src/core/address.ts";
import { RawClient } from "../support/client.ts";

const bind = tcpAddress("127.0.0.1", 0);

const WELL: HealthSource = {
  ready: () => ({ ok: true, why: "" }),
  started: () => true,
  metrics: async () => "# HELP up Up.\nup 1\n",
  contentType: "text/plain; version=0.0.4; charset=utf-8",
};

interface Setting {
  readonly address: Address;
  readonly errors: unknown[];
  readonly get: (path: string, method?: string) => Promise<Response>;
  readonly close: () => Promise<void>;
}

async function health(t: Test, source: Partial<HealthSource> = {}): Promise<Setting> {
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const { address, close } = await startHealth({ bind, source: { ...WELL, ...source }, onError });
  t.teardown(close);
  const get = (path: string, method = "GET"): Promise<Response> =>
    fetch(`http://${address.text}${path}`, { method });
  return { address, errors, get, close };
}

t.test("livez, readyz and startupz are 200 when all is well", async (t) => {
  const { get, address } = await health(t);
  for (const path of ["/livez", "/readyz", "/startupz"]) {
    const response = await get(path);
    t.equal(response.status, 200, path);
    t.equal(await response.text(), "ok\n");
    t.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    t.equal(response.headers.get("cache-control"), "no-store");
  }
  t.match(address.text, /^127\.0\.0\.1:[1-9]\d*$/, "and the address has the real port");
});

t.test(
  "readyz is 503 with the reason while the sidecar is not ready, and livez is not",
  async (t) => {
    const { get } = await health(t, {
      ready: () => ({ ok: false, why: "cluster app: no endpoint" }),
    });
    const response = await get("/readyz");
    t.equal(response.status, 503);
    t.equal(await response.text(), "cluster app: no endpoint\n");
    t.equal((await get("/livez")).status, 200);
  },
);

t.test("readiness is asked anew with each request", async (t) => {
  let ok = true;
  const { get } = await health(t, { ready: () => ({ ok, why: "draining" }) });
  t.equal((await get("/readyz")).status, 200);
  ok = false;
  t.equal((await get("/readyz")).status, 503);
});

t.test("startupz is 503 until the sidecar has started", async (t) => {
  let started = false;
  const { get } = await health(t, { started: () => started });
  t.equal((await get("/startupz")).status, 503);
  started = true;
  t.equal((await get("/startupz")).status, 200);
});

t.test("metrics come with the type that their format has", async (t) => {
  const { get } = await health(t);
  const response = await get("/metrics");
  t.equal(response.headers.get("content-type"), WELL.contentType);
  t.equal(await response.text(), "# HELP up Up.\nup 1\n");
});

t.test("HEAD has the headers of GET and no body", async (t) => {
  const { get } = await health(t);
  const response = await get("/metrics", "HEAD");
  t.equal(response.status, 200);
  t.equal(response.headers.get("content-length"), "19");
  t.equal(await response.text(), "");
});

t.test("a query does not change what a path means", async (t) => {
  const { get } = await health(t);
  t.equal((await get("/livez?verbose=1")).status, 200);
});

t.test("other paths are 404, and so are the names of what every object has", async (t) => {
  const { get } = await health(t);
  for (const path of ["/", "/healthz", "/livez/", "/state", "/constructor", "/__proto__"]) {
    const response = await get(path);
    t.equal(response.status, 404, path);
    t.match(await response.text(), "/livez /readyz /startupz /metrics");
  }
});

t.test("other methods are 405 and told which there are", async (t) => {
  const { get } = await health(t);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
    const response = await get("/livez", method);
    t.equal(response.status, 405, method);
    t.equal(response.headers.get("allow"), "GET, HEAD");
  }
});

t.test("a failure is 500 without a word of what failed, and is reported", async (t) => {
  const boom = new Error("the secret is 42");
  const { get, errors } = await health(t, { metrics: () => Promise.reject(boom) });
  const response = await get("/metrics");
  t.equal(response.status, 500);
  t.equal(await response.text(), "internal error\n");
  t.strictSame(errors, [boom]);
});

t.test("curl gets an answer", async (t) => {
  const { address } = await health(t);
  const url = `http://${address.text}/readyz`;
  const { stdout } = await promisify(execFile)("curl", ["-sS", "-i", url]);
  t.match(stdout, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nok\n$/s);
});

t.test("a connection carries one probe after the other", async (t) => {
  const { address } = await health(t);
  const client = await RawClient.connect(address);
  t.teardown(() => client.close());
  for (const index of [0, 1, 2]) {
    client.request("GET", "GET /livez HTTP/1.1\r\nHost: sidecar\r\n\r\n");
    t.equal((await client.response(index)).status, 200);
  }
});

t.test("a body is not waited for, and ends the connection", async (t) => {
  const { address } = await health(t);
  const client = await RawClient.connect(address);
  t.teardown(() => client.close());
  client.request("GET", "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nxx");
  const { status, fields } = await client.response();
  t.equal(status, 200);
  const connection = fields.find(({ name }) => name.toLowerCase() === "connection");
  t.equal(connection?.value, "close");
  await client.over();
});

t.test("a head that is too long or not HTTP is refused and the connection closed", async (t) => {
  const { address } = await health(t);
  const long = `GET /livez HTTP/1.1\r\nHost: a\r\nx: ${"y".repeat(20_000)}\r\n\r\n`;
  for (const [bytes, status] of [
    [long, 431],
    ["nonsense\r\n\r\n", 400],
    ["GET /livez HTTP/1.1\r\n\r\n", 400],
  ] as const) {
    const client = await RawClient.connect(address);
    client.request("GET", bytes);
    t.equal((await client.response()).status, status);
    await client.over();
    client.close();
  }
});

t.test("idle connections make room, so that nobody can keep a probe out", async (t) => {
  const { address, get } = await health(t);
  const hogs: RawClient[] = [];
  for (let count = 0; count < HEALTH_CONNECTIONS + 5; count++) {
    const hog = await RawClient.connect(address);
    hog.write("GET /livez HTTP/1.1\r\nHost:");
    hogs.push(hog);
  }
  t.equal((await get("/livez")).status, 200);
  await Promise.all(hogs.slice(0, 5).map((hog) => hog.over()));
  t.ok(
    hogs.slice(0, 5).every((hog) => hog.received.length === 0),
    "the oldest had to go, and not because their time was over",
  );
  for (const hog of hogs) hog.close();
});

t.test("to close ends idle connections, and lets an answer that is under way finish", async (t) => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const asked = Promise.withResolvers<void>();
  const metrics = (): Promise<string> => {
    asked.resolve();
    return promise;
  };
  const { address, close } = await health(t, { metrics });
  const idle = await RawClient.connect(address);
  idle.request("GET", "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
  await idle.response();
  const busy = await RawClient.connect(address);
  busy.request("GET", "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  await asked.promise;
  const closed = close();
  await idle.over();
  resolve("up 1\n");
  t.equal((await busy.response()).body.toString(), "up 1\n");
  await closed;
  await t.rejects(RawClient.connect(address), { code: "ECONNREFUSED" });
});
