import t from "tap";
import type { Peer } from "../../src/core/exchange.ts";
import { hashOf } from "../../src/policy/criticality.ts";
import { RouteLoad } from "../../src/policy/routeload.ts";
import { Entrance } from "../../src/proxy/entrance.ts";
import { FRIEND, request, STRANGER } from "./heads.ts";

const CRITICALITY = { default: "CRITICAL", header: undefined, methods: {} } as const;

function callerOf(peer: Peer, lines: readonly string[], key?: string): number {
  const entrance = new Entrance({ criticality: CRITICALITY, stream: false }, new RouteLoad());
  const asks = { rank: 1, deadline: Number.POSITIVE_INFINITY, upgrade: undefined };
  return entrance.ticket({ request: request(lines), peer }, asks, key).caller;
}

t.test("a caller is whom the trusted peer had before it, whatever came from there", async (t) => {
  const forwarded = "X-Forwarded-For: 192.0.2.1, 192.0.2.9";
  t.equal(callerOf(FRIEND, [forwarded]), hashOf("192.0.2.9"));
  t.equal(callerOf(FRIEND, ["X-Forwarded-For: a", "X-Forwarded-For:  b "]), hashOf("b"));
  t.equal(callerOf(FRIEND, ["X-Forwarded-For: 192.0.2.1"]), hashOf("192.0.2.1"));
  t.equal(callerOf(FRIEND, []), hashOf(FRIEND.address));
});

t.test("of others it is the address, whatever they say", async (t) => {
  t.equal(callerOf(STRANGER, ["X-Forwarded-For: 192.0.2.1"]), hashOf(STRANGER.address));
});

t.test("the key goes before both", async (t) => {
  const lines = ["X-Forwarded-For: 192.0.2.1", "X-Caller: billing"];
  for (const peer of [FRIEND, STRANGER]) {
    t.equal(callerOf(peer, lines, "x-caller"), hashOf("billing"));
    t.not(callerOf(peer, lines.slice(0, 1), "x-caller"), hashOf("billing"));
  }
});
