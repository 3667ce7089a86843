import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { parseAddress, tcpAddress } from "../../src/core/address.ts";
import { RawClient } from "../support/client.ts";

import { admin, JSON_BODY, STATE } from "./admins.ts";

t.test("GET /state shows the state as JSON", async (t) => {
  const { ask } = await admin(t);
  const { status, headers, body } = await ask("/state");
  t.equal(status, 200);
  t.equal(headers["content-type"], "application/json; charset=utf-8");
  t.strictSame(JSON.parse(body), STATE);
  t.equal((await ask("/state", { method: "HEAD" })).body, "");
});

t.test("POST /drain begins to drain, once, and always says 202", async (t) => {
  const { ask, drains } = await admin(t);
  for (const body of ["", "{}", " \n"]) {
    const reply = await ask("/drain", { method: "POST", headers: JSON_BODY, body });
    t.equal(reply.status, 202);
    t.strictSame(JSON.parse(reply.body), { status: "draining" });
  }
  t.equal(drains(), 1);
});

t.test("GET on a path that changes something is 405 and changes nothing", async (t) => {
  const { ask, drains } = await admin(t);
  for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
    const reply = await ask("/drain", { method, headers: JSON_BODY });
    t.equal(reply.status, 405, method);
    t.equal(reply.headers.allow, "POST");
  }
  const read = await ask("/state", { method: "POST", headers: JSON_BODY });
  t.equal(read.status, 405);
  t.equal(read.headers.allow, "GET, HEAD");
  t.equal(drains(), 0);
});

t.test("other paths are 404 and told which there are", async (t) => {
  const { ask } = await admin(t);
  const reply = await ask("/shutdown", { method: "POST", headers: JSON_BODY });
  t.equal(reply.status, 404);
  t.match(JSON.parse(reply.body).error, "GET /state, GET /events, POST /drain");
});

t.test("a change needs the type that a form on a web page cannot send", async (t) => {
  const { ask, drains } = await admin(t);
  const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""];
  for (const type of types) {
    const headers = type === "" ? {} : { "content-type": type };
    const reply = await ask("/drain", { method: "POST", headers });
    t.equal(reply.status, 415, type || "none");
    t.match(JSON.parse(reply.body).error, "content-type: application/json");
  }
  t.equal(drains(), 0);
  const headers = { "content-type": "Application/JSON; charset=utf-8" };
  t.equal((await ask("/drain", { method: "POST", headers })).status, 202);
});

t.test("a body that is not a JSON object is 400, one that is too long 413", async (t) => {
  const { ask, address, drains } = await admin(t);
  for (const body of ["{", "[]", "null", "1", '"drain"']) {
    const reply = await ask("/drain", { method: "POST", headers: JSON_BODY, body });
    t.equal(reply.status, 400, body);
  }
  const head = "POST /drain HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  for (const rest of [
    "Content-Length: 1000000\r\n\r\n",
    `Transfer-Encoding: chunked\r\n\r\n8000\r\n${" ".repeat(0x8000)}\r\n`,
  ]) {
    const client = await RawClient.connect(address);
    client.request("POST", head + rest);
    const reply = await client.response();
    t.equal(reply.status, 413);
    await client.over();
    client.close();
  }
  t.equal(drains(), 0);
});

t.test("the Host must be this machine's, so that no re-bound name gets in", async (t) => {
  const { ask, drains } = await admin(t);
  const bad = [
    "evil.example",
    "evil.example:9901",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example@127.0.0.1",
    "10.0.0.1",
    "[::2]",
    "0.0.0.0",
    "127.1",
  ];
  for (const host of bad) {
    const reply = await ask("/state", { headers: { host } });
    t.equal(reply.status, 403, host);
    t.notMatch(reply.body, "inbound");
    const headers = { host, ...JSON_BODY };
    t.equal((await ask("/drain", { method: "POST", headers })).status, 403, host);
  }
  t.equal(drains(), 0);
  const good = ["localhost", "LOCALHOST:80", "127.0.0.1:9901", "127.9.9.9", "[::1]:9901", "[::1]"];
  for (const host of good) t.equal((await ask("/state", { headers: { host } })).status, 200, host);
});

t.test("names from admin.hosts are good Hosts too, with any port", async (t) => {
  const { ask } = await admin(t, { hosts: ["Sidecar.internal", "10.0.0.7"] });
  for (const host of ["sidecar.internal", "SIDECAR.internal:9901", "10.0.0.7:80"]) {
    t.equal((await ask("/state", { headers: { host } })).status, 200, host);
  }
  t.equal((await ask("/state", { headers: { host: "x.sidecar.internal" } })).status, 403);
});

