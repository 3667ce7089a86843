import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import type { RequestHead } from "../../src/core/exchange.ts";
import { INCOMPLETE } from "../../src/http1/lines.ts";
import { parseRequest } from "../../src/http1/request.ts";
import { type Match, pathOf, Router } from "../../src/proxy/router.ts";

const LIMITS = { uriBytes: 8192, headerBytes: 16384, headers: 100, bodyBytes: 0 };

interface Wanted {
  readonly method?: string;
  readonly host?: string;
  readonly lines?: readonly string[];
}

function request(target: string, { method = "GET", host = "a.test", lines = [] }: Wanted = {}) {
  const text = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...lines, "", ""].join("\r\n");
  const parsed = parseRequest(Buffer.from(text, "latin1"), LIMITS);
  if (parsed === INCOMPLETE || "reason" in parsed) throw new Error(`not a request: ${text}`);
  return parsed.head;
}

interface Route {
  readonly name: string;
  readonly match: Match;
}

/** The name of the route that a request takes; the routes are named by their keys. */
function router(routes: Readonly<Record<string, Match>>): (head: RequestHead) => string {
  const list = Object.entries(routes).map(([name, match]): Route => ({ name, match }));
  const compiled = new Router(list);
  return (head) => compiled.match(head)?.name ?? "none";
}

t.test(
  "a prefix that ends in a slash is what begins with it, another one is it and below it",
  async (t) => {
    const take = router({ a: { path: "/a" }, b: { path: "/b/" } });
    const paths = [
      "/a",
      "/a/",
      "/a/x",
      "/a?q",
      "/a/x?q",
      "/ab",
      "/A",
      "/b/",
      "/b/x",
      "/b",
      "/b?q",
      "/",
      "/x",
    ];
    const taken = paths.map((path) => take(request(path)));
    const as = (name: string, count: number) => Array<string>(count).fill(name);
    t.same(taken, [...as("a", 5), "none", "none", "b", "b", ...as("none", 4)]);
  },
);

t.test("the longer path wins, wherever it stands in the file", async (t) => {
  const take = router({
    all: { path: "/" },
    deep: { path: "/a/b/c" },
    shallow: { path: "/a" },
    middle: { path: "/a/b" },
  });
  t.same(
    ["/a/b/c/d", "/a/b/cd", "/a/bc", "/x"].map((path) => take(request(path))),
    ["deep", "middle", "shallow", "all"],
  );
});

t.test("the query is no part of the path", async (t) => {
  const take = router({ all: { path: "/" }, a: { path: "/a" } });
  t.equal(take(request("/x?/a")), "all");
  t.equal(take(request("/a?x=/b")), "a");
  t.equal(take(request("http://a.test?/a")), "all");
  t.equal(pathOf("/a?b?c"), "/a");
  t.equal(pathOf("/a"), "/a");
});

t.test(
  "an exact host wins over a wildcard, the longer wildcard over the shorter, any is last",
  async (t) => {
    const take = router({
      rest: { path: "/" },
      wide: { path: "/", host: "*.test" },
      narrow: { path: "/", host: "*.b.test" },
      exact: { path: "/", host: "a.b.test" },
    });
    const hosts = [
      "a.b.test",
      "A.B.Test:80",
      "c.b.test",
      "d.c.b.test",
      "b.test",
      "x.test",
      "test",
      "other",
    ];
    t.same(
      hosts.map((host) => take(request("/", { host }))),
      ["exact", "exact", "narrow", "narrow", "wide", "wide", "rest", "rest"],
    );
  },
);

t.test("a host counts for more than a path", async (t) => {
  const take = router({ deep: { path: "/a/b/c" }, host: { path: "/", host: "a.test" } });
  t.equal(take(request("/a/b/c")), "host");
  t.equal(take(request("/a/b/c", { host: "b.test" })), "deep");
});

t.test("where no path of the best host fits, the next best host is asked", async (t) => {
  const take = router({
    exact: { path: "/x", host: "a.b.test" },
    narrow: { path: "/y", host: "*.b.test" },
    rest: { path: "/z" },
  });
  const paths = ["/x", "/y", "/z", "/w"];
  const taken = paths.map((path) => take(request(path, { host: "a.b.test" })));
  t.same(taken, ["exact", "narrow", "rest", "none"]);
});

t.test("of equal paths the one with more conditions wins, then the first", async (t) => {
  const take = router({
    plain: { path: "/" },
    later: { path: "/" },
    method: { path: "/", methods: ["POST", "PUT"] },
    header: { path: "/", headers: { "x-a": "1" } },
    both: { path: "/", methods: ["POST"], headers: { "x-a": "1" } },
    three: { path: "/", methods: ["POST"], headers: { "x-a": "1", "x-b": "2" } },
  });
  const lines = ["X-A: 1"];
  t.equal(take(request("/")), "plain");
  t.equal(take(request("/", { method: "PUT" })), "method");
  t.equal(take(request("/", { lines })), "header");
  t.equal(take(request("/", { method: "PUT", lines })), "method", "the first of two with one each");
  t.equal(take(request("/", { method: "POST", lines })), "both");
  t.equal(take(request("/", { method: "POST", lines: [...lines, "x-B: 2"] })), "three");
});

