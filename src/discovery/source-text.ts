import { crc32 } from "node:zlib";

/** Tells whether a text is still the same without keeping it. */
export interface TextMark {
  readonly length: number;
  readonly checksum: number;
}

export interface SourceText {
  readonly text: string;
  readonly mark: TextMark;
}

export function markOfText(text: string): TextMark {
  return { length: text.length, checksum: crc32(text) };
}

export function isSameText(one: TextMark, other: TextMark): boolean {
  return one === other || (one.length === other.length && one.checksum === other.checksum);
}
