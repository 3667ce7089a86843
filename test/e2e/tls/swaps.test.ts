// Certificates that change under load: by a secret that is swapped, and by files that are replaced.
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import t, { type Test } from "tap";
import type { Address } from "../../../src/core/address.ts";
import { Authority, type Pair } from "../../support/certificates.ts";
import { RawClient } from "../../support/client.ts";
import { lookUntil } from "../../support/look.ts";
import { values } from "../../support/message.ts";
import { scrape } from "../../support/scrape.ts";
import { settings } from "../../support/settings.ts";
import { addressOf, startHere } from "../../support/sidecar.ts";
import { Upstream } from "../../support/upstream.ts";

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
/** A thousand where it is asked for. */
const SWAPS = Number(process.env.TIDEGATE_SWAPS ?? 60);
const watch = { everyMs: 5, settleMs: 5 };
const authority = new Authority();
const pairs = [authority.sign(), authority.sign()] as const;

/** As Kubernetes lays a secret out: `tls.crt -> ..data/tls.crt`, `..data -> ..N`. */
class Secret {
  readonly folder: string;
  #version = 0;

  constructor(folder: string, pair: Pair) {
    this.folder = folder;
    this.swap(pair);
    for (const name of ["tls.crt", "tls.key"])
      symlinkSync(join("..data", name), join(folder, name));
  }

  swap({ cert, key }: Pair): void {
    const name = `..${++this.#version}`;
    mkdirSync(join(this.folder, name));
    writeFileSync(join(this.folder, name, "tls.crt"), cert);
    writeFileSync(join(this.folder, name, "tls.key"), key);
    symlinkSync(name, join(this.folder, "..data_tmp"));
    renameSync(join(this.folder, "..data_tmp"), join(this.folder, "..data"));
  }
}

/** The serial number of the certificate that a new connection is shown. */
function serialOf(address: Address): Promise<string> {
  const port = address.kind === "tcp" ? address.port : 0;
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", servername: "localhost", ca: authority.cert };
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    }).on("error", reject);
  });
}

async function stage(t: Test, certificate: string, key: string) {
  const upstream = await Upstream.listen();
  const text = settings(upstream.address, { tls: { certificate, key } });
  const sidecar = await startHere(text, { watch });
  t.teardown(() => Promise.all([sidecar.close(), upstream.close()]));
  const inbound = addressOf(sidecar);
  const shows = (serial: string): Promise<void> =>
    lookUntil(async () => (await serialOf(inbound)) === serial, serial);
  const events = async (): Promise<{ subject: string; to: string; reason: string }[]> => {
    const response = await fetch(`http://${addressOf(sidecar, "admin").text}/events`);
    return response.json() as Promise<{ subject: string; to: string; reason: string }[]>;
  };
  return { sidecar, inbound, shows, events };
}

async function serialsOf(t: Test): Promise<readonly string[]> {
  const serials: string[] = [];
  for (const { certFile, keyFile } of pairs) {
    const { inbound, sidecar } = await stage(t, certFile, keyFile);
    serials.push(await serialOf(inbound));
    await sidecar.close();
  }
  return serials;
}

t.test(
  `${SWAPS} swaps of a secret under load: nothing fails, no connection is dropped`,
  async (t) => {
    const serials = await serialsOf(t);
    const secret = new Secret(t.testdir({}), pairs[0]);
    const at = (name: string): string => join(secret.folder, name);
    const { inbound, shows, events } = await stage(t, at("tls.crt"), at("tls.key"));
    let [going, asked, failed, opened] = [true, 0, 0, 0];
    const load = async (requests: number): Promise<void> => {
      while (going) {
        const client = await RawClient.secure(inbound, { ca: authority.cert });
        opened++;
        for (let i = 0; i < requests && going; i++) {
          client.request("GET", GET);
          asked++;
          const response = await client.response().catch(() => undefined);
          const good = response?.status === 200 && !values(response.fields, "connection").length;
          if (!good) failed++;
        }
        client.close();
      }
    };
    // One connection that lasts, and others that come and go.
    const loads = [load(Number.POSITIVE_INFINITY), load(20), load(5), load(1)];
    for (let swap = 1; swap <= SWAPS; swap++) {
      secret.swap(pairs[swap % 2 === 0 ? 0 : 1]);
      await shows(serials[swap % 2] ?? "");
    }
    going = false;
    await Promise.all(loads);
    t.equal(failed, 0, `of ${asked} requests on ${opened} connections`);
    t.ok(asked > SWAPS && opened > SWAPS);
    const told = (await events()).filter(({ subject }) => subject === "certificate");
    t.ok(told.length >= Math.min(SWAPS, 500) && told.every(({ to }) => to === "renewed"));
  },
);

t.test("a pair that does not fit is told of, and the old one stays", async (t) => {
  const folder = t.testdir({ "tls.crt": pairs[0].cert, "tls.key": pairs[0].key });
  const at = (name: string): string => join(folder, name);
  const { sidecar, inbound, shows, events } = await stage(t, at("tls.crt"), at("tls.key"));
  const health = addressOf(sidecar, "health");
  const before = await serialOf(inbound);
  const expiry = await scrape(health, "certificate_expiry_seconds", 'listener="inbound"');
  const replace = (name: string, text: string): void => {
    writeFileSync(at("new"), text);
    renameSync(at("new"), at(name));
  };
  const short = authority.sign({ days: 30 });
  replace("tls.crt", short.cert);
  const told = async (to: string) => {
    let reason: string | undefined;
    await lookUntil(async () => {
      const last = (await events()).findLast(({ subject }) => subject === "certificate");
      if (last?.to === to) reason = last.reason;
      return reason !== undefined;
    }, to);
    return reason;
  };
  t.match(await told("refused"), /^key .*tls\.key is not the key of the certificate; the old/);
  t.equal(await serialOf(inbound), before);
  t.equal(await scrape(health, "certificate_expiry_seconds"), expiry);
  replace("tls.key", short.key);
  t.match(await told("renewed"), /^serial \w+, until /);
  await shows(await serialOf(inbound));
  t.not(await serialOf(inbound), before);
  t.ok((await scrape(health, "certificate_expiry_seconds")) < expiry);
});
