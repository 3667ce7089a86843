// What curl sees through the sidecar, with a real nginx behind it.
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import t from "tap";
import { Daemon } from "../../support/daemon.ts";
import { HELLO, Nginx } from "../../support/nginx.ts";
import { run } from "../../support/process.ts";
import { scratch } from "../../support/scratch.ts";
import { settings } from "../../support/settings.ts";
import { tool } from "../../support/tool.ts";

const CURL = ["-sS", "--max-time", "20"];
const BIG = randomBytes(3_000_000);

const text = Buffer.from("all work and no play\n".repeat(1000));
const nginx = await Nginx.start({ "text.txt": text, "big.bin": BIG });
const daemon = await Daemon.start(settings(nginx.address));
t.teardown(() => Promise.all([daemon.stop(), nginx.stop()]));
const curl = async (...args: string[]): Promise<string> =>
  (await run(tool("curl"), [...CURL, ...args])).stdout;
const folder = t.testdir({ "upload.bin": BIG });
const upload = join(folder, "upload.bin");
const url = (path: string): string => daemon.url + path;
const status = ["-o", "/dev/null", "-w", "%{http_code} %{http_version} %{num_connects}"];

t.test("GET", async (t) => {
  t.equal(await curl(url("/")), HELLO);
});

t.test("GET of several URLs over one connection", async (t) => {
  const three = ["/", "/text.txt", "/"].flatMap((path) => ["-o", "/dev/null", url(path)]);
  const told = await curl("-w", "%{http_code} %{num_connects}\n", ...three);
  t.equal(told, "200 1\n200 0\n200 0\n");
});

t.test("a path that nginx does not have is nginx's 404, not ours", async (t) => {
  const head = await curl("-D", "-", "-o", "/dev/null", url("/nothing"));
  t.match(head, /^HTTP\/1\.1 404 Not Found\r\n/);
  t.match(head, /\r\nServer: nginx/);
  t.notMatch(head, /x-tidegate-reason/i);
});

t.test("HEAD has the length and no body", async (t) => {
  const head = await curl("-I", url("/big.bin"));
  t.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  t.match(head, /\r\nContent-Length: 3000000\r\n/);
});

t.test("HTTP/1.0", async (t) => {
  t.equal(await curl("--http1.0", url("/")), HELLO);
  t.equal(await curl("--http1.0", "--compressed", url("/text.txt")), text.toString());
});

t.test("gzip, which nginx sends in chunks, comes out whole", async (t) => {
  const gzip = ["-H", "Accept-Encoding: gzip"];
  const head = await curl("-D", "-", "-o", "/dev/null", ...gzip, url("/text.txt"));
  t.match(head, /\r\nContent-Encoding: gzip\r\n/i);
  t.match(head, /\r\nTransfer-Encoding: chunked\r\n/i);
  t.equal(await curl("--compressed", url("/text.txt")), text.toString());
});

t.test("a range", async (t) => {
  const told = await curl("-r", "21-40", "-w", "%{http_code}", url("/text.txt"));
  t.equal(told, `${text.subarray(21, 41)}206`);
});

t.test("a download is resumed where it stopped", async (t) => {
  const part = join(t.testdir({ "part.bin": BIG.subarray(0, 1_000_000) }), "part.bin");
  await curl("-C", "-", "-o", part, url("/big.bin"));
  t.equal((await run(tool("curl"), [...CURL, `file://${part}`, "-o", `${part}.copy`])).ended, 0);
  t.equal(await digest(part), createHash("sha256").update(BIG).digest("hex"));
});

t.test("a conditional request gets its 304", async (t) => {
  const head = await curl("-I", url("/text.txt"));
  const etag = /\r\nETag: (\S+)\r\n/.exec(head)?.[1] ?? "";
  t.equal(await curl(...status, "-H", `If-None-Match: ${etag}`, url("/text.txt")), "304 1.1 1");
});

t.test("an upload with a length, for which curl waits to be asked", async (t) => {
  const expect = ["-H", "Expect: 100-continue", "--expect100-timeout", "15"];
  t.equal(await curl(...status, ...expect, "-T", upload, url("/put/a")), "201 1.1 1");
  t.equal(await curl(url("/put/a"), "-o", join(folder, "a")), "");
  t.equal(await digest(join(folder, "a")), await digest(upload));
});

t.test("an upload in chunks", async (t) => {
  const chunks = ["-H", "Transfer-Encoding: chunked", "-H", "Expect:"];
  t.equal(await curl(...status, ...chunks, "-T", upload, url("/put/b")), "201 1.1 1");
  await curl(url("/put/b"), "-o", join(folder, "b"));
  t.equal(await digest(join(folder, "b")), await digest(upload));
});

t.test("POST to a place that takes none is nginx's 405, and the connection goes on", async (t) => {
  const once = ["-o", "/dev/null", "-d", "a=b", url("/text.txt")];
  t.equal(await curl("-w", "%{http_code} %{num_connects}\n", ...once, ...once), "405 1\n405 0\n");
});
t.test("DELETE", async (t) => {
  t.equal(await curl(...status, "-X", "DELETE", url("/put/b")), "204 1.1 1");
});

t.test("an upgrade to HTTP/2 is not made, and the request is answered", async (t) => {
  t.equal(await curl(...status, "--http2", url("/")), "200 1.1 1");
});

t.test("curl and nginx on unix sockets", async (t) => {
  const nginx = await Nginx.start({}, true);
  const folder = scratch();
  const socket = join(folder.path, "inbound");
  const daemon = await Daemon.start(settings(nginx.address, { bind: `unix:${socket}` }));
  t.teardown(() => Promise.all([daemon.stop(), nginx.stop()]).then(() => folder.remove()));
  const args = [...CURL, "--unix-socket", socket];
  const { stdout } = await run(tool("curl"), [...args, "http://a.test/", "http://a.test/"]);
  t.equal(stdout, HELLO + HELLO);
});

async function digest(file: string): Promise<string> {
  return (await run("/usr/bin/sha256sum", [file])).stdout.slice(0, 64);
}
