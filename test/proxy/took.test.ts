// How long an attempt took, as its endpoint is judged by.
import t from "tap";
import { Story } from "../../src/proxy/record.ts";
import { HandClock } from "../http1/endpoint.ts";
import { request } from "./heads.ts";

/** There was no body. */
const NONE = Number.NEGATIVE_INFINITY;

t.test("the time in which this process stood still is not the endpoint's", async (t) => {
  const clock = new HandClock();
  const { lag } = clock.wheel;
  const story = new Story(request([]), undefined, "id");
  clock.stall(5000);
  story.begins(clock.now(), Number.POSITIVE_INFINITY, lag);
  clock.pass(40);
  t.equal(story.took(clock.now(), lag, NONE), 40, "a stall before it changes nothing");
  clock.stall(2001);
  t.equal(story.took(clock.now(), lag, NONE), 41);
  story.begins(clock.now(), Number.POSITIVE_INFINITY, lag);
  t.equal(story.took(clock.now(), lag, NONE), 0);
});

t.test("the time in which a client sent its body is not the endpoint's", async (t) => {
  const clock = new HandClock();
  const { lag } = clock.wheel;
  const story = new Story(request([]), undefined, "id");
  story.begins(clock.now(), Number.POSITIVE_INFINITY, lag);
  for (let ms = 0; ms < 6000; ms += 10) clock.pass(10);
  const bodySentAt = clock.now();
  clock.pass(30);
  t.equal(story.took(clock.now(), lag, bodySentAt), 30);
});
