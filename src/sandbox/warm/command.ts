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
  for (let length = flagLength(rest[at]); length > 0; length = flagLength(rest[at])) at += length;
  const [flags, words] = [rest.slice(0, at), rest.slice(at)];
  return isProgram(words) ? { flags, words } : undefined;
}

/** How many words an option has, when it is one of those. */
function flagLength(word: string | undefined): number {
  if (word === undefined) return 0;
  return PLAIN_FLAGS.has(word) ? 1 : FLAGS_WITH_VALUE.has(word) ? 2 : 0;
}

function isProgram([first = "", second]: readonly string[]): boolean {
  if (first === "-c") return second !== undefined;
  if (first === "-m") return second !== undefined && second !== "";
  return first !== "" && !first.startsWith("-");
}

/** The words as the supervisor passes them on: their length in four bytes, each with a NUL after it. */
export function encodeWords(words: readonly string[]): Uint8Array {
  const text = Buffer.from(words.map((word) => `${word}\0`).join(""), "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text]);
}
