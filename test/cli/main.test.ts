import { readFileSync } from "node:fs";
import t from "tap";
import { nodeProblem } from "../../src/cli/node.ts";
import { jsonSchema } from "../../src/control/config/jsonschema.ts";
import { tidegate } from "./command.ts";

const COMMANDS = [
  ...["demo", "run", "check", "schema", "init"],
  ...["status", "events", "healthcheck", "help"],
];

t.test("help says which commands there are, and more about each", async (t) => {
  for (const args of [["help"], ["--help"]]) {
    const { ended, stdout, stderr } = await tidegate(args);
    t.equal(ended, 0);
    t.equal(stderr, "");
    for (const name of COMMANDS) t.match(stdout, new RegExp(`^ {2}${name} `, "m"));
  }
  for (const args of [
    ["help", "run"],
    ["run", "--help"],
    ["run", "-h"],
  ]) {
    t.match(await tidegate(args), { ended: 0, stdout: /^Usage: tidegate run --config FILE/ });
  }
});

t.test("--version is that of the package", async (t) => {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  const { ended, stdout } = await tidegate(["--version"]);
  t.equal(ended, 0);
  t.equal(stdout, `tidegate ${manifest.version} (node ${process.version})\n`);
});

t.test("no command at all is a slip: it is told what there is", async (t) => {
  t.match(await tidegate([]), { ended: 2, stdout: "", stderr: /^Usage: tidegate COMMAND/ });
});

t.test("unknown commands and flags are told with what was meant, and exit 2", async (t) => {
  const rows: readonly (readonly [args: string[], stderr: string])[] = [
    [
      ["chekc"],
      'tidegate: there is no command "chekc"; did you mean "check"?; "tidegate help" says more\n',
    ],
    [["toString"], 'tidegate: there is no command "toString"; "tidegate help" says more\n'],
    [
      ["help", "rnu"],
      'tidegate help: there is no command "rnu"; did you mean "run"?; "tidegate help help" says more\n',
    ],
    [
      ["schema", "--josn"],
      'tidegate schema: unknown flag "--josn"; "tidegate help schema" says more\n',
    ],
    [
      ["check", "a.yaml", "--fromat", "json"],
      'tidegate check: unknown flag "--fromat"; did you mean "--format"?; "tidegate help check" says more\n',
    ],
  ];
  const told = await Promise.all(rows.map(([args]) => tidegate(args)));
  for (const [at, [args, stderr]] of rows.entries()) {
    t.match(told[at], { ended: 2, stdout: "", stderr }, args.join(" "));
  }
});

t.test("schema prints the JSON Schema", async (t) => {
  const { ended, stdout } = await tidegate(["schema"]);
  t.equal(ended, 0);
  t.strictSame(JSON.parse(stdout), JSON.parse(JSON.stringify(jsonSchema())));
});

t.test("a Node that is too old is told which one is needed", async (t) => {
  t.match(nodeProblem("22.18.0"), /needs Node 24 or newer, and this is 22\.18\.0/);
  t.match(nodeProblem("8.0.0"), /needs Node 24/);
  t.equal(nodeProblem("24.0.0"), undefined);
  t.equal(nodeProblem("100.1.2"), undefined);
});
