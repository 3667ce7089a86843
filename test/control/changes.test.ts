// The last changes: what is kept of them, and for how many.
import t from "tap";
import { Changes } from "../../src/control/changes.ts";
import { createLog } from "../../src/control/log.ts";
import { HandClock } from "../http1/endpoint.ts";

function open() {
  const lines: { level: string; msg: string }[] = [];
  const log = createLog("info", {
    write: (line: string) => {
      lines.push(JSON.parse(line));
    },
  });
  const changes = new Changes(log, new HandClock());
  const kept = (): { endpoint: string }[] => JSON.parse(changes.print());
  return { changes, kept, lines };
}

const CHANGE = { subject: "health", cluster: "app", endpoint: "a:1", from: "healthy" };

t.test("a change is kept with its time and everything about it, and logged", async (t) => {
  const { changes, kept, lines } = open();
  changes.add({ ...CHANGE, to: "unhealthy", reason: "fall: timeout" });
  const all = { ...CHANGE, to: "unhealthy", reason: "fall: timeout" };
  t.strictSame(kept(), [{ time: "1970-01-01T00:00:01.000Z", ...all }]);
  const { subject, ...facts } = all;
  t.match(lines, [{ level: "warn", msg: subject, ...facts }]);
});

t.test("what makes things better is no warning", async (t) => {
  const { changes, lines } = open();
  changes.add({ ...CHANGE, from: "unhealthy", to: "healthy", reason: "rise" });
  t.match(lines, [{ level: "info" }]);
});

t.test("the last thousand are kept, the oldest first", async (t) => {
  const { changes, kept } = open();
  for (let n = 0; n < 1001; n++) {
    changes.add({ ...CHANGE, endpoint: `a:${n}`, to: "healthy", reason: "rise" });
  }
  t.equal(kept().length, 1000);
  t.equal(kept()[0]?.endpoint, "a:1");
  t.equal(kept().at(-1)?.endpoint, "a:1000");
});
