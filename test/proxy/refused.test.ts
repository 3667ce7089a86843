// What the access log says of requests that are refused before they are routed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { RawClient } from "../support/client.ts";
import { scratch } from "../support/scratch.ts";
import { settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { Upstream } from "../support/upstream.ts";

const LINE = "POST /upload/x?key=secret HTTP/1.1\r\n";
const HOST = "Host: A.test:80\r\n";

const REFUSED: Readonly<Record<string, readonly [bytes: string, host: string]>> = {
  "a body that is too large": [`${LINE}${HOST}Content-Length: 100\r\n\r\n`, "a.test"],
  "a bad chunk behind the head": [`${LINE}${HOST}Transfer-Encoding: chunked\r\n\r\nz`, "a.test"],
  "two lengths": [`${LINE}${HOST}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`, "a.test"],
  "a bad field": [`${LINE}${HOST}X Y: z\r\n\r\n`, ""],
  "no host": [`${LINE}\r\n`, ""],
  "an absolute target": ["POST http://b.test/upload/x HTTP/1.1\r\nHost: c.test\r\n\r\n", "c.test"],
};

for (const [name, [bytes, host]] of Object.entries(REFUSED)) {
  t.test(`${name} is logged with what it was asked of`, async (t) => {
    const folder = scratch();
    const file = join(folder.path, "access.log");
    const upstream = await Upstream.listen();
    const wanted = {
      limits: { bodyBytes: "10B" },
      log: { access: "all", level: "error", file },
    };
    const sidecar = await startHere(settings(upstream.address, wanted));
    const client = await RawClient.connect(addressOf(sidecar));
    t.teardown(() => folder.remove());
    client.request("POST", bytes);
    await client.response();
    client.close();
    await Promise.all([sidecar.close(), upstream.close()]);
    const [line] = readFileSync(file, "latin1").split("\n");
    const said = JSON.parse(line ?? "");
    t.match(said, { method: "POST", path: "/upload/x", host });
    t.notMatch(line, /secret/);
  });
}
