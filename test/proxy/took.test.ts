// How long an attempt took, as its endpoint is judged by.
import t from "tap";
import { Story } from "../../src/proxy/record.ts";
import { HandClock } from "../http1/endpoint.ts";
import { request } from "./heads.ts";

t.test("the time in which this process stood still is not the endpoint's", async (t) => {
  const clock = new HandClock();
  const { lag } = clock.wheel;
  const story = new Story(request([]), undefined, "id");
  clock.pass(5000);
  story.begins(clock.now(), Number.POSITIVE_INFINITY, lag);
  clock.pass(40);
  t.equal(story.took(clock.now(), lag), 40, "a stall before it changes nothing");
  clock.pass(2001);
  t.equal(story.took(clock.now(), lag), 41);
  story.begins(clock.now(), Number.POSITIVE_INFINITY, lag);
  t.equal(story.took(clock.now(), lag), 0);
});
