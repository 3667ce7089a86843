// Streams of requests as the server of node:http reads them, strictly.
import { createServer, IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Draft, type Message, type Transcript } from "./transcript.ts";
import { settle, Wire } from "./wire.ts";

/** Far above our own limits, so that Node's are never what refuses a message. */
const OPTIONS = { maxHeaderSize: 1024 * 1024, insecureHTTPParser: false } as const;

/** Takes the body where the parser hands it over: what a refused message had is not lost. */
class Request extends IncomingMessage {
  draft: Draft | undefined;

  override push(chunk: Buffer | null): boolean {
    const { draft } = this;
    if (draft === undefined) return true;
    if (chunk !== null) draft.body += chunk.toString("latin1");
    else {
      draft.complete = true;
      draft.trailers = [...this.rawTrailers];
    }
    return true;
  }
}

/** A server of node:http that nothing reaches but wires. */
export class NodeServer {
  readonly #server: Server<typeof Request>;
  readonly #seen = new Map<unknown, Draft[]>();

  constructor() {
    const server = createServer({ ...OPTIONS, IncomingMessage: Request });
    server.maxHeadersCount = 0;
    server.on("request", (request, response) => this.#note(request, response));
    server.on("clientError", (error, socket) => {
      if (socket instanceof Wire) socket.complaint = error.message;
      socket.destroy();
    });
    this.#server = server;
  }

  /** Reads each text as the whole of what one connection sends. */
  async read(texts: readonly string[]): Promise<Transcript[]> {
    const wires = texts.map((text) => this.#connect(text));
    await settle();
    return wires.map((wire) => this.#close(wire));
  }

  #connect(text: string): Wire {
    const wire = new Wire();
    this.#seen.set(wire, []);
    this.#server.emit("connection", wire);
    wire.push(Buffer.from(text, "latin1"));
    return wire;
  }

  #note(request: Request, response: ServerResponse): void {
    const { method = "", url = "", httpVersion } = request;
    const line = [method, originForm(method, url), `HTTP/${httpVersion}`];
    request.draft = new Draft(line, [...request.rawHeaders], response.shouldKeepAlive);
    this.#seen.get(request.socket)?.push(request.draft);
  }

  #close(wire: Wire): Transcript {
    const messages = this.#seen.get(wire) ?? [];
    this.#seen.delete(wire);
    wire.destroy();
    const status = /^HTTP\/1\.1 [45].*/m.exec(wire.written)?.[0] ?? "";
    const detail = wire.complaint || status;
    return { messages, end: detail === "" ? endOf(messages) : "refused", detail };
  }
}

/** Node does not tell a boundary from the middle of a head. */
export function endOf(messages: readonly Message[]): "clean" | "incomplete" {
  return messages.at(-1)?.complete === false ? "incomplete" : "clean";
}

/** A target in absolute-form as a proxy writes it on: RFC 9112 3.2.1, 3.2.4. */
function originForm(method: string, target: string): string {
  const match = /^http:\/\/[^/?]*(.*)$/i.exec(target);
  const rest = match?.[1];
  if (rest === undefined) return target;
  const bare = method === "OPTIONS" ? "*" : "/";
  return rest === "" ? bare : rest.replace(/^(?!\/)/, "/");
}
