import * as t from "./tokens.ts";

// Character classes of ASCII, for one table look-up per character.
const OTHER = 0;
const IDENTIFIER = 1;
const DIGIT = 2;
const charClass = new Uint8Array(128);
for (let c = 0; c < 128; c++) {
  const letter = (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
  charClass[c] = letter ? IDENTIFIER : c >= 48 && c <= 57 ? DIGIT : OTHER;
}

const NON_ASCII_START = /^\p{XID_Start}$/u;
const NON_ASCII_CONTINUE = /^\p{XID_Continue}$/u;

const LF = 10;
const CR = 13;
const BACKSLASH = 92;
const HASH = 35;

/** String prefix letters, as bits of `Lexer.stringFlags`. */
export const RAW = 1;
export const BYTES = 2;
export const UNICODE = 4;
export const FORMATTED = 8;
export const TEMPLATE = 16;
export const TRIPLE = 32;
/** The body holds a backslash or a carriage return, so it has to be decoded. */
export const ESCAPED = 64;

export const INT = 0;
export const FLOAT = 1;
export const COMPLEX = 2;

/** Columns that a tab advances to a multiple of, as in the reference implementation. */
const TAB_SIZE = 8;

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

/**
 * The scanner: one current token in fields, no token objects. `next()` moves to the following token; going back is a
 * matter of `save` and `restore`. Follows the reference implementation's rules for indentation, line joining and
 * literals; what it cannot read becomes an `ERROR` token.
 */
export abstract class Lexer {
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

  readonly indents: number[] = [0];
  private readonly alternateIndents: number[] = [0];
  /** For each block, where its first line begins, and the line before that: its header. */
  private readonly blockStarts: number[] = [0];
  private readonly headerStarts: number[] = [0];
  private pendingDedents = 0;
  protected atLineStart: boolean = true;
  /** Offset at which the last logical line begins (with its indentation), and the one before. */
  lineStart = 0;
  previousLineStart = 0;
  /** Columns by which the file's first block is indented. */
  private indentationStep = 0;

  constructor(text: string, corrections: Corrections | null) {
    this.text = text;
    this.length = text.length;
    this.corrections = corrections;
    if (text.charCodeAt(0) === 0xfeff) {
      this.pos = 1;
      this.end = 1;
      this.prevEnd = 1;
    }
  }

  /** Takes note of something wrong that reading goes on after. */
  protected abstract report(message: string, start: number, end: number, line: number): void;

  /**
   * Takes note of a line at `column`, which fits no block: where the block that it ended begins, and that block's header.
   * `byStep` says that the block is one step of indentation deeper than the line: then the header looks wrong.
   */
  protected abstract slipped(column: number, block: number, header: number, byStep: boolean): void;

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

  /** Forgets brackets and continues at the line end `pos` (on line `line`): the next token is the NEWLINE there. */
  resumeAt(pos: number, line: number): void {
    this.pos = pos;
    this.scanLine = line;
    this.depth = 0;
    this.fieldDepth = -1;
    this.atLineStart = false;
    this.kind = t.NEWLINE;
    this.prevEnd = pos;
    this.prevEndLine = line;
    this.next();
  }

  private charAt(pos: number): number {
    return pos < this.length ? this.text.charCodeAt(pos) : 0;
  }

  /** Moves to the next token. */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: the scanner's dispatch, kept in one function for speed
  next(): void {
    if (this.kind > t.DEDENT) {
      this.prevEnd = this.end;
      this.prevEndLine = this.scanLine;
    }
    if (this.pendingDedents > 0) {
      this.pendingDedents--;
      this.kind = t.DEDENT;
      return;
    }
    if (this.atLineStart && this.readIndentation()) return;
    const text = this.text;
    const length = this.length;
    let pos = this.pos;
    for (;;) {
      if (pos >= length) {
        this.endOfText(pos);
        return;
      }
      const c = text.charCodeAt(pos);
      if (c === 32 || c === 9 || c === 12) {
        pos++;
        continue;
      }
      if (c < 128) {
        const type = charClass[c];
        if (type === IDENTIFIER) {
          this.start = pos;
          this.line = this.scanLine;
          this.identifier(pos);
          return;
        }
        if (type === DIGIT) {
          this.start = pos;
          this.line = this.scanLine;
          this.number(pos, c);
          return;
        }
      }
      switch (c) {
        case HASH:
          pos = this.lineEndAt(pos);
          continue;
        case LF:
        case CR:
          if (this.depth > 0) {
            pos = this.skipLineEnd(pos);
            continue;
          }
          this.kind = t.NEWLINE;
          this.start = pos;
          this.line = this.scanLine;
          this.end = pos;
          this.pos = this.skipLineEnd(pos);
          this.atLineStart = true;
          return;
        case BACKSLASH: {
          const after = this.charAt(pos + 1);
          if (after === LF || after === CR) {
            pos = this.skipLineEnd(pos + 1);
            continue;
          }
          this.start = pos;
          this.line = this.scanLine;
          this.fail(pos + 1, "unexpected character after line continuation character");
          return;
        }
        default:
          this.start = pos;
          this.line = this.scanLine;
          this.operator(pos, c);
          return;
      }
    }
  }

  private endOfText(pos: number): void {
    this.start = pos;
    this.end = pos;
    this.pos = pos;
    this.line = this.scanLine;
    if (!this.atLineStart) {
      // The last line has no line end.
      this.kind = t.NEWLINE;
      this.depth = 0;
      this.atLineStart = true;
      return;
    }
    if (this.indents.length > 1) {
      this.indents.pop();
      this.alternateIndents.pop();
      this.blockStarts.pop();
      this.headerStarts.pop();
      this.kind = t.DEDENT;
      return;
    }
    this.kind = t.EOF;
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

  private skipLineEnd(pos: number): number {
    this.scanLine++;
    return this.text.charCodeAt(pos) === CR && this.charAt(pos + 1) === LF ? pos + 2 : pos + 1;
  }

  /** At the start of a logical line: skips blank lines; true when it made an INDENT or DEDENT the current token. */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: the reference implementation's rules in one loop
  private readIndentation(): boolean {
    const text = this.text;
    const length = this.length;
    let pos = this.pos;
    let column = 0;
    let alternate = 0;
    let begin = pos;
    let joined = -1;
    for (;;) {
      if (pos >= length) {
        this.pos = pos;
        return false;
      }
      const c = text.charCodeAt(pos);
      if (c === 32) {
        column++;
        alternate++;
        pos++;
      } else if (c === 9) {
        column = (Math.floor(column / TAB_SIZE) + 1) * TAB_SIZE;
        alternate++;
        pos++;
      } else if (c === 12) {
        column = 0;
        alternate = 0;
        pos++;
      } else if (c === HASH) {
        pos = this.lineEndAt(pos);
      } else if (c === LF || c === CR) {
        pos = this.skipLineEnd(pos);
        begin = pos;
        column = 0;
        alternate = 0;
        joined = -1;
      } else if (c === BACKSLASH && (this.charAt(pos + 1) === LF || this.charAt(pos + 1) === CR)) {
        // An indentation that is continued on the next line counts as far as it went.
        if (joined < 0) joined = column;
        pos = this.skipLineEnd(pos + 1);
        column = 0;
        alternate = 0;
      } else break;
    }
    if (joined >= 0) {
      column = joined;
      alternate = joined;
    }
    this.pos = pos;
    this.atLineStart = false;
    this.previousLineStart = this.lineStart;
    this.lineStart = begin;
    if (this.corrections !== null) {
      const corrected = this.corrections.columns.get(begin);
      if (corrected !== undefined) {
        column = corrected;
        alternate = corrected;
      }
    }
    return this.applyIndentation(pos, column, alternate);
  }

  private applyIndentation(pos: number, column: number, alternate: number): boolean {
    const { indents, alternateIndents } = this;
    const top = indents[indents.length - 1] as number;
    if (column === top) {
      if (alternate !== alternateIndents[alternateIndents.length - 1]) {
        this.report("inconsistent use of tabs and spaces in indentation", this.lineStart, pos, this.scanLine);
      }
      return false;
    }
    this.start = pos;
    this.end = pos;
    this.line = this.scanLine;
    if (column > top) {
      if (this.indentationStep === 0) this.indentationStep = column;
      indents.push(column);
      alternateIndents.push(alternate);
      this.blockStarts.push(this.lineStart);
      this.headerStarts.push(this.previousLineStart);
      this.kind = t.INDENT;
      return true;
    }
    let level = indents.length - 1;
    while (level > 0 && (indents[level] as number) > column) level--;
    if (indents[level] !== column) {
      this.report("unindent does not match any outer indentation level", this.lineStart, pos, this.scanLine);
      const byStep = (indents[level + 1] as number) - column === this.indentationStep;
      this.slipped(column, this.blockStarts[level + 1] as number, this.headerStarts[level + 1] as number, byStep);
      // A single slipped line: when the next line is back at a deeper block, this one belongs there too.
      const following = indents.indexOf(this.followingColumn(pos));
      if (following > level) level = following;
      if (level === indents.length - 1) return false;
    }
    this.pendingDedents = indents.length - 2 - level;
    indents.length = level + 1;
    alternateIndents.length = level + 1;
    this.blockStarts.length = level + 1;
    this.headerStarts.length = level + 1;
    this.kind = t.DEDENT;
    return true;
  }

  /** The column of the first text after the line that holds `pos`; -1 at the end. */
  private followingColumn(pos: number): number {
    const { text, length } = this;
    let at = this.lineEndAt(pos);
    let column = 0;
    for (; at < length; at++) {
      const c = text.charCodeAt(at);
      if (c === LF || c === CR) column = 0;
      else if (c === 32) column++;
      else if (c === 9) column = (Math.floor(column / TAB_SIZE) + 1) * TAB_SIZE;
      else if (c === HASH) at = this.lineEndAt(at) - 1;
      else return column;
    }
    return -1;
  }

  private take(kind: number, end: number): void {
    this.kind = kind;
    this.end = end;
    this.pos = end;
  }

  protected fail(end: number, message: string): void {
    this.errorMessage = message;
    this.take(t.ERROR, end);
  }

  private identifier(start: number): void {
    const { text, length } = this;
    let pos = start;
    let hash = 0;
    while (pos < length) {
      const c = text.charCodeAt(pos);
      if (c >= 128) {
        this.take(t.NAME, this.identifierEnd(pos));
        return;
      }
      if (charClass[c] === OTHER) {
        if ((c === 34 || c === 39) && pos - start <= 2 && this.prefixedString(start, pos)) return;
        break;
      }
      hash = (Math.imul(hash, 31) + c) | 0;
      pos++;
    }
    this.kind = t.keywordAt(text, start, pos - start, hash);
    this.end = pos;
    this.pos = pos;
  }

  /** The end of an identifier that may hold any letters of the world, from `pos` in it. */
  private identifierEnd(pos: number): number {
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
  private prefixedString(start: number, quote: number): boolean {
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
  private string(quote: number, prefix: number): void {
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
  private number(start: number, first: number): void {
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

  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: the table of Python's operators
  private operator(pos: number, c: number): void {
    const next = this.charAt(pos + 1);
    switch (c) {
      case 34: // "
      case 39: // '
        this.string(pos, 0);
        return;
      case 40:
        this.depth++;
        this.take(t.LPAR, pos + 1);
        return;
      case 41:
        this.close(t.RPAR, pos);
        return;
      case 44:
        this.take(t.COMMA, pos + 1);
        return;
      case 46:
        if (isDigit(next)) this.number(pos, c);
        else if (next === 46 && this.charAt(pos + 2) === 46) this.take(t.ELLIPSIS, pos + 3);
        else this.take(t.DOT, pos + 1);
        return;
      case 58: // :
        if (next === 61 && this.depth !== this.fieldDepth) this.take(t.COLONEQUAL, pos + 2);
        else this.take(t.COLON, pos + 1);
        return;
      case 61: // =
        if (next === 61) this.take(t.EQEQ, pos + 2);
        else this.take(t.EQUAL, pos + 1);
        return;
      case 91:
        this.depth++;
        this.take(t.LSQB, pos + 1);
        return;
      case 93:
        this.close(t.RSQB, pos);
        return;
      case 123:
        this.depth++;
        this.take(t.LBRACE, pos + 1);
        return;
      case 125:
        this.close(t.RBRACE, pos);
        return;
      case 59:
        this.take(t.SEMI, pos + 1);
        return;
      case 43: // +
        if (next === 61) this.take(t.PLUSEQUAL, pos + 2);
        else this.take(t.PLUS, pos + 1);
        return;
      case 45: // -
        if (next === 61) this.take(t.MINUSEQUAL, pos + 2);
        else if (next === 62) this.take(t.ARROW, pos + 2);
        else this.take(t.MINUS, pos + 1);
        return;
      case 42: // *
        if (next === 42) this.assignable(t.DSTAR, t.DSTAREQUAL, pos + 2);
        else this.assignable(t.STAR, t.STAREQUAL, pos + 1);
        return;
      case 47: // /
        if (next === 47) this.assignable(t.DSLASH, t.DSLASHEQUAL, pos + 2);
        else this.assignable(t.SLASH, t.SLASHEQUAL, pos + 1);
        return;
      case 37:
        this.assignable(t.PERCENT, t.PERCENTEQUAL, pos + 1);
        return;
      case 38:
        this.assignable(t.AMPER, t.AMPEREQUAL, pos + 1);
        return;
      case 124:
        this.assignable(t.VBAR, t.VBAREQUAL, pos + 1);
        return;
      case 94:
        this.assignable(t.CARET, t.CARETEQUAL, pos + 1);
        return;
      case 64:
        this.assignable(t.AT, t.ATEQUAL, pos + 1);
        return;
      case 126:
        this.take(t.TILDE, pos + 1);
        return;
      case 60: // <
        if (next === 60) this.assignable(t.LSHIFT, t.LSHIFTEQUAL, pos + 2);
        else if (next === 61) this.take(t.LTE, pos + 2);
        else if (next === 62) this.fail(pos + 2, "“<>” is Python 2: write “!=”");
        else this.take(t.LT, pos + 1);
        return;
      case 62: // >
        if (next === 62) this.assignable(t.RSHIFT, t.RSHIFTEQUAL, pos + 2);
        else if (next === 61) this.take(t.GTE, pos + 2);
        else this.take(t.GT, pos + 1);
        return;
      case 33: // !
        if (next === 61) this.take(t.NOTEQ, pos + 2);
        else this.take(t.EXCLAM, pos + 1);
        return;
      default:
        this.otherCharacter(pos);
    }
  }

  private assignable(plain: number, assigning: number, end: number): void {
    if (this.charAt(end) === 61) this.take(assigning, end + 1);
    else this.take(plain, end);
  }

  private close(kind: number, pos: number): void {
    if (this.depth > 0) this.depth--;
    this.take(kind, pos + 1);
  }

  private otherCharacter(pos: number): void {
    const char = String.fromCodePoint(this.text.codePointAt(pos) as number);
    if (char.charCodeAt(0) >= 128 && NON_ASCII_START.test(char)) {
      this.take(t.NAME, this.identifierEnd(pos + char.length));
    } else if (char === "`") this.fail(pos + 1, "backquotes are Python 2: write “repr(…)”");
    else this.fail(pos + char.length, `invalid character U+${codeOf(char)}`);
  }
}

function codeOf(char: string): string {
  return (char.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
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

/** The value of a digit in a base up to 16; 99 for any other character. */
export function digitValue(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  const lower = c | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : 99;
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
