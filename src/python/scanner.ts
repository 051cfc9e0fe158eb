import { BACKSLASH, CR, charClass, digitValue, isDigit, LF, OTHER } from "./characters.ts";
import * as t from "./tokens.ts";

const NON_ASCII_CONTINUE = /^\p{XID_Continue}$/u;

/** String prefix letters, as bits of `Lexer.stringFlags`. */
export const RAW = 1;
export const BYTES = 2;
export const UNICODE = 4;
const FORMATTED = 8;
export const TEMPLATE = 16;
export const TRIPLE = 32;
/** The body holds a backslash or a carriage return, so it has to be decoded. */
export const ESCAPED = 64;

export const INT = 0;
const FLOAT = 1;
export const COMPLEX = 2;

/** What has to be remembered to go back to an earlier token of the same logical line. */
export interface LexerState {
  readonly pos: number;
  readonly scanLine: number;
  readonly kind: number;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly prevEnd: number;
  readonly prevEndLine: number;
  readonly depth: number;
  readonly atLineStart: boolean;
  readonly stringFlags: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly numberType: number;
}

/**
 * Corrections that a second reading of a broken file makes: where an unterminated triple-quoted string is taken to end
 * (by its start offset), and which column a wrongly indented line is taken to have (by the offset of its line start).
 */
export interface Corrections {
  readonly stringEnds: ReadonlyMap<number, number>;
  readonly columns: ReadonlyMap<number, number>;
}

/** The scanner's state, one current token in fields, and the reading of literals and names. */
export abstract class Scanner {
  readonly text: string;
  protected readonly length: number;
  protected readonly corrections: Corrections | null;

  /** Where the next scan begins: the end of the current token. */
  pos = 0;
  /** The line of `pos`. */
  scanLine = 1;

  kind: number = t.NEWLINE;
  start = 0;
  end = 0;
  line = 1;
  /** End of the last token that has text. */
  prevEnd = 0;
  prevEndLine = 1;

  /** Open brackets; line ends count only outside them. */
  depth = 0;
  /** Bracket depth of the innermost f-string replacement field, where `:` begins a format; -1 outside. */
  fieldDepth = -1;
  /** Reads f-strings as plain strings, to pass over text quickly. */
  plainFStrings = false;
  errorMessage = "";

  stringFlags = 0;
  bodyStart = 0;
  bodyEnd = 0;
  numberType = INT;

  /** Where the last string ended that a correction cut off; -1 when there is none. */
  forcedStringEnd = -1;
  /** Start of the last string that went over a line end; -1 when there is none. */
  lastTripleStart = -1;
  lastTripleEnd = -1;

  protected atLineStart: boolean = true;

  constructor(text: string, corrections: Corrections | null, end: number = text.length) {
    this.text = text;
    this.length = end;
    this.corrections = corrections;
    if (text.charCodeAt(0) === 0xfeff) {
      this.pos = 1;
      this.end = 1;
      this.prevEnd = 1;
    }
  }

  save(): LexerState {
    return {
      pos: this.pos,
      scanLine: this.scanLine,
      kind: this.kind,
      start: this.start,
      end: this.end,
      line: this.line,
      prevEnd: this.prevEnd,
      prevEndLine: this.prevEndLine,
      depth: this.depth,
      atLineStart: this.atLineStart,
      stringFlags: this.stringFlags,
      bodyStart: this.bodyStart,
      bodyEnd: this.bodyEnd,
      numberType: this.numberType,
    };
  }

  /** Back to a state of the same logical line. */
  restore(state: LexerState): void {
    this.pos = state.pos;
    this.scanLine = state.scanLine;
    this.kind = state.kind;
    this.start = state.start;
    this.end = state.end;
    this.line = state.line;
    this.prevEnd = state.prevEnd;
    this.prevEndLine = state.prevEndLine;
    this.depth = state.depth;
    this.atLineStart = state.atLineStart;
    this.stringFlags = state.stringFlags;
    this.bodyStart = state.bodyStart;
    this.bodyEnd = state.bodyEnd;
    this.numberType = state.numberType;
  }

