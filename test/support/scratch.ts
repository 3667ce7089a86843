// Folders with short names: the path of a unix socket has at most about 100 bytes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that lasts until it is removed. */
export interface Scratch {
  readonly path: string;
  remove(): void;
}

export function scratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), "tidegate-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
