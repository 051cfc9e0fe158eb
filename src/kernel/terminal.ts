/**
 * Makes text of a tool safe to show in a terminal: colours and text styles (SGR) stay, every other control sequence
 * goes, since they can retitle the window, move over earlier lines, write to the clipboard or answer in the user's name.
 * Sequences by ECMA-48: CSI, OSC, DCS, SOS, PM, APC, two-character escapes and their 8-bit forms. Line feed and tab stay;
 * a carriage return becomes a line feed where none follows, because it would overwrite its line. Characters that reorder
 * text (“Trojan Source”) go as well.
 */
export function sanitizeTerminal(text: string): string {
  const sanitizer = new TerminalSanitizer();
  return sanitizer.push(text) + sanitizer.end();
}

const LF = 0x0a;
const CR = 0x0d;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
/** 8-bit forms of `ESC [` and `ESC \`. */
const CSI = 0x9b;
const ST = 0x9c;
/** Second characters and 8-bit forms of the sequences that hold a string: DCS, SOS, OSC, PM, APC. */
const STRING_SECONDS: ReadonlySet<number> = new Set([..."PX]^_"].map((char) => char.charCodeAt(0)));
const STRING_C1: ReadonlySet<number> = new Set([0x90, 0x98, 0x9d, 0x9e, 0x9f]);
const SGR = /^(?:\d{1,3}(?:[;:]\d{0,3}){0,31})?$/;
/** Longer parameters than SGR ever has are not kept. */
const LONGEST_PARAMETERS = 128;

type State = "ground" | "return" | "escape" | "csi" | "string";

/** {@link sanitizeTerminal} for a stream: a sequence cut in two by a chunk's end is still recognised. */
export class TerminalSanitizer {
  #state: State = "ground";
  #parameters = "";

  push(chunk: string): string {
    let clean = "";
    let index = 0;
    while (index < chunk.length) {
      if (this.#state === "ground") {
        const next = plainEnd(chunk, index);
        clean += chunk.slice(index, next);
        index = next;
        if (index === chunk.length) break;
      }
      clean += this.#step(chunk.charCodeAt(index));
      index++;
    }
    return clean;
  }

  /** What was held back at the end of the stream: an unfinished sequence shows nothing. */
  end(): string {
    const rest = this.#state === "return" ? "\n" : "";
    this.#state = "ground";
    return rest;
  }

  /** Takes one code unit; gives back what it shows. The states are those of a VT500's parser, thinned out. */
  #step(code: number): string {
    switch (this.#state) {
      case "return":
        this.#state = "ground";
        return code === LF ? "\n" : `\n${this.#ground(code)}`;
      case "escape":
        return this.#escape(code);
      case "csi":
        return this.#csi(code);
      case "string":
        return this.#string(code);
      default:
        return this.#ground(code);
    }
  }

  #ground(code: number): string {
    if (code === CR) this.#state = "return";
    else if (code === ESC) this.#state = "escape";
    else if (code === CSI) this.#startCsi();
    else if (STRING_C1.has(code)) this.#state = "string";
    else if (!isSpecial(code)) return String.fromCharCode(code);
    return "";
  }

  #startCsi(): void {
    this.#state = "csi";
    this.#parameters = "";
  }

  #escape(code: number): string {
    if (code === 0x5b) this.#startCsi();
    else if (STRING_SECONDS.has(code)) this.#state = "string";
    else if (code < 0x20 || code > 0x2f) {
      this.#state = "ground";
      if (code < 0x30 || code > 0x7e) return this.#ground(code);
    }
    return "";
  }

  #csi(code: number): string {
    if (code >= 0x20 && code <= 0x3f) {
      if (this.#parameters.length <= LONGEST_PARAMETERS) this.#parameters += String.fromCharCode(code);
      return "";
    }
    this.#state = "ground";
    if (code < 0x40 || code > 0x7e) return this.#ground(code);
    const isSgr = code === 0x6d && SGR.test(this.#parameters);
    return isSgr ? `\u001b[${this.#parameters}m` : "";
  }

  /** `ESC \\` ends a string and is itself an escape. A line feed ends it too: a lone `ESC ]` must not hide the rest of the output. */
  #string(code: number): string {
    if (code === ESC) this.#state = "escape";
    else if (code === BEL || code === ST || code === CAN || code === SUB) this.#state = "ground";
    else if (code === LF) {
      this.#state = "ground";
      return "\n";
    }
    return "";
  }
}

function plainEnd(text: string, from: number): number {
  let index = from;
  while (index < text.length && !isSpecial(text.charCodeAt(index))) index++;
  return index;
}

function isSpecial(code: number): boolean {
  if (code < 0x20) return code !== LF && code !== 0x09;
  if (code < 0x200e) return code >= 0x7f && code <= 0x9f;
  return code <= 0x200f || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}
