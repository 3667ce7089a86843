// Bodies larger than anything we may keep: backpressure in both directions, and flat memory.
import t from "tap";
import { RawClient } from "../../support/client.ts";
import { Daemon } from "../../support/daemon.ts";
import { settings } from "../../support/settings.ts";
import { Checker, Pour } from "../../support/stream.ts";
import { type Link, type Script, Upstream } from "../../support/upstream.ts";

const MiB = 1024 * 1024;
/** More than the kernel's socket buffers on both sides together hold. */
const BIG = 96 * MiB;
/** What two 64 KiB buffers and the garbage of a few milliseconds may cost. */
const SLACK = 24 * MiB;

/** Takes request bodies by hand, and answers `/get/N` with N bytes. */
class Service {
  readonly received = new Checker();
  readonly pours: Pour[] = [];
  link: Link | undefined;
  /** Paused from the start of the next body on. */
  slow = false;
  #body = 0;

  readonly script: Script = {
    head: (link, { startLine, fields }) => {
      this.link = link;
      const length = fields.find(({ name }) => name.toLowerCase() === "content-length")?.value;
      if (startLine.startsWith("POST")) this.#take(link, Number(length));
    },
    request: (link, { target }) => {
      const size = Number(target.split("/")[2] ?? 0);
      link.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      this.pours.push(new Pour(link.socket, 0, size));
    },
  };

  /** Reads a body without keeping it, and answers when it is whole. */
  #take(link: Link, length: number): void {
    const behind = link.inbox.bytes();
    const start = behind.indexOf("\r\n\r\n") + 4;
    const end = this.#body + length;
    const take = (chunk: Buffer): void => {
      this.received.take(chunk);
      this.#body = this.received.length;
      if (this.#body === end) this.#answer(link);
    };
    link.tunnel = take;
    const first = Buffer.from(behind.subarray(start));
    link.inbox.drop(link.inbox.length);
    if (this.slow) link.socket.pause();
    take(first);
  }

  #answer(link: Link): void {
    link.tunnel = undefined;
    link.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone");
    link.finish();
  }
}

/** Reads a response of `length` bytes of body without keeping it. */
async function download(client: RawClient, target: string, length: number): Promise<Checker> {
  const checker = new Checker();
  let head: Buffer | undefined = Buffer.alloc(0);
  client.socket.removeAllListeners("data");
  client.socket.on("data", (chunk: Buffer) => {
    if (head === undefined) checker.take(chunk);
    else {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      checker.take(head.subarray(end + 4));
      head = undefined;
    }
    client.bell.ring();
  });
  client.write(`GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
  await client.bell.until(() => checker.length >= length || client.closed);
  return checker;
}

/** Enough other requests for a stalled transfer to have come as far as it can. */
async function others(daemon: Daemon, count: number): Promise<number> {
  const client = await RawClient.connect(daemon.inbound);
  let good = 0;
  for (let number = 0; number < count; number++) {
    client.request("GET", "GET /get/2 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    good += (await client.response(number)).status === 200 ? 1 : 0;
  }
  client.close();
  return good;
}

const service = new Service();
const upstream = await Upstream.listen(service.script);
const daemon = await Daemon.start(settings(upstream.address, { timeout: "60s" }));
t.teardown(() => Promise.all([daemon.kill(), upstream.close()]));
const { child } = daemon;

t.test("10 MiB go down and up unchanged", async (t) => {
  for (let time = 0; time < 2; time++) {
    const client = await RawClient.connect(daemon.inbound);
    const got = await download(client, `/get/${10 * MiB}`, 10 * MiB);
    t.same([got.length, got.wrong], [10 * MiB, undefined]);
    client.close();
    const [before, sender] = [service.received.length, await RawClient.connect(daemon.inbound)];
    sender.request("POST", post(10 * MiB));
    await new Pour(sender.socket, before, before + 10 * MiB).done;
    t.equal((await sender.response()).body.toString(), "done");
    t.same([service.received.length - before, service.received.wrong], [10 * MiB, undefined]);
    sender.close();
  }
});

t.test("a reader that stops stops the upstream, costs no memory and nobody else", async (t) => {
  child.forgetPeak();
  const before = child.memory("VmRSS");
  const client = await RawClient.connect(daemon.inbound);
  client.socket.pause();
  const whole = download(client, `/get/${BIG}`, BIG);
  client.socket.pause();
  t.equal(await others(daemon, 500), 500);
  const pour = service.pours.find(({ to }) => to === BIG);
  t.ok(pour !== undefined && pour.at < BIG, "the upstream was asked, and stopped");
  t.ok(child.memory("VmHWM") - before < SLACK, "nothing piles up while it stands still");
  client.socket.resume();
  const got = await whole;
  t.same([got.length, got.wrong], [BIG, undefined]);
  t.ok(child.memory("VmHWM") - before < SLACK, "nor while it runs");
  client.close();
});

t.test("a service that stops reading stops the client, and costs no memory", async (t) => {
  child.forgetPeak();
  const [before, already] = [child.memory("VmRSS"), service.received.length];
  service.slow = true;
  const client = await RawClient.connect(daemon.inbound);
  client.request("POST", post(BIG));
  const pour = new Pour(client.socket, already, already + BIG);
  await upstream.bell.until(() => service.link?.socket.isPaused() === true);
  const link = service.link;
  t.equal(await others(daemon, 500), 500);
  t.ok(pour.at < pour.to, "the client has stopped too");
  t.ok(child.memory("VmHWM") - before < SLACK, "nothing piles up while it stands still");
  service.slow = false;
  link?.socket.resume();
  await pour.done;
  t.equal((await client.response()).body.toString(), "done");
  t.same([service.received.length - already, service.received.wrong], [BIG, undefined]);
  t.ok(child.memory("VmHWM") - before < SLACK, "nor while it runs");
  client.close();
});

t.test("nothing is left in flight", async (t) => {
  await daemon.metricIs("concurrency_in_flight", 0);
  t.equal(await daemon.metric("concurrency_in_flight"), 0);
});

function post(length: number): string {
  return `POST /up HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${length}\r\n\r\n`;
}
