// Orders of an operator, and the list of what has changed.
import t from "tap";
import { admin, JSON_BODY } from "./admins.ts";

const OPEN = "/clusters/app/endpoints/127.0.0.1:3000/open";

t.test("an order is carried out, and says what it was", async (t) => {
  const { ask, orders } = await admin(t);
  const reply = await ask(`${OPEN}?for=10m`, { method: "POST", headers: JSON_BODY });
  t.equal(reply.status, 200);
  const order = { cluster: "app", endpoint: "127.0.0.1:3000", verb: "open" };
  t.strictSame(JSON.parse(reply.body), order);
  t.strictSame(orders, [{ ...order, forMs: 600_000 }]);
});

t.test("an order is a change: POST with JSON, and nothing else", async (t) => {
  const { ask, orders } = await admin(t);
  t.equal((await ask(OPEN)).status, 405);
  t.equal((await ask(OPEN, { method: "POST" })).status, 415);
  const headers = { ...JSON_BODY, origin: "http://a.test" };
  t.equal((await ask(OPEN, { method: "POST", headers })).status, 403);
  t.strictSame(orders, []);
});

t.test("an order that cannot be understood or carried out says why", async (t) => {
  const { ask, orders } = await admin(t);
  const post = { method: "POST", headers: JSON_BODY };
  const wrong = await ask(OPEN.replace("/open", "/opn"), post);
  t.equal(wrong.status, 404);
  t.match(JSON.parse(wrong.body).error, "open, close, drain, auto");
  t.equal((await ask(`${OPEN}?for=ten`, post)).status, 400);
  const stranger = await ask(OPEN.replace("/app/", "/other/"), post);
  t.equal(stranger.status, 404);
  t.match(JSON.parse(stranger.body).error, "no such cluster");
  t.strictSame(orders, []);
});

t.test("GET /events shows the last changes", async (t) => {
  const { ask } = await admin(t, { events: () => '[{"subject":"health"}]\n' });
  const { status, body } = await ask("/events");
  t.equal(status, 200);
  t.strictSame(JSON.parse(body), [{ subject: "health" }]);
});
