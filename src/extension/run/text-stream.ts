/** Decodes and cleans a stream of output; characters and sequences may be cut anywhere. */
export class TextStream {
  readonly #decoder = new TextDecoder("utf-8");
  readonly #sanitizer: { push(text: string): string; end(): string };

  constructor(sanitizer: { push(text: string): string; end(): string }) {
    this.#sanitizer = sanitizer;
  }

  push(chunk: Uint8Array): string {
    return this.#sanitizer.push(this.#decoder.decode(chunk, { stream: true }));
  }

  end(): string {
    return this.#sanitizer.push(this.#decoder.decode()) + this.#sanitizer.end();
  }
}
