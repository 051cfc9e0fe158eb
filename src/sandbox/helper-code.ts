import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { fail, ok, type Result } from "../model/index.ts";
import type { PreparedRun } from "./backend.ts";
import { resolveHelperInterpreter, untrustedFolders } from "./interpreter.ts";

/** Which of the two programs supervises runs: `native` from `native/*.c`, or `python`, which is `helper.py`; they do the same. */
export type HelperName = "native" | "python";

/** What TOKA_HELPER asks for, which is for tests, and for a machine where one of the two does not work; else the best. */
export function wantedHelper({ TOKA_HELPER }: NodeJS.ProcessEnv): HelperName | "auto" {
  return TOKA_HELPER === "native" || TOKA_HELPER === "python" ? TOKA_HELPER : "auto";
}

/** The supervisor's program, and how it is started. */
export type Helper = NativeHelper | PythonHelper;

interface NativeHelper {
  readonly kind: "native";
  /** Its absolute path; it needs nothing else of the machine. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

interface PythonHelper {
  readonly kind: "python";
  /** Absolute path of the interpreter. */
  readonly python: string;
  readonly code: HelperCode;
}

/** The supervisor's program as it is handed to an interpreter. */
export interface HelperCode {
  /** A `.pyc` name tells Python that the bytes are compiled. */
  readonly name: "helper.py" | "helper.pyc";
  readonly bytes: Uint8Array;
}

/** What the native program answers when it is asked whether it runs here. */
const ANSWER = "toka-helper";

/** Makes a `.pyc` of the program on standard input: magic number, three unused words, the code object. */
const COMPILE = [
  "import sys, marshal, importlib.util",
  "code = compile(sys.stdin.buffer.read(), 'helper.py', 'exec', dont_inherit=True, optimize=2)",
  "sys.stdout.buffer.write(importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code))",
].join("\n");

/** The file name of the native program for a platform, beside `helper.py`. */
export function nativeName(platform: NodeJS.Platform, architecture: string): string {
  return `helper-${platform}-${architecture}`;
}

/**
 * Hands out the supervisor: the native program where one for this machine lies beside `helper.py` and runs, else
 * `helper.py`. Starting Python takes 8 ms of a start of about 25, which the native program does without. Compiling
 * `helper.py` takes Python as long again, so from the second run with an interpreter on it is compiled once, in memory.
 */
export class HelperSource {
  readonly #path: string;
  readonly #choice: HelperName | "auto";
  #native: Promise<Result<NativeHelper>> | undefined;
  #source: Promise<Uint8Array> | undefined;
  readonly #seen = new Map<string, Promise<HelperCode> | undefined>();

  /** @param path of `helper.py`; @param choice one of the two, whatever the machine has; tests use it */
  constructor(path: string, choice: HelperName | "auto" = "auto") {
    this.#path = path;
    this.#choice = choice;
  }

  /** Which one this machine runs. */
  async name(): Promise<HelperName> {
    if (this.#choice !== "auto") return this.#choice;
    return (await this.#findNative()).ok ? "native" : "python";
  }

  /** Problems: `helper-python-missing`, `helper-native-missing`. */
  async helperFor(run: PreparedRun): Promise<Result<Helper>> {
    if (this.#choice !== "python") {
      const native = await this.#findNative();
      if (native.ok || this.#choice === "native") return native;
    }
    const python = await resolveHelperInterpreter(run.interpreter, untrustedFolders(run.cwd, run.config));
    return python.ok ? ok({ kind: "python", python: python.value, code: await this.#codeFor(python.value) }) : python;
  }

  #findNative(): Promise<Result<NativeHelper>> {
    const path = join(dirname(this.#path), nativeName(process.platform, process.arch));
    // A machine that was too busy to answer in time may do so the next time.
    this.#native ??= findNative(path, () => {
      this.#native = undefined;
    });
    return this.#native;
  }

  async #codeFor(interpreter: string): Promise<HelperCode> {
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

async function findNative(path: string, onTimeout: () => void): Promise<Result<NativeHelper>> {
  const bytes = await readFile(path).catch(() => undefined);
  const missing = fail("helper-native-missing", `There is no supervisor at ${path} that runs on this machine.`);
  if (bytes === undefined) return missing;
  const { stdout, failed, timedOut } = await execa(path, ["--probe"], {
    cwd: "/",
    env: {},
    extendEnv: false,
    stdin: "ignore",
    reject: false,
    timeout: 10_000,
  });
  if (timedOut) onTimeout();
  return !failed && stdout === ANSWER ? ok({ kind: "native", path, bytes }) : missing;
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
