/**
 * One pass over a text that finds which of many fixed marks occur in it, by the algorithm of Wu and Manber (A fast algorithm
 * for multi-pattern searching, 1994) with blocks of two bytes: most bytes are never looked at. Searching for each mark by
 * itself costs ten times more over a large workspace.
 */
export class MarkSearch {
  /** Length of the part of each mark, its end, by which it is found first. */
  readonly #window: number;
  /** How far the window may move on, by the two bytes at its end. */
  readonly #shifts: Uint8Array;
  /** The marks whose windows end with two bytes. */
  readonly #ending: (readonly Mark[] | undefined)[] = [];
  readonly #all: number;

  /** @param groups texts of Latin-1, each at least two bytes long, by the bit that stands for their finding */
  constructor(groups: readonly { readonly bit: number; readonly marks: readonly string[] }[]) {
    const bits = new Map<string, number>();
    for (const { bit, marks } of groups) for (const mark of marks) bits.set(mark, (bits.get(mark) ?? 0) | bit);
    const marks = [...bits].map(([text, found]): Mark => ({ bytes: Buffer.from(text, "latin1"), found }));
    this.#all = groups.reduce((all, { bit }) => all | bit, 0);
    this.#window = Math.min(...marks.map(({ bytes }) => bytes.length));
    this.#shifts = new Uint8Array(0x1_00_00).fill(this.#window - 1);
    for (const mark of marks) this.#enter(mark);
  }

  #enter(mark: Mark): void {
    const start = mark.bytes.length - this.#window;
    for (let at = start + 1; at < mark.bytes.length; at += 1) {
      const block = (byteAt(mark.bytes, at - 1) << 8) | byteAt(mark.bytes, at);
      const shift = mark.bytes.length - 1 - at;
      this.#shifts[block] = Math.min(shift, this.#shifts[block] ?? 0);
      if (shift === 0) this.#ending[block] = [...(this.#ending[block] ?? []), mark];
    }
  }

  /** The bits of the groups of which at least one mark occurs. */
  find(text: Uint8Array): number {
    const shifts = this.#shifts;
    const { length } = text;
    let found = 0;
    for (let at = this.#window - 1; at < length; ) {
      const block = (byteAt(text, at - 1) << 8) | byteAt(text, at);
      const shift = shifts[block] ?? 1;
      if (shift > 0) {
        at += shift;
        continue;
      }
      for (const mark of this.#ending[block] ?? []) {
        if ((mark.found & ~found) !== 0 && endsWith(text, at, mark.bytes)) found |= mark.found;
      }
      if (found === this.#all) return found;
      at += 1;
    }
    return found;
  }
}

interface Mark {
  readonly bytes: Uint8Array;
  readonly found: number;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

/** Whether the bytes up to and with `end` are those of the mark at their end. */
function endsWith(text: Uint8Array, end: number, mark: Uint8Array): boolean {
  const start = end - mark.length + 1;
  if (start < 0) return false;
  for (let at = mark.length - 1; at >= 0; at -= 1) if (text[start + at] !== mark[at]) return false;
  return true;
}
