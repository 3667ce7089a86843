// `tidegate run --dry-run`: what it prints, of whom it asks, and its exit codes.

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import t, { type Test } from "tap";
import { scratch } from "../support/scratch.ts";
import { start, tidegate } from "./command.ts";

interface Wanted {
  readonly admin: string;
  readonly timeout?: string;
  readonly token?: string;
}

function config({ admin, timeout = "1s", token }: Wanted): string {
  const secret = token === undefined ? "" : `, token: ${token}`;
  return `health: { bind: "127.0.0.1:0" }
admin: { bind: "${admin}"${secret} }
drain: { delay: 0s, timeout: 20s }
log: { level: error }
listeners: [{ name: inbound, bind: "127.0.0.1:0", routes: [{ match: { path: /api/ }, cluster: app }] }]
clusters: [{ name: app, endpoints: ["127.0.0.1:1"], backups: ["127.0.0.1:2"], connectTimeout: ${timeout} }]
`;
}

/** A folder for a config and an admin socket. */
function place(t: Test): {
  readonly file: string;
  readonly admin: string;
  write(text: string): void;
} {
  const folder = scratch();
  t.teardown(() => folder.remove());
  const file = join(folder.path, "other.yaml");
  return {
    file,
    admin: `unix:${join(folder.path, "a")}`,
    write: (text) => writeFileSync(file, text),
  };
}

t.test("where nobody runs it says what would be started, and starts nothing", async (t) => {
  const { file, admin, write } = place(t);
  write(config({ admin }));
  const { ended, stdout, stderr } = await tidegate(["run", "--config", file, "--dry-run"]);
  t.strictSame([ended, stderr], [0, ""]);
  t.equal(
    stdout,
    `${file} is good.
No sidecar listens on ${admin} (admin.bind). This would be started:
  health on 127.0.0.1:0
  admin on ${admin}
  inbound on 127.0.0.1:0: /api/ -> app
  cluster app: 127.0.0.1:1; backups 127.0.0.1:2
`,
  );
});

t.test("flags and standard input are tried as a file is", async (t) => {
  // Whoever is asked then, admin is on its usual port, where somebody else's sidecar may be.
  const flags = await tidegate(["run", "--upstream", "127.0.0.1:1", "--dry-run"]);
  t.match(flags.stdout, /^--upstream is good\.\n/);
  const slip = await tidegate(["run", "--upstream", "127.0.0.1", "--dry-run"]);
  t.match(slip, { ended: 2, stdout: "" });
  const input = config({ admin: "127.0.0.1:0" });
  const typed = await tidegate(["run", "--config", "-", "--dry-run"], input);
  t.match(typed, { ended: 0, stdout: /^<stdin> is good\.\nThis would be started:/ });
});

t.test("a bad config is told as ever, and exits 2", async (t) => {
  const { file, admin, write } = place(t);
  write(config({ admin, timeout: "1" }));
  const { ended, stdout, stderr } = await tidegate(["run", "--config", file, "--dry-run"]);
  t.strictSame([ended, stdout], [2, ""]);
  t.match(stderr, /other\.yaml:6:\d+: connectTimeout must be a duration/);
  const missing = await tidegate(["run", "--config", "/none/x.yaml", "--dry-run"]);
  t.match(missing, { ended: 2, stderr: /^\/none\/x\.yaml:1:1: the config cannot be read/ });
});

t.test("the sidecar that runs says what would change, in its own environment", async (t) => {
  const { file, admin, write } = place(t);
  const token = "canary-canary-canary";
  const running = start(["run", "--config", "-"], config({ admin, token }));
  t.teardown(() => running.kill());
  await running.says(/inbound listening/);
  const dry = async (text: string) => {
    write(text);
    return tidegate(["run", "--config", file, "--dry-run"]);
  };
  const same = await dry(config({ admin, token }));
  t.match(same, {
    ended: 0,
    stdout: `The sidecar on ${admin} runs it already; nothing would change.\n`,
  });
  const other = await dry(config({ admin, token, timeout: "2s" }));
  t.equal(
    other.stdout,
    `${file} is good.\nThe sidecar on ${admin} would change:\n  ~ clusters.app.connectTimeout: 1s -> 2s\n`,
  );
  t.equal(other.ended, 0);
  const wrong = await dry(config({ admin, token: "another-token-it-is" }));
  t.match(wrong, { ended: 1, stderr: /wants its token: .* TIDEGATE_ADMIN_TOKEN/ });
  write(config({ admin, token, timeout: '"$' + '{HERE}"' }));
  const here = start(["run", "--config", file, "--dry-run"], "", { HERE: "2s" });
  t.equal(await here.exit(), 2);
  t.match(here.stderr, /^<request>:6:\d+: the environment variable HERE is not set/m);
  for (const { stdout, stderr } of [same, other, wrong, here])
    t.notMatch(stdout + stderr, "canary");
});

t.test("what listens there and is no sidecar is told, and exits 1", async (t) => {
  const server = createServer((_, response) => response.writeHead(404).end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const bound = server.address();
  const port = typeof bound === "object" ? bound?.port : undefined;
  const { file, write } = place(t);
  write(config({ admin: `127.0.0.1:${port}` }));
  const { ended, stderr } = await tidegate(["run", "--config", file, "--dry-run"]);
  t.equal(ended, 1);
  t.match(stderr, /answers 404: is it the admin listener\?/);
});
