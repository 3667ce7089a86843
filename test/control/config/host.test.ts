import t from "tap";
import { HOST, hostProblem } from "../../../src/control/config/host.ts";

t.test("a host, or a wildcard before one, is a pattern", async (t) => {
  const right = [
    "example.org",
    "*.example.org",
    "a_b.svc",
    "10.0.0.1",
    "[::1]",
    "localhost",
    "A.B",
  ];
  for (const text of right) {
    t.equal(hostProblem(text), undefined, text);
    t.match(text, HOST, "and matches the pattern for editors");
  }
});

t.test("what is wrong with another text is said", async (t) => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["*", /leave it out/],
    ["", /host name/],
    ["*.*.org", /only as its first label/],
    ["a.*.org", /only as its first label/],
    ["*example.org", /only as its first label/],
    ["example.org:80", /without a port/],
    ["[::1]:80", /without a port/],
    ["[x]", /host name/],
    ["a b", /host name/],
    ["http://a", /host name/],
    ["*.0.0.1", /host name/],
    ["*.10.0.0.1", /after the wildcard/],
    ["a..b", /host name/],
  ];
  for (const [text, why] of wrong) t.match(hostProblem(text), why, text);
});
