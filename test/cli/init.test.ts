import t from "tap";
import { referenceConfig } from "../../src/control/config/reference.ts";
import { configOf, warningsOf } from "../control/config/sample.ts";
import { tidegate } from "./command.ts";

t.test("init prints a config that is right and gives no warning", async (t) => {
  const { ended, stdout, stderr } = await tidegate(["init"]);
  t.strictSame([ended, stderr], [0, ""]);
  t.match(configOf(stdout), {
    listeners: [{ name: "inbound", bind: { text: "127.0.0.1:8080" } }],
    clusters: [{ name: "app", endpoints: [{ address: { text: "127.0.0.1:3000" } }] }],
  });
  t.strictSame(warningsOf(stdout), []);
});

t.test("init takes the addresses that run --upstream takes", async (t) => {
  const args = ["init", "--upstream", "[::1]:5000", "--listen", "unix:/run/in.sock"];
  t.match(configOf((await tidegate(args)).stdout), {
    listeners: [{ bind: { text: "unix:/run/in.sock" } }],
    clusters: [{ endpoints: [{ address: { text: "[::1]:5000" } }] }],
  });
});

t.test("init --all prints every option", async (t) => {
  t.equal((await tidegate(["init", "--all"])).stdout, referenceConfig());
});

t.test("addresses that are none are refused", async (t) => {
  const rows: readonly (readonly [args: string[], stderr: RegExp])[] = [
    [["--upstream", "localhost"], /^tidegate init: --upstream must have a port, as in host:port/],
    [["--upstream", "a:0"], /--upstream must name a port from 1/],
    [["--listen", ":80"], /--listen must have a host before the port/],
    [["--all", "--listen", "a:80"], /--all prints every option as it is/],
  ];
  const told = await Promise.all(rows.map(([args]) => tidegate(["init", ...args])));
  for (const [at, [args, stderr]] of rows.entries()) {
    t.match(told[at], { ended: 2, stdout: "", stderr }, args.join(" "));
  }
});
