// An endpoint that answers with garbage in between: fault D10. No answer may reach another client.
import t from "tap";
import { Daemon } from "../../support/daemon.ts";
import { barrage, get, type Shot, tally } from "../../support/load.ts";
import { settings } from "../../support/settings.ts";
import { type Link, Upstream } from "../../support/upstream.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";
const EVIL = `${HEAD}Content-Length: 4\r\n\r\nEVIL`;

/** What is wrong with an answer, and how it may end: `id` is the body that is right. */
const TRICKS: readonly (readonly [ends: string, answer: (id: string) => string])[] = [
  ["200", (id) => `${HEAD}Content-Length: ${id.length}\r\n\r\n${id}`],
  ["200", (id) => `${HEAD}Content-Length: ${id.length}\r\n\r\n${id}${EVIL}`],
  ["200", (id) => `${HEAD}Transfer-Encoding: chunked\r\n\r\n${size(id)}${id}\r\n0\r\n\r\n${EVIL}`],
  ["upstream_protocol", () => `\x16\x03\x01garbage\r\n\r\n${EVIL}`],
  [
    "upstream_protocol",
    (id) => `${HEAD}Content-Length: 5\r\nContent-Length: 0\r\n\r\n${id}${EVIL}`,
  ],
  [
    "upstream_protocol",
    (id) => `${HEAD}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n${id}`,
  ],
  ["upstream_protocol", () => `${HEAD}X-Bad : 1\r\nContent-Length: 0\r\n\r\n${EVIL}`],
  ["upstream_protocol", () => `${HEAD}X-Big: ${"a".repeat(70_000)}\r\n\r\n${EVIL}`],
  ["upstream_protocol", () => `HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n${EVIL}`],
  ["upstream_protocol", () => `${HEAD}Transfer-Encoding: gzip\r\n\r\n${EVIL}`],
];

function size(text: string): string {
  return `${text.length.toString(16)}\r\n`;
}

/** Every third answer is a trick, the others are good: so garbage meets reused connections. */
function trickOf(id: number): (typeof TRICKS)[number] | undefined {
  return TRICKS[id % 3 === 0 ? (id / 3) % TRICKS.length : 0];
}

function answer(link: Link, target: string): void {
  const id = target.slice(1);
  link.write(trickOf(Number(id))?.[1](id) ?? "");
}

const upstream = await Upstream.listen({ request: (link, { target }) => answer(link, target) });
const daemon = await Daemon.start(settings(upstream.address));
t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));

t.test("garbage is 502, and no client gets what was meant for another", async (t) => {
  const shots = await barrage(daemon.inbound, { connections: 16, requests: 4000, request: get });
  t.same(shots.filter(isCrossed), [], "every 200 carries its own number");
  t.same(shots.filter(isMistaken).map(describe), [], "and everything ends as it must");
  t.same(Object.keys(tally(shots)).sort(), ["200", "upstream_protocol"]);
  await daemon.metricIs("concurrency_in_flight", 0);
});

function isCrossed({ id, status, body }: Shot): boolean {
  return status === 200 && body !== String(id);
}

function isMistaken(shot: Shot): boolean {
  return (shot.reason ?? String(shot.status)) !== trickOf(shot.id)?.[0];
}

function describe({ id, status, reason, body }: Shot): string {
  return `${id}: ${status} ${reason} ${body.slice(0, 20)}`;
}
