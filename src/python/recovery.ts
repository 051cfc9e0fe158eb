import { COLON, CR, HASH, isLineEnd, LF } from "./characters.ts";

/**
 * Where a broken statement ends. Runs only after an error, over the characters: brackets are matched as far as they
 * match, and a line that can only begin a statement closes whatever is still open.
 */

/** Words that never occur inside an expression, so that a line beginning with one begins a statement. */
const STATEMENT_ONLY =
  /^(?:def|class|return|import|raise|while|with|try|except|finally|assert|del|global|nonlocal|pass|break|continue|elif|async\s+(?:def|with))\b/;
/** What a statement at block indentation looks like, where a continuation line would rather be a closing bracket. */
const STATEMENT_LIKE = /^(?:@|[A-Za-z_])/;
const DEFINITION = /^(?:async\s+def|def|class)\s+\w+\s*[([:]|^@\w/;

const LINE_LOOK = 60;
/** Lines over which an open bracket is followed. */
const MOST_LINES = 500;

/** A line end (or the end of the text): `pos` is where it begins, `line` the line it ends. */
export interface LineEnd {
  readonly pos: number;
  readonly line: number;
}

interface Scan {
  readonly text: string;
  /** Offset at which scanning ends; a budget that keeps recovery linear over the whole file. */
  readonly limit: number;
  /** Columns of the open blocks. */
  readonly indents: readonly number[];
  pos: number;
  line: number;
  readonly brackets: number[];
  mismatch: boolean;
  /** The last character that is no space and in no comment. */
  lastCode: number;
}

function newScan(text: string, start: number, line: number, limit: number, indents: readonly number[]): Scan {
  return { text, limit, indents, pos: start, line, brackets: [], mismatch: false, lastCode: 0 };
}

/** Past the line end at `pos`. */
function afterLineEnd(text: string, pos: number): number {
  return text.charCodeAt(pos) === CR && text.charCodeAt(pos + 1) === LF ? pos + 2 : pos + 1;
}

/** Past a string whose opening quote is at `scan.pos`; an unterminated one ends with its line. */
function skipString(scan: Scan): void {
  const { text } = scan;
  const quote = text.charAt(scan.pos);
  const triple = quote.repeat(3);
  if (text.startsWith(triple, scan.pos)) skipTripleString(scan, triple);
  else skipShortString(scan, quote);
}

function skipTripleString(scan: Scan, triple: string): void {
  const { text, pos } = scan;
  const close = closingTriple(text, triple, pos + 3);
  if (close < 0 || findDefinitionInString(text, pos, close, scan.indents) >= 0) {
    // Nothing closes it, or what does is the opening of another one.
    scan.pos = lineEndFrom(text, pos);
    return;
  }
  for (let at = pos; at < close; at++) if (text.charCodeAt(at) === LF) scan.line++;
  scan.pos = close + 3;
}

function skipShortString(scan: Scan, quote: string): void {
  const { text } = scan;
  scan.pos++;
  while (scan.pos < text.length) {
    const c = text.charAt(scan.pos);
    if (c === "\n" || c === "\r") return;
    scan.pos++;
    if (c === quote) return;
    if (c === "\\") skipEscaped(scan);
  }
}

function lineEndFrom(text: string, pos: number): number {
  let at = pos;
  while (at < text.length && !isLineEnd(text.charCodeAt(at))) at++;
  return at;
}

function skipEscaped(scan: Scan): void {
  if (scan.pos >= scan.text.length) return;
  if (isLineEnd(scan.text.charCodeAt(scan.pos))) {
    scan.line++;
    scan.pos = afterLineEnd(scan.text, scan.pos);
  } else scan.pos++;
}

function closingTriple(text: string, triple: string, from: number): number {
  let at = text.indexOf(triple, from);
  while (at > 0 && text.charAt(at - 1) === "\\") at = text.indexOf(triple, at + 1);
  return at;
}

function closeBracket(scan: Scan, close: number): void {
  const open = close === 41 ? 40 : close - 2;
  const match = scan.brackets.lastIndexOf(open);
  if (match !== scan.brackets.length - 1 || match < 0) scan.mismatch = true;
  if (match >= 0) scan.brackets.length = match;
}

/** On to the end of the physical line (strings and backslashes may go over several); brackets are counted. */
function scanLine(scan: Scan): LineEnd {
  const { text } = scan;
  while (scan.pos < text.length) {
    const c = text.charCodeAt(scan.pos);
    if (isLineEnd(c)) break;
    if (c === HASH) {
      scan.pos = lineEndFrom(text, scan.pos);
      break;
    }
    scanCharacter(scan, c);
  }
  return { pos: scan.pos, line: scan.line };
}

function scanCharacter(scan: Scan, c: number): void {
  if (c !== 32 && c !== 9 && c !== 12) scan.lastCode = c;
  switch (c) {
    case 34: // "
    case 39: // '
      skipString(scan);
      return;
    case 92: // backslash
      scan.pos++;
      if (isLineEnd(scan.text.charCodeAt(scan.pos))) skipEscaped(scan);
      return;
    case 40:
    case 91:
    case 123:
      scan.brackets.push(c);
      break;
    case 41:
    case 93:
    case 125:
      closeBracket(scan, c);
      break;
    default:
  }
  scan.pos++;
}

interface LineStart {
  readonly column: number;
  readonly text: string;
}

/** Steps over the line end and blank or comment lines; null at the end of the text. */
function nextLine(scan: Scan): LineStart | null {
  const { text } = scan;
  let column = 0;
  while (scan.pos < text.length) {
    const c = text.charCodeAt(scan.pos);
    if (isLineEnd(c)) {
      scan.pos = afterLineEnd(text, scan.pos);
      scan.line++;
      column = 0;
    } else if (c === 32) {
      column++;
      scan.pos++;
    } else if (c === 9) {
      column = (Math.floor(column / 8) + 1) * 8;
      scan.pos++;
    } else if (c === HASH) scan.pos = lineEndFrom(text, scan.pos);
    else return { column, text: text.slice(scan.pos, scan.pos + LINE_LOOK) };
  }
  return null;
}

/**
 * The end of the statement at `start` (on `line`), where blocks at the columns `indents` are open.
 * @param header whether it is the header of a block, which a colon at a line's end completes
 * @param budget characters that may still be read over the whole file, so that many errors cost no more than a few
 *   readings; what was read is taken off
 */
export function findStatementEnd(
  text: string,
  start: number,
  line: number,
  indents: readonly number[],
  header: boolean,
  budget: { left: number },
): LineEnd {
  const limit = Math.min(text.length, start + budget.left);
  const first = newScan(text, start, line, limit, indents);
  const balanced = balancedEnd(first);
  budget.left -= first.pos - start;
  if (balanced !== null) return balanced;
  const second = newScan(text, start, line, limit, indents);
  const forced = forcedEnd(second, header);
  budget.left -= second.pos - start;
  return forced;
}

/** The line end where all brackets are closed and matched; null when that cannot be found. */
function balancedEnd(scan: Scan): LineEnd | null {
  for (let lines = 0; lines < MOST_LINES; lines++) {
    const end = scanLine(scan);
    if (scan.mismatch) return null;
    if (scan.brackets.length === 0) return end;
    const next = nextLine(scan);
    if (next === null || scan.pos > scan.limit || STATEMENT_ONLY.test(next.text)) return null;
  }
  return null;
}

/** The last line end before something that looks like another statement. */
function forcedEnd(scan: Scan, header: boolean): LineEnd {
  const column = scan.indents.at(-1) ?? 0;
  const first = scanLine(scan);
  let end = first;
  for (let lines = 0; lines < MOST_LINES; lines++) {
    if (scan.brackets.length === 0 || (header && scan.lastCode === COLON)) return end;
    const next = nextLine(scan);
    const statementOnly = next !== null && STATEMENT_ONLY.test(next.text);
    if (next === null || scan.pos > scan.limit || (header && statementOnly)) break;
    if (statementOnly || (next.column <= column && STATEMENT_LIKE.test(next.text))) return end;
    end = scanLine(scan);
  }
  return first;
}

/**
 * For a string over several lines that is suspected to have lost its closing quotes: the end of the last line before a
 * definition that stands at the indentation of an open block. Returns -1 when there is none inside.
 */
export function findDefinitionInString(text: string, start: number, end: number, indents: readonly number[]): number {
  let lineEnd = text.indexOf("\n", start);
  while (lineEnd >= 0 && lineEnd < end) {
    let pos = lineEnd + 1;
    let column = 0;
    while (pos < end && (text.charCodeAt(pos) === 32 || text.charCodeAt(pos) === 9)) {
      column = text.charCodeAt(pos) === 32 ? column + 1 : (Math.floor(column / 8) + 1) * 8;
      pos++;
    }
    if (indents.includes(column) && DEFINITION.test(text.slice(pos, Math.min(end, pos + LINE_LOOK)))) {
      return text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd;
    }
    lineEnd = text.indexOf("\n", lineEnd + 1);
  }
  return -1;
}
