import { readFile } from "node:fs/promises";
import { execa } from "execa";

/** The supervisor's program as it is handed to an interpreter. */
export interface HelperCode {
  /** A `.pyc` name tells Python that the bytes are compiled. */
  readonly name: "helper.py" | "helper.pyc";
  readonly bytes: Uint8Array;
}

/** Makes a `.pyc` of the program on standard input: magic number, three unused words, the code object. */
const COMPILE = [
  "import sys, marshal, importlib.util",
  "code = compile(sys.stdin.buffer.read(), 'helper.py', 'exec', dont_inherit=True, optimize=2)",
  "sys.stdout.buffer.write(importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code))",
].join("\n");

/**
 * Hands out `helper.py`. Compiling it takes Python as long as starting does (6 ms of a 9 ms start were measured), so from
 * the second run with an interpreter on it is compiled once, in memory, and handed out like that.
 */
export class HelperSource {
  readonly #path: string;
  #source: Promise<Uint8Array> | undefined;
  readonly #seen = new Map<string, Promise<HelperCode> | undefined>();

  constructor(path: string) {
    this.#path = path;
  }

  /** @param interpreter absolute path of the Python that will run it */
  async codeFor(interpreter: string): Promise<HelperCode> {
    this.#source ??= readFile(this.#path);
    const source = await this.#source;
    if (!this.#seen.has(interpreter)) {
      this.#seen.set(interpreter, undefined);
      return { name: "helper.py", bytes: source };
    }
    const known = this.#seen.get(interpreter) ?? compile(interpreter, source);
    this.#seen.set(interpreter, known);
    return known;
  }
}

async function compile(interpreter: string, source: Uint8Array): Promise<HelperCode> {
  const { stdout, failed } = await execa(interpreter, ["-I", "-S", "-c", COMPILE], {
    cwd: "/",
    env: {},
    extendEnv: false,
    input: source,
    encoding: "buffer",
    reject: false,
    timeout: 10_000,
  });
  return failed ? { name: "helper.py", bytes: source } : { name: "helper.pyc", bytes: stdout };
}