  protected charAt(pos: number): number {
    return pos < this.length ? this.text.charCodeAt(pos) : 0;
  }

  /** The end of the physical line that holds `pos`. */
  protected lineEndAt(pos: number): number {
    const { text, length } = this;
    let at = pos;
    while (at < length) {
      const c = text.charCodeAt(at);
      if (c === LF || c === CR) break;
      at++;
    }
    return at;
  }

  protected skipLineEnd(pos: number): number {
    this.scanLine++;
    return this.text.charCodeAt(pos) === CR && this.charAt(pos + 1) === LF ? pos + 2 : pos + 1;
  }

  protected take(kind: number, end: number): void {
    this.kind = kind;
    this.end = end;
    this.pos = end;
  }

  protected fail(end: number, message: string): void {
    this.errorMessage = message;
    this.take(t.ERROR, end);
  }

  /** The end of an identifier that may hold any letters of the world, from `pos` in it. */
  protected identifierEnd(pos: number): number {
    const { text, length } = this;
    let at = pos;
    while (at < length) {
      const c = text.charCodeAt(at);
      if (c < 128) {
        if (charClass[c] === OTHER) break;
        at++;
      } else {
        const char = String.fromCodePoint(text.codePointAt(at) as number);
        if (!NON_ASCII_CONTINUE.test(char)) break;
        at += char.length;
      }
    }
    return at;
  }

  /** With a quote at `quote` and letters from `start`: scans the string if the letters are a prefix. */
  protected prefixedString(start: number, quote: number): boolean {
    let flags = 0;
    for (let pos = start; pos < quote; pos++) {
      const bit = prefixBit(this.text.charCodeAt(pos));
      if (bit === 0 || (flags & bit) !== 0) return false;
      flags |= bit;
    }
    const kinds = flags & (BYTES | UNICODE | FORMATTED | TEMPLATE);
    if ((kinds & (kinds - 1)) !== 0 || ((flags & UNICODE) !== 0 && (flags & RAW) !== 0)) return false;
    this.string(quote, flags);
    return true;
  }

  /** Scans a string literal whose opening quote is at `quote`. */
  protected string(quote: number, prefix: number): void {
    const text = this.text;
    const q = text.charCodeAt(quote);
    const triple = this.charAt(quote + 1) === q && this.charAt(quote + 2) === q;
    const body = triple ? quote + 3 : quote + 1;
    const flags = triple ? prefix | TRIPLE : prefix;
    this.bodyStart = body;
    if ((flags & (FORMATTED | TEMPLATE)) !== 0 && !this.plainFStrings) {
      this.stringFlags = flags;
      this.take(t.FSTRING, body);
    } else if (triple) this.tripleString(body, q, flags);
    else this.shortString(body, q, flags);
  }

  private shortString(body: number, quote: number, prefix: number): void {
    const { text, length } = this;
    let flags = prefix;
    let pos = body;
    while (pos < length) {
      const c = text.charCodeAt(pos);
      if (c === quote) {
        this.stringFlags = flags;
        this.bodyEnd = pos;
        this.take(t.STRING, pos + 1);
        return;
      }
      if (c === BACKSLASH) {
        flags |= ESCAPED;
        const after = this.charAt(pos + 1);
        pos = after === LF || after === CR ? this.skipLineEnd(pos + 1) : pos + 2;
      } else if (c === LF || c === CR) break;
      else pos++;
    }
    this.fail(Math.min(pos, length), "unterminated string literal");
  }

  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a scan loop, kept whole for speed
  private tripleString(body: number, quote: number, prefix: number): void {
    const { text, length } = this;
    const firstLine = this.scanLine;
    const forced = this.corrections?.stringEnds.get(this.start) ?? -1;
    const limit = forced >= 0 ? forced : length;
    let flags = prefix;
    let pos = body;
    while (pos < limit) {
      const c = text.charCodeAt(pos);
      if (c === quote && this.charAt(pos + 1) === quote && this.charAt(pos + 2) === quote) {
        this.stringFlags = flags;
        this.bodyEnd = pos;
        this.take(t.STRING, pos + 3);
        this.noteTriple(firstLine);
        return;
      }
      if (c === BACKSLASH) {
        flags |= ESCAPED;
        const after = this.charAt(pos + 1);
        pos = after === LF || after === CR ? this.skipLineEnd(pos + 1) : pos + 2;
      } else if (c === LF) {
        this.scanLine++;
        pos++;
      } else if (c === CR) {
        flags |= ESCAPED;
        pos = this.skipLineEnd(pos);
      } else pos++;
    }
    this.fail(Math.min(pos, limit), "unterminated triple-quoted string literal");
    if (forced < 0) this.noteTriple(firstLine);
    else this.forcedStringEnd = forced;
  }

