/** How long is waited for more changes. */
export interface Patience {
  /** Milliseconds without a change, for so many changed files. */
  readonly quiet: (count: number) => number;
  /** Milliseconds after the first change, however many follow. */
  readonly atMost: number;
}

/** Gathers the names of files that change shortly after each other, and gives them away together. */
export class Gathering {
  readonly #patience: Patience;
  readonly #give: (files: ReadonlySet<string>) => void;
  #files = new Set<string>();
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(patience: Patience, give: (files: ReadonlySet<string>) => void) {
    this.#patience = patience;
    this.#give = give;
  }

  add(file: string): void {
    const now = performance.now();
    if (this.#files.size === 0) this.#since = now;
    this.#files.add(file);
    clearTimeout(this.#timer);
    const { quiet, atMost } = this.#patience;
    const wait = Math.min(quiet(this.#files.size), this.#since + atMost - now);
    this.#timer = setTimeout(() => this.#flush(), Math.max(0, wait));
  }

  /** Gives away a file without waiting any longer, if it was added. */
  hurry(file: string): void {
    if (!this.#files.delete(file)) return;
    if (this.#files.size === 0) clearTimeout(this.#timer);
    this.#give(new Set([file]));
  }

  #flush(): void {
    const files = this.#files;
    this.drop();
    this.#give(files);
  }

  /** Forgets what was added. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#files = new Set();
  }
}
