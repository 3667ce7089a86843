// Where bytes are read into: one buffer of the process for all sockets, as long as reads are small; a
// buffer of its own for a socket whose reads fill it, so that a big body is never copied by us.
//
//   read filled the buffer -> the next goes into a slab -> written from there -> slab is spare again
import type net from "node:net";

const SIZE = 48 * 1024;
/** A view below this size is copied rather than keeping its slab from its next use. */
const COPIED_BYTES = SIZE / 4;
/** Spare slabs; what is beyond goes to the garbage collector. */
const SPARE = 256;

/** One read at a time fills it, and its bytes are used or copied before the next. */
const SHARED = Buffer.allocUnsafeSlow(SIZE);

/** Messages of a kind are alike in size: the views of the shared buffer are used again. */
const views: (Buffer | undefined)[] = new Array(256).fill(undefined);

function sharedView(size: number): Buffer {
  const place = size % views.length;
  const old = views[place];
  if (old !== undefined && old.length === size) return old;
  const view = SHARED.subarray(0, size);
  views[place] = view;
  return view;
}

interface Slab {
  readonly buffer: Buffer;
  /** Writes that have not finished, and one for the socket that reads into it. */
  uses: number;
}

const slabs = new WeakMap<ArrayBufferLike, Slab>();
const spare: Slab[] = [];

/** Whose socket it is. */
interface Reader {
  /** The view is valid until it returns; `borrow` keeps it for longer. */
  onBytes(view: Buffer): void;
  /** Hears what `onBytes` has thrown. */
  onBug(error: unknown): void;
}

/** The read buffer of one socket. */
export class ReadBuffer {
  readonly #reader: Reader;
  #slab: Slab | undefined;
  #buffer: Buffer = SHARED;
  #filled = false;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** For the socket's options. */
  get onread(): net.OnReadOpts {
    return { buffer: () => this.#next(), callback: (size) => this.#take(size) };
  }

  #take(size: number): boolean {
    this.#filled = size === SIZE;
    const view = this.#buffer === SHARED ? sharedView(size) : this.#buffer.subarray(0, size);
    try {
      this.#reader.onBytes(view);
    } catch (error) {
      this.#reader.onBug(error);
    }
    return true;
  }

  /** Reading pauses, for who knows how long: the next buffer, asked for when this read is over, is no slab. */
  rest(): void {
    this.#filled = false;
  }

  /**
   * Node asks for the next buffer after every read.
   *
   *   read into        it was full                         it was not
   *   the shared one   a slab                              the shared one again
   *   a slab           the same if nobody else uses it,    the shared one; the slab is let go
   *                    else another
   */
  #next(): Buffer {
    const slab = this.#slab;
    if (slab === undefined && !this.#filled) return SHARED;
    if (slab?.uses === 1 && this.#filled) return slab.buffer;
    if (slab !== undefined) release(slab);
    this.#slab = this.#filled ? take() : undefined;
    this.#buffer = this.#slab?.buffer ?? SHARED;
    return this.#buffer;
  }
}

function take(): Slab {
  const old = spare.pop();
  if (old !== undefined) {
    old.uses = 1;
    return old;
  }
  const slab = { buffer: Buffer.allocUnsafeSlow(SIZE), uses: 1 };
  slabs.set(slab.buffer.buffer, slab);
  return slab;
}

function release(slab: Slab): void {
  slab.uses--;
  if (slab.uses === 0 && spare.length < SPARE) spare.push(slab);
}

/** Bytes of `view` that stay as they are until `giveBack`; copied, unless its slab can wait. */
export function borrow(view: Buffer): Buffer {
  const slab = view.length < COPIED_BYTES ? undefined : slabs.get(view.buffer);
  if (slab === undefined) return Buffer.from(view);
  slab.uses++;
  return view;
}

/** Ends what `borrow` began, once, with what it returned. */
export function giveBack(bytes: Buffer): void {
  const slab = bytes.length < COPIED_BYTES ? undefined : slabs.get(bytes.buffer);
  if (slab !== undefined) release(slab);
}
