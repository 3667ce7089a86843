// What a reader made of a stream of bytes, in one form for our codec and for Node's.

export interface Message {
  /** Method, target and protocol; or status, phrase and protocol. */
  readonly line: readonly string[];
  /** Names and values in turn, in the order and case of the wire. */
  readonly fields: readonly string[];
  /** What has arrived of the body; one character per byte. */
  readonly body: string;
  readonly trailers: readonly string[];
  /** Would the reader go on with the connection after this message? */
  readonly keepAlive: boolean;
  readonly complete: boolean;
}

/**
 * How reading ended: `clean` at a boundary of messages, `incomplete` inside of one, `refused`, or
 * `closed` after a message that is the connection's last.
 */
export type End = "clean" | "incomplete" | "refused" | "closed";

export interface Transcript {
  readonly messages: readonly Message[];
  readonly end: End;
  /** Why it was refused. */
  readonly detail: string;
}

/** A message while it is being read. */
export class Draft implements Message {
  readonly line: readonly string[];
  readonly fields: readonly string[];
  body = "";
  trailers: readonly string[] = [];
  keepAlive: boolean;
  complete = false;

  constructor(line: readonly string[], fields: readonly string[], keepAlive: boolean) {
    this.line = line;
    this.fields = fields;
    this.keepAlive = keepAlive;
  }
}
