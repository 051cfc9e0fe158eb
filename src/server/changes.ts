import type { SourcesChangedParams } from "../model/index.ts";

/** Changes are passed on when there were none for so long… */
const QUIET_MS = 25;
/** …and while they go on, at least this often. */
const AT_LEAST_EVERY_MS = 150;

/** Gathers what changed, so that what follows it is told once for many keystrokes or files. */
export class Changes {
  readonly #tell: (changes: SourcesChangedParams["changes"]) => void;
  readonly #pending = new Map<string, number | null>();
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param tell gets each file once, with its newest version */
  constructor(tell: (changes: SourcesChangedParams["changes"]) => void) {
    this.#tell = tell;
  }

  /** A text changed; `version` is null for one that is not open. */
  add(uri: string, version: number | null): void {
    const now = performance.now();
    if (this.#pending.size === 0) this.#since = now;
    this.#pending.set(uri, version);
    clearTimeout(this.#timer);
    const wait = Math.max(0, Math.min(QUIET_MS, this.#since + AT_LEAST_EVERY_MS - now));
    this.#timer = setTimeout(() => this.#flush(), wait);
  }

  #flush(): void {
    const changes = [...this.#pending].map(([uri, version]) => ({ uri, version }));
    this.#pending.clear();
    this.#tell(changes);
  }

  /** Nothing is told any more. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#pending.clear();
  }
}
