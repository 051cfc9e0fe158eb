/**
 * Token kinds as small integers, so that the parser compares numbers and looks properties up in byte tables.
 * The first four carry no text of their own.
 */
export const EOF: number = 0;
export const NEWLINE: number = 1;
export const INDENT: number = 2;
export const DEDENT: number = 3;
export const NAME: number = 4;
export const NUMBER: number = 5;
/** A whole string or bytes literal. */
export const STRING: number = 6;
/** The prefix and opening quote of an f-string or t-string; the parser reads on from there. */
export const FSTRING: number = 7;
/** Text that is no token; `Lexer.errorMessage` says why. */
export const ERROR: number = 8;

export const LPAR: number = 9;
export const RPAR: number = 10;
export const LSQB: number = 11;
export const RSQB: number = 12;
export const LBRACE: number = 13;
export const RBRACE: number = 14;
export const COMMA: number = 15;
export const COLON: number = 16;
export const SEMI: number = 17;
export const DOT: number = 18;
export const ELLIPSIS: number = 19;
export const ARROW: number = 20;
export const EQUAL: number = 21;
export const COLONEQUAL: number = 22;
export const EXCLAM: number = 23;
export const TILDE: number = 24;
export const DSTAR: number = 25;

export const VBAR: number = 26;
export const CARET: number = 27;
export const AMPER: number = 28;
export const LSHIFT: number = 29;
export const RSHIFT: number = 30;
export const PLUS: number = 31;
export const MINUS: number = 32;
export const STAR: number = 33;
export const SLASH: number = 34;
export const DSLASH: number = 35;
export const PERCENT: number = 36;
export const AT: number = 37;

export const EQEQ: number = 38;
export const NOTEQ: number = 39;
export const LT: number = 40;
export const LTE: number = 41;
export const GT: number = 42;
export const GTE: number = 43;

export const VBAREQUAL: number = 44;
export const CARETEQUAL: number = 45;
export const AMPEREQUAL: number = 46;
export const LSHIFTEQUAL: number = 47;
export const RSHIFTEQUAL: number = 48;
export const PLUSEQUAL: number = 49;
export const MINUSEQUAL: number = 50;
export const STAREQUAL: number = 51;
export const SLASHEQUAL: number = 52;
export const DSLASHEQUAL: number = 53;
export const PERCENTEQUAL: number = 54;
export const ATEQUAL: number = 55;
export const DSTAREQUAL: number = 56;

export const FALSE: number = 60;
export const NONE: number = 61;
export const TRUE: number = 62;
export const AND: number = 63;
export const AS: number = 64;
export const ASSERT: number = 65;
export const ASYNC: number = 66;
export const AWAIT: number = 67;
export const BREAK: number = 68;
export const CLASS: number = 69;
export const CONTINUE: number = 70;
export const DEF: number = 71;
export const DEL: number = 72;
export const ELIF: number = 73;
export const ELSE: number = 74;
export const EXCEPT: number = 75;
export const FINALLY: number = 76;
export const FOR: number = 77;
export const FROM: number = 78;
export const GLOBAL: number = 79;
export const IF: number = 80;
export const IMPORT: number = 81;
export const IN: number = 82;
export const IS: number = 83;
export const LAMBDA: number = 84;
export const NONLOCAL: number = 85;
export const NOT: number = 86;
export const OR: number = 87;
export const PASS: number = 88;
export const RAISE: number = 89;
export const RETURN: number = 90;
export const TRY: number = 91;
export const WHILE: number = 92;
export const WITH: number = 93;
export const YIELD: number = 94;

/** One more than the largest kind: the size of tables indexed by kind. */
export const KIND_COUNT: number = 95;

const FIRST_KEYWORD = FALSE;
const KEYWORDS = (
  "False None True and as assert async await break class continue def del elif else except finally for from global " +
  "if import in is lambda nonlocal not or pass raise return try while with yield"
).split(" ");

/** Keywords have two to eight letters. */
const LONGEST_KEYWORD = 8;
const TABLE_MASK = 1023;
const keywordText: string[] = new Array<string>(TABLE_MASK + 1).fill("");
const keywordKind = new Uint8Array(TABLE_MASK + 1);

/** The rolling hash of `keywordAt`: one step per character. */
function hashStep(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) | 0;
}

for (const [index, word] of KEYWORDS.entries()) {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = hashStep(hash, word.charCodeAt(i));
  let slot = hash & TABLE_MASK;
  while (keywordText[slot] !== "") slot = (slot + 1) & TABLE_MASK;
  keywordText[slot] = word;
  keywordKind[slot] = FIRST_KEYWORD + index;
}

/** The kind of the identifier at `start`: a keyword's own, else `NAME`. `hash` was built with `hashStep`. */
export function keywordAt(text: string, start: number, length: number, hash: number): number {
  if (length < 2 || length > LONGEST_KEYWORD) return NAME;
  let slot = hash & TABLE_MASK;
  for (;;) {
    const word = keywordText[slot] as string;
    if (word === "") return NAME;
    if (word.length === length && text.startsWith(word, start)) return keywordKind[slot] as number;
    slot = (slot + 1) & TABLE_MASK;
  }
}
