import t from "tap";
import { atMost, readArguments, UsageError } from "../../src/cli/arguments.ts";

const FLAGS = { config: "value", keep: "switch" } as const;

function read(...args: string[]) {
  const { values, switches, operands } = readArguments(args, FLAGS);
  return { values: Object.fromEntries(values), switches: [...switches], operands };
}

t.test("values, switches and operands may come in any order", async (t) => {
  const all = { values: { config: "x" }, switches: ["keep"], operands: ["a", "b"] };
  t.strictSame(read("--config", "x", "--keep", "a", "b"), all);
  t.strictSame(read("a", "--keep", "b", "--config=x"), all);
  t.strictSame(read(), { values: {}, switches: [], operands: [] });
});

t.test("a dash alone, and what follows two of them, are operands", async (t) => {
  t.strictSame(read("-").operands, ["-"]);
  t.strictSame(read("--", "--keep").operands, ["--keep"]);
  t.strictSame(read("--config", "-").values, { config: "-" });
});

t.test("a value may look like anything when it stands behind an equals sign", async (t) => {
  t.strictSame(read("--config=--keep").values, { config: "--keep" });
  t.strictSame(read("--config=a=b").values, { config: "a=b" });
});

t.test("every command knows --help", async (t) => {
  t.strictSame(read("--help").switches, ["help"]);
  t.strictSame(read("-h").switches, ["help"]);
});

t.test("slips are told apart", async (t) => {
  const slips: readonly (readonly [args: string[], message: string])[] = [
    [["--confgi", "x"], 'unknown flag "--confgi"; did you mean "--config"?'],
    [["--toString"], 'unknown flag "--toString"'],
    [["-x"], 'unknown flag "-x"'],
    [["--config"], "--config needs a value"],
    [["--config="], "--config needs a value"],
    [["--config", "--keep"], "--config needs a value"],
    [["--keep=yes"], "--keep takes no value"],
    [["--keep", "--keep"], "--keep is given twice"],
    [["--config", "a", "--config", "b"], "--config is given twice"],
  ];
  for (const [args, message] of slips) {
    t.throws(() => read(...args), new UsageError(message), args.join(" "));
  }
});

t.test("operands beyond what a command takes are refused", async (t) => {
  const given = readArguments(["a", "b"], FLAGS);
  t.doesNotThrow(() => atMost(2, given));
  t.throws(() => atMost(1, given), new UsageError('unexpected "b"'));
});
