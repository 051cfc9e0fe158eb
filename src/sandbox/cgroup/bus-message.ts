import { fail, ok, type Result } from "../../model/index.ts";

/*
 * D-Bus messages (specification 0.43, "Type System" and "Message Protocol"), as far as calls of a systemd manager need
 * them. Little-endian; every value is aligned to its size, counted from the message's begin.
 */

const LITTLE_ENDIAN = 0x6c;
const METHOD_CALL = 1;
const METHOD_RETURN = 2;
const ERROR = 3;
const PROTOCOL = 1;
const FIXED_HEADER = 16;
/** The specification's bound for one message. */
const LONGEST_MESSAGE = 128 * 1024 * 1024;

/** Codes of header fields. */
const FIELD = { path: 1, interface: 2, member: 3, errorName: 4, replySerial: 5, destination: 6, signature: 8 } as const;

/** Puts values one after the other. What is written starts at an offset that 8 divides. */
export class BusWriter {
  #bytes: number[] = [];

  align(size: number): this {
    while (this.#bytes.length % size !== 0) this.#bytes.push(0);
    return this;
  }

  byte(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  /** `u`, and `b` as 0 or 1. */
  number(value: number): this {
    this.align(4);
    for (const shift of [0, 8, 16, 24]) this.byte(value >>> shift);
    return this;
  }

  /** `s` and `o`. */
  text(value: string): this {
    const bytes = Buffer.from(value, "utf8");
    this.number(bytes.length);
    this.#bytes.push(...bytes, 0);
    return this;
  }

  /** `g`, and the type that a variant begins with. */
  signature(value: string): this {
    this.byte(value.length);
    this.#bytes.push(...Buffer.from(value, "latin1"), 0);
    return this;
  }

  /** @param size the alignment of its elements; the length does not count what aligns the first one */
  array(size: number, write: (to: BusWriter) => void): this {
    this.number(0);
    const at = this.#bytes.length - 4;
    this.align(size);
    const start = this.#bytes.length;
    write(this);
    const length = this.#bytes.length - start;
    for (const [index, shift] of [0, 8, 16, 24].entries()) this.#bytes[at + index] = (length >>> shift) & 0xff;
    return this;
  }

  get bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

/** A call of `org.freedesktop.systemd1.Manager`. */
export function encodeCall(serial: number, member: string, signature: string, body: BusWriter): Buffer {
  const { bytes } = body;
  const header = new BusWriter();
  header.byte(LITTLE_ENDIAN).byte(METHOD_CALL).byte(0).byte(PROTOCOL).number(bytes.length).number(serial);
  header.array(8, (fields) => {
    const field = (code: number, type: "o" | "s" | "g", value: string): void => {
      fields.align(8).byte(code).signature(type);
      if (type === "g") fields.signature(value);
      else fields.text(value);
    };
    field(FIELD.path, "o", "/org/freedesktop/systemd1");
    field(FIELD.interface, "s", "org.freedesktop.systemd1.Manager");
    field(FIELD.member, "s", member);
    field(FIELD.destination, "s", "org.freedesktop.systemd1");
    field(FIELD.signature, "g", signature);
  });
  return Buffer.concat([header.align(8).bytes, bytes]);
}

/** The answer to a call. */
export interface BusReply {
  /** Number of the call. */
  readonly serial: number;
  /** Name of the error and what was said about it. */
  readonly error?: string;
}

/**
 * The first message of what was received, and its size; nothing while it is not complete. Messages that answer no call
 * (signals) have no `reply`. Problem: `bus-message`, when it is none.
 */
export function takeMessage(
  received: Buffer,
): Result<{ readonly size: number; readonly reply?: BusReply }> | undefined {
  if (received.length < FIXED_HEADER) return undefined;
  if (received[0] !== LITTLE_ENDIAN || received[3] !== PROTOCOL) return fail("bus-message", "no D-Bus message");
  const bodyStart = (FIXED_HEADER + received.readUInt32LE(12) + 7) & ~7;
  const size = bodyStart + received.readUInt32LE(4);
  if (size > LONGEST_MESSAGE) return fail("bus-message", "too long for a D-Bus message");
  if (received.length < size) return undefined;
  try {
    return ok({ size, ...readReply(received.subarray(0, size), bodyStart) });
  } catch (error) {
    if (error instanceof RangeError) return fail("bus-message", error.message);
    throw error;
  }
}

/** Throws a RangeError where a length leads out of the message. */
function readReply(message: Buffer, bodyStart: number): { reply?: BusReply } {
  const type = message[1];
  if (type !== METHOD_RETURN && type !== ERROR) return {};
  let serial: number | undefined;
  let name = "";
  const end = FIXED_HEADER + message.readUInt32LE(12);
  for (let at = FIXED_HEADER; at < end; ) {
    at = (at + 7) & ~7;
    const code = message.readUInt8(at);
    const typeLength = message.readUInt8(at + 1);
    const kind = message.toString("latin1", at + 2, at + 2 + typeLength);
    at += 3 + typeLength;
    if (kind === "g") {
      at += 2 + message.readUInt8(at);
      continue;
    }
    at = (at + 3) & ~3;
    const value = message.readUInt32LE(at);
    at += 4;
    if (code === FIELD.replySerial) serial = value;
    if (kind === "u") continue;
    if (code === FIELD.errorName) name = message.toString("utf8", at, at + value);
    at += value + 1;
  }
  if (serial === undefined) return {};
  if (type === METHOD_RETURN) return { reply: { serial } };
  // By custom an error's first value is a sentence.
  const said = message.length >= bodyStart + 4 ? message.readUInt32LE(bodyStart) : 0;
  const sentence = message.toString("utf8", bodyStart + 4, bodyStart + 4 + said);
  return { reply: { serial, error: sentence === "" ? name : `${sentence} (${name})` } };
}
