// How many nanoseconds does finding the route of a request take?
import type { RequestHead } from "../src/core/exchange.ts";
import { parseRequest } from "../src/http1/request.ts";
import { type Match, Router } from "../src/proxy/router.ts";
import { type Operation, timeAll } from "./harness/nano.ts";
import type { Options } from "./harness/options.ts";

const LIMITS = { uriBytes: 8192, headerBytes: 16_384, headers: 100, bodyBytes: 0 };

/** Prints the table; throws when a request that is timed does not take the route it should. */
export function run(options: Options): Promise<number> {
  const paths = matches(100, (index) => ({ path: `/service-${index}/` }));
  const hosts = matches(100, (index) => ({ path: "/", host: `host-${index}.example.org` }));
  const fields = matches(10, (index) => ({ path: "/", headers: { "x-tenant": `t${index}` } }));
  const operations = [
    finding("1 route, path /", [{ path: "/" }], head("/api/v1/orders")),
    finding("100 routes by path, the last", paths, head("/service-99/orders")),
    finding("100 routes by path, none", paths, head("/elsewhere"), false),
    finding("100 routes by host", hosts, head("/orders", "host-57.example.org")),
    finding("1 wildcard host", [{ path: "/", host: "*.example.org" }], head("/", "a.example.org")),
    finding("10 routes by field, the last", fields, head("/", "a.example.org", "x-tenant: t9")),
  ];
  return timeAll("router", operations, options);
}

function finding(
  name: string,
  all: readonly Match[],
  request: RequestHead,
  expected = true,
): Operation {
  const router = new Router(all.map((match, index) => ({ match, index })));
  return {
    name,
    work() {
      const route = router.match(request);
      if ((route !== undefined) !== expected) throw new Error(`${name}: the wrong route`);
      return route?.index ?? 0;
    },
  };
}

function matches(count: number, make: (index: number) => Match): Match[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function head(target: string, host = "shop.example.org", ...fields: string[]): RequestHead {
  const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, ...fields];
  const parsed = parseRequest(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), LIMITS);
  if (typeof parsed === "number" || "reason" in parsed) throw new Error(`refused: ${target}`);
  return parsed.head;
}
