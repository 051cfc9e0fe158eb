/** A place as Python counts it: line from 1, column from 0 in UTF-8 bytes. */
export interface Utf8Position {
  readonly line: number;
  readonly column: number;
}

/** Turns offsets of a text into lines and columns. Lines end with LF, CR or CR LF. */
export class LineIndex {
  private readonly text: string;
  private readonly starts: readonly number[];

  constructor(text: string) {
    this.text = text;
    const starts = [0];
    for (let pos = 0; pos < text.length; pos++) {
      const c = text.charCodeAt(pos);
      if (c === 10 || (c === 13 && text.charCodeAt(pos + 1) !== 10)) starts.push(pos + 1);
    }
    this.starts = starts;
  }

  /** The line (from 1) that holds an offset. */
  lineAt(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  /** The offset at which a line (from 1) begins; the text's length for a line after the last. */
  startOf(line: number): number {
    return this.starts[line - 1] ?? this.text.length;
  }

  positionAt(offset: number): Utf8Position {
    const line = this.lineAt(offset);
    let column = 0;
    for (let pos = this.startOf(line); pos < offset; pos++) {
      const c = this.text.charCodeAt(pos);
      // Two surrogates make one character of four bytes.
      column += c < 0x80 ? 1 : c < 0x800 || (c >= 0xd800 && c < 0xe000) ? 2 : 3;
    }
    return { line, column };
  }
}
