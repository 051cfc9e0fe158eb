import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { connect } from "node:tls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { helloName } from "./client-hello.ts";

/** What Node's own TLS client says first to a server that never answers. */
async function clientHello(servername: string): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: "127.0.0.1", port, servername });
  client.on("error", () => undefined);
  const [socket] = await once(server, "connection");
  const [bytes] = await once(socket, "data");
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

/** The same handshake message in records of `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    parts.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part);
  }
  return Buffer.concat(parts);
}

describe("the server name of a TLS handshake", async () => {
  const hello = await clientHello("www.example.org");

  it("is read from a real client", () => {
    expect(helloName(hello)).toEqual({ kind: "name", name: "www.example.org" });
  });

  it("is read when it comes in pieces and in many records", () => {
    for (let length = 1; length < hello.length; length++) {
      expect(helloName(hello.subarray(0, length)).kind).toBe("incomplete");
    }
    for (const size of [1, 7, 100]) {
      expect(helloName(inRecords(hello, size))).toEqual({ kind: "name", name: "www.example.org" });
    }
  });

  it("is none in other protocols, and in a handshake without one", async () => {
    expect(helloName(Buffer.from("SSH-2.0-OpenSSH_9.2\r\n")).kind).toBe("none");
    expect(helloName(Buffer.from("GET / HTTP/1.1\r\n\r\n")).kind).toBe("none");
    expect(helloName(await clientHello("")).kind).toBe("none");
    expect(helloName(Buffer.alloc(0)).kind).toBe("incomplete");
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(
        fc.nat(hello.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(hello.length),
        (at, byte, length) => {
          const changed = Buffer.from(hello);
          changed[at] = byte;
          expect(["name", "none", "incomplete"]).toContain(helloName(changed.subarray(0, length)).kind);
        },
      ),
    );
  });
});
