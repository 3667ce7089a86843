// Small changes of the kind that set two readers of HTTP/1.1 at odds.
import type { Chance } from "./chance.ts";

const TOKENS: readonly string[] = [
  ..."\r\n\0 \t:,;=\"\\/?#@*%[]{}()<>|^`~!$&'+-._\x0b\x0c\x7f\x80\x85\xa0\xff",
  "\r\n",
  "\r\n\r\n",
  "\n\n",
  "\r\r\n",
  "\r\n ",
  "\r\n\t",
  " \r\n",
  "\t\r\n",
  ", ",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "http://a.test",
  "GET ",
  "chunked",
  "close",
  "keep-alive",
  "upgrade",
  "0\r\n\r\n",
  "0\r\n",
  '"\\""',
];

const NUMBERS: readonly string[] = [
  "0",
  "00",
  "1",
  "5",
  "+5",
  "-1",
  "0x5",
  "5.0",
  "1e1",
  "5 5",
  "5,5",
  "a",
  "F",
  "ffffffff",
  "7fffffffffffffff",
  "ffffffffffffffff",
  "10000000000000000",
  "0000000000000005",
  "00000000000000005",
  "4294967296",
  "9007199254740991",
  "18446744073709551615",
  "18446744073709551616",
];

const LINES: readonly string[] = [
  "Host: a.test",
  "Host:",
  "host:b.test ",
  "Content-Length: 5",
  "Content-Length:5",
  "content-length:\t0",
  "Content-Length: 5\t",
  "Content-Length: 5, 5",
  "Content-Length:",
  "Transfer-Encoding: chunked",
  "transfer-encoding:chunked",
  "Transfer-Encoding: \tChunked ",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: chunked, identity",
  "Transfer-Encoding: ,chunked",
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding:",
  "Connection: close",
  "Connection: keep-alive",
  "connection:\tclose\t,\tx-a",
  "Connection: ,close",
  "Connection: closed",
  "Connection: upgrade, keep-alive",
  "Connection: Keep-Alive\t",
  "Connection: te, close",
  "Proxy-Connection: close",
  "proxy-connection: keep-alive",
  "Upgrade: websocket",
  "Expect: 100-continue",
  "TE: trailers",
  "Trailer: X-A",
  "X-A: b",
  "X-A:",
  "X-A: \t ",
  "X-A:\tb\tc ",
  "X-A : b",
  ": b",
  "X-A",
  " folded",
  "\tfolded",
  "",
];

type Mutation = (text: string, chance: Chance, other: string) => string;

const MUTATIONS: readonly Mutation[] = [
  // One bit, one byte.
  (text, chance) => onByte(text, chance, (code) => code ^ (1 << chance.below(8))),
  (text, chance) => onByte(text, chance, () => chance.below(256)),
  (text, chance) => onByte(text, chance, (code) => code ^ 32),
  // Tokens put in, or in the place of what was there.
  (text, chance) => put(text, spot(text, chance), 0, chance.pick(TOKENS)),
  (text, chance) => put(text, spot(text, chance), 0, chance.pick(TOKENS)),
  (text, chance) => put(text, spot(text, chance), 1, chance.pick(TOKENS)),
  (text, chance) => onRun(text, chance, /[0-9a-fA-F]+/g, () => chance.pick(NUMBERS)),
  (text, chance) => onRun(text, chance, /\r\n/g, () => chance.pick(TOKENS)),
  (text, chance) => onRun(text, chance, /[:;,=] ?/g, (run) => around(run, chance)),
  // Ranges that vanish or come twice, and two messages in one.
  (text, chance) => put(text, spot(text, chance), 1 + chance.below(8), ""),
  (text, chance) => twice(text, spot(text, chance), 1 + chance.below(32)),
  (text, chance, other) => text.slice(0, spot(text, chance)) + other.slice(spot(other, chance)),
  (text, _chance, other) => text + other,
  // Lines.
  (text, chance) => onLines(text, chance, (lines, at) => swap(lines, at, chance)),
  (text, chance) => onLines(text, chance, (lines, at) => lines.toSpliced(at, 1)),
  (text, chance) => onLines(text, chance, (lines, at) => lines.toSpliced(at, 0, lines[at] ?? "")),
  (text, chance) => onLines(text, chance, (lines, at) => withLine(lines, at, chance)),
  (text, chance) => onLines(text, chance, (lines, at) => withLine(lines, at, chance)),
  (text, chance) => onLines(text, chance, (lines, at) => lines.with(at, chance.pick(LINES))),
];

/** `text` after one to five changes; `other` is spliced in by some of them. */
export function mutate(text: string, chance: Chance, other: string): string {
  let mutated = text;
  do mutated = chance.pick(MUTATIONS)(mutated, chance, other);
  while (chance.below(5) < 2);
  return mutated;
}

function spot(text: string, chance: Chance): number {
  return chance.below(text.length + 1);
}

function put(text: string, at: number, removed: number, added: string): string {
  return text.slice(0, at) + added + text.slice(at + removed);
}

function twice(text: string, at: number, length: number): string {
  return text.slice(0, at + length) + text.slice(at);
}

function onByte(text: string, chance: Chance, change: (code: number) => number): string {
  const at = chance.below(text.length);
  const code = text.charCodeAt(at);
  return text === "" ? text : put(text, at, 1, String.fromCharCode(change(code)));
}

/** Changes one of the places that `pattern` finds. */
function onRun(
  text: string,
  chance: Chance,
  pattern: RegExp,
  change: (run: string) => string,
): string {
  const runs = [...text.matchAll(pattern)];
  if (runs.length === 0) return text;
  const run = chance.pick(runs);
  return put(text, run.index, run[0].length, change(run[0]));
}

function around(run: string, chance: Chance): string {
  const blank = chance.pick([" ", "\t", "  ", " \t"]);
  return chance.pick([blank + run, run + blank, run.trim(), run + run]);
}

/** Changes the lines, one of which is chosen. */
function onLines(
  text: string,
  chance: Chance,
  change: (lines: string[], at: number) => string[],
): string {
  const lines = text.split("\r\n");
  return change(lines, chance.below(lines.length)).join("\r\n");
}

function swap(lines: string[], at: number, chance: Chance): string[] {
  const other = chance.below(lines.length);
  return lines.with(at, lines[other] ?? "").with(other, lines[at] ?? "");
}

/** One more line; rather in the head than elsewhere. */
function withLine(lines: string[], at: number, chance: Chance): string[] {
  const line = chance.pick(LINES);
  return lines.toSpliced(chance.below(2) === 0 ? 1 : at, 0, line);
}
