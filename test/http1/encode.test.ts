import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { BodyReader } from "../../src/http1/body.ts";
import { chunkOf, lastChunk } from "../../src/http1/encode.ts";
import { bytes, line } from "./arbitrary.ts";

t.test("the last chunk ends a body, with its trailers", async (t) => {
  t.equal(lastChunk(""), "0\r\n\r\n");
  t.equal(lastChunk("x-a: b\r\n"), "0\r\nx-a: b\r\n\r\n");
});

t.test("our own reader reads the last chunk that we write", async () => {
  const reader = new BodyReader({ headerBytes: 1000, headers: 10, bodyBytes: 0 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (trailers) => {
      reader.start({ kind: "chunked" });
      const text = lastChunk(trailers.map(({ name, value }) => `${name}: ${value}\r\n`).join(""));
      const read: string[] = [];
      reader.feed(Buffer.from(text, "latin1"), 0, {
        onBody: () => assert.fail("there is no body"),
        onBodyEnd: (fields) => {
          for (let i = 0; i < (fields?.count ?? 0); i++) read.push(fields?.value(i) ?? "");
        },
      });
      assert.ok(reader.done);
      assert.deepEqual(
        read,
        trailers.map(({ value }) => value),
      );
    }),
  );
});

t.test("our own reader reads the chunks that we write", async () => {
  const reader = new BodyReader({ headerBytes: 1000, headers: 10, bodyBytes: 0 });
  fc.assert(
    fc.property(fc.array(bytes), (pieces) => {
      reader.start({ kind: "chunked" });
      const text = pieces.map(chunkOf).join("") + lastChunk("");
      let read = "";
      reader.feed(Buffer.from(text, "latin1"), 0, {
        onBody: (view) => {
          read += view.toString("latin1");
        },
        onBodyEnd: () => {},
      });
      assert.ok(reader.done);
      assert.equal(read, pieces.join(""));
    }),
  );
});
