// What names stand for, as a name server on loopback says it, and what is made of it when it does not.
import t, { type Test } from "tap";
import { isName, type Name, parseTarget } from "../../src/control/name.ts";
import { NameResolver, type ResolverSettings } from "../../src/control/resolver.ts";
import { NameServer } from "../support/nameserver.ts";

function named(text: string): Name {
  const target = parseTarget(text);
  if (target === undefined || !isName(target)) throw new Error(`no name: ${text}`);
  return target;
}

async function stage(
  t: Test,
  settings: Partial<ResolverSettings> = {},
  files = { hosts: "", resolv: "" },
) {
  const server = await NameServer.listen();
  const usual = { nameservers: [server.text], family: "auto", timeout: 5000 } as const;
  const resolver = new NameResolver(
    { ...usual, ...settings },
    { servers: [server.text], read: async () => files },
  );
  t.teardown(() => {
    resolver.close();
    return server.close();
  });
  /** Each place as `address weight authority`. */
  const places = async (text: string): Promise<string[]> => {
    const found = (await resolver.resolve(named(text))).places;
    return found.map(({ address, weight, name }) => `${address.text} ${weight} ${name?.authority}`);
  };
  return { server, resolver, places };
}

const SIX = { type: "AAAA", name: "six.test", ttl: 7, data: "fd00::1" } as const;

t.test("a host is all its addresses, each at the port, for the shortest TTL", async (t) => {
  const { server, resolver } = await stage(t);
  server.zone.set("A app.test", [
    { type: "A", name: "app.test", ttl: 9, data: "10.0.0.1" },
    { type: "A", name: "app.test", ttl: 4, data: "10.0.0.2" },
  ]);
  const name = { text: "app.test:80", authority: "app.test:80" };
  t.match(await resolver.resolve(named("app.test:80")), {
    ttlMs: 4000,
    places: [
      { address: { kind: "tcp", text: "10.0.0.1:80" }, weight: 100, name },
      { address: { kind: "tcp", text: "10.0.0.2:80" }, weight: 100, name },
    ],
  });
  t.strictSame(server.questions, ["A app.test"], "one question, since there was an answer to it");
});

t.test("which family counts is for the config to say", async (t) => {
  for (const [family, expected] of [
    ["auto", { four: ["10.0.0.1:80"], six: ["[fd00::1]:80"] }],
    ["ipv4", { four: ["10.0.0.1:80"], six: [] }],
    ["ipv6", { four: ["[fd00::2]:80"], six: ["[fd00::1]:80"] }],
    ["both", { four: ["10.0.0.1:80", "[fd00::2]:80"], six: ["[fd00::1]:80"] }],
  ] as const) {
    const { server, resolver } = await stage(t, { family });
    server.hosts("four.test", ["10.0.0.1"]);
    server.zone.set("AAAA four.test", [{ ...SIX, name: "four.test", data: "fd00::2" }]);
    server.zone.set("A six.test", []);
    server.zone.set("AAAA six.test", [SIX]);
    const found = async (host: string): Promise<string[]> => {
      const resolution = await resolver.resolve(named(`${host}:80`)).catch(() => undefined);
      return resolution?.places.map(({ address }) => address.text) ?? [];
    };
    t.strictSame(
      { four: await found("four.test"), six: await found("six.test") },
      expected,
      family,
    );
  }
});

t.test("where there is no answer it is said why", async (t) => {
  const rows = [
    ["NXDOMAIN", /no such name/],
    ["SERVFAIL", /server failed/],
    ["REFUSED", /refused/],
    [[], /no such records/],
    ["silence", /no answer in time/],
  ] as const;
  for (const [said, why] of rows) {
    const { server, places } = await stage(t, said === "silence" ? { timeout: 100 } : {});
    server.always = said;
    await t.rejects(places("app.test:80"), { message: why });
    await t.rejects(places("srv:_http._tcp.app.test"), { message: why });
  }
});

t.test("without name servers it is asked as the machine is set up", async (t) => {
  const hosts = "10.9.0.1 App.Test alias # 10.9.0.2 no\nfd00::9 app.test\nfd00::8 six.test";
  const resolv = "nameserver 10.0.0.53\nsearch one.test. two.test\noptions ndots:2 rotate";
  const { server, places } = await stage(t, { nameservers: [] }, { hosts, resolv });
  t.strictSame(await places("app.test:80"), ["10.9.0.1:80 100 app.test:80"]);
  t.strictSame(await places("alias:80"), ["10.9.0.1:80 100 alias:80"]);
  t.strictSame(await places("six.test:80"), ["[fd00::8]:80 100 six.test:80"]);
  t.strictSame(server.questions, [], "the hosts file knows them");
  server.hosts("short.two.test", ["10.0.0.1"]);
  server.hosts("a.b.c", ["10.0.0.2"]);
  t.strictSame(await places("short:80"), ["10.0.0.1:80 100 short:80"]);
  t.strictSame(await places("a.b.c:80"), ["10.0.0.2:80 100 a.b.c:80"]);
  t.strictSame(server.questions, ["A short.one.test", "A short.two.test", "A a.b.c"]);
  await t.rejects(places("gone:80"), { message: /no such name/ });
  server.zone.set("A short.one.test", "SERVFAIL");
  await t.rejects(places("short:80"), { message: /server failed/ }, "it may be the one");
});

