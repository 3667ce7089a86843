// The admin listener: GET reads, POST changes, and guard.ts decides who may do either.
import type { IncomingMessage } from "node:http";
import { checkBind, createGuard, type Denial, type GuardOptions } from "./guard.ts";
import { ORDER_PATH, type Order, readOrder } from "./override.ts";
import { type Answer, type ControlServer, JSON_TYPE, pathOf, send, startServer } from "./server.ts";
import { printState, type State } from "./state.ts";

export interface AdminOptions extends GuardOptions {
  readonly state: () => State;
  /** Begins to drain; called once, however often it is asked for. Must not throw. */
  readonly drain: () => void;
  /** The last changes, as JSON. */
  readonly events: () => string;
  /** Carries out an order; says why not when that cannot be. Must not throw. */
  readonly override: (order: Order) => string | undefined;
  readonly onError: (error: unknown) => void;
}

/** Part of `RESERVED_DESCRIPTORS`. */
export const ADMIN_CONNECTIONS = 8;
const BODY_BYTES = 16_384;

/** One thing that can be asked for. */
interface Action {
  readonly method: "GET" | "POST";
  readonly run: () => Answer;
}

/** Listens on `bind`; throws an Error that says what to do when that must not or cannot be. */
export async function startAdmin(options: AdminOptions): Promise<ControlServer> {
  checkBind(options);
  const guard = createGuard(options);
  const actions = actionsOf(options);
  const find = (request: IncomingMessage): Action | Denial | undefined =>
    actions.get(pathOf(request)) ?? orderOf(request, options);
  return startServer({
    bind: options.bind,
    maxConnections: ADMIN_CONNECTIONS,
    onError: options.onError,
    handle: async (request, response) => {
      const denial = guard(request);
      const answer = denial === undefined ? await perform(request, find, actions) : refusal(denial);
      send(request, response, answer);
    },
  });
}

/** An order is an action, too, with its words in the path. */
function orderOf(
  { url = "" }: IncomingMessage,
  { override }: AdminOptions,
): Action | Denial | undefined {
  const order = readOrder(url);
  if (order === undefined || "status" in order) return order;
  const { cluster, endpoint, verb } = order;
  return {
    method: "POST",
    run: () => {
      const problem = override(order);
      if (problem !== undefined) return refusal({ status: 404, message: problem });
      const body = `${JSON.stringify({ cluster, endpoint, verb })}\n`;
      return { status: 200, type: JSON_TYPE, body };
    },
  };
}

function actionsOf({ state, drain, events }: AdminOptions): ReadonlyMap<string, Action> {
  let draining = false;
  const drainOnce = (): Answer => {
    if (!draining) drain();
    draining = true;
    return { status: 202, type: JSON_TYPE, body: '{"status":"draining"}\n' };
  };
  return new Map<string, Action>([
    [
      "/state",
      { method: "GET", run: () => ({ status: 200, type: JSON_TYPE, body: printState(state()) }) },
    ],
    ["/events", { method: "GET", run: () => ({ status: 200, type: JSON_TYPE, body: events() }) }],
    ["/drain", { method: "POST", run: drainOnce }],
  ]);
}

async function perform(
  request: IncomingMessage,
  find: (request: IncomingMessage) => Action | Denial | undefined,
  actions: ReadonlyMap<string, Action>,
): Promise<Answer> {
  const action = find(request);
  if (action === undefined) {
    const known = Array.from(actions, ([path, { method }]) => `${method} ${path}`).join(", ");
    const message = `no such path; there are ${known}, POST ${ORDER_PATH}`;
    return refusal({ status: 404, message });
  }
  if ("status" in action) return refusal(action);
  const denial =
    denyMethod(request, action) ?? (action.method === "POST" ? await denyBody(request) : undefined);
  return denial === undefined ? action.run() : refusal(denial);
}

function denyMethod(request: IncomingMessage, action: Action): Denial | undefined {
  const allowed = action.method === "GET" ? ["GET", "HEAD"] : ["POST"];
  if (allowed.includes(request.method ?? "")) return undefined;
  const allow = allowed.join(", ");
  return { status: 405, message: `use ${allow}`, headers: { allow } };
}

/** A form on a web page cannot send this type without asking first, and asking is refused. */
async function denyBody(request: IncomingMessage): Promise<Denial | undefined> {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    return { status: 415, message: "send `content-type: application/json`" };
  }
  const body = await readBody(request);
  if (body === undefined) {
    return { status: 413, message: `send a body of at most ${BODY_BYTES} bytes` };
  }
  return body.trim() === "" || isJsonObject(body)
    ? undefined
    : { status: 400, message: "send a JSON object, or no body" };
}

/** The whole body; undefined when it is longer than `BODY_BYTES`. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > BODY_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function refusal({ status, message, headers = {} }: Denial): Answer {
  return { status, type: JSON_TYPE, body: `${JSON.stringify({ error: message })}\n`, headers };
}
