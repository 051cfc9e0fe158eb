import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BusWriter, encodeCall, takeMessage } from "./bus-message.ts";

describe("a call", () => {
  it("is put together as the specification says", () => {
    const body = new BusWriter()
      .text("a.scope")
      .text("/x")
      .array(4, (pids) => pids.number(258));
    const bytes = encodeCall(7, "AttachProcessesToUnit", "ssau", body).toString("hex");
    const expectedBody = ["07000000612e73636f706500", "020000002f780000", "0400000002010000"].join("");
    expect(bytes.slice(-expectedBody.length)).toBe(expectedBody);
    expect(bytes.slice(0, 8)).toBe("6c010001");
    expect(Buffer.from(bytes, "hex").readUInt32LE(4)).toBe(expectedBody.length / 2);
    expect(Buffer.from(bytes, "hex").readUInt32LE(8)).toBe(7);
    const fields = Buffer.from(bytes, "hex").subarray(16, 16 + Buffer.from(bytes, "hex").readUInt32LE(12));
    for (const word of [
      "/org/freedesktop/systemd1",
      "org.freedesktop.systemd1.Manager",
      "AttachProcessesToUnit",
      "ssau",
    ]) {
      expect(fields.includes(Buffer.from(`${word}\0`))).toBe(true);
    }
    expect((16 + fields.length + 7) & ~7).toBe(bytes.length / 2 - expectedBody.length / 2);
  });

  it("does not count what aligns the first element of an array", () => {
    const bytes = new BusWriter().array(8, (to) => to.align(8).text("a")).bytes;
    expect(bytes.toString("hex")).toBe(["06000000", "00000000", "0100000061", "00"].join(""));
  });

  it("counts letters of several bytes as bytes", () => {
    expect(new BusWriter().text("é").bytes.toString("hex")).toBe("02000000c3a900");
  });
});

/** A message of a manager, with header fields and a body of one text. */
function message(type: number, fields: (to: BusWriter) => void, text?: string): Buffer {
  const body = text === undefined ? Buffer.alloc(0) : new BusWriter().text(text).bytes;
  const header = new BusWriter().byte(0x6c).byte(type).byte(1).byte(1).number(body.length).number(99);
  header.array(8, fields);
  return Buffer.concat([header.align(8).bytes, body]);
}

const replyTo = (serial: number) => (to: BusWriter) =>
  to.align(8).byte(8).signature("g").signature("o").align(8).byte(5).signature("u").number(serial);

describe("what comes back", () => {
  it("is read with the number of its call, one after the other", () => {
    const first = message(2, replyTo(3), "/job/1");
    const both = Buffer.concat([first, message(2, replyTo(4))]);
    expect(takeMessage(both)).toEqual({ ok: true, value: { size: first.length, reply: { serial: 3 } } });
    expect(takeMessage(both.subarray(first.length))).toMatchObject({ value: { reply: { serial: 4 } } });
  });

  it("is waited for until it is whole", () => {
    const whole = message(2, replyTo(3), "/job/1");
    for (let length = 0; length < whole.length; length++)
      expect(takeMessage(whole.subarray(0, length))).toBeUndefined();
  });

  it("is an error with its name and what was said", () => {
    const fields = (to: BusWriter): void => {
      to.align(8).byte(4).signature("s").text("org.freedesktop.DBus.Error.AccessDenied");
      replyTo(5)(to);
    };
    expect(takeMessage(message(3, fields, "no"))).toMatchObject({
      value: { reply: { serial: 5, error: "no (org.freedesktop.DBus.Error.AccessDenied)" } },
    });
    expect(takeMessage(message(3, fields))).toMatchObject({
      value: { reply: { serial: 5, error: "org.freedesktop.DBus.Error.AccessDenied" } },
    });
  });

  it("answers nothing when it is a signal", () => {
    const signal = message(4, (to) => void to.align(8).byte(3).signature("s").text("JobRemoved"), "x");
    expect(takeMessage(signal)).toEqual({ ok: true, value: { size: signal.length } });
  });

  it("is no message", () => {
    expect(takeMessage(Buffer.from("HTTP/1.1 400 Bad Request"))).toMatchObject({ problem: { code: "bus-message" } });
  });

  it("never throws and never takes more than there is, whatever comes", () => {
    const begin = (text: Uint8Array): Buffer => {
      const bytes = Buffer.concat([message(3, replyTo(3), "no"), text]);
      for (const [index, byte] of text.entries()) bytes[4 + index * 3] = byte;
      return bytes;
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (noise) => {
        const bytes = begin(noise);
        const taken = takeMessage(bytes);
        expect(taken?.ok ? taken.value.size : 0).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
