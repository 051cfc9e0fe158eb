import { fail, ok, type Result } from "../model/index.ts";

/** PEP 263: a comment that names the encoding, in the first or second line. */
const COOKIE = /^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)/;
const BLANK_OR_COMMENT = /^[ \t\f]*(?:#.*)?$/;

/** Python's names of encodings that `TextDecoder` knows under another one. */
const ALIASES: Readonly<Record<string, string>> = {
  utf8: "utf-8",
  "utf-8-sig": "utf-8",
  u8: "utf-8",
  cp65001: "utf-8",
  ascii: "utf-8",
  "us-ascii": "utf-8",
  646: "utf-8",
  cp932: "shift_jis",
  ms932: "shift_jis",
  mskanji: "shift_jis",
  sjis: "shift_jis",
  "shift-jis": "shift_jis",
  eucjp: "euc-jp",
  ujis: "euc-jp",
  euckr: "euc-kr",
  cp949: "euc-kr",
  uhc: "euc-kr",
  cp936: "gbk",
  ms936: "gbk",
  "big5-tw": "big5",
  cp950: "big5",
  "mac-roman": "macintosh",
  macroman: "macintosh",
  "mac-cyrillic": "x-mac-cyrillic",
};

const LATIN_1 = new Set([
  "latin-1",
  "iso-8859-1",
  "iso8859-1",
  "iso-latin-1",
  "latin1",
  "latin",
  "l1",
  "8859",
  "cp819",
]);

/**
 * The text of a Python source file: UTF-8, or the encoding that its first two lines name (PEP 263). A byte-order mark is
 * left out. Fails with `unknown-encoding`, or `wrong-encoding` when the bytes are not in the encoding.
 */
export function decodeSource(bytes: Uint8Array): Result<string> {
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const cookie = encodingCookie(bytes.subarray(mark ? 3 : 0, 1024));
  const name = cookie === null ? "utf-8" : normalName(cookie.name);
  if (LATIN_1.has(name)) {
    if (!mark) return ok(decodeLatin1(bytes));
    return fail("wrong-encoding", `The file begins with a UTF-8 mark but names the encoding “${cookie?.name}”.`);
  }
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(labelOf(name), { fatal: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail("unknown-encoding", `The encoding “${cookie?.name}” of the file is not known.`);
  }
  try {
    return ok(decoder.decode(bytes));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return fail("wrong-encoding", `The file is not in the encoding “${decoder.encoding}”.`);
  }
}

interface Cookie {
  readonly name: string;
}

function encodingCookie(head: Uint8Array): Cookie | null {
  const lines = decodeLatin1(head).split(/\r\n|\r|\n/, 2);
  for (const line of lines) {
    const name = COOKIE.exec(line)?.[1];
    if (name !== undefined) return { name };
    if (!BLANK_OR_COMMENT.test(line)) return null;
  }
  return null;
}

function normalName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll("_", "-")
    .replace(/^(utf-8|latin-1|iso-8859-1|iso-latin-1)-.*$/, "$1");
}

function labelOf(name: string): string {
  const alias = ALIASES[name] ?? ALIASES[name.replaceAll("-", "")];
  if (alias !== undefined) return alias;
  const codePage = /^(?:cp|windows-?)(\d+)$/.exec(name)?.[1];
  if (codePage !== undefined) return codePage === "866" ? "ibm866" : `windows-${codePage}`;
  return name.replace(/^iso-?8859-?(\d+)$/, "iso-8859-$1");
}

/** ISO 8859-1 byte by byte; `TextDecoder` would read windows-1252. */
function decodeLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
