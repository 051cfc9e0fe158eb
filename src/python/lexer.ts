import type { BlockEnd } from "./block-end.ts";
import { BACKSLASH, CR, charClass, DIGIT, HASH, IDENTIFIER, isDigit, LF, OTHER } from "./characters.ts";
import { Scanner } from "./scanner.ts";
import * as t from "./tokens.ts";

const NON_ASCII_START = /^\p{XID_Start}$/u;

/** Columns that a tab advances to a multiple of, as in the reference implementation. */
const TAB_SIZE = 8;

/**
 * The lexer: one current token in fields, no token objects. `next()` moves to the following token; going back is a
 * matter of `save` and `restore`. Follows the reference implementation's rules for indentation, line joining and
 * literals; what it cannot read becomes an `ERROR` token.
 */
export abstract class Lexer extends Scanner {
  readonly indents: number[] = [0];
  private readonly alternateIndents: number[] = [0];
  /** For each block, where its first line begins, and the line before that: its header. */
  private readonly blockStarts: number[] = [0];
  private readonly headerStarts: number[] = [0];
  private pendingDedents = 0;
  /** Offset at which the last logical line begins (with its indentation), and the one before. */
  lineStart = 0;
  previousLineStart = 0;
  /** Columns by which the file's first block is indented. */
  private indentationStep = 0;

  /** Takes note of something wrong that reading goes on after. */
  protected abstract report(message: string, start: number, end: number, line: number): void;

  /**
   * Takes note of a line at `column`, which fits no block: where the block that it ended begins, and that block's header.
   * `byStep` says that the block is one step of indentation deeper than the line: then the header looks wrong.
   */
  protected abstract slipped(column: number, block: number, header: number, byStep: boolean): void;

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

  /** Goes on at a line that begins at `next`, as if all before it had been read; the last token of that ended at `end`. */
  protected resumeAtLine({ end, endLine, next, nextLine }: BlockEnd): void {
    this.pos = next;
    this.scanLine = nextLine;
    this.depth = 0;
    this.fieldDepth = -1;
    this.atLineStart = true;
    this.kind = t.NEWLINE;
    this.prevEnd = end;
    this.prevEndLine = endLine;
    this.next();
  }

  /** Begins at `start` on line `line`, within a block that is indented by `column`. */
  protected beginInBlock(start: number, line: number, column: number, alternate: number): void {
    this.pos = start;
    this.scanLine = line;
    this.atLineStart = false;
    this.indents.push(column);
    this.alternateIndents.push(alternate);
    this.blockStarts.push(start);
    this.headerStarts.push(start);
    this.kind = t.NEWLINE;
    this.next();
  }

  /** The columns by which the current block is indented; for the second, a tab counts as one. */
  protected get indentation(): { readonly column: number; readonly alternate: number } {
    return { column: this.indents.at(-1) ?? 0, alternate: this.alternateIndents.at(-1) ?? 0 };
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
            const end = this.skipLineEnd(pos + 1);
            if (end === this.length)
              this.report("the file ends after a line continuation", pos, end, this.scanLine - 1);
            pos = end;
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
