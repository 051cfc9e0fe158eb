import { once } from "node:events";
import type { Writable } from "node:stream";
import { sanitizeTerminal, TerminalSanitizer } from "../kernel/index.ts";
import type { Problem } from "../model/index.ts";

interface Stream extends Writable {
  readonly isTTY?: boolean;
}

/** Standard output for results, standard error for everything said about them. */
export class Console {
  readonly #out: Stream;
  readonly #err: Stream;
  readonly #onBrokenPipe: () => void;

  /** @param onBrokenPipe called once when nobody reads standard output any more (`toka discover | head`) */
  constructor(out: Stream, err: Stream, onBrokenPipe: () => void) {
    this.#out = out;
    this.#err = err;
    this.#onBrokenPipe = onBrokenPipe;
    out.on("error", (error: NodeJS.ErrnoException) => this.#onError(error));
    err.on("error", (error: NodeJS.ErrnoException) => this.#onError(error));
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (error.code !== "EPIPE") throw error;
    this.#onBrokenPipe();
  }

  /** People look at standard output themselves; otherwise a program reads it. */
  get isTerminal(): boolean {
    return this.#out.isTTY === true;
  }

  /** Writes to standard output and waits while the reader is slower than we are. */
  async write(text: string | Uint8Array): Promise<void> {
    if (this.#out.destroyed) return;
    if (!this.#out.write(text)) await Promise.race([once(this.#out, "drain"), once(this.#out, "close")]);
  }

  async line(text: string): Promise<void> {
    await this.write(`${text}\n`);
  }

  async json(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value));
  }

  /** A sentence for the person, on standard error. Texts of the workspace cannot move the cursor. */
  say(text: string): void {
    if (!this.#err.destroyed) this.#err.write(`${sanitizeTerminal(text)}\n`);
  }

  problem(problem: Problem): void {
    const { place } = problem;
    const where = place?.line === undefined ? "" : `${place.file}:${place.line}: `;
    this.say(`toka: ${where}${problem.message}`);
  }

  /** A stream of a tool's output: what a terminal would obey is taken out, what a program reads passes as it is. */
  toolStream(name: "stdout" | "stderr"): ToolStream {
    return new ToolStream(name === "stdout" ? this.#out : this.#err);
  }
}

/** A tool's output on its way to a person or a program. */
export class ToolStream {
  readonly #target: Stream;
  readonly #decoder = new TextDecoder();
  readonly #sanitizer = new TerminalSanitizer();

  constructor(target: Stream) {
    this.#target = target;
  }

  /** @returns a promise while the reader is slow, so that the tool waits for it */
  push(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#target.destroyed) return undefined;
    const shown =
      this.#target.isTTY === true ? this.#sanitizer.push(this.#decoder.decode(chunk, { stream: true })) : chunk;
    if (this.#target.write(shown)) return undefined;
    return Promise.race([once(this.#target, "drain"), once(this.#target, "close")]).then(() => undefined);
  }

  end(): void {
    const rest = this.#sanitizer.push(this.#decoder.decode()) + this.#sanitizer.end();
    if (rest !== "" && !this.#target.destroyed) this.#target.write(rest);
  }
}
