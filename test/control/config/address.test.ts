import t from "tap";
import {
  ADDRESS,
  addressProblem,
  isHostName,
  isLoopback,
  isWildcard,
} from "../../../src/control/config/address.ts";
import { type Address, parseAddress } from "../../../src/core/address.ts";

function read(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`no address: ${text}`);
  return address;
}

const RIGHT = [
  "127.0.0.1:80",
  "[::1]:80",
  "localhost:80",
  "app_1.svc:80",
  "a.b:65535",
  "unix:/run/a b",
];

const WRONG: readonly (readonly [string, RegExp])[] = [
  ["", /host:port/],
  ["localhost", /have a port/],
  ["10.0.0.1", /have a port/],
  [":80", /host before the port/],
  ["::1", /IPv6 address in brackets/],
  ["::1:80", /IPv6 address in brackets/],
  ["fd00::1:2:80", /IPv6 address in brackets/],
  ["http://a:80", /without a scheme/],
  ["a:80/x", /host:port/],
  ["a:99999", /port from 0 to 65535/],
  ["a:123456", /port from 0 to 65535/],
  ["*:80", /0\.0\.0\.0 or \[::\]/],
  ["1.2.3:80", /host name or an IP address/],
  ["256.0.0.1:80", /host name or an IP address/],
  ["-a:80", /host name or an IP address/],
  ["a..b:80", /host name or an IP address/],
  ["[1.2.3.4]:80", /host name or an IP address/],
  ["[:::]:80", /host name or an IP address/],
  ["unix:", /absolute path/],
  ["unix:run/x", /absolute path/],
  [`unix:/${"x".repeat(103)}`, /at most 103 bytes/],
];

t.test("host:port, [v6]:port and unix:/path are addresses", async (t) => {
  for (const text of RIGHT) {
    t.equal(addressProblem(text, "bind"), undefined, text);
    t.equal(addressProblem(text, "endpoint"), undefined, text);
    t.match(text, ADDRESS, "and match the pattern for editors");
  }
});

t.test("what is wrong with another text is said", async (t) => {
  for (const [text, why] of WRONG) t.match(addressProblem(text, "bind"), why, text);
});

t.test("any port may be listened on, but none can be reached at port 0", async (t) => {
  t.equal(addressProblem("a:0", "bind"), undefined);
  t.match(addressProblem("a:0", "endpoint"), /port from 1/);
});

t.test("only this machine reaches loopback addresses and unix sockets", async (t) => {
  const mine = [
    "127.0.0.1:1",
    "127.9.9.9:1",
    "[::1]:1",
    "[0:0:0:0:0:0:0:1]:1",
    "localhost:1",
    "unix:/x",
  ];
  for (const text of mine) t.ok(isLoopback(read(text)), text);
  const open = ["0.0.0.0:1", "10.0.0.1:1", "[::]:1", "localhost.example.org:1", "[fe80::1]:1"];
  for (const text of open) t.notOk(isLoopback(read(text)), text);
});

t.test("0.0.0.0 and :: stand for every address, however they are written", async (t) => {
  for (const text of ["0.0.0.0:1", "[::]:1", "[0::0]:1"]) t.ok(isWildcard(read(text)), text);
  for (const text of ["127.0.0.1:1", "[::1]:1", "unix:/x"]) t.notOk(isWildcard(read(text)), text);
});

t.test("a host that ends in a number is an IPv4 address or nothing", async (t) => {
  t.ok(isHostName("10.0.0.1"));
  t.ok(isHostName("1a.example"));
  t.notOk(isHostName("example.1"));
  t.notOk(isHostName("x".repeat(64)));
  t.notOk(isHostName("a.".repeat(127)));
});
