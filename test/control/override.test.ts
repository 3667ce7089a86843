// What an operator may order, and what is told when it cannot be.
import t from "tap";
import { readOrder } from "../../src/control/override.ts";

t.test("an order names a cluster, an endpoint and a verb, and may have an end", async (t) => {
  const order = { cluster: "app", endpoint: "127.0.0.1:3000", verb: "open" };
  const path = "/clusters/app/endpoints/127.0.0.1:3000/open";
  t.strictSame(readOrder(path), { ...order, forMs: Number.POSITIVE_INFINITY });
  t.strictSame(readOrder(`${path}?for=1m30s`), { ...order, forMs: 90_000 });
});

t.test("an address is written as in a URL", async (t) => {
  const unix = "/clusters/app/endpoints/unix%3A%2Frun%2Fa.sock/drain";
  t.match(readOrder(unix), { endpoint: "unix:/run/a.sock", verb: "drain" });
  t.match(readOrder("/clusters/app/endpoints/[::1]:80/auto"), { endpoint: "[::1]:80" });
  t.match(readOrder("/clusters/app/endpoints/%zz/auto"), { endpoint: "%zz" });
});

t.test("what is wrong with an order is told", async (t) => {
  t.match(readOrder("/clusters/app/endpoints/a:1/opn"), { status: 404, message: /open, close/ });
  for (const query of ["for=10", "for=0s", "for=", "for=1m&for=2m", "until=1m", "for=-1s"]) {
    const answer = readOrder(`/clusters/app/endpoints/a:1/open?${query}`);
    t.match(answer, { status: 400, message: /10m/ }, query);
  }
});

t.test("other paths are about something else", async (t) => {
  for (const path of ["/", "/state", "/clusters/app", "/clusters/app/endpoints/a:1"]) {
    t.equal(readOrder(path), undefined, path);
  }
});
