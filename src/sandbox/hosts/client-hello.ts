/** What the first bytes of a connection say: the server name of a TLS handshake, none, or that more bytes are needed. */
export type HelloName = { readonly kind: "name"; readonly name: string } | { readonly kind: "none" | "incomplete" };

const NONE: HelloName = { kind: "none" };
const INCOMPLETE: HelloName = { kind: "incomplete" };

const RECORD_HANDSHAKE = 22;
const HANDSHAKE_CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const NAME_TYPE_HOST = 0;
const RECORD_HEADER = 5;
/** A handshake message of more is no honest ClientHello (they have about 500 to 2 000 bytes). */
const LONGEST_HELLO = 64 * 1024;

/**
 * The server name (SNI) in a TLS ClientHello: RFC 8446 section 4.1.2, RFC 6066 section 3. A client that opens a tunnel to
 * one host and then names another to the same address is told apart by this.
 */
export function helloName(bytes: Buffer): HelloName {
  if (bytes.length > 0 && bytes[0] !== RECORD_HANDSHAKE) return NONE;
  if (bytes.length < RECORD_HEADER) return INCOMPLETE;
  const message = handshake(bytes);
  if (message === undefined) return INCOMPLETE;
  try {
    return message.length > 0 && message[0] === HANDSHAKE_CLIENT_HELLO ? serverName(message) : NONE;
  } catch (error) {
    if (error instanceof RangeError) return NONE; // lengths that point outside: no server will take it either
    throw error;
  }
}

/** The first handshake message, put together from its records; undefined while it is incomplete, empty when it is none. */
function handshake(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let length = 0;
  let wanted = 4;
  for (let at = 0; ; ) {
    if (at + RECORD_HEADER > bytes.length) return undefined;
    if (bytes[at] !== RECORD_HANDSHAKE) return Buffer.alloc(0);
    const size = bytes.readUInt16BE(at + 3);
    const part = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + size);
    parts.push(part);
    length += part.length;
    const whole = Buffer.concat(parts);
    if (length >= 4) wanted = 4 + whole.readUIntBE(1, 3);
    if (wanted > LONGEST_HELLO || size === 0) return Buffer.alloc(0);
    if (length >= wanted) return whole.subarray(0, wanted);
    if (part.length < size) return undefined;
    at += RECORD_HEADER + size;
  }
}

/** @throws RangeError where a length points outside of the message */
function serverName(message: Buffer): HelloName {
  let at = 4 + 2 + 32; // header, version, random
  at += 1 + message.readUInt8(at); // session
  at += 2 + message.readUInt16BE(at); // cipher suites
  at += 1 + message.readUInt8(at); // compression methods
  if (at === message.length) return NONE;
  const end = at + 2 + message.readUInt16BE(at);
  at += 2;
  while (at + 4 <= end) {
    const type = message.readUInt16BE(at);
    const size = message.readUInt16BE(at + 2);
    at += 4;
    // server_name_list: its length, then type and length of the first name
    if (type === EXTENSION_SERVER_NAME && message.readUInt8(at + 2) === NAME_TYPE_HOST) {
      const length = message.readUInt16BE(at + 3);
      if (at + 5 + length > message.length) return NONE;
      return { kind: "name", name: message.toString("latin1", at + 5, at + 5 + length) };
    }
    at += size;
  }
  return NONE;
}
