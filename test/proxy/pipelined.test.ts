// Requests that a client sends ahead: each begins when the one before it has given back what it took.
import t, { type Test } from "tap";
import { RawClient } from "../support/client.ts";
import { settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { POLITE, type Script, Upstream } from "../support/upstream.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const BEGINNING = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";

/** Ends its response when the beginning has reached the client: it is relayed as it comes. */
const STREAMED: Script = { request: (link) => link.write(BEGINNING) };

/** The statuses of three requests that are sent at once. */
async function three(t: Test, script: Script, cluster: Cluster): Promise<readonly number[]> {
  const upstream = await Upstream.listen(script);
  const wanted = { cluster: cluster(upstream.address.text) };
  const sidecar = await startHere(settings(upstream.address, wanted));
  const client = await RawClient.connect(addressOf(sidecar));
  t.teardown(async () => {
    client.close();
    await Promise.all([sidecar.close(), upstream.close()]);
  });
  client.expect("GET", "GET", "GET");
  client.write(GET.repeat(3));
  for (let begun = 1; begun <= 3; begun++) {
    const begins = (): boolean =>
      client.received.bytes().toString("latin1").split("ok").length > begun;
    await client.bell.until(() => begins() || client.responses.length >= begun);
    if (script === STREAMED) upstream.links[0]?.write("0\r\n\r\n");
  }
  await client.response(2);
  t.equal(upstream.links.length, 1, "all over one connection");
  return client.responses.map(({ status }) => status);
}

type Cluster = (address: string) => Readonly<Record<string, unknown>>;

const ONE_CONNECTION: Cluster = () => ({ pool: { max: 1 } });
const ONE_PLACE: Cluster = (address) => ({
  endpoints: [{ address: "127.0.0.1:1", weight: 0 }],
  backups: [address],
  backupConcurrency: 1,
});

for (const [how, script] of Object.entries({ whole: POLITE, streamed: STREAMED })) {
  t.test(`one connection to the endpoint is enough for responses that come ${how}`, async (t) => {
    t.same(await three(t, script, ONE_CONNECTION), [200, 200, 200]);
  });

  t.test(`one place at a backup is enough for responses that come ${how}`, async (t) => {
    t.same(await three(t, script, ONE_PLACE), [200, 200, 200]);
  });
}
