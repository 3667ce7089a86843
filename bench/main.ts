// npm run bench -- <question> [flags]: one file per question.
import { FLAGS, type Options, parseOptions } from "./harness/options.ts";

/** A question; `run` prints the answer and resolves to the exit code. */
interface Question {
  readonly asks: string;
  readonly load: () => Promise<{ run(options: Options): Promise<number> }>;
}

const QUESTIONS: Readonly<Record<string, Question>> = {
  path: {
    asks: "what does a proxied request cost, beside HAProxy, nginx and Node proxies?",
    load: () => import("./path.ts"),
  },
  http2: {
    asks: "what does a request over HTTP/2 cost, beside HAProxy? more than 2.2 times?",
    load: () => import("./http2.ts"),
  },
  streams: {
    asks: "what is left of 100,000 streams of HTTP/2 that were given up at every stage?",
    load: () => import("./streams.ts"),
  },
  bulk: {
    asks: "how fast is a big body over HTTP/2, and what does a slow reader cost the others?",
    load: () => import("./bulk.ts"),
  },
  brownout: {
    asks: "does a storm of gRPC's deadlines cut connections, and how soon is it over?",
    load: () => import("./brownout.ts"),
  },
  guard: {
    asks: "has the ratio to HAProxy become more than 10 % worse than the recorded one?",
    load: () => import("./guard.ts"),
  },
  memory: {
    asks: "how much memory do 1000 busy and 400 slow connections take?",
    load: () => import("./memory.ts"),
  },
  failover: {
    asks: "what fails, and what changes, when instances die, freeze, storm and flap?",
    load: () => import("./failover.ts"),
  },
  overload: {
    asks: "what is answered, and how soon, at up to 50 times what a service can do?",
    load: () => import("./overload.ts"),
  },
  refusal: {
    asks: "what does it cost to refuse a request, beside HAProxy?",
    load: () => import("./refusal.ts"),
  },
  tls: {
    asks: "what does a proxied request cost over TLS 1.3, beside HAProxy?",
    load: () => import("./tls.ts"),
  },
  parser: {
    asks: "how many nanoseconds does parsing a head take?",
    load: () => import("./parser.ts"),
  },
  router: {
    asks: "how many nanoseconds does finding a route take?",
    load: () => import("./router.ts"),
  },
  policy: {
    asks: "how many nanoseconds does a decision take, ours and opossum's?",
    load: () => import("./policy.ts"),
  },
  policies: {
    asks: "how much CPU do the policies add to a proxied request? more than 5 %?",
    load: () => import("./policies.ts"),
  },
  limiters: {
    asks: "what do limiters make of overload, ours and those published? in a simulation",
    load: () => import("./limiters.ts"),
  },
  metrics: {
    asks: "how many nanoseconds does counting a request take?",
    load: () => import("./metrics.ts"),
  },
};

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [name, ...flags] = args;
  const question = QUESTIONS[name ?? ""];
  if (question === undefined) {
    console.error(
      `${name === undefined ? "" : `bench: no question is called ${name}\n`}${usage()}`,
    );
    return 2;
  }
  try {
    const options = parseOptions(flags);
    return await (await question.load()).run(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
}

function usage(): string {
  const lines = Object.entries(QUESTIONS).map(([name, each]) => `  ${name.padEnd(8)} ${each.asks}`);
  return ["npm run bench -- <question> [flags]", ...lines, FLAGS].join("\n");
}
