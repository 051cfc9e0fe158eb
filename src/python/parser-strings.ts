import type { Constant, Expression, FormattedValue, Interpolation, JoinedStr, TemplateStr } from "./ast.ts";
import { BACKSLASH, CLOSE_BRACE, CR, LF, OPEN_BRACE } from "./characters.ts";
import { decodeLiteral, type EscapeContext } from "./escapes.ts";
import { MOST_BRACKETS, ParserBase } from "./parser-base.ts";
import { BYTES, ESCAPED, RAW, TEMPLATE, TRIPLE, UNICODE } from "./scanner.ts";
import * as t from "./tokens.ts";

/** Fields in the format of fields that the reference implementation allows. */
const MOST_FIELDS = 3;
const NO_CONVERSION = -1;
const REPR_CONVERSION = 114;

/** What is gathered over adjacent string literals. */
interface Pieces {
  /** Parts of f-strings and t-strings; neighbouring text is one `Constant`. */
  readonly values: Expression[];
  formatted: boolean;
  template: boolean;
  plain: boolean;
}

/** A position to begin a text piece at. */
interface Mark {
  pos: number;
  line: number;
}

/** Reads string literals: concatenation, escapes, f-strings (PEP 701) and t-strings (PEP 750). */
export abstract class StringParser extends ParserBase {
  /** Replacement fields of the current string that are open. */
  private fields = 0;

  private readonly escapes: EscapeContext = {
    names: this.unicodeNames,
    malformed: () => this.report("an escape sequence is not complete", this.start, this.end, this.line),
  };

  /** What may stand in a replacement field: expressions with commas and stars, or `yield`. */
  protected abstract yieldOrStarExpressions(): Expression;

  protected strings(): Expression {
    const start = this.start;
    const line = this.line;
    if (this.kind === t.STRING) {
      const flags = this.stringFlags;
      const value = this.plainValue();
      this.next();
      if (this.kind !== t.STRING && this.kind !== t.FSTRING) {
        return this.constant(
          start,
          line,
          { type: (flags & BYTES) !== 0 ? "bytes" : "str", value },
          (flags & UNICODE) !== 0,
        );
      }
      return this.concatenation(start, line, value, flags);
    }
    return this.concatenation(start, line, "", -1);
  }

  private plainValue(): string {
    const flags = this.stringFlags;
    const bytes = (flags & BYTES) !== 0;
    const value =
      (flags & ESCAPED) === 0
        ? this.text.slice(this.bodyStart, this.bodyEnd)
        : decodeLiteral(this.text, this.bodyStart, this.bodyEnd, (flags & RAW) !== 0, bytes, this.escapes);
    if (bytes) this.checkBytes();
    return value;
  }

  private checkBytes(): void {
    for (let pos = this.bodyStart; pos < this.bodyEnd; pos++) {
      if (this.text.charCodeAt(pos) < 128) continue;
      this.refuse("bytes can only contain ASCII literal characters", this.start, this.end, this.line);
    }
  }

  /** Several adjacent literals, or one f-string; `flags` are those of the literal already read, -1 for none. */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: two accumulations that share one loop
  private concatenation(start: number, line: number, first: string, flags: number): Expression {
    let text = first;
    let bytes = flags >= 0 && (flags & BYTES) !== 0;
    let any = flags >= 0;
    const u = any ? (flags & UNICODE) !== 0 : false;
    const pieces: Pieces = { values: [], formatted: false, template: false, plain: any };
    if (any) this.addText(pieces.values, start, this.prevEnd, line, this.prevEndLine, text, u);
    while (this.kind === t.STRING || this.kind === t.FSTRING) {
      const isBytes = this.kind === t.STRING && (this.stringFlags & BYTES) !== 0;
      if (any && isBytes !== bytes) {
        this.refuse("cannot mix bytes and nonbytes literals", this.start, this.end, this.line);
      }
      any = true;
      bytes = isBytes;
      if (this.kind === t.STRING) {
        const begin = this.start;
        const beginLine = this.line;
        const unicode = (this.stringFlags & UNICODE) !== 0;
        const value = this.plainValue();
        this.next();
        pieces.plain = true;
        text += value;
        this.addText(pieces.values, begin, this.prevEnd, beginLine, this.prevEndLine, value, unicode);
      } else this.formatted(pieces);
    }
    const values = pieces.values.filter((piece) => !isEmpty(piece));
    if (pieces.template) {
      if (pieces.formatted) this.refuse("cannot mix t-strings with f-strings", start, this.prevEnd, line);
      if (pieces.plain) this.report("cannot mix t-strings with other strings", start, this.prevEnd, line);
      return this.templateStr(start, line, values);
    }
    if (pieces.formatted) return this.joinedStr(start, line, values);
    return this.constant(start, line, { type: bytes ? "bytes" : "str", value: text }, u);
  }

