// The health listener: /livez /readyz /startupz /metrics, and grpc.health.v1. Never shed, and there until the
// very end.
import type { IncomingMessage } from "node:http";
import type { Address } from "../core/address.ts";
import { type Every, HealthCalls } from "./healthgrpc.ts";
import { type Answer, type ControlServer, pathOf, send, startServer, TEXT } from "./server.ts";

/** What the listener asks the sidecar. */
export interface HealthSource {
  /** `ok` when started, not draining, and every cluster has an endpoint; `why` it is not, if not. */
  ready(): { readonly ok: boolean; readonly why: string };
  started(): boolean;
  /** The text of one scrape, of type `contentType`. */
  metrics(): Promise<string>;
  readonly contentType: string;
}

export interface HealthOptions {
  readonly bind: Address;
  readonly source: HealthSource;
  readonly onError: (error: unknown) => void;
  /** Passes the time for those who watch. */
  readonly every?: Every;
}

/** Part of `RESERVED_DESCRIPTORS`. */
export const HEALTH_CONNECTIONS = 24;

/** Listens on `bind`; throws an Error that says where and why when that cannot be. */
export async function startHealth(options: HealthOptions): Promise<ControlServer> {
  const { bind, source, onError, every = everyMs } = options;
  const calls = new HealthCalls((service) => wellness(service, source), every);
  const server = await startServer({
    bind,
    maxConnections: HEALTH_CONNECTIONS,
    onError,
    handle: async (request, response) => send(request, response, await answer(request, source)),
    http2: (socket, busy) => calls.accept(socket, busy),
  });
  const close = (): Promise<void> => {
    calls.close();
    return server.close();
  };
  return { address: server.address, close };
}

const everyMs: Every = (ms, run) => {
  const timer = setInterval(run, ms).unref();
  return () => clearInterval(timer);
};

/** The whole server is as well as /readyz says; the pages' names say what they say. */
function wellness(service: string, source: HealthSource): boolean | undefined {
  if (service === "" || service === "readyz") return source.ready().ok;
  if (service === "startupz") return source.started();
  return service === "livez" ? true : undefined;
}

const PAGES: Readonly<Record<string, (source: HealthSource) => Answer | Promise<Answer>>> = {
  "/livez": () => text(200, "ok"),
  "/readyz": (source) => {
    const { ok, why } = source.ready();
    return ok ? text(200, "ok") : text(503, why);
  },
  "/startupz": (source) => (source.started() ? text(200, "ok") : text(503, "starting")),
  "/metrics": async (source) => {
    return { status: 200, type: source.contentType, body: await source.metrics() };
  },
};

function answer(request: IncomingMessage, source: HealthSource): Answer | Promise<Answer> {
  const path = pathOf(request);
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (page === undefined) return text(404, `not found; there are ${Object.keys(PAGES).join(" ")}`);
  if (request.method === "GET" || request.method === "HEAD") return page(source);
  return { ...text(405, "use GET or HEAD"), headers: { allow: "GET, HEAD" } };
}

function text(status: number, body: string): Answer {
  return { status, type: TEXT, body: `${body}\n` };
}
