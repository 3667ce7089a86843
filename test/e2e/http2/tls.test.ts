// HTTP/2 over TLS with clients that have to show a certificate: who comes in, and what is said of the others.
import { connect } from "node:http2";
import t from "tap";
import { Authority, type Pair } from "../../support/certificates.ts";
import { Daemon } from "../../support/daemon.ts";
import { tell } from "../../support/http2.ts";
import { values } from "../../support/message.ts";
import { run } from "../../support/process.ts";
import { settings } from "../../support/settings.ts";
import { tool } from "../../support/tool.ts";
import { Upstream } from "../../support/upstream.ts";

const authority = new Authority();
const [own, stranger] = [authority.sign(), new Authority().sign()];
const web = authority.sign({ sans: "URI:spiffe://a.test/ns/x/sa/web" });
const FORWARDED = { "x-forwarded-for": "10.0.0.1" };

t.test("by certificate: who comes in over h2, who is believed, and why not", async (t) => {
  const upstream = await Upstream.listen();
  const tls = {
    ...{ certificate: own.certFile, key: own.keyFile, clientCa: authority.file },
    allowedSans: ["spiffe://a.test/ns/*/sa/web"],
  };
  const trust = ["san:spiffe://a.test/ns/x/sa/web"];
  const log = { access: "off", level: "warn" };
  const daemon = await Daemon.start(settings(upstream.address, { tls, trust, log }));
  t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));
  const { port } = new URL(daemon.url);
  const ask = async (pair?: Pair): Promise<number> => {
    const shown = pair && { cert: pair.cert, key: pair.key };
    const session = connect(`https://localhost:${port}`, { ca: authority.cert, ...shown });
    session.on("error", () => {});
    const { status } = await tell(session.request({ ":path": "/", ...FORWARDED }));
    session.destroy();
    return status;
  };
  t.equal(await ask(web), 200);
  t.same(
    upstream.requests.map(({ fields }) => values(fields, "x-forwarded-for").join()),
    ["10.0.0.1, 127.0.0.1"],
    "the name in the certificate is that of a trusted peer",
  );
  for (const pair of [undefined, stranger, own]) t.equal(await ask(pair), 0);
  await daemon.metricIs("tls_handshakes_total", 3, 'result="unauthorized"');
  await daemon.child.bell.until(() => / none of its names is allowed/.test(daemon.child.stderr));
  const lines = daemon.child.stderr.split("\n").filter((line) => /handshake failed/.test(line));
  t.match(
    lines.map((line) => JSON.parse(line)),
    [
      { listener: "inbound", peer: "127.0.0.1", why: /did not return a certificate/ },
      { result: "unauthorized", why: /UNABLE_TO_VERIFY_LEAF_SIGNATURE/ },
      { why: /none of its names is allowed: DNS:localhost/ },
    ],
  );
  const curl = ["-sS", "--http2", "--cacert", authority.file, "-w", " %{http_version}"];
  const pair = ["--cert", web.certFile, "--key", web.keyFile];
  t.equal(
    (await run(tool("curl"), [...curl, ...pair, `https://localhost:${port}/`])).stdout,
    "ok 2",
  );
  // With TLS 1.3 a request may cross the alert, and meet a socket that is closed: a reset, which takes the alert along.
  const bare = run(tool("curl"), [...curl, "--tls-max", "1.2", `https://localhost:${port}/`]);
  await t.rejects(bare, /alert/, "who shows none is told by an alert");
});
