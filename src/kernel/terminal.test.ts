import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sanitizeTerminal, TerminalSanitizer } from "./terminal.ts";

const ESC = "\u001b";

describe("sanitizeTerminal", () => {
  it.each([
    ["plain text with tab and line feed", "a\tb\nc", "a\tb\nc"],
    ["colours stay", `${ESC}[1;31mred${ESC}[0m`, `${ESC}[1;31mred${ESC}[0m`],
    ["24-bit colours stay", `${ESC}[38;2;1;2;3mx${ESC}[38:2::1:2:3my`, `${ESC}[38;2;1;2;3mx${ESC}[38:2::1:2:3my`],
    ["cursor movement goes", `a${ESC}[2Ab${ESC}[2J${ESC}[Hc`, "abc"],
    ["a private mode goes", `${ESC}[?1049hx${ESC}[?25l`, "x"],
    ["a window title goes", `${ESC}]0;owned\u0007x`, "x"],
    ["a clipboard write goes", `${ESC}]52;c;ZXZpbA==${ESC}\\x`, "x"],
    ["a hyperlink goes, its text stays", `${ESC}]8;;http://e.x${ESC}\\text${ESC}]8;;${ESC}\\`, "text"],
    ["a device control string goes", `${ESC}P+q544e${ESC}\\x`, "x"],
    ["8-bit forms go", "\u009b2Jx\u009d0;t\u009cy\u0090z\u009cw", "xyw"],
    ["a colour in 8-bit form becomes the usual one", "\u009b31mx", `${ESC}[31mx`],
    ["two-character escapes go", `${ESC}cx${ESC}(By${ESC}7`, "xy"],
    ["a colour that hides other bytes goes", `${ESC}[31 mx${ESC}[>4;2my`, "xy"],
    ["a sequence cancelled by a control", `${ESC}[3\u00181x`, "1x"],
    ["an overwritten line", "good\rbad", "good\nbad"],
    ["a carriage return before a line feed", "a\r\nb", "a\nb"],
    ["several carriage returns", "a\r\r\nb", "a\n\nb"],
    ["a carriage return at the end", "a\r", "a\n"],
    ["backspaces, bells and NULs go", "ab\u0008\u0007\u0000c\u007f", "abc"],
    ["reordering characters go", "a\u202eb\u2066c\u200f", "abc"],
    ["an unterminated title ends with its line", `${ESC}]0;t\nnext`, "\nnext"],
    ["an unfinished sequence shows nothing", `x${ESC}[3`, "x"],
    ["emoji stay whole", "🌱 café", "🌱 café"],
  ])("%s", (_name, text, expected) => {
    expect(sanitizeTerminal(text)).toBe(expected);
  });

  const nasty = fc.string({
    unit: fc.constantFrom(
      ESC,
      "[",
      "]",
      "m",
      "1",
      ";",
      "\\",
      "\u0007",
      "\r",
      "\n",
      "a",
      "P",
      "\u009b",
      "\u202e",
      "?",
      "\u0018",
    ),
    maxLength: 40,
  });

  it("leaves no control character but SGR, tab and line feed", () => {
    void fc.assert(
      fc.property(nasty, (text) => {
        const plain = sanitizeTerminal(text).replace(new RegExp(`${ESC}\\[[\\d;:]*m`, "g"), "");
        for (const char of plain)
          expect(char === "\n" || char === "\t" || (char >= " " && !/[\u007f-\u009f]/.test(char))).toBe(true);
      }),
    );
  });

  it("is the same however the stream is cut, and a second time", () => {
    void fc.assert(
      fc.property(nasty, fc.array(fc.nat(40)), (text, cuts) => {
        const sanitizer = new TerminalSanitizer();
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
        const parts = places.slice(1).map((place, index) => sanitizer.push(text.slice(places[index], place)));
        const whole = sanitizeTerminal(text);
        expect(parts.join("") + sanitizer.end()).toBe(whole);
        expect(sanitizeTerminal(whole)).toBe(whole);
      }),
    );
  });
});
