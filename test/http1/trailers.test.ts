import t from "tap";
import { Fields, KNOWN_FIELDS } from "../../src/core/fields.ts";
import { readFields } from "../../src/http1/lines.ts";
import { safeTrailers } from "../../src/http1/trailers.ts";

function trailers(text: string): Fields {
  const fields = new Fields();
  readFields(Buffer.from(text, "latin1"), 0, fields, { headerBytes: 10_000, headers: 100 });
  fields.text = text;
  return fields;
}

t.test("no trailers are no lines", async (t) => {
  t.equal(safeTrailers(undefined), "");
  t.equal(safeTrailers(trailers("\r\n")), "");
});

t.test("fields that mean nothing to us go on, in order, case and number", async (t) => {
  const text = "X-Sum:  7 \r\nGrpc-Status: 0\r\nx-sum: 8\r\nServer-Timing:\r\n\r\n";
  const onward = "X-Sum: 7\r\nGrpc-Status: 0\r\nx-sum: 8\r\nServer-Timing: \r\n";
  t.equal(safeTrailers(trailers(text)), onward);
});

t.test("what Connection names stays here as it does in a head", async (t) => {
  const text = "X-Sum: 7\r\nX-HOP: 1\r\n\r\n";
  t.equal(safeTrailers(trailers(text), ["x-hop"]), "X-Sum: 7\r\n");
});

t.test("no field that frames, routes, authenticates or describes goes on", async (t) => {
  for (const name of KNOWN_FIELDS) {
    if (name === "") continue;
    t.equal(safeTrailers(trailers(`${name}: a\r\nx-b: c\r\n\r\n`)), "x-b: c\r\n", name);
    t.equal(safeTrailers(trailers(`${name.toUpperCase()}: a\r\n\r\n`)), "", name);
  }
});

t.test("RFC 9110 6.5.1's examples are among them", async (t) => {
  const examples = [
    ...["Transfer-Encoding", "Content-Length", "Host", "Connection", "TE", "Upgrade", "Trailer"],
    ...["Cache-Control", "Expect", "Max-Forwards", "Authorization", "Set-Cookie", "Cookie"],
    ...[
      "Content-Encoding",
      "Content-Type",
      "Content-Range",
      "WWW-Authenticate",
      "Proxy-Authorization",
    ],
    ...["Proxy-Authenticate", "Range", "If-Match", "If-None-Match", "If-Modified-Since"],
    ...[
      "If-Unmodified-Since",
      "If-Range",
      "Pragma",
      "Location",
      "Retry-After",
      "Vary",
      "Date",
      "Age",
    ],
  ];
  const going = examples.filter((name) => safeTrailers(trailers(`${name}: a\r\n\r\n`)) !== "");
  t.same(going, []);
});
