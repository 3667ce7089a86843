// What is made from the schema: the commented reference, the JSON Schema, the file to start from.
import { readFileSync } from "node:fs";
import t from "tap";
import { parse as parseYaml } from "yaml";
import { asSchema, type JsonSchema, jsonSchema } from "../../../src/control/config/jsonschema.ts";
import { keysAt, placesOf } from "../../../src/control/config/options.ts";
import { referenceConfig } from "../../../src/control/config/reference.ts";
import { starterConfig } from "../../../src/control/config/starter.ts";
import { atTop, configOf, warningsOf } from "./sample.ts";

function onDisk(name: string): string {
  return readFileSync(new URL(`../../../config/${name}`, import.meta.url), "utf8");
}

/** Every option below `schema`, each with its path. */
function optionsOf(schema: JsonSchema, path = ""): readonly (readonly [string, JsonSchema])[] {
  const members = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const option = asSchema(value) ?? {};
    return [[`${path}${key}`, option] as const, ...optionsOf(option, `${path}${key}.`)];
  });
  const item = Array.isArray(schema.items) ? undefined : asSchema(schema.items);
  const forms = [item, ...(schema.anyOf ?? []).map(asSchema)].filter((form) => form !== undefined);
  return [...members, ...forms.flatMap((form) => optionsOf(form, path))];
}

t.test("config/tidegate.yaml is what the schema makes", async (t) => {
  const fix = "run: npm run -s tidegate -- init --all > config/tidegate.yaml";
  t.equal(onDisk("tidegate.yaml"), referenceConfig(), fix);
});

t.test("config/tidegate.schema.json is what the schema makes", async (t) => {
  const fix = "run: npm run -s tidegate -- schema > config/tidegate.schema.json";
  t.equal(onDisk("tidegate.schema.json"), `${JSON.stringify(jsonSchema(), undefined, 2)}\n`, fix);
});

t.test("the reference loads to the defaults, without a warning", async (t) => {
  t.strictSame(configOf(referenceConfig()), configOf(atTop()));
  t.strictSame(warningsOf(referenceConfig()), []);
});

t.test("the reference names every option there is", async (t) => {
  const lines = referenceConfig().split("\n");
  for (const [path, option] of optionsOf(jsonSchema())) {
    const key = path.split(".").at(-1);
    const found = lines.some((line) => new RegExp(`^ *(- )?(# +)*${key}:`).test(line));
    // An endpoint may be a mapping; the reference shows the short form.
    if (!/^clusters\.(endpoints|backups)\.(address|weight)$/.test(path)) t.ok(found, path);
    t.ok(option.description, `${path} has its documentation`);
  }
});

t.test("what the reference shows in comments is right as well", async (t) => {
  const text = referenceConfig().replace(/^( *)# ([a-z]\w*: .*)$/gm, "$1$2");
  const config = configOf(text, { TIDEGATE_ADMIN_TOKEN: "0123456789abcdef" });
  t.equal(config.admin.token, "0123456789abcdef");
  t.match(config.listeners[0]?.routes[0], {
    name: "api",
    match: { methods: ["GET", "POST"], host: "*.example.org", headers: { "x-tenant": "acme" } },
  });
});

t.test("a mapping that the reference shows in comments is right as well", async (t) => {
  const uncover = (kind: string) =>
    configOf(
      referenceConfig().replace(new RegExp(`^( *)# ${kind}:\\n((?: *#   .*\\n)+)`, "m"), (text) =>
        text.replace(/^( *)# /gm, "$1"),
      ),
    );
  const check = (kind: string) => uncover(kind).clusters[0]?.healthCheck;
  t.match(check("http"), { check: { kind: "http", path: "/healthz", method: "GET" } });
  t.match(check("grpc"), { check: { kind: "grpc", service: "" } });
  const { hedge } = uncover("hedge").listeners[0]?.routes[0]?.retry ?? {};
  t.strictSame(hedge, { delay: { share: 0.95 } });
});

t.test("no line of the reference is longer than 100 columns", async (t) => {
  for (const line of referenceConfig().split("\n")) t.ok(line.length <= 100, line);
});

t.test("the JSON Schema has each option's default as people write it", async (t) => {
  const options = new Map(optionsOf(jsonSchema()));
  t.equal(options.get("drain.delay")?.default, "5s");
  t.equal(options.get("listeners.limits.uriBytes")?.default, "8KiB");
  t.equal(options.get("listeners.limits.headers")?.default, 100);
  t.equal(options.get("health.bind")?.default, "0.0.0.0:9902");
  t.equal(options.get("log.level")?.default, "info");
});

t.test("the JSON Schema refuses unknown options everywhere", async (t) => {
  for (const [path, option] of [["", jsonSchema()] as const, ...optionsOf(jsonSchema())]) {
    if (option.properties !== undefined) t.equal(option.additionalProperties, false, path);
  }
});

t.test("its patterns tell durations, sizes and addresses, and allow the environment", async (t) => {
  const options = new Map(optionsOf(jsonSchema()));
  const accepts = (path: string, text: string): boolean =>
    formsOf(options.get(path)).some(
      ({ pattern }) => pattern !== undefined && new RegExp(pattern, "u").test(text),
    );
  t.ok(accepts("drain.delay", "1m30s"));
  t.notOk(accepts("drain.delay", "90"));
  t.ok(accepts("listeners.limits.uriBytes", "8KiB"));
  t.notOk(accepts("listeners.limits.uriBytes", "8KB"));
  t.ok(accepts("listeners.bind", "[::1]:80"));
  t.notOk(accepts("listeners.bind", "localhost"));
  const all = [
    "drain.delay",
    "listeners.bind",
    "listeners.limits.headers",
    "log.level",
    "log.sample",
  ];
  for (const path of [...all, "admin.expose", "listeners.limits.uriBytes", "clusters.name"]) {
    t.ok(accepts(path, "$" + "{NAME:-x}"), path);
  }
});

function formsOf(schema: JsonSchema | undefined): readonly JsonSchema[] {
  if (schema === undefined) return [];
  return [schema, ...(schema.anyOf ?? []).flatMap((form) => formsOf(asSchema(form)))];
}

t.test("options are found by their place, for suggestions", async (t) => {
  t.strictSame(keysAt([]), [
    ...["health", "admin", "drain", "log", "dns", "selfProtection"],
    ...["listeners", "clusters"],
  ]);
  t.strictSame(keysAt(["clusters", 0, "endpoints", 2]), ["address", "weight"]);
  t.strictSame(keysAt(["listeners", 0, "routes", 1, "match", "headers"]), []);
  t.strictSame(keysAt(["nothing", 0]), []);
  t.strictSame(placesOf("idle"), ["listeners[].limits", "clusters[].pool"]);
  t.strictSame(placesOf("drain"), ["the top level"]);
});

t.test("the file to start from is right, whatever its addresses", async (t) => {
  for (const upstream of ["127.0.0.1:3000", "[::1]:3000", "unix:/run/a: #b", "app_1:80"]) {
    const text = starterConfig({ upstream, backup: undefined, listen: "[::1]:8080" });
    const config = configOf(text);
    const twice = configOf(starterConfig({ upstream: "a:1", backup: upstream, listen: "b:1" }));
    t.equal(twice.clusters[0]?.backups[0]?.address.text, upstream);
    t.equal(config.clusters[0]?.endpoints[0]?.address.text, upstream);
    t.equal(config.listeners[0]?.bind.text, "[::1]:8080");
    t.strictSame(warningsOf(text), []);
    t.ok(parseYaml(text), "any reader of YAML reads it");
  }
});
