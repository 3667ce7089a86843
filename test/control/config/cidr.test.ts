import { BlockList } from "node:net";
import fc from "fast-check";
import t from "tap";
import { parseCidr } from "../../../src/control/config/cidr.ts";
import { holds } from "./sample.ts";

t.test("a block is kept as it was written", async (t) => {
  for (const text of [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "192.168.1.128/25",
    "::/0",
    "fd00::/8",
    "::1/128",
  ]) {
    t.strictSame(parseCidr(text), { ok: true, text });
  }
});

t.test("an address alone is a block of one", async (t) => {
  t.strictSame(parseCidr("10.1.2.3"), { ok: true, text: "10.1.2.3/32" });
  t.strictSame(parseCidr("fd00::1"), { ok: true, text: "fd00::1/128" });
});

t.test("bits beyond the prefix are refused, with the block that was meant", async (t) => {
  const meant: readonly (readonly [string, string])[] = [
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["192.168.1.129/25", "192.168.1.128/25"],
    ["1.2.3.4/0", "0.0.0.0/0"],
    ["fd12:3456::1/8", "fd00::/8"],
    ["2001:db8:1::/33", "2001:db8::/33"],
    ["::ffff:10.1.2.3/104", "::ffff:a00:0/104"],
  ];
  for (const [text, block] of meant) {
    t.match(parseCidr(text), { ok: false, hint: `did you mean ${block}?` }, text);
  }
});

t.test("what is no block is refused", async (t) => {
  const refused = [
    "",
    "/8",
    "10/8",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "::/129",
  ];
  const more = [
    "10.0.0.0/8/8",
    "10.0.0.256/32",
    "example.org",
    "fe80::1%eth0/64",
    "1.2.3/24",
    "::/ 0",
  ];
  for (const text of [...refused, ...more]) t.equal(parseCidr(text).ok, false, text);
});

t.test("a hint is a block that is accepted, and holds the address", async (t) => {
  const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.constant("ipv4" as const));
  const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.constant("ipv6" as const));
  holds(
    t,
    fc.property(fc.oneof(v4, v6), ([address, prefix, family]) => {
      const result = parseCidr(`${address}/${prefix}`);
      const hint = result.ok ? result.text : /mean (.*)\?$/.exec(result.hint ?? "")?.[1];
      const block = hint ?? "";
      const [network = "", bits] = block.split("/");
      const list = new BlockList();
      list.addSubnet(network, Number(bits), family);
      return parseCidr(block).ok && list.check(address, family);
    }),
  );
});
