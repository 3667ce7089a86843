// Where Node is known to read differently, and why that is not our mistake. To be kept tiny.
import type { Disagreement } from "./comparison.ts";
import type { Sample } from "./corpus.ts";
import type { Message, Transcript } from "./transcript.ts";

/** What is known when readers disagree. */
interface Evidence {
  readonly found: Disagreement;
  readonly sample: Sample;
  /** The message that they disagree about, as ours has it, and as Node does. */
  readonly mine: Message | undefined;
  readonly other: Message | undefined;
  /** The one before it, as Node has it. */
  readonly before: Message | undefined;
}

/** One documented difference. */
export interface Difference {
  readonly reason: string;
  /** Streams that show it; a request has no method here, for it names its own. */
  readonly examples: readonly Sample[];
  covers(evidence: Evidence): boolean;
}

export const DIFFERENCES: readonly Difference[] = [
  {
    reason:
      "A server of node:http that takes no upgrades answers a request that offers one, and never " +
      "looks at what was pipelined behind it.",
    examples: [
      {
        method: "",
        text:
          "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: b\r\n\r\n" +
          "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      },
    ],
    covers: ({ found, other, before }) =>
      found.kind === "refused" && other === undefined && has(before, "upgrade", "connection"),
  },
  {
    reason:
      "Node gives Content-Length, Transfer-Encoding, Connection and Proxy-Connection the same meaning " +
      "in trailers as in the head, and refuses. Ours drops such lines, as RFC 9110 6.5.1 asks, and " +
      "loses no message.",
    examples: [
      {
        method: "GET",
        text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 0\r\n\r\n",
      },
      {
        method: "",
        text:
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
          "0\r\nProxy-Connection: close\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      },
    ],
    covers: ({ found, mine, other, before }) =>
      (found.kind === "end" && mine?.body === other?.body && framesBehind(mine)) ||
      (found.kind === "refused" &&
        names(before?.trailers).some((name) => /^(proxy-)?connection$/.test(name))),
  },
  {
    reason:
      "Node takes Proxy-Connection for Connection. RFC 9112 C.2.2 says not to: it comes from " +
      "clients that mistake us for a forward proxy, and may have gone through others blindly.",
    examples: [
      { method: "", text: "GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n" },
    ],
    covers: ({ found, other, before }) =>
      (found.kind === "keep-alive" && has(other, "proxy-connection")) ||
      (found.kind === "refused" && other === undefined && has(before, "proxy-connection")),
  },
  {
    reason:
      "Node reads nothing behind an interim response that says Connection: close. The option is " +
      "about the final response: RFC 9112 9.6.",
    examples: [
      {
        method: "GET",
        text: "HTTP/1.1 103 A\r\nConnection: close\r\n\r\nHTTP/1.1 204 B\r\n\r\n",
      },
    ],
    covers: ({ found, other, before }) =>
      found.kind === "refused" &&
      other === undefined &&
      before?.line[0]?.startsWith("1") === true &&
      has(before, "connection"),
  },
  {
    reason:
      "Node decides whether a connection can be kept before it knows that the response answers " +
      "HEAD, as if a body of unknown length were to follow: RFC 9112 6.3 says that none does.",
    examples: [{ method: "HEAD", text: "HTTP/1.1 200 OK\r\n\r\n" }],
    covers: ({ found, sample, other }) =>
      found.kind === "keep-alive" &&
      sample.method === "HEAD" &&
      !has(other, "content-length") &&
      !has(other, "transfer-encoding"),
  },
];

/** The documented difference that explains a disagreement. */
export function differenceOf(
  found: Disagreement,
  sample: Sample,
  ours: Transcript,
  theirs: Transcript,
): Difference | undefined {
  const mine = ours.messages[found.message];
  const other = theirs.messages[found.message];
  const before = theirs.messages[found.message - 1];
  return DIFFERENCES.find(({ covers }) => covers({ found, sample, mine, other, before }));
}

function has(message: Message | undefined, ...wanted: readonly string[]): boolean {
  const present = names(message?.fields);
  return wanted.every((name) => present.includes(name));
}

function framesBehind(message: Message | undefined): boolean {
  const present = names(message?.trailers);
  return present.includes("content-length") || present.includes("transfer-encoding");
}

function names(pairs: readonly string[] = []): string[] {
  return pairs.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
}
