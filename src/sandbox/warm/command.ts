/** A command of the Python interpreter, apart: what the interpreter itself reads, and what it is to run. */
export interface PythonCommand {
  readonly flags: readonly string[];
  /** `FILE ARGUMENT…`, `-m MODULE ARGUMENT…` or `-c CODE ARGUMENT…`. */
  readonly words: readonly string[];
}

/** Options that change neither where the interpreter looks for `sitecustomize` nor what it does after the program. */
const PLAIN_FLAGS = new Set(["-B", "-O", "-OO", "-b", "-bb", "-s", "-u"]);
const FLAGS_WITH_VALUE = new Set(["-W", "-X"]);

/** Reads the words behind `python`; nothing when an interpreter that was started before could not do the same. */
export function readPythonCommand(rest: readonly string[]): PythonCommand | undefined {
  let at = 0;
  while (PLAIN_FLAGS.has(rest[at] ?? "") || FLAGS_WITH_VALUE.has(rest[at] ?? "")) {
    at += FLAGS_WITH_VALUE.has(rest[at] ?? "") ? 2 : 1;
  }
  const [flags, words] = [rest.slice(0, at), rest.slice(at)];
  const [first, second] = words;
  if (first === undefined || first === "") return undefined;
  if (first === "-c") return second === undefined ? undefined : { flags, words };
  if (first === "-m") return second === undefined || second === "" ? undefined : { flags, words };
  return first.startsWith("-") ? undefined : { flags, words };
}

/** The words as the supervisor passes them on: their length in four bytes, each with a NUL after it. */
export function encodeWords(words: readonly string[]): Uint8Array {
  const text = Buffer.from(words.map((word) => `${word}\0`).join(""), "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text]);
}
