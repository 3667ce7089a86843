// The admin listener: GET reads, POST changes, and guard.ts decides who may do either.
import type { IncomingMessage } from "node:http";
import type { Address } from "../core/address.ts";
import type { Denial, Guard } from "./guard.ts";
import { ORDER_PATH, type Order, readOrder } from "./override.ts";
import type { Reloaded } from "./reload.ts";
import { RELOAD_BODY_BYTES, type ReloadOrder, readReload, reloadAnswer } from "./reloadorder.ts";
import { type Answer, type ControlServer, JSON_TYPE, pathOf, send, startServer } from "./server.ts";
import { printState, type State } from "./state.ts";

export interface AdminOptions {
  readonly bind: Address;
  readonly guard: Guard;
  readonly state: () => State;
  /** Begins to drain; called once, however often it is asked for. Must not throw. */
  readonly drain: () => void;
  /** The last changes, as JSON. */
  readonly events: () => string;
  /** Carries out an order; says why not when that cannot be. Must not throw. */
  readonly override: (order: Order) => string | undefined;
  /** Must not reject. */
  readonly reload: (order: ReloadOrder) => Promise<Reloaded>;
  readonly onError: (error: unknown) => void;
}

/** Part of `RESERVED_DESCRIPTORS`. */
export const ADMIN_CONNECTIONS = 8;
const BODY_BYTES = 16_384;
const RELOAD_PATH = "/reload";

/** One thing that can be asked for. */
interface Action {
  readonly method: "GET" | "POST";
  /** The most that it takes; nothing, when it is only read. */
  readonly bodyBytes?: number;
  /** `body` is empty or a JSON object. */
  readonly run: (body: string) => Answer | Promise<Answer>;
}

/** Listens on `bind`; throws an Error that says what to do when that cannot be. */
export async function startAdmin(options: AdminOptions): Promise<ControlServer> {
  const { guard } = options;
  const actions = actionsOf(options);
  const find = (request: IncomingMessage): Action | Denial | undefined =>
    actions.get(pathOf(request)) ?? reloadOf(request, options) ?? orderOf(request, options);
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

/** What is to be reloaded stands behind the path and in the body. */
function reloadOf(request: IncomingMessage, { reload }: AdminOptions): Action | undefined {
  if (pathOf(request) !== RELOAD_PATH) return undefined;
  return {
    method: "POST",
    bodyBytes: RELOAD_BODY_BYTES,
    run: async (body) => {
      const order = readReload(request.url ?? "", body);
      return "status" in order ? refusal(order) : reloadAnswer(await reload(order));
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
    const message = `no such path; there are ${known}, POST ${RELOAD_PATH}, POST ${ORDER_PATH}`;
    return refusal({ status: 404, message });
  }
  if ("status" in action) return refusal(action);
  const denial = denyMethod(request, action);
  if (denial !== undefined) return refusal(denial);
  const body = action.method === "POST" ? await bodyOf(request, action.bodyBytes) : "";
  return typeof body === "string" ? action.run(body) : refusal(body);
}

function denyMethod(request: IncomingMessage, action: Action): Denial | undefined {
  const allowed = action.method === "GET" ? ["GET", "HEAD"] : ["POST"];
  if (allowed.includes(request.method ?? "")) return undefined;
  const allow = allowed.join(", ");
  return { status: 405, message: `use ${allow}`, headers: { allow } };
}

/** A form on a web page cannot send this type without asking first, and asking is refused. */
async function bodyOf(request: IncomingMessage, most = BODY_BYTES): Promise<string | Denial> {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    return { status: 415, message: "send `content-type: application/json`" };
  }
  const body = await readBody(request, most);
  if (body === undefined) {
    return { status: 413, message: `send a body of at most ${most} bytes` };
  }
  return body.trim() === "" || isJsonObject(body)
    ? body
    : { status: 400, message: "send a JSON object, or no body" };
}

/** The whole body; undefined when it is longer than `most` bytes. */
async function readBody(request: IncomingMessage, most: number): Promise<string | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > most) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > most) return undefined;
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
