// The options of a cluster's static fallback: the last resort, when no endpoint of any tier answers.
import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { isBodiless } from "../../core/status.ts";
import { count, FRAMING, headerValues } from "./field.ts";

/** As much as may wait for a client that reads slowly. */
const MAX_BYTES = 64 * 1024;

/** What Tidegate says itself. */
const OURS = ["content-type", "date", "retry-after", "via"];

/** A body of bytes, one character for each. */
const fileBody = z.string().transform((path, context) => {
  const read = readBody(path);
  if (typeof read === "string") context.addIssue(read);
  return typeof read === "string" ? z.NEVER : read.toString("latin1");
});

const textBody = z
  .string()
  .transform((text) => Buffer.from(text).toString("latin1"))
  .refine((bytes) => bytes.length <= MAX_BYTES, { error: "must be at most 64KiB; say less" });

const headers = headerValues()
  .superRefine((given, context) => {
    for (const [key, value] of Object.entries(given)) {
      const message = objection(key, value);
      if (message !== undefined) context.addIssue({ code: "custom", path: [key], message });
    }
  })
  .prefault({})
  .describe("Further header fields.");

/** The static fallback, with the bytes of its body as text of one character per byte. */
export const fallback = z
  .strictObject({
    status: count(503, [200, 599], "The status."),
    headers,
    contentType: z
      .string()
      .regex(/^[!-~]+\/[ -~]*[!-~]$/, { error: "must be a media type such as text/html" })
      .prefault("text/plain; charset=utf-8")
      .describe("What the body is."),
    body: textBody.prefault("").describe("The body; up to 64KiB."),
    file: fileBody.exactOptional().meta({
      description:
        "A file that holds the body, up to 64KiB, in place of it. It is read with the config.",
      example: "/etc/tidegate/sorry.html",
    }),
  })
  .superRefine(({ status, body, file }, context) => {
    const issue = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message });
    if (file !== undefined && body !== "") issue("file", "cannot stand beside body: keep one");
    if (isBodiless(status) && (file ?? body) !== "")
      issue("status", `must not be ${status} with a body`);
  })
  .transform(({ body, file, ...rest }) => ({ ...rest, body: file ?? body }));

function objection(name: string, value: string): string | undefined {
  if (FRAMING.includes(name) || OURS.includes(name) || name.startsWith("x-tidegate-")) {
    const instead = name === "content-type" ? "; use contentType" : "";
    return `is not for a fallback to set${instead}`;
  }
  return /^[\t -~]*$/.test(value) ? undefined : "must be ASCII";
}

/** The bytes of a file, or why there are none. Nothing that has no end is opened. */
function readBody(path: string): Buffer | string {
  try {
    const found = statSync(path);
    if (!found.isFile()) return "must be a file; this is something else";
    if (found.size > MAX_BYTES) return `must be at most 64KiB; this file has ${found.size} bytes`;
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return REASONS[code] ?? `cannot be read: ${code}`;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist; a relative path begins at the working directory",
  ENOTDIR: "cannot be read: a part of its path is not a directory",
  EACCES: "cannot be read: its permissions do not let this user do so",
};
