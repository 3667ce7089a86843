import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { atTop, inRoute } from "../control/config/sample.ts";
import { tidegate } from "./command.ts";

t.test("a config that can be run is ok, and exits 0", async (t) => {
  const file = join(t.testdir(), "tidegate.yaml");
  writeFileSync(file, atTop());
  const { ended, stdout, stderr } = await tidegate(["check", file]);
  t.strictSame([ended, stdout, stderr], [0, `${file}: ok\n`, ""]);
});

t.test("every error is told with its line and a caret, and exits 1", async (t) => {
  const file = join(t.testdir(), "tidegate.yaml");
  writeFileSync(file, inRoute("timout: 1s\n        criticality: VERY"));
  const { ended, stdout } = await tidegate(["check", file]);
  t.equal(ended, 1);
  t.equal(
    stdout,
    `${file}:6:9: unknown option "timout"; did you mean "timeout"?
   6 |         timout: 1s
     |         ^^^^^^
${file}:7:22: criticality must be one of CRITICAL_PLUS, CRITICAL, SHEDDABLE_PLUS, SHEDDABLE
   7 |         criticality: VERY
     |                      ^^^^
`,
  );
});

t.test("warnings are told as such, and do not fail it", async (t) => {
  const { ended, stdout } = await tidegate(["check", "-"], inRoute("timeout: 0s"));
  t.equal(ended, 0);
  t.match(stdout, /^<stdin>:6:18: warning: no deadline/);
  t.match(stdout, /\n-: ok, 1 warning\n$/);
});

t.test("--format json tells the same to programs", async (t) => {
  const bad = await tidegate(["check", "-", "--format", "json"], inRoute("timeout: 5"));
  t.equal(bad.ended, 1);
  t.strictSame(JSON.parse(bad.stdout), {
    file: "-",
    ok: false,
    errors: [
      {
        file: "<stdin>",
        line: 6,
        column: 18,
        message: "timeout must be a duration such as 250ms, 15s or 1m30s; a number has no unit",
      },
    ],
    warnings: [],
  });
  const good = await tidegate(["check", "-", "--format=json"], inRoute("timeout: 0s"));
  t.equal(good.ended, 0);
  t.match(JSON.parse(good.stdout), { ok: true, errors: [], warnings: [{ line: 6, column: 18 }] });
});

t.test("a file that cannot be read is an error of the config", async (t) => {
  const { ended, stdout } = await tidegate(["check", "/none/tidegate.yaml"]);
  t.equal(ended, 1);
  t.match(stdout, /^\/none\/tidegate\.yaml:1:1: the config cannot be read: there is no such file/);
});

t.test("slips in its own flags exit 2", async (t) => {
  t.match(await tidegate(["check"]), { ended: 2, stderr: /name the file to check/ });
  t.match(await tidegate(["check", "a", "b"]), { ended: 2, stderr: /unexpected "b"/ });
  t.match(await tidegate(["check", "a", "--format", "jsno"]), {
    ended: 2,
    stderr: /--format must be text or json, not "jsno"; did you mean "json"\?/,
  });
});
