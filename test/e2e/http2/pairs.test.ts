// One list of behaviours, which hold whatever the client and the service speak.
import { createHash } from "node:crypto";
import t, { type Test } from "tap";
import type { Sidecar } from "../../../src/sidecar.ts";
import { scrape } from "../../support/scrape.ts";
import { settings } from "../../support/settings.ts";
import { addressOf, startHere } from "../../support/sidecar.ts";
import {
  type Asked,
  bodyOf,
  breakOff,
  type Call,
  type Client,
  clientOf,
  type Protocol,
  Service,
} from "./pairs.ts";

/** What a behaviour is given. */
interface World {
  readonly service: Service;
  readonly client: Client;
  readonly sidecar: Sidecar;
}

type Behaviour = (t: Test, world: World) => Promise<void>;

const MEBI = 1024 * 1024;

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Resolves once the sidecar works on nothing. */
async function idle({ sidecar }: World): Promise<void> {
  const health = addressOf(sidecar, "health");
  while ((await scrape(health, "concurrency_in_flight")) > 0);
}

/** Waits until `value` has not changed for fifty turns of the event loop. */
async function standsStill(value: () => number): Promise<void> {
  let [before, still] = [-1, 0];
  while (still < 50) {
    await new Promise((next) => setImmediate(next));
    const now = value();
    still = now === before ? still + 1 : 0;
    before = now;
  }
}

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  "a request and its answer, with their fields": async (t, { service, client }) => {
    let seen: Asked | undefined;
    service.handler = (asked, answering) => {
      seen = asked;
      answering.setHeader("set-cookie", ["a=1", "b=2"]);
      answering.setHeader("x-own", "yes");
      answering.end("hello");
    };
    const fields = { "x-mine": "1", cookie: "c=d" };
    const call = await client.ask({ path: "/a/b?c=d", fields }).ended();
    t.match(call, { status: 200, body: "hello", whole: true });
    t.match(call.fields, { "set-cookie": ["a=1", "b=2"], "x-own": "yes" });
    t.notOk(call.fields.connection === "close");
    t.match(seen, { method: "GET", url: "/a/b?c=d" });
    t.match(seen?.headers, { "x-mine": "1", cookie: "c=d", via: /tidegate$/ });
  },

  "bodies of all sizes come through unchanged, both ways": async (t, { service, client }) => {
    service.handler = async (asked, answering) => {
      const body = await bodyOf(asked);
      answering.setHeader("x-digest", digest(body));
      answering.end(body);
    };
    for (const size of [0, 1, 1000, 65_536, 3 * MEBI]) {
      const body = Buffer.alloc(size, "abcdefg");
      const fields = { "content-length": String(size) };
      for (const given of [fields, undefined]) {
        const asked = { method: "POST", body, ...(given && { fields: given }) };
        const call = await client.ask(asked).ended();
        t.match(call, { status: 200, whole: true, bytes: size });
        t.equal(call.fields["x-digest"], digest(body), `${size} bytes`);
      }
    }
  },

  "both sides talk at the same time": async (t, { service, client }) => {
    service.handler = (asked, answering) => {
      answering.writeHead(200);
      asked.on("data", (chunk: Buffer) => answering.write(chunk));
      asked.on("end", () => answering.end());
    };
    const call = client.ask({ method: "POST", body: "open" });
    for (let i = 1; i <= 5; i++) {
      call.out.write("ping");
      await call.bell.until(() => call.bytes === 4 * i);
    }
    call.out.end();
    t.match(await call.ended(), { whole: true, body: "pingpingpingpingping" });
  },

  "trailers go both ways": async (t, { service, client }) => {
    service.handler = async (asked, answering) => {
      const body = await bodyOf(asked);
      answering.setHeader("trailer", "x-sum");
      answering.writeHead(200);
      answering.write("body");
      answering.addTrailers({ "x-sum": `${body.length} ${asked.trailers["x-mine"]}` });
      answering.end();
    };
    const fields = { te: "trailers", trailer: "x-mine" };
    const trailers = { "x-mine": "7" };
    const asked = { method: "POST", body: Buffer.from("abc"), fields, trailers };
    const call = await client.ask(asked).ended();
    t.match(call, { whole: true, body: "body", trailers: { "x-sum": "3 7" } });
  },

  "answers without a body": async (t, { service, client }) => {
    service.handler = ({ method, url }, answering) => {
      const status = Number(url?.slice(1));
      if (method === "HEAD") answering.setHeader("content-length", "5");
      answering.writeHead(status);
      answering.end();
    };
    for (const status of [204, 304, 200]) {
      t.match(await client.ask({ path: `/${status}` }).ended(), { status, whole: true, bytes: 0 });
    }
    const head = await client.ask({ method: "HEAD", path: "/200" }).ended();
    t.match(head, { status: 200, whole: true, bytes: 0, fields: { "content-length": "5" } });
  },

  "interim responses are passed on": async (t, { service, client }) => {
    service.handler = (_, answering) => {
      answering.writeEarlyHints({ link: "</a>; rel=preload" });
      answering.end("late");
    };
    t.match(await client.ask().ended(), { interims: [103], body: "late", whole: true });
  },

  "a body is asked for where the client waits to be asked": async (t, { service, client }) => {
    service.handler = async (asked, answering) => {
      answering.end(String((await bodyOf(asked)).length));
    };
    const fields = { expect: "100-continue" };
    const call = client.ask({ method: "POST", body: "open", fields });
    await call.bell.until(() => call.interims.length > 0 || call.over);
    call.out.end("hello");
    t.match(await call.ended(), { status: 200, body: "5", whole: true });
  },

  "an answer may come before the request is whole": async (t, { service, client, ...rest }) => {
    service.handler = (_, answering) => {
      answering.writeHead(413);
      answering.end("too much");
    };
    const call = client.ask({ method: "POST", body: "open" });
    call.out.write(Buffer.alloc(1000));
    await call.bell.until(() => call.body === "too much" || call.over);
    t.match(call, { status: 413, body: "too much" });
    call.abort();
    await idle({ service, client, ...rest });
  },

  "a client that leaves is missed by the service at once": async (t, world) => {
    const { service, client } = world;
    let gone = 0;
    let come = 0;
    service.handler = (_, answering) => {
      come++;
      answering.on("close", () => {
        gone++;
        service.bell.ring();
      });
      if (come % 2 === 0) answering.write("begun");
      service.bell.ring();
    };
    for (let i = 1; i <= 4; i++) {
      const call = client.ask();
      await service.bell.until(() => come === i);
      if (i % 2 === 0) await call.bell.until(() => call.bytes > 0);
      call.abort();
      await service.bell.until(() => gone === i);
    }
    t.equal(gone, 4);
    await idle(world);
  },

  "an answer that breaks off is not taken for whole": async (t, { service, client }) => {
    let broken: Call | undefined;
    service.handler = (_, answering) => {
      answering.write("some");
      const watch = (): void => {
        if (broken !== undefined && broken.bytes > 0) breakOff(answering);
        else setImmediate(watch);
      };
      watch();
    };
    broken = client.ask();
    t.match(await broken.ended(), { status: 200, body: "some", whole: false });
  },

  "what ends before it has begun is 502, and named": async (t, { service, client }) => {
    service.handler = (_, answering) => breakOff(answering);
    const call = await client.ask({ method: "POST", body: Buffer.from("x") }).ended();
    t.match(call, { status: 502, fields: { "x-tidegate-reason": "upstream_reset" } });
  },

  "a client that does not read holds the service back, and loses nothing": async (t, world) => {
    const { service, client } = world;
    const size = 64 * MEBI;
    let written = 0;
    service.handler = (_, answering) => {
      const piece = Buffer.alloc(MEBI / 4, "x");
      const pour = (): void => {
        while (written < size) {
          written += piece.length;
          if (!answering.write(piece)) return;
        }
        answering.end();
      };
      answering.on("drain", pour);
      pour();
    };
    const call = client.ask();
    await call.bell.until(() => call.bytes > 0);
    call.pause();
    await standsStill(() => written);
    t.ok(written < size, `${written} bytes were written to a client that reads nothing`);
    call.resume();
    t.match(await call.ended(), { whole: true, bytes: size });
  },

  "a service that does not read holds the client back, and loses nothing": async (t, world) => {
    const { service, client } = world;
    const size = 64 * MEBI;
    let begin: () => void = () => {};
    service.handler = async (asked, answering) => {
      await new Promise<void>((go) => {
        begin = go;
        service.bell.ring();
      });
      let bytes = 0;
      for await (const chunk of asked) bytes += chunk.length;
      answering.end(String(bytes));
    };
    const call = client.ask({ method: "POST", body: "open" });
    let written = 0;
    const piece = Buffer.alloc(MEBI / 4, "x");
    const pour = (): void => {
      while (written < size) {
        written += piece.length;
        if (!call.out.write(piece)) return;
      }
      call.out.end();
    };
    call.out.on("drain", pour);
    pour();
    await standsStill(() => written);
    t.ok(written < size, `${written} bytes were taken for a service that reads nothing`);
    begin();
    t.match(await call.ended(), { whole: true, body: String(size) });
  },

  "two hundred at once": async (t, world) => {
    const { service, client } = world;
    service.handler = async (asked, answering) => {
      await bodyOf(asked);
      answering.end(asked.url ?? "");
    };
    const calls = Array.from({ length: 200 }, (_, i) => client.ask({ path: `/${i}` }));
    await Promise.all(calls.map((each) => each.ended()));
    t.equal(calls.filter((each, i) => each.whole && each.body === `/${i}`).length, 200);
    await idle(world);
  },
};

/** From what the client speaks to what the service speaks. */
const PAIRS: readonly (readonly [Protocol, Protocol])[] = [
  ["http1", "http1"],
  ["http1", "http2"],
  ["http2", "http1"],
  ["http2", "http2"],
];

for (const [from, to] of PAIRS) {
  t.test(`${from} to ${to}`, async (t) => {
    const service = await Service.start(to);
    const sidecar = await startHere(settings(service.address, { cluster: { protocol: to } }));
    const client = clientOf(from, addressOf(sidecar));
    t.teardown(async () => {
      client.close();
      await sidecar.close();
      await service.close();
    });
    for (const [name, behaviour] of Object.entries(BEHAVIOURS)) {
      await t.test(name, (t) => behaviour(t, { service, client, sidecar }));
    }
    if (to === "http2") t.equal(service.connections, 1);
  });
}