t.test("the real files of this machine can be read", async (t) => {
  const resolver = new NameResolver({ nameservers: [], family: "ipv4", timeout: 5000 });
  t.teardown(() => resolver.close());
  const name: Name = { kind: "host", host: "localhost", port: 80, text: "localhost:80" };
  const { places, ttlMs } = await resolver.resolve(name);
  t.ok(places.some(({ address }) => address.text === "127.0.0.1:80"));
  t.equal(ttlMs, undefined, "a file has no TTL");
});

/** An SRV record of `_http._tcp.app.test`, as `priority weight port target`. */
function srv(line: string) {
  const [priority = 0, weight = 0, port = 0] = line.split(" ").map(Number);
  const target = line.split(" ").at(-1) ?? "";
  const data = { priority, weight, port, target };
  return { type: "SRV", name: "_http._tcp.app.test", ttl: 60, data } as const;
}

t.test("a service is the hosts of its first priority, with their ports and weights", async (t) => {
  const { server, places } = await stage(t);
  server.hosts("a.test", ["10.0.0.1"]);
  server.hosts("b.test", ["10.0.0.2", "10.0.0.3"]);
  server.hosts("c.test", ["10.0.0.4"]);
  const say = (...lines: string[]) => server.zone.set("SRV _http._tcp.app.test", lines.map(srv));
  say("1 600 8080 a.test", "1 300 8081 b.test", "1 0 8082 c.test", "2 900 8083 c.test");
  t.strictSame(await places("srv:_http._tcp.app.test"), [
    "10.0.0.1:8080 100 a.test:8080",
    "10.0.0.2:8081 50 b.test:8081",
    "10.0.0.3:8081 50 b.test:8081",
    "10.0.0.4:8082 1 c.test:8082",
  ]);
  say("5 0 80 a.test", "5 0 80 c.test");
  t.strictSame(
    await places("srv:_http._tcp.app.test"),
    ["10.0.0.1:80 100 a.test:80", "10.0.0.4:80 100 c.test:80"],
    "weights of 0 alone are equal ones",
  );
});

t.test(
  "hosts that a service has no more are left out; one that fails may still be there",
  async (t) => {
    const { server, places } = await stage(t);
    const all = [srv("1 1 80 a.test"), srv("1 1 80 b.test")];
    server.zone.set("SRV _http._tcp.app.test", all);
    server.hosts("a.test", ["10.0.0.1"]);
    t.strictSame(await places("srv:_http._tcp.app.test"), ["10.0.0.1:80 100 a.test:80"]);
    server.zone.set("A b.test", "SERVFAIL");
    await t.rejects(places("srv:_http._tcp.app.test"), { message: /server failed/ });
    server.zone.set("A a.test", "NXDOMAIN");
    server.zone.set("A b.test", "NXDOMAIN");
    await t.rejects(places("srv:_http._tcp.app.test"), { message: /no host of the service/ });
  },
);

t.test(
  "a name server that fails is left alone for a while; one that knows no name is not",
  async (t) => {
    const { server, places } = await stage(t);
    for (let n = 0; n < 20; n++)
      await t.rejects(places(`no${n}.test:80`), { message: /no such name/ });
    server.always = "SERVFAIL";
    for (let n = 0; n < 40; n++) await t.rejects(places(`bad${n}.test:80`));
    await t.rejects(places("next.test:80"), { message: /^not asked/ });
    const asked = server.questions.length;
    await t.rejects(places("another.test:80"), { message: /^not asked/ });
    t.equal(server.questions.length, asked);
  },
);

t.test("many names are asked for a few at a time", async (t) => {
  const { server, places } = await stage(t);
  server.otherwise = [{ type: "A", name: "any.test", ttl: 1, data: "10.0.0.1" }];
  const names = Array.from({ length: 100 }, (_, n) => `n${n}.test`);
  for (const name of names) server.hosts(name, ["10.0.0.1"]);
  const all = await Promise.all(names.map((name) => places(`${name}:80`)));
  t.equal(all.length, 100);
  t.ok(server.peak > 1 && server.peak <= 16, `${server.peak} at once`);
});
