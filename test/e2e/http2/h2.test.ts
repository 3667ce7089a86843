// An independent client and an independent server of HTTP/2, both strict: Python's h2.
import { join } from "node:path";
import t from "tap";
import { tcpAddress } from "../../../src/core/address.ts";
import { Daemon } from "../../support/daemon.ts";
import { Child } from "../../support/process.ts";
import { settings } from "../../support/settings.ts";
import { pythonWith } from "../../support/tool.ts";

type Field = readonly [string, string];

interface Wish {
  readonly method: string;
  readonly target: string;
  readonly headers?: readonly Field[];
  readonly length?: number;
  /** Does the head say how long the body is? */
  readonly declared?: boolean;
  readonly trailers?: readonly Field[];
  /** After how many bytes of its body the response is given up. */
  readonly cancel?: number;
}

interface Answer {
  readonly status?: number;
  readonly headers?: readonly Field[];
  readonly body?: string;
  readonly length?: number;
  readonly interim: readonly number[];
  readonly trailers?: readonly Field[];
  /** The code with which the stream was reset. */
  readonly reset?: number;
  /** The digest of the body that the client sent. */
  readonly sent: string;
}

interface Seen {
  readonly headers: readonly Field[];
  readonly length: number;
  readonly sha256: string;
  readonly trailers: readonly Field[];
}

const BODIES = [0, 1, 99, 16_384, 65_536, 1_000_000];
const LARGE = 1_000_000;
const [INTERNAL_ERROR, REFUSED_STREAM, CANCEL] = [2, 7, 8];

const python = pythonWith("h2");
const server = Child.start(python, [join(import.meta.dirname, "h2_server.py")]);
const port = Number((await server.says(/listening on ([0-9]+)/))[1]);
const address = tcpAddress("127.0.0.1", port);
const daemon = await Daemon.start(settings(address, { cluster: { protocol: "http2" } }));
t.teardown(() => Promise.all([daemon.stop(), server.kill()]));

/** Each list is sent at once, and all of them over one connection. */
const ask = async (...lists: readonly (readonly Wish[])[]): Promise<readonly Answer[][]> => {
  const script = join(import.meta.dirname, "h2_client.py");
  const listener = daemon.inbound.text.split(":")[1] ?? "";
  const client = Child.start(python, [script, listener], { stdio: ["pipe", "pipe", "pipe"] });
  client.process.stdin?.end(JSON.stringify(lists));
  if ((await client.exit()) !== 0) throw new Error(client.stderr);
  return JSON.parse(client.stdout);
};

const seenIn = (answer: Answer | undefined): Seen => JSON.parse(answer?.body ?? "");
const get = (target: string): Wish => ({ method: "GET", target });

t.test("bodies of every size at once, with a length and without", async (t) => {
  const wishes = BODIES.flatMap((length) => [
    { method: "POST", target: "/", length, declared: true },
    { method: "PUT", target: "/", length },
  ]);
  const [answers] = await ask(wishes);
  for (const [index, { method, length }] of wishes.entries()) {
    const seen = seenIn(answers?.[index]);
    t.match(seen, { length, sha256: answers?.[index]?.sent }, `${method} of ${length} bytes`);
  }
});

t.test("responses larger than every window, many at once", async (t) => {
  const [answers] = await ask(Array.from({ length: 5 }, () => get(`/large/${LARGE}`)));
  t.same(
    answers?.map(({ length }) => length),
    [LARGE, LARGE, LARGE, LARGE, LARGE],
  );
});

t.test("responses without a body, and one that another comes before", async (t) => {
  const wishes = [{ method: "HEAD", target: "/" }, get("/status/204"), get("/status/304")];
  const [answers] = await ask([...wishes, get("/early")]);
  t.same(
    answers?.map(({ status, interim }) => [status, interim]),
    [
      [200, []],
      [204, []],
      [304, []],
      [200, [103]],
    ],
  );
});

t.test("trailers both ways, behind a body and behind none", async (t) => {
  const trailers = [["x-check", "1"]] as const;
  const headers = [["te", "trailers"]] as const;
  const wish = { method: "POST", target: "/trailers", trailers, headers };
  const [answers] = await ask([{ ...wish, length: 100_000 }, wish]);
  for (const answer of answers ?? []) {
    t.same(answer.trailers, [["x-sum", answer.sent]]);
    t.same(seenIn(answer).trailers, trailers);
  }
});

t.test("fields arrive in order beside the ones we add, and crumbs as one cookie", async (t) => {
  const headers = [
    ["x-one", "1"],
    ["cookie", "a=1"],
    ["x-one", "2"],
    ["cookie", "b=2"],
  ] as const;
  const [answers] = await ask([{ ...get("/?a=%20b"), headers }]);
  const seen = seenIn(answers?.[0]).headers;
  t.same(seen.slice(0, 4), [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "a.test"],
    [":path", "/?a=%20b"],
  ]);
  t.same(
    seen.filter(([name]) => name === "x-one" || name === "cookie"),
    [
      ["x-one", "1"],
      ["x-one", "2"],
      ["cookie", "a=1; b=2"],
    ],
  );
  const names = seen.map(([name]) => name);
  for (const name of ["via", "x-request-id", "x-forwarded-for"]) t.ok(names.includes(name), name);
});

t.test("a stream that the server resets, and one that it refuses, cost no other", async (t) => {
  const wishes = [get(`/reset/${INTERNAL_ERROR}`), get(`/reset/${REFUSED_STREAM}`), get("/")];
  const [answers, after] = await ask(wishes, [get("/")]);
  t.same(
    answers?.map(({ status }) => status),
    [502, 502, 200],
  );
  t.equal(after?.[0]?.status, 200);
});

t.test("a client that gives up, before the response and within it, is told on", async (t) => {
  const before = server.stdout.split(`reset ${CANCEL}\n`).length;
  const wishes = [
    { ...get("/never"), cancel: 0 },
    { ...get(`/large/${LARGE}`), cancel: 1 },
  ];
  const [, after] = await ask(wishes, [get("/")]);
  t.equal(after?.[0]?.status, 200);
  await server.bell.until(() => server.stdout.split(`reset ${CANCEL}\n`).length > before);
  await daemon.metricIs("concurrency_in_flight", 0);
});

t.test("after a GOAWAY requests go by another connection", async (t) => {
  const answers = await ask([get("/goaway")], [get("/"), get("/")], [get("/goaway")], [get("/")]);
  t.same(
    answers.flat().map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
});

t.test("the server could read everything that it was sent", async (t) => {
  t.notMatch(server.stdout, /refused/);
});
