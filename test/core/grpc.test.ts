import fc from "fast-check";
import t from "tap";
import { grpcStatusOf, isGrpcType, timeoutMs, timeoutText } from "../../src/core/grpc.ts";

t.test("grpc-timeout: at most 8 digits and a unit", async (t) => {
  const said = { "1H": 3_600_000, "2M": 120_000, "3S": 3000, "4m": 4, "5u": 0.005, "0S": 0 };
  for (const [text, ms] of Object.entries(said)) t.equal(timeoutMs(text), ms, text);
  t.ok(Math.abs(timeoutMs("99999999n") - 99.999999) < 1e-9);
  for (const text of ["", "S", "5", "1x", "123456789S", "-1S", "+1S", "1.5S", " 1S", "1S ", "1s"]) {
    t.ok(Number.isNaN(timeoutMs(text)), JSON.stringify(text));
  }
});

t.test("what goes on is never longer than what there was, and nearly as long", async () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e12, noNaN: true }), (ms) => {
      const said = timeoutMs(timeoutText(ms));
      return said <= ms && said >= Math.min(0.5 * ms, 99_999_999 * 3_600_000 * 0.5);
    }),
  );
});

t.test("what is left in part of a microsecond is one", async (t) => {
  t.equal(timeoutText(0.0001), "1u");
  t.equal(timeoutText(1), "1m");
  t.equal(timeoutText(1e20), "99999999H");
});

t.test("every encoding of gRPC is gRPC; a status is a number", async (t) => {
  for (const type of ["application/grpc", "Application/gRPC+proto", "application/grpc;x=y"]) {
    t.ok(isGrpcType(type), type);
  }
  for (const type of [undefined, "", "application/json"]) t.notOk(isGrpcType(type), String(type));
  t.equal(grpcStatusOf("14"), 14);
  for (const text of [undefined, "", "x", "-1", "1 2"]) t.equal(grpcStatusOf(text), undefined);
});
