import fc from "fast-check";
import t from "tap";
import { decodeStatus, encodeRequest } from "../../src/control/healthproto.ts";

/** A response in its frame. */
function framed(...message: number[]): Buffer {
  return Buffer.from([0, 0, 0, 0, message.length, ...message]);
}

t.test("a request is its service, in a frame", async (t) => {
  t.strictSame(encodeRequest(""), Buffer.from([0, 0, 0, 0, 0]));
  t.strictSame(encodeRequest("ab"), Buffer.from([0, 0, 0, 0, 4, 0x0a, 2, 0x61, 0x62]));
  t.strictSame(encodeRequest("é").subarray(5), Buffer.from([0x0a, 2, 0xc3, 0xa9]));
});

t.test("a long name has a length of two bytes", async (t) => {
  const request = encodeRequest("x".repeat(300));
  t.strictSame(request.subarray(0, 8), Buffer.from([0, 0, 0, 0x01, 0x2f, 0x0a, 0xac, 0x02]));
  t.equal(request.length, 308);
});

t.test("a status is told by its name, or its number", async (t) => {
  t.equal(decodeStatus(framed()), "UNKNOWN");
  t.equal(decodeStatus(framed(0x08, 1)), "SERVING");
  t.equal(decodeStatus(framed(0x08, 2)), "NOT_SERVING");
  t.equal(decodeStatus(framed(0x08, 3)), "SERVICE_UNKNOWN");
  t.equal(decodeStatus(framed(0x08, 0xac, 0x02)), "status 300");
  t.equal(decodeStatus(framed(0x08, 2, 0x08, 1)), "SERVING", "the last one counts");
});

t.test("fields of later versions are skipped, whatever they are", async (t) => {
  const others = [
    [0x10, 0xff, 0x01],
    [0x11, 1, 2, 3, 4, 5, 6, 7, 8],
    [0x12, 3, 0x08, 2, 0],
    [0x15, 1, 2, 3, 4],
    [0xfa, 0x01, 0],
  ];
  for (const other of others) {
    t.equal(decodeStatus(framed(...other, 0x08, 1)), "SERVING");
    t.equal(decodeStatus(framed(0x08, 1, ...other)), "SERVING");
  }
});

t.test("what is cut short, compressed or no message has no status", async (t) => {
  const wrong = [
    Buffer.alloc(0),
    Buffer.from([0, 0, 0, 0]),
    Buffer.from([1, 0, 0, 0, 2, 0x08, 1]),
    Buffer.from([0, 0, 0, 0, 3, 0x08, 1]),
    framed(0x08),
    framed(0x08, 0x80),
    framed(0x12, 5, 0),
    framed(0x11, 1),
    framed(0x0b),
    framed(0x08, ...Array.from({ length: 11 }, () => 0xff)),
  ];
  for (const body of wrong) t.equal(decodeStatus(body), undefined, body.toString("hex"));
});

t.test("no bytes make it fail or read beyond their end", async (t) => {
  const message = fc.uint8Array({ maxLength: 40 });
  t.doesNotThrow(() =>
    fc.assert(fc.property(message, (bytes) => void decodeStatus(framed(...bytes)))),
  );
});
