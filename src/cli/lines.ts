import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Context } from "./context.ts";

/**
 * The lines of a file, or of standard input for `-`, as they come. Rejects when the file cannot be read.
 * @param file a path, or `-`
 */
export async function* linesOf(file: string, context: Context): AsyncGenerator<string, void, undefined> {
  const input = file === "-" ? context.stdin() : createReadStream(file);
  // readline does not hear its input's errors.
  const broken = new Promise<never>((_, reject) => input.once("error", reject));
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  for (;;) {
    const line = await Promise.race([lines.next(), broken]);
    if (line.done === true) return;
    yield line.value;
  }
}
