// Which calls of gRPC go again.
import t, { type Test } from "tap";
import { FramePeer, type FrameScript } from "../support/framepeer.ts";
import { END_STREAM } from "../support/frames.ts";
import { call } from "../support/grpc.ts";
import { Http2Client, type Told } from "../support/http2.ts";
import { scrape } from "../support/scrape.ts";
import { settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";

const REFUSED_STREAM = 7;

function answers(head: Readonly<Record<string, string>>): FrameScript {
  return { request: (link, id) => link.headers(id, { ":status": "200", ...head }, END_STREAM) };
}

/** Calls the one that `script` describes, which is always tried first; the other one is well. */
async function through(t: Test, script: FrameScript, retry: Readonly<Record<string, unknown>>) {
  const [bad, good] = [
    await FramePeer.listen(script),
    await FramePeer.listen(answers({ "grpc-status": "0" })),
  ];
  const endpoints = [bad.address.text, good.address.text];
  const text = settings(bad.address, { retry, cluster: { endpoints } });
  const sidecar = await startHere(text, { random: { next: () => 0, id: () => "id" } });
  const client = await Http2Client.connect(addressOf(sidecar));
  const told = await call(client, "/a.B/C", {});
  const denied = await scrape(addressOf(sidecar, "health"), "retries_denied_total");
  await client.close();
  await sidecar.close();
  await Promise.all([bad.close(), good.close()]);
  t.equal(bad.links.length, 1, "the one was asked");
  return { status: statusOf(told), denied };
}

function statusOf({ fields, trailers }: Told): unknown {
  return trailers["grpc-status"] ?? fields["grpc-status"];
}

const LISTED = { grpc: ["unavailable"] };

t.test("a status that the route lists", async (t) => {
  const script = answers({ "grpc-status": "14" });
  t.match(await through(t, script, LISTED), { status: "0", denied: 0 });
  t.match(await through(t, script, {}), { status: "14" }, "it may have been worked on");
  t.match(await through(t, answers({ "grpc-status": "13" }), LISTED), { status: "13" });
});

t.test("whoever pushes back is heard", async (t) => {
  for (const ms of ["1000", "-1", "0"]) {
    const script = answers({ "grpc-status": "14", "grpc-retry-pushback-ms": ms });
    t.match(await through(t, script, LISTED), { status: "14", denied: 1 });
  }
});

t.test("what has begun to be answered is not asked again", async (t) => {
  const script: FrameScript = {
    request: (link, id) => {
      link.headers(id, { ":status": "200" });
      link.headers(id, { "grpc-status": "14" }, END_STREAM);
    },
  };
  t.match(await through(t, script, LISTED), { status: "14" });
});

t.test("what was never worked on goes again as it comes", async (t) => {
  const refused: FrameScript = { request: (link, id) => link.rst(id, REFUSED_STREAM) };
  t.match(await through(t, refused, {}), { status: "0" });
  const reset: FrameScript = { request: (link, id) => link.rst(id, 2) };
  t.match(await through(t, reset, LISTED), { status: "13", denied: 1 });
});