t.test("two Hosts, or none, are refused", async (t) => {
  const { address } = await admin(t);
  for (const [hosts, status] of [
    ["Host: localhost\r\nHost: evil.example\r\n", 403],
    ["", 400],
  ] as const) {
    const client = await RawClient.connect(address);
    client.request("GET", `GET /state HTTP/1.1\r\n${hosts}\r\n`);
    t.equal((await client.response()).status, status);
    client.close();
  }
});

t.test("whatever carries an Origin comes from a web page and is refused", async (t) => {
  const { ask, drains } = await admin(t);
  for (const origin of ["http://evil.example", "http://localhost:9901", "null", ""]) {
    const headers = { origin, ...JSON_BODY };
    t.equal((await ask("/state", { headers })).status, 403, origin);
    const reply = await ask("/drain", { method: "POST", headers });
    t.equal(reply.status, 403, origin);
    t.match(JSON.parse(reply.body).error, "Origin");
  }
  t.equal(drains(), 0);
});

t.test("with a token, nothing is read or changed without it", async (t) => {
  const token = "correct horse battery staple";
  const { ask, drains } = await admin(t, { token });
  const wrong = ["", "Bearer", "Bearer ", `Bearer ${token}x`, `Basic ${token}`, token, "Bearer x"];
  for (const authorization of wrong) {
    const headers = authorization === "" ? JSON_BODY : { authorization, ...JSON_BODY };
    const read = await ask("/state", { headers });
    t.equal(read.status, 401, authorization);
    t.match(read.headers["www-authenticate"], "Bearer");
    t.notMatch(read.body, token);
    t.equal((await ask("/drain", { method: "POST", headers })).status, 401, authorization);
    t.equal((await ask("/nowhere", { headers })).status, 401, "not even which paths there are");
  }
  t.equal(drains(), 0);
  for (const scheme of ["Bearer", "bearer"]) {
    const headers = { authorization: `${scheme} ${token}` };
    t.equal((await ask("/state", { headers })).status, 200);
  }
});

t.test("a bind that others can reach needs both expose and a token", async (t) => {
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.org"]) {
    const bind = tcpAddress(host, 0);
    await t.rejects(admin(t, { bind }), { message: /admin\.expose: true and admin\.token/ }, host);
    await t.rejects(admin(t, { bind, expose: true }), { message: /or set admin\.token$/ });
    await t.rejects(admin(t, { bind, token: "x" }), { message: /or set admin\.expose: true$/ });
  }
  const bind = tcpAddress("0.0.0.0", 0);
  const { ask } = await admin(t, { bind, expose: true, token: "long enough a token" });
  t.equal((await ask("/state", { headers: { host: "localhost" } })).status, 401);
});

t.test("on a unix socket it answers curl", async (t) => {
  // Not in `t.testdir()`: the path of a unix socket must be short.
  const folder = mkdtempSync(join(tmpdir(), "tidegate-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "admin.sock");
  const bind = parseAddress(`unix:${path}`);
  if (bind === undefined) throw new Error(`no address: ${path}`);
  const { address, drains } = await admin(t, { bind });
  t.equal(address.text, `unix:${path}`);
  const curl = (...more: string[]) =>
    promisify(execFile)("curl", ["-sS", "--unix-socket", path, ...more]);
  const { stdout } = await curl("http://localhost/state");
  t.strictSame(JSON.parse(stdout), STATE);
  await curl("-X", "POST", "--json", "{}", "http://localhost/drain");
  t.equal(drains(), 1);
});

t.test("a secret in any object that the state is made from has no way out", async (t) => {
  const canary = "canary-4f1d2c";
  const leaky = {
    ...STATE,
    token: canary,
    env: { SECRET: canary },
    listeners: STATE.listeners.map((each) => ({ ...each, config: { password: canary } })),
    clusters: STATE.clusters.map((each) => ({
      ...each,
      headers: { authorization: canary },
      endpoints: each.endpoints.map((one) => ({
        ...one,
        url: `http://u:${canary}@h/?k=${canary}`,
      })),
    })),
  };
  const { ask } = await admin(t, { state: () => leaky, token: canary });
  const headers = { authorization: `Bearer ${canary}` };
  t.strictSame(JSON.parse((await ask("/state", { headers })).body), STATE);
  const everything = [
    await ask("/state", { headers }),
    await ask("/state"),
    await ask("/nowhere", { headers }),
    await ask("/drain", { headers }),
    await ask("/drain", { method: "POST", headers: { ...headers, ...JSON_BODY } }),
    await ask(`/state?token=${canary}`, { headers: { host: canary } }),
  ];
  for (const reply of everything) t.notMatch(JSON.stringify(reply), canary);
  const odd = Object.assign({ ...STATE }, { draining: { canary } });
  const other = await admin(t, { state: () => odd });
  t.notMatch((await other.ask("/state")).body, canary, "nor where a plain value should be");
});
