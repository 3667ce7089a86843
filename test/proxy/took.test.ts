// How long an attempt took, as its endpoint is judged by.
import t from "tap";
import { Span } from "../../src/proxy/span.ts";
import { HandClock } from "../http1/endpoint.ts";

/** There was no body. */
const NONE = Number.NEGATIVE_INFINITY;
const NEVER = Number.POSITIVE_INFINITY;

t.test("the time in which this process stood still is not the endpoint's", async (t) => {
  const clock = new HandClock();
  const { lag } = clock.wheel;
  clock.stall(5000);
  const span = new Span(clock.now(), NEVER, lag);
  clock.pass(40);
  t.equal(span.took(clock.now(), NONE), 40, "a stall before it changes nothing");
  clock.stall(2001);
  t.equal(span.took(clock.now(), NONE), 41);
  t.equal(new Span(clock.now(), NEVER, lag).took(clock.now(), NONE), 0);
});

t.test("a sample begins later by the time in which this process stood still", async (t) => {
  const clock = new HandClock();
  const span = new Span(clock.now(), NEVER, clock.wheel.lag);
  clock.pass(40);
  t.equal(span.awake(clock.now()), span.begun);
  clock.stall(2001);
  t.equal(span.awake(clock.now()), span.begun + 2000);
});

t.test("the time in which a client sent its body is not the endpoint's", async (t) => {
  const clock = new HandClock();
  const { lag } = clock.wheel;
  const span = new Span(clock.now(), NEVER, lag);
  for (let ms = 0; ms < 6000; ms += 10) clock.pass(10);
  const bodySentAt = clock.now();
  clock.pass(30);
  t.equal(span.took(clock.now(), bodySentAt), 30);
});
