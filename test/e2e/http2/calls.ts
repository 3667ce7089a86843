// A service of gRPC and its clients, both of @grpc/grpc-js: the calls of the interoperability tests of gRPC.
// https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
import * as grpc from "@grpc/grpc-js";
import { type Address, tcpAddress } from "../../../src/core/address.ts";
import { Bell } from "../../support/bell.ts";

/** Every request and every response. */
export interface Message {
  readonly body?: string;
  /** How long the bodies of the answers are to be. */
  readonly sizes?: readonly number[];
  /** With what the call is to end. */
  readonly status?: { readonly code: number; readonly details: string };
  /** Is there never to be an answer? */
  readonly sleeps?: boolean;
}

export const encode = (message: Message): Buffer => Buffer.from(JSON.stringify(message));
const decode = (bytes: Buffer): Message => JSON.parse(bytes.toString());

export const PACKAGE = "/tidegate.testing.TestService/";
const INITIAL = "x-grpc-test-echo-initial";
const TRAILING = "x-grpc-test-echo-trailing-bin";

function method(name: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `${PACKAGE}${name}`,
    ...{ requestStream, responseStream },
    ...{ requestSerialize: encode, requestDeserialize: decode },
    ...{ responseSerialize: encode, responseDeserialize: decode },
  };
}

const SERVICE = {
  Unary: method("Unary", false, false),
  Input: method("Input", true, false),
  Output: method("Output", false, true),
  Duplex: method("Duplex", true, true),
};

/** grpc.health.v1, as bytes. */
const HEALTH = {
  Check: {
    path: "/grpc.health.v1.Health/Check",
    ...{ requestStream: false, responseStream: false },
    ...{ requestSerialize: asItIs, requestDeserialize: asItIs },
    ...{ responseSerialize: asItIs, responseDeserialize: asItIs },
  },
};

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}

function bodies({ sizes = [] }: Message): Message[] {
  return sizes.map((size) => ({ body: "x".repeat(size) }));
}

/** What the client wants to hear again in the trailers; the head is sent at once, with its own. */
function echo(call: grpc.ServerUnaryCall<Message, Message> | Streams): grpc.Metadata {
  const [head, trailers] = [new grpc.Metadata(), new grpc.Metadata()];
  for (const value of call.metadata.get(INITIAL)) head.add(INITIAL, value);
  for (const value of call.metadata.get(TRAILING)) trailers.add(TRAILING, value);
  if (call.metadata.get(INITIAL).length > 0) call.sendMetadata(head);
  return trailers;
}

type Streams =
  | grpc.ServerReadableStream<Message, Message>
  | grpc.ServerWritableStream<Message, Message>
  | grpc.ServerDuplexStream<Message, Message>;

export class CallService {
  readonly address: Address;
  readonly bell = new Bell();
  /** Calls that have come, by name, and those that were cancelled. */
  calls = 0;
  cancelled = 0;
  /** Does it answer none at all? */
  stuck = false;
  healthy = true;
  readonly #server: grpc.Server;

  private constructor(server: grpc.Server, address: Address) {
    this.#server = server;
    this.address = address;
  }

  static async start(): Promise<CallService> {
    const server = new grpc.Server();
    const credentials = grpc.ServerCredentials.createInsecure();
    const port = await new Promise<number>((done, failed) => {
      server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
        error === null ? done(bound) : failed(error),
      );
    });
    const service = new CallService(server, tcpAddress("127.0.0.1", port));
    server.addService(SERVICE, service.#methods);
    server.addService(HEALTH, {
      Check: (_: unknown, done: grpc.sendUnaryData<Buffer>) =>
        done(null, framelessStatus(service.healthy)),
    });
    return service;
  }

  close(): void {
    this.#server.forceShutdown();
  }