  private joinedStr(start: number, line: number, values: readonly Expression[]): JoinedStr {
    return { kind: "JoinedStr", start, end: this.prevEnd, line, endLine: this.prevEndLine, values };
  }

  private templateStr(start: number, line: number, values: readonly Expression[]): TemplateStr {
    return { kind: "TemplateStr", start, end: this.prevEnd, line, endLine: this.prevEndLine, values };
  }

  /** Adds literal text, joined to the text before it; an empty literal counts for the position alone. */
  private addText(
    values: Expression[],
    start: number,
    end: number,
    line: number,
    endLine: number,
    value: string,
    u: boolean,
  ): void {
    const last = values.at(-1);
    const node: Constant =
      last?.kind === "Constant" && last.value.type === "str"
        ? {
            kind: "Constant",
            start: last.start,
            end,
            line: last.line,
            endLine,
            value: { type: "str", value: last.value.value + value },
            u: last.u,
          }
        : { kind: "Constant", start, end, line, endLine, value: { type: "str", value }, u };
    if (last?.kind === "Constant") values[values.length - 1] = node;
    else values.push(node);
  }

  /** Reads one f-string or t-string whose opening quote is the current token. */
  private formatted(pieces: Pieces): void {
    const flags = this.stringFlags;
    const template = (flags & TEMPLATE) !== 0;
    if (template) pieces.template = true;
    else pieces.formatted = true;
    const quote = this.text.charCodeAt(this.pos - 1);
    const outerField = this.fieldDepth;
    const outerFields = this.fields;
    this.fields = 0;
    this.formattedText(pieces.values, flags, quote, false);
    this.fields = outerFields;
    this.fieldDepth = outerField;
    this.kind = t.STRING;
    this.next();
  }

  /**
   * Reads literal text and replacement fields from `pos` up to the closing quote (left as the current token's end) or,
   * in a format specification, to the closing brace (left unread).
   */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one scan over the characters that mean something here
  private formattedText(values: Expression[], flags: number, quote: number, inFormat: boolean): void {
    const { text, length } = this;
    const raw = (flags & RAW) !== 0;
    const triple = (flags & TRIPLE) !== 0;
    const from: Mark = { pos: this.pos, line: this.scanLine };
    let pos = this.pos;
    while (pos < length) {
      const c = text.charCodeAt(pos);
      if (c === quote && this.closesAt(pos, quote, triple)) {
        this.flushText(values, from, pos, pos, raw);
        if (inFormat) {
          this.pos = pos;
          this.next();
          this.unexpected("“}”");
        }
        this.pos = triple ? pos + 3 : pos + 1;
        this.end = this.pos;
        return;
      }
      if (c === BACKSLASH) pos = this.skipEscape(pos, raw);
      else if (c === OPEN_BRACE) {
        if (!inFormat && text.charCodeAt(pos + 1) === OPEN_BRACE) {
          this.flushText(values, from, pos + 1, pos + 2, raw);
          pos += 2;
          continue;
        }
        this.flushText(values, from, pos, pos, raw);
        this.replacementField(values, pos, flags, quote);
        pos = this.pos;
        from.pos = pos;
        from.line = this.scanLine;
      } else if (c === CLOSE_BRACE) {
        if (inFormat) {
          this.flushText(values, from, pos, pos, raw);
          this.pos = pos;
          return;
        }
        if (text.charCodeAt(pos + 1) !== CLOSE_BRACE) {
          this.refuse("a single “}” is not allowed in an f-string", pos, pos + 1, this.scanLine);
        }
        this.flushText(values, from, pos + 1, pos + 2, raw);
        pos += 2;
      } else if (c === LF || c === CR) {
        if (!triple) break;
        this.scanLine++;
        pos = c === CR && text.charCodeAt(pos + 1) === LF ? pos + 2 : pos + 1;
      } else pos++;
    }
    this.refuse("unterminated f-string literal", this.start, Math.min(pos, length), this.line);
  }

  private closesAt(pos: number, quote: number, triple: boolean): boolean {
    return !triple || (this.text.charCodeAt(pos + 1) === quote && this.text.charCodeAt(pos + 2) === quote);
  }