t.test("a longer path counts for more than conditions", async (t) => {
  const take = router({
    conditions: { path: "/a", methods: ["GET"], headers: { "x-a": "1" } },
    path: { path: "/a/b" },
  });
  t.equal(take(request("/a/b", { lines: ["x-a: 1"] })), "path");
});

t.test("a field must have exactly the value, on one of its lines", async (t) => {
  const take = router({ a: { path: "/", headers: { "X-Tenant": "gold", "user-agent": "curl" } } });
  const lines = (...values: string[]) => [
    ...values.map((v) => `x-tenant: ${v}`),
    "User-Agent: curl",
  ];
  t.equal(take(request("/", { lines: lines("gold") })), "a");
  t.equal(take(request("/", { lines: lines("silver", " gold ") })), "a");
  for (const value of ["Gold", "gold2", "a gold", ""]) {
    t.equal(take(request("/", { lines: lines(value) })), "none", value);
  }
  t.equal(take(request("/", { lines: ["x-tenant: gold"] })), "none");
});

t.test("a known field is a condition like any other", async (t) => {
  const take = router({ a: { path: "/", headers: { "content-type": "application/grpc" } } });
  t.equal(take(request("/", { lines: ["Content-Type: application/grpc"] })), "a");
});

t.test("* of OPTIONS goes where everything goes", async (t) => {
  const star = request("*", { method: "OPTIONS" });
  t.equal(router({ a: { path: "/a" }, all: { path: "/" } })(star), "all");
  t.equal(router({ a: { path: "/a" } })(star), "none");
});

t.test("HTTP/1.0 without a host takes routes without a host", async (t) => {
  const parsed = parseRequest(Buffer.from("GET / HTTP/1.0\r\n\r\n"), LIMITS);
  if (parsed === INCOMPLETE || "reason" in parsed) throw new Error("not a request");
  const take = router({ wild: { path: "/", host: "*.test" }, rest: { path: "/" } });
  t.equal(take(parsed.head), "rest");
});

t.test("no routes match nothing", async (t) => {
  t.equal(router({})(request("/")), "none");
});

const HOSTS = [undefined, "a.test", "b.a.test", "*.test", "*.a.test"];
const match: fc.Arbitrary<Match> = fc.record({
  path: fc.constantFrom("/", "/a", "/a/", "/a/b", "/a/b/", "/ab"),
  host: fc.constantFrom(...HOSTS),
  methods: fc.constantFrom(undefined, ["GET"], ["GET", "POST"], ["POST"]),
  headers: fc.constantFrom(undefined, { x: "1" }, { x: "1", y: "2" }),
});

/** Does the route fit? Written from the words of the config, not from the router. */
function fits({ path, host, methods, headers = {} }: Match, wanted: Required<Wanted>, at: string) {
  const below = at === path || at.startsWith(path.endsWith("/") ? path : `${path}/`);
  const named =
    host === undefined ||
    host === wanted.host ||
    (host.startsWith("*.") && wanted.host.endsWith(host.slice(1)));
  const has = ([name, value]: [string, string]) => wanted.lines.includes(`${name}: ${value}`);
  const method = methods === undefined || methods.includes(wanted.method);
  return below && named && method && Object.entries(headers).every(has);
}

function rank({ path, host, methods, headers = {} }: Match): number[] {
  const wild = host?.startsWith("*.") === true;
  const conditions = Object.keys(headers).length + (methods === undefined ? 0 : 1);
  const hostRank = host === undefined ? 0 : wild ? host.length : 1000;
  return [hostRank, path.length, conditions];
}

t.test("among any routes, the one that fits and is most specific is taken", async () => {
  const wanted = fc.record({
    method: fc.constantFrom("GET", "POST", "PUT"),
    host: fc.constantFrom("a.test", "b.a.test", "c.test", "other"),
    lines: fc.constantFrom([], ["x: 1"], ["x: 1", "y: 2"], ["y: 2"]),
  });
  const at = fc.constantFrom("/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/abc", "/b");
  fc.assert(
    fc.property(fc.array(match, { maxLength: 10 }), wanted, at, (matches, want, path) => {
      const routes = matches.map((each, index): Route => ({ name: `${index}`, match: each }));
      const best = routes
        .filter((route) => fits(route.match, want, path))
        .sort((a, b) => {
          const [left, right] = [rank(a.match), rank(b.match)];
          const place = left.findIndex((value, i) => value !== right[i]);
          return place < 0 ? 0 : (right[place] ?? 0) - (left[place] ?? 0);
        })[0];
      assert.equal(new Router(routes).match(request(path, want))?.name, best?.name);
    }),
    { numRuns: 2000 },
  );
});
