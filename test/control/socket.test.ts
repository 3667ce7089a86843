import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { bindServer } from "../../src/control/socket.ts";
import { type Address, tcpAddress } from "../../src/core/address.ts";

/** Not in `t.testdir()`: the path of a unix socket must be short. */
function unix(t: Test, name = "a.sock"): { path: string; address: Address } {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  return { path, address: { kind: "unix", path, text: `unix:${path}` } };
}

async function bind(t: Test, address: Address, mode?: number): Promise<Address> {
  const server = createServer((socket) => {
    // Whoever only knocks is gone before the greeting arrives.
    socket.on("error", () => {});
    socket.end("hello");
  });
  t.teardown(() => server.close());
  return bindServer(server, address, mode);
}

async function greeting(path: string): Promise<string> {
  const socket = connect({ path });
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}

/** Leaves the file of a socket behind, as a process that was killed does. */
async function leave(path: string): Promise<void> {
  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => console.log())`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
}

t.test("the address has the real port where 0 was asked for, and the host as it was", async (t) => {
  for (const host of ["127.0.0.1", "localhost"]) {
    const address = await bind(t, tcpAddress(host, 0));
    t.match(address, { kind: "tcp", host });
    t.match(address.text, new RegExp(`^${host}:[1-9][0-9]*$`));
  }
});

t.test("a unix socket is its owner's alone unless told otherwise", async (t) => {
  const before = process.umask();
  const [own, open] = [unix(t, "own"), unix(t, "open")];
  t.strictSame(await bind(t, own.address), own.address);
  t.equal(statSync(own.path).mode & 0o777, 0o600);
  await bind(t, open.address, 0o666);
  t.equal(statSync(open.path).mode & 0o777, 0o666);
  t.equal(process.umask(), before, "the umask is as it was");
});

t.test("the socket of a process that is gone is replaced", async (t) => {
  const { path, address } = unix(t);
  await leave(path);
  t.ok(existsSync(path));
  await bind(t, address);
  t.equal(await greeting(path), "hello");
});

t.test("the socket of a process that answers is left alone", async (t) => {
  const { path, address } = unix(t);
  await bind(t, address);
  await t.rejects(bind(t, address), {
    code: "EADDRINUSE",
    message: `cannot listen on unix:${path}`,
  });
  t.equal(await greeting(path), "hello");
});

t.test("a file that is no socket is left alone", async (t) => {
  const { path, address } = unix(t);
  writeFileSync(path, "precious");
  await t.rejects(bind(t, address), { name: "StartError", message: "not a socket" });
  t.equal(statSync(path).size, 8);
});

t.test("every error says where and what to do, and keeps its code", async (t) => {
  const taken = await bind(t, tcpAddress("127.0.0.1", 0));
  const missing = unix(t, "missing/a.sock");
  const long = unix(t, "x".repeat(200));
  for (const [address, code, advice] of [
    [taken, "EADDRINUSE", "another process listens there"],
    [tcpAddress("192.0.2.1", 0), "EADDRNOTAVAIL", "this machine does not have that address"],
    [missing.address, "EACCES", "its directory does not exist"],
    [long.address, "EINVAL", "at most 107 bytes"],
  ] as const) {
    const error: unknown = await bind(t, address).then(undefined, (reason) => reason);
    t.match(error, { code, message: `cannot listen on ${address.text}: ` });
    t.match(error, { message: advice });
  }
});
