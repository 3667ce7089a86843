// Answers that come before the request has ended: faults D22 and D23.
import t from "tap";
import { RawClient } from "../../support/client.ts";
import { Daemon } from "../../support/daemon.ts";
import { values } from "../../support/message.ts";
import { settings } from "../../support/settings.ts";
import { Pour } from "../../support/stream.ts";
import { POLITE, type Script, Upstream } from "../../support/upstream.ts";

const HUGE = 100 * 1024 * 1024;
const NO = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno\n";

const upstream = await Upstream.listen();
const match = { path: "/served/" };
const daemon = await Daemon.start(
  settings(upstream.address, { match, limits: { bodyBytes: "1GiB" } }),
);
t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));

/** Ways to refuse a body that is still coming. */
const WAYS: Readonly<Record<string, Script["head"]>> = {
  "and reads on": (link) => link.write(NO),
  "and closes": (link) => {
    link.write(NO);
    link.finish();
  },
  "and reads nothing": (link) => {
    link.write(NO);
    link.socket.pause();
  },
};

for (const [way, head] of Object.entries(WAYS)) {
  t.test(`a service that refuses a huge body ${way}: the client is told each time`, async (t) => {
    upstream.script = head === undefined ? {} : { head };
    for (let time = 0; time < 20; time++) {
      const client = await RawClient.connect(daemon.inbound);
      client.request("POST", post("/served/x", HUGE));
      const pour = new Pour(client.socket, 0, HUGE);
      pour.done.catch(() => {});
      const { status, body, fields } = await client.response();
      t.same([status, body.toString(), values(fields, "connection")], [413, "no\n", ["close"]]);
      await client.over();
      t.ok(pour.at < HUGE, "and was not read to the end");
      client.close();
    }
    upstream.script = POLITE;
    await daemon.metricIs("concurrency_in_flight", 0);
  });
}

const SMUGGLED = "GET /served/smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n";
const SECOND = "GET /served/second HTTP/1.1\r\nHost: a.test\r\n\r\n";

/** Requests that are answered by the sidecar itself, while their body is still coming. */
const LOCAL: Readonly<Record<string, readonly [status: number, head: string]>> = {
  "has no route": [404, "POST /nowhere HTTP/1.1\r\nHost: a.test\r\n"],
  "has been here too often": [
    508,
    `POST /served/x HTTP/1.1\r\nHost: a.test\r\nVia: ${"1.1 tidegate, ".repeat(30)}1.1 tidegate\r\n`,
  ],
  "is too large": [413, "POST /served/x HTTP/1.1\r\nHost: a.test\r\n"],
};

for (const [what, [status, head]] of Object.entries(LOCAL)) {
  const size = status === 413 ? 2 ** 31 : SMUGGLED.length + 5;
  const framings: Readonly<Record<string, readonly [fields: string, body: string]>> = {
    "a length": [`Content-Length: ${size}\r\n\r\n`, `12345${SMUGGLED}`],
    chunks: [
      "Transfer-Encoding: chunked\r\n\r\n",
      `${(SMUGGLED.length + 5).toString(16)}\r\n12345${SMUGGLED}\r\n0\r\n\r\n`,
    ],
  };
  for (const [framing, [fields, body]] of Object.entries(framings)) {
    if (status === 413 && framing === "chunks") continue;
    t.test(`a request with ${framing} that ${what}: its body is never a request`, async (t) => {
      const before = upstream.requests.length;
      const client = await RawClient.connect(daemon.inbound);
      client.expect("POST", "GET", "GET");
      await client.written(head + fields + body.slice(0, 3));
      t.equal((await client.response(0)).status, status, "it is answered before its body is there");
      client.write(body.slice(3) + SECOND);
      const answered = (): boolean => client.responses.length > 1;
      await client.bell.until(() => answered() || client.closed || client.ended);
      const targets = upstream.requests.slice(before).map(({ target }) => target);
      t.same(targets, answered() ? ["/served/second"] : []);
      if (answered()) t.equal(client.responses[1]?.status, 200);
      client.close();
    });
  }
}

t.test("a request that is refused is never asked for its body", async (t) => {
  const client = await RawClient.connect(daemon.inbound);
  const fields = "Host: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  client.request("POST", `POST /nowhere HTTP/1.1\r\n${fields}`);
  const { status, interim } = await client.response();
  t.same([status, interim], [404, []]);
  client.close();
});

function post(target: string, length: number): string {
  return `POST ${target} HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${length}\r\n\r\n`;
}
