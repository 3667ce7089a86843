// A service in a process of its own, that can be killed, stopped and started again.
import { type Address, tcpAddress } from "../../src/core/address.ts";
import { Child } from "./process.ts";

const SCRIPT = `
const [, name, port, delayed] = process.argv;
let delay = Number(delayed);
let status = 200;
const answer = (response) => response.writeHead(status).end(name);
require("node:http").createServer((request, response) => {
  request.resume();
  const [, what, value] = /^\\/(delay|status)\\/([0-9]+)$/.exec(request.url) ?? [];
  if (what === "delay") delay = Number(value);
  else if (delay > 0 && what === undefined) return setTimeout(answer, delay, response);
  answer(response);
  if (what === "status") status = Number(value);
}).listen(Number(port), "127.0.0.1", function () { console.log("port " + this.address().port); });
`;

/** Answers every request with its name. */
export class Service {
  readonly name: string;
  readonly #port: number;
  #child: Child;

  private constructor(name: string, port: number, child: Child) {
    this.name = name;
    this.#port = port;
    this.#child = child;
  }

  /** Listens on a free port of loopback; each answer takes `delayMs`. */
  static async start(name: string, delayMs = 0): Promise<Service> {
    const { child, port } = await launch(name, 0, delayMs);
    return new Service(name, port, child);
  }

  get address(): Address {
    return tcpAddress("127.0.0.1", this.#port);
  }

  /** As `kill -9` does; resolves when it is gone. */
  kill(): Promise<void> {
    return this.#child.kill();
  }

  /** From now on each answer takes `delayMs`. */
  slow(delayMs: number): Promise<void> {
    return this.#tell(`delay/${delayMs}`);
  }

  /** From now on it answers with `status`. */
  answer(status: number): Promise<void> {
    return this.#tell(`status/${status}`);
  }

  async #tell(what: string): Promise<void> {
    const { status } = await fetch(`http://${this.address.text}/${what}`);
    if (status !== 200) throw new Error(`${this.name} answers ${status} to ${what}`);
  }

  /** Its connections stay, new ones are taken by the kernel, and nobody reads them. */
  freeze(): void {
    this.#child.process.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.process.kill("SIGCONT");
  }

  /** Starts it again where it was, after it was killed. */
  async restart(): Promise<void> {
    this.#child = (await launch(this.name, this.#port, 0)).child;
  }
}

async function launch(
  name: string,
  port: number,
  delayMs: number,
): Promise<{ child: Child; port: number }> {
  const args = ["-e", SCRIPT, name, String(port), String(delayMs)];
  const child = Child.start(process.execPath, args);
  const [, said] = await child.says(/^port (\d+)$/m);
  return { child, port: Number(said) };
}
