/**
 * Where in a text the words stand that make an expression worth walking for metrics and scopes: `and`, `or`, the
 * `else` of a conditional expression, `lambda`. Most statements hold none, which saves walking their expressions.
 */
export class Marks {
  readonly #offsets: number[] = [];
  #at = 0;

  constructor(text: string) {
    const words = /\b(?:and|or|lambda|else(?!\s*:))\b/g;
    while (words.test(text)) this.#offsets.push(words.lastIndex);
  }

  /** Whether one of the words ends within `start < offset <= end`. Cheapest when asked in source order. */
  within(start: number, end: number): boolean {
    const offsets = this.#offsets;
    let at = this.#at;
    while (at > 0 && (offsets[at - 1] ?? 0) > start) at--;
    while (at < offsets.length && (offsets[at] ?? 0) <= start) at++;
    this.#at = at;
    return at < offsets.length && (offsets[at] ?? 0) <= end;
  }
}
