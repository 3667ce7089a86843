// A name server that says what it is told to, over UDP on loopback, and counts what it is asked.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type Answer, decode, encode, RECURSION_AVAILABLE } from "dns-packet";
import { Bell } from "./bell.ts";

/** The records of a name and type, an error, or no word at all. */
export type Said = readonly Answer[] | "SERVFAIL" | "NXDOMAIN" | "REFUSED" | "silence";

const CODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

export class NameServer {
  /** By `TYPE name`, `A app.test` for example. */
  readonly zone = new Map<string, Said>();
  /** What is said of every other name. */
  otherwise: Said = "NXDOMAIN";
  /** When set, it is said whatever was asked. */
  always: Said | undefined;
  /** Each question as `TYPE name`, in the order of their arrival. */
  readonly questions: string[] = [];
  readonly bell = new Bell();
  /** The most questions that ever waited for their answer at once. */
  peak = 0;
  #waiting = 0;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (message, { address, port }) => {
      const answer = this.#answer(message);
      this.peak = Math.max(this.peak, ++this.#waiting);
      // Not before everything that has arrived was read.
      setImmediate(() => {
        this.#waiting--;
        if (answer !== undefined) socket.send(answer, port, address);
        this.bell.ring();
      });
    });
  }

  static async listen(): Promise<NameServer> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new NameServer(socket);
  }

  /** `127.0.0.1:PORT`. */
  get text(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** Sets the A records of a name. */
  hosts(name: string, addresses: readonly string[], ttl = 60): void {
    const records = addresses.map((data) => ({ type: "A", name, ttl, data }) as const);
    this.zone.set(`A ${name}`, records);
    this.zone.set(`AAAA ${name}`, this.zone.get(`AAAA ${name}`) ?? []);
  }

  /** Resolves when it has been asked `count` times in all. */
  asked(count: number): Promise<void> {
    return this.bell.until(() => this.questions.length >= count);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }

  #answer(message: Buffer): Buffer | undefined {
    const { id, questions = [], flags = 0 } = decode(message);
    const [question] = questions;
    const key = question === undefined ? "" : `${question.type} ${question.name.toLowerCase()}`;
    this.questions.push(key);
    const said = this.always ?? this.zone.get(key) ?? this.otherwise;
    if (said === "silence") return undefined;
    const [code, answers] = typeof said === "string" ? [CODES[said], []] : [CODES.NOERROR, said];
    // The code has no place of its own in this encoder: it is the last four bits of the flags.
    return encode({
      type: "response",
      id: id ?? 0,
      flags: (flags & ~0xf) | RECURSION_AVAILABLE | code,
      questions,
      answers: [...answers],
    });
  }
}
