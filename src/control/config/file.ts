// Reading a config file, with a bound: /dev/zero is a file too.
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";

/** What tells one content of a file from another. */
export function digestOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The largest config that is read. */
const MAX_BYTES = 256 * 1024;

export type Read =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly problem: string };

/** Reads a file, or standard input for `-`; anything that can be opened and ends will do. */
export async function readBytes(file: string): Promise<Read> {
  try {
    const chunks = file === "-" ? process.stdin : chunksOf(await open(file));
    return await collect(chunks);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error));
    return { ok: false, problem: `the config cannot be read: ${reason}` };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: `there is no such file; "tidegate init" prints one to start from`,
  ENOTDIR: "a part of its path is not a directory",
  EISDIR: "it is a directory; name a file in it",
  EACCES: "its permissions do not let this user read it",
  EPERM: "its permissions do not let this user read it",
};

async function* chunksOf(handle: FileHandle): AsyncGenerator<Uint8Array> {
  await using file = handle;
  for (;;) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(65536) });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

async function collect(chunks: AsyncIterable<unknown>): Promise<Read> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    const part = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    if (!(part instanceof Uint8Array)) continue;
    parts.push(part);
    size += part.length;
    if (size > MAX_BYTES) return { ok: false, problem: "the config is larger than 256 KiB" };
  }
  return { ok: true, bytes: Buffer.concat(parts) };
}
