// The two messages of grpc.health.v1.Health, as bytes.
//
//   frame     0 (not compressed), length in 4 bytes, message
//   request   field 1: the service, text         response   field 1: the status, an enum
//
// https://github.com/grpc/grpc/blob/master/doc/health-checking.md

const PREFIX_BYTES = 5;
const LENGTH_BYTES = 4;
const STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

export type ServingStatus = (typeof STATUSES)[number];

/** The request for `service`, in its frame; "" asks for the whole server. */
export function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const field = name.length === 0 ? [] : [Buffer.from([0x0a, ...varint(name.length)]), name];
  return framed(Buffer.concat(field));
}

/** The response that says `status`, in its frame. */
export function encodeStatus(status: ServingStatus): Buffer {
  return framed(Buffer.from([0x08, STATUSES.indexOf(status)]));
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The message of a frame; undefined where it is compressed, or not whole. */
function unframed(body: Buffer): Buffer | undefined {
  if (body.length < PREFIX_BYTES || body[0] !== 0) return undefined;
  const end = PREFIX_BYTES + body.readUInt32BE(1);
  return body.length < end ? undefined : body.subarray(PREFIX_BYTES, end);
}

/** The service that a framed request asks about; undefined where it is no request. */
export function decodeService(body: Buffer): string | undefined {
  const message = unframed(body);
  if (message === undefined) return undefined;
  const reader = new Reader(message);
  let service = "";
  while (!reader.done) {
    const tag = reader.varint();
    const value = tag === SERVICE_TAG ? reader.text() : undefined;
    if (value !== undefined) service = value;
    else if (tag === undefined || tag === SERVICE_TAG || !reader.pass(tag % 8)) return undefined;
  }
  return service;
}

/** Field 1, with a length of its own. */
const SERVICE_TAG = 0x0a;

/** The status in a framed response, by its name or, where it is not one of ours, its number. */
export function decodeStatus(body: Buffer): string | undefined {
  const message = unframed(body);
  const status = message && enumField(new Reader(message));
  return status === undefined ? undefined : (STATUSES[status] ?? `status ${status}`);
}

/** Field 1: 0 where it is not there, the last one where it is there twice; others are skipped. */
function enumField(reader: Reader): number | undefined {
  let status = 0;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === undefined) return undefined;
    const wireType = tag % 8;
    if (wireType === 0) {
      const value = reader.varint();
      if (value === undefined) return undefined;
      if (tag === 0x08) status = value;
      continue;
    }
    if (!reader.pass(wireType)) return undefined;
  }
  return status;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Exact up to 2^53; undefined when it does not end. */
  varint(): number | undefined {
    let value = 0;
    for (let factor = 1; factor < 2 ** 63; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return undefined;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
    return undefined;
  }

  /** UTF-8 behind its length; undefined where it is not whole. */
  text(): string | undefined {
    const length = this.varint();
    const start = this.#at;
    return length !== undefined && this.#skip(length)
      ? this.#bytes.toString("utf8", start, this.#at)
      : undefined;
  }

  /** Skips the value of a field; false where that does not end, or cannot be. */
  pass(wireType: number): boolean {
    if (wireType === 0) return this.varint() !== undefined;
    const length = { 1: 8, 2: wireType === 2 ? this.varint() : 0, 5: LENGTH_BYTES }[wireType];
    return length !== undefined && this.#skip(length);
  }

  #skip(length: number): boolean {
    this.#at += length;
    return this.#at <= this.#bytes.length;
  }
}

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [128 + (value % 128), ...varint(Math.floor(value / 128))];
}
