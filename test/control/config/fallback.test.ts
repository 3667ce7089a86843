// The static fallback as it is written, and what is refused.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { scratch } from "../../support/scratch.ts";
import { configOf, errorsOf, inCluster } from "./sample.ts";

const folder = scratch();
t.teardown(() => folder.remove());

function fallbackOf(text: string) {
  return configOf(inCluster(`fallback: ${text}`)).clusters[0]?.fallback;
}

function saved(name: string, content: string | Buffer): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

t.test("there is none unless it is asked for", async (t) => {
  t.notOk("fallback" in (configOf(inCluster("connectTimeout: 1s")).clusters[0] ?? {}));
  t.strictSame(fallbackOf("{}"), {
    status: 503,
    headers: {},
    contentType: "text/plain; charset=utf-8",
    body: "",
  });
});

t.test("a body is its bytes, from the config or from a file", async (t) => {
  const bytes = Buffer.from("Entschuldigung, gleich geht’s wieder").toString("latin1");
  t.match(fallbackOf('{ body: "Entschuldigung, gleich geht’s wieder" }'), { body: bytes });
  const raw = Buffer.from([0, 255, 10]);
  t.match(fallbackOf(`{ file: ${saved("raw", raw)}, contentType: image/x-icon }`), {
    body: raw.toString("latin1"),
    contentType: "image/x-icon",
  });
  t.match(fallbackOf("{ status: 200, headers: { Cache-Control: no-store } }"), {
    status: 200,
    headers: { "cache-control": "no-store" },
  });
  const most = saved("most", "x".repeat(65536));
  t.equal(fallbackOf(`{ file: ${most} }`)?.body.length, 65536);
});

t.test("what cannot be sent is an error that says where", async (t) => {
  const long = saved("long", "x".repeat(65537));
  mkdirSync(join(folder.path, "dir"));
  const rows = [
    ["{ status: 100 }", "8:25: status must be at least 200"],
    ["{ file: missing.html }", "8:23: file does not exist; a relative path begins at the working"],
    [`{ file: ${long} }`, "8:23: file must be at most 64KiB; this file has 65537 bytes"],
    [`{ file: ${join(folder.path, "dir")} }`, "8:23: file must be a file; this is something else"],
    ["{ file: /dev/zero }", "8:23: file must be a file; this is something else"],
    [`{ file: ${long}/x }`, "8:23: file cannot be read: a part of its path is not a directory"],
    [`{ body: a, file: ${saved("b", "b")} }`, "8:32: file cannot stand beside body: keep one"],
    ["{ status: 204, body: a }", "8:25: status must not be 204 with a body"],
    [`{ body: ${"ä".repeat(32769)} }`, "8:23: body must be at most 64KiB; say less"],
    ["{ contentType: html }", "8:30: contentType must be a media type such as text/html"],
    [
      '{ contentType: "a/b\\r\\nx: y" }',
      "8:30: contentType must be a media type such as text/html",
    ],
    ["{ headers: { 'a b': c } }", "8:28: a b must be a header name"],
    ['{ headers: { a: "b\\r\\nc: d" } }', "8:31: a must hold no control characters"],
    ["{ headers: { a: ä } }", "8:31: a must be ASCII"],
    ["{ headers: { content-length: '3' } }", "8:44: content-length is not for a fallback to set"],
    [
      "{ headers: { content-type: a/b } }",
      "8:42: content-type is not for a fallback to set; use contentType",
    ],
    ["{ headers: { retry-after: '3' } }", "8:41: retry-after is not for a fallback to set"],
    ["{ headers: { x-tidegate-tier: a } }", "8:45: x-tidegate-tier is not for a fallback to set"],
    ["{ bdy: a }", '8:17: unknown option "bdy"; did you mean "body"?'],
  ] as const;
  for (const [text, error] of rows) {
    const [found, ...more] = errorsOf(inCluster(`fallback: ${text}`));
    t.ok(found?.startsWith(error), `${text.slice(0, 60)}: ${found}`);
    t.strictSame(more, []);
  }
});
