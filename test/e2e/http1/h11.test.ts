// An independent client and an independent server, both strict: Python's h11.
import { join } from "node:path";
import t from "tap";
import { tcpAddress } from "../../../src/core/address.ts";
import { Daemon } from "../../support/daemon.ts";
import { Child } from "../../support/process.ts";
import { settings } from "../../support/settings.ts";
import { pythonWith } from "../../support/tool.ts";

interface Wish {
  readonly method: string;
  readonly target: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly length?: number;
  /** The size of the chunks to send the body in. */
  readonly chunks?: number;
}

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly interim: readonly number[];
  /** The digest of the body that the client sent. */
  readonly sent: string;
  readonly kept?: boolean;
}

interface Seen {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly length: number;
  readonly sha256: string;
}

const BODIES = [0, 1, 99, 4096, 65_536, 1_000_000];

const python = pythonWith("h11");
const server = Child.start(python, [join(import.meta.dirname, "h11_server.py")]);
const port = Number((await server.says(/listening on ([0-9]+)/))[1]);
const daemon = await Daemon.start(settings(tcpAddress("127.0.0.1", port)));
t.teardown(() => Promise.all([daemon.stop(), server.kill()]));

const ask = async (wishes: readonly Wish[]): Promise<readonly Answer[]> => {
  const script = join(import.meta.dirname, "h11_client.py");
  const listener = daemon.inbound.text.split(":")[1] ?? "";
  const stdio = ["pipe", "pipe", "pipe"] as const;
  const client = Child.start(python, [script, listener], { stdio: [...stdio] });
  client.process.stdin?.end(JSON.stringify(wishes));
  if ((await client.exit()) !== 0) throw new Error(client.stderr);
  return JSON.parse(client.stdout);
};

t.test("bodies of every size, with a length and in chunks", async (t) => {
  const wishes = ["/length", "/chunks"].flatMap((target) =>
    BODIES.flatMap((length) => [
      { method: "POST", target, length },
      { method: "PUT", target, length, chunks: 1000 },
    ]),
  );
  const answers = await ask(wishes);
  for (const [index, wish] of wishes.entries()) {
    const answer = answers[index];
    const seen: Seen = JSON.parse(answer?.body ?? "");
    t.match(seen, { method: wish.method, length: wish.length, sha256: answer?.sent });
    t.equal(answer?.kept, true, `${wish.method} ${wish.target} keeps the connection`);
  }
});

t.test("every framing of a response", async (t) => {
  const targets = ["/length", "/chunks", "/close", "/length", "/close"];
  const answers = await ask(targets.map((target) => ({ method: "GET", target })));
  t.same(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
  const bodies = answers.map(({ body }) => JSON.parse(body).target);
  t.same(bodies, targets);
  t.same(
    answers.map(({ kept }) => kept),
    [true, true, true, true, true],
  );
});

t.test("responses without a body", async (t) => {
  const answers = await ask([
    { method: "HEAD", target: "/length" },
    { method: "GET", target: "/status/204" },
    { method: "GET", target: "/status/304" },
    { method: "HEAD", target: "/chunks" },
    { method: "GET", target: "/length" },
  ]);
  t.same(
    answers.map(({ status }) => status),
    [200, 204, 304, 200, 200],
  );
  t.same(
    answers.slice(0, 4).map(({ body }) => body),
    ["", "", "", ""],
  );
  t.same(
    answers.map(({ kept }) => kept),
    [true, true, true, true, true],
  );
});

t.test("an informational response comes before the final one", async (t) => {
  const [answer] = await ask([{ method: "GET", target: "/early" }]);
  t.same([answer?.interim, answer?.status], [[103], 200]);
});

t.test("the client is asked to continue by the server, through us", async (t) => {
  const headers = [["Expect", "100-continue"]] as const;
  const [answer] = await ask([{ method: "POST", target: "/length", length: 1000, headers }]);
  t.equal(answer?.status, 200);
  t.equal(JSON.parse(answer?.body ?? "").length, 1000);
});

t.test("fields arrive in order, with their case, beside the ones we add", async (t) => {
  const headers = [
    ["X-LoWer", "1"],
    ["cookie", "a=1"],
    ["X-LoWer", "2"],
  ] as const;
  const [answer] = await ask([{ method: "GET", target: "/length?a=%20b", headers }]);
  const seen: Seen = JSON.parse(answer?.body ?? "");
  t.equal(seen.target, "/length?a=%20b");
  const names = seen.headers.map(([name]) => name);
  t.same(seen.headers.slice(0, 4), [["Host", "a.test"], ...headers]);
  for (const name of ["via", "x-request-id", "x-forwarded-for"]) t.ok(names.includes(name), name);
});

t.test("the server could read everything that it was sent", async (t) => {
  t.notMatch(server.stdout, /refused/);
});