  #begins(call: { on(event: "cancelled", listener: () => void): unknown }): void {
    this.calls++;
    call.on("cancelled", () => {
      this.cancelled++;
      this.bell.ring();
    });
    this.bell.ring();
  }

  readonly #methods: grpc.UntypedServiceImplementation = {
    Unary: (
      call: grpc.ServerUnaryCall<Message, Message>,
      done: grpc.sendUnaryData<Message>,
    ): void => {
      this.#begins(call);
      if (this.stuck || call.request.sleeps === true) return;
      const trailers = echo(call);
      const { status } = call.request;
      if (status !== undefined) done({ ...status, metadata: trailers });
      else done(null, bodies(call.request)[0] ?? {}, trailers);
    },
    Input: (
      call: grpc.ServerReadableStream<Message, Message>,
      done: grpc.sendUnaryData<Message>,
    ): void => {
      this.#begins(call);
      let length = 0;
      call.on("data", ({ body = "" }: Message) => {
        length += body.length;
      });
      call.on("end", () => done(null, { sizes: [length] }));
    },
    Output: (call: grpc.ServerWritableStream<Message, Message>): void => {
      this.#begins(call);
      for (const each of bodies(call.request)) call.write(each);
      if (call.request.sleeps !== true) call.end();
    },
    Duplex: (call: grpc.ServerDuplexStream<Message, Message>): void => {
      this.#begins(call);
      const trailers = echo(call);
      call.on("error", () => {});
      call.on("data", (asked: Message) => {
        if (asked.status !== undefined) {
          call.emit("error", { ...asked.status, metadata: trailers });
        } else if (asked.sleeps !== true) for (const each of bodies(asked)) call.write(each);
      });
      call.on("end", () => call.end(trailers));
    },
  };
}

/** A HealthCheckResponse: SERVING is 1. */
function framelessStatus(healthy: boolean): Buffer {
  return Buffer.from([0x08, healthy ? 1 : 2]);
}

/** How a call ended. */
export interface Ended {
  readonly code: number;
  readonly details: string;
  readonly messages: readonly Message[];
  readonly head: grpc.Metadata | undefined;
  readonly trailers: grpc.Metadata;
}

export class CallClient {
  readonly #client: grpc.Client;

  constructor({ text }: Address, options: grpc.ChannelOptions = {}) {
    this.#client = new grpc.Client(text, grpc.credentials.createInsecure(), options);
  }

  close(): void {
    this.#client.close();
  }

  unary(message: Message, metadata = new grpc.Metadata(), options: grpc.CallOptions = {}) {
    return new Promise<Ended>((done) => {
      const messages: Message[] = [];
      let head: grpc.Metadata | undefined;
      const call = this.#client.makeUnaryRequest(
        ...([`${PACKAGE}Unary`, encode, decode, message, metadata, options] as const),
        (_, answer) => void (answer !== undefined && messages.push(answer)),
      );
      call.on("metadata", (received) => {
        head = received;
      });
      call.on("status", ({ code, details, metadata: trailers }) =>
        done({ code, details, messages, head, trailers }),
      );
    });
  }

  /** A call that nobody serves. */
  unknown(): Promise<number> {
    return new Promise((done) => {
      const call = this.#client.makeUnaryRequest(
        ...([`${PACKAGE}Unknown`, encode, decode, {}, () => {}] as const),
      );
      call.on("status", ({ code }) => done(code));
    });
  }

  input(done: (answer: Message | undefined) => void) {
    return this.#client.makeClientStreamRequest<Message, Message>(
      ...([`${PACKAGE}Input`, encode, decode] as const),
      (_, answer) => done(answer),
    );
  }

  output(message: Message) {
    return this.#client.makeServerStreamRequest<Message, Message>(
      ...([`${PACKAGE}Output`, encode, decode, message] as const),
    );
  }

  duplex(metadata = new grpc.Metadata(), options: grpc.CallOptions = {}) {
    return this.#client.makeBidiStreamRequest<Message, Message>(
      ...([`${PACKAGE}Duplex`, encode, decode, metadata, options] as const),
    );
  }
}

/** How a call with a stream of answers ends. */
export function ended(
  call: grpc.ClientReadableStream<Message> | grpc.ClientDuplexStream<Message, Message>,
): Promise<Ended> {
  return new Promise((done) => {
    const messages: Message[] = [];
    let head: grpc.Metadata | undefined;
    call.on("error", () => {});
    call.on("data", (message: Message) => messages.push(message));
    call.on("metadata", (received) => {
      head = received;
    });
    call.on("status", ({ code, details, metadata: trailers }) =>
      done({ code, details, messages, head, trailers }),
    );
  });
}