  /** Past a backslash in the text of an f-string: braces after it still mean something, but not those of `\N{…}`. */
  private skipEscape(pos: number, raw: boolean): number {
    const { text, length } = this;
    const c = text.charCodeAt(pos + 1);
    if (c === OPEN_BRACE || c === CLOSE_BRACE) return pos + 1;
    if (c === LF || c === CR) {
      this.scanLine++;
      return c === CR && text.charCodeAt(pos + 2) === LF ? pos + 3 : pos + 2;
    }
    if (!raw && c === 78 && text.charCodeAt(pos + 2) === OPEN_BRACE) {
      const close = text.indexOf("}", pos + 3);
      if (close >= 0 && close - pos < 100) return close + 1;
    }
    return Math.min(pos + 2, length);
  }

  /** Adds the text from `from` to `end` and begins the next piece at `resume`. */
  private flushText(values: Expression[], from: Mark, end: number, resume: number, raw: boolean): void {
    if (end > from.pos) {
      const value = decodeLiteral(this.text, from.pos, end, raw, false, this.escapes);
      if (value !== "") this.addText(values, from.pos, resume, from.line, this.scanLine, value, false);
    }
    from.pos = resume;
    from.line = this.scanLine;
  }

  /** Reads `{expression=!conversion:format}` whose brace is at `open`, and leaves `pos` after its closing brace. */
  private replacementField(values: Expression[], open: number, flags: number, quote: number): void {
    const line = this.scanLine;
    const outerField = this.fieldDepth;
    const outerDepth = this.depth;
    if (outerDepth >= MOST_BRACKETS) this.refuse("too many nested parentheses", open, open + 1, line);
    this.enter();
    if (++this.fields > MOST_FIELDS) this.report("f-string: expressions nested too deeply", open, open + 1, line);
    this.pos = open + 1;
    this.depth = outerDepth + 1;
    this.fieldDepth = this.depth;
    this.kind = t.LBRACE;
    this.end = open + 1;
    this.next();
    const value = this.yieldOrStarExpressions();
    const expressionEnd = this.prevEnd;
    let conversion = NO_CONVERSION;
    let debug = "";
    if (this.kind === t.EQUAL) {
      this.next();
      debug = withoutComments(this.text.slice(open + 1, this.start));
      this.addText(values, open + 1, this.start, line, this.line, debug, false);
    }
    if (this.kind === t.EXCLAM) conversion = this.conversion();
    let format: JoinedStr | null = null;
    if (this.kind === t.COLON) format = this.formatSpec(flags, quote);
    else if (this.kind !== t.RBRACE) this.unexpected("“}”");
    if (debug !== "" && conversion === NO_CONVERSION && format === null) conversion = REPR_CONVERSION;
    const end = this.pos;
    this.depth = outerDepth;
    this.fieldDepth = outerField;
    this.nesting--;
    this.fields--;
    const endLine = this.scanLine;
    if ((flags & TEMPLATE) !== 0) {
      const str = this.text.slice(open + 1, expressionEnd);
      const node: Interpolation = {
        kind: "Interpolation",
        start: open,
        end,
        line,
        endLine,
        value,
        str,
        conversion,
        format_spec: format,
      };
      values.push(node);
    } else {
      const node: FormattedValue = {
        kind: "FormattedValue",
        start: open,
        end,
        line,
        endLine,
        value,
        conversion,
        format_spec: format,
      };
      values.push(node);
    }
  }

  private conversion(): number {
    const after = this.end;
    this.next();
    if (this.start !== after) this.report("the conversion must come right after “!”", after, this.start, this.line);
    if (this.kind !== t.NAME || !/^[sra]$/.test(this.nameText())) this.unexpected("“s”, “r” or “a” after “!”");
    const code = this.text.charCodeAt(this.start);
    this.next();
    return code;
  }

  private formatSpec(flags: number, quote: number): JoinedStr {
    const start = this.start;
    const line = this.line;
    const values: Expression[] = [];
    this.formattedText(values, flags & ~TEMPLATE, quote, true);
    const end = this.pos;
    this.pos = end + 1;
    return { kind: "JoinedStr", start, end, line, endLine: this.scanLine, values };
  }
}

function isEmpty(piece: Expression): boolean {
  return piece.kind === "Constant" && piece.value.type === "str" && piece.value.value === "";
}

/** The text of a self-documenting field (`{x = }`), whose comments Python leaves out since 3.13. */
function withoutComments(source: string): string {
  if (!source.includes("#")) return source;
  return source.replace(/("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|#[^\n]*/g, "$1");
}