  private noteTriple(firstLine: number): void {
    if (this.scanLine === firstLine) return;
    this.lastTripleStart = this.start;
    this.lastTripleEnd = this.end;
  }

  /** Scans a number; `first` is its first character (a digit, or the dot of `.5`). */
  protected number(start: number, first: number): void {
    if (first === 48) {
      const base = baseOf(this.charAt(start + 1));
      if (base !== 10) {
        this.basedNumber(start, base);
        return;
      }
    }
    let type = INT;
    let pos = first === 46 ? start : this.digits(start);
    const intEnd = pos;
    if (this.charAt(pos) === 46) {
      type = FLOAT;
      pos = isDigit(this.charAt(pos + 1)) ? this.digits(pos + 1) : pos + 1;
    }
    const exponentEnd = this.exponent(pos);
    if (exponentEnd > pos) {
      type = FLOAT;
      pos = exponentEnd;
    }
    if ((this.charAt(pos) | 32) === 106) {
      type = COMPLEX;
      pos++;
    }
    this.numberType = type;
    if (type === INT && first === 48 && intEnd - start > 1 && hasNonZero(this.text, start, intEnd)) {
      this.fail(intEnd, "leading zeros in decimal integer literals are not permitted");
    } else if (this.charAt(pos - 1) === 95) this.fail(pos, "invalid decimal literal");
    else this.take(t.NUMBER, pos);
  }

  /** The end of an exponent at `pos`; `pos` itself when there is none. */
  private exponent(pos: number): number {
    if ((this.charAt(pos) | 32) !== 101) return pos;
    const sign = this.charAt(pos + 1);
    const digits = sign === 43 || sign === 45 ? pos + 2 : pos + 1;
    return isDigit(this.charAt(digits)) ? this.digits(digits) : pos;
  }

  /** The end of digits with single underscores between them; a wrong underscore is left as the last character. */
  private digits(start: number): number {
    const { text, length } = this;
    let pos = start;
    while (pos < length) {
      const c = text.charCodeAt(pos);
      if (c >= 48 && c <= 57) pos++;
      else if (c === 95 && text.charCodeAt(pos - 1) !== 95) pos++;
      else break;
    }
    return pos;
  }

  private basedNumber(start: number, base: number): void {
    let pos = start + 2;
    for (;;) {
      const c = this.charAt(pos);
      if (c === 95 ? this.charAt(pos - 1) !== 95 : digitValue(c) < base) pos++;
      else break;
    }
    this.numberType = INT;
    if (pos === start + 2 || this.charAt(pos - 1) === 95 || isDigit(this.charAt(pos))) {
      this.fail(pos, "invalid number literal");
    } else this.take(t.NUMBER, pos);
  }
}

/** The base that the letter after a zero names; 10 for any other character. */
function baseOf(c: number): number {
  const letter = c | 32;
  if (letter === 120) return 16;
  if (letter === 111) return 8;
  return letter === 98 ? 2 : 10;
}

function hasNonZero(text: string, start: number, end: number): boolean {
  for (let pos = start; pos < end; pos++) {
    const c = text.charCodeAt(pos);
    if (c !== 48 && c !== 95) return true;
  }
  return false;
}

function prefixBit(c: number): number {
  switch (c | 32) {
    case 114:
      return RAW;
    case 98:
      return BYTES;
    case 117:
      return UNICODE;
    case 102:
      return FORMATTED;
    case 116:
      return TEMPLATE;
    default:
      return 0;
  }
}
