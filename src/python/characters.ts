// Character codes that the scanner, the decoder of escapes and the recovery meet.
export const LF = 10;
export const CR = 13;
export const HASH = 35;
export const COLON = 58;
export const BACKSLASH = 92;
export const OPEN_BRACE = 123;
export const CLOSE_BRACE = 125;

// Character classes of ASCII, for one table look-up per character.
export const OTHER = 0;
export const IDENTIFIER = 1;
export const DIGIT = 2;
export const charClass: Readonly<Uint8Array> = new Uint8Array(128).map((_, c) => {
  const letter = (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
  if (letter) return IDENTIFIER;
  return isDigit(c) ? DIGIT : OTHER;
});

export function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

export function isLineEnd(c: number): boolean {
  return c === LF || c === CR;
}

/** The value of a digit in a base up to 16; 99 for any other character. */
export function digitValue(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  const lower = c | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : 99;
}
