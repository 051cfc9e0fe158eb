import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import * as z from "zod";
import { type DumpOptions, decodeSource, dump, parseModule } from "../../../src/python/index.ts";

const ORACLE = fileURLToPath(new URL("oracle.py", import.meta.url));
/** From this minor version on, Python's own positions inside f-strings are right. */
const FORMATTED_POSITIONS_SINCE = 12;
const CONTEXT = 160;
/** Characters of a text that name it. */
const SHOWN = 400;

const Greeting = z.object({ version: z.tuple([z.int(), z.int(), z.int()]) });
const Answer = z.object({
  error: z.string().optional(),
  hash: z.string().optional(),
  dump: z.string().optional(),
  names: z.record(z.string(), z.string()).optional(),
});
type Answer = z.infer<typeof Answer>;

type Input = { readonly path: string } | { readonly source: string };

export interface Difference {
  readonly path: string;
  readonly ours: string;
  readonly theirs: string;
}

export interface Comparison {
  /** Of the Python that was compared with, as `3.11.2`. */
  readonly version: string;
  /** Files that this Python reads. */
  readonly total: number;
  readonly equal: number;
  readonly different: readonly Difference[];
  /** Files that this Python refuses. */
  readonly refused: readonly { readonly path: string; readonly error: string; readonly ours: readonly string[] }[];
}

/** Whether there is such a Python, and its version. */
export async function pythonVersion(python: string): Promise<readonly number[] | null> {
  const answer = await execa(python, [ORACLE], { input: "", reject: false });
  if (answer.exitCode !== 0) return null;
  return Greeting.parse(JSON.parse(answer.stdout)).version;
}

async function ask(
  python: string,
  requests: readonly object[],
  each: (answer: Answer, index: number) => void,
): Promise<void> {
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join("");
  const oracle = execa(python, [ORACLE], { input, buffer: { stdout: false } });
  let index = -1;
  for await (const line of oracle.iterable()) {
    if (index >= 0) each(Answer.parse(JSON.parse(line)), index);
    index++;
  }
  if (index !== requests.length) throw new Error(`The oracle answered ${index} of ${requests.length} requests.`);
}

function bytesOf(input: Input): Uint8Array {
  return "source" in input ? Buffer.from(input.source) : readFileSync(input.path);
}

function ourDump(input: Input, options: DumpOptions, names: Readonly<Record<string, string>>): string {
  const decoded = decodeSource(bytesOf(input));
  if (!decoded.ok) return `not decoded: ${decoded.problem.message}`;
  const { module, problems } = parseModule(decoded.value, { unicodeNames: (name) => names[name] });
  const first = problems[0];
  if (first !== undefined) return `not read: line ${first.line}: ${first.message}`;
  return escapeNonAscii(dump(module, decoded.value, options));
}

/** What Python's `backslashreplace` does. */
function escapeNonAscii(text: string): string {
  return text.replace(/[\u0080-\u{10ffff}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    if (code < 0x100) return `\\x${hex}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
}

/** The surroundings of the first difference of two texts. */
function firstDifference(path: string, ours: string, theirs: string): Difference {
  let at = 0;
  while (at < ours.length && ours[at] === theirs[at]) at++;
  const from = Math.max(0, at - CONTEXT);
  return { path, ours: ours.slice(from, at + CONTEXT), theirs: theirs.slice(from, at + CONTEXT) };
}

/** Reads files with our parser and with a Python, and compares the trees. */
export async function compareWithPython(python: string, files: readonly string[]): Promise<Comparison> {
  return compareInputs(
    python,
    files.map((path) => ({ path })),
  );
}

/** The same of texts; a `path` in the result is a text's beginning. */
export async function compareTexts(python: string, texts: readonly string[]): Promise<Comparison> {
  return compareInputs(
    python,
    texts.map((source) => ({ source })),
  );
}

async function compareInputs(python: string, inputs: readonly Input[]): Promise<Comparison> {
  const version = await pythonVersion(python);
  if (version === null) throw new Error(`There is no ${python}.`);
  const minor = version[1] ?? 0;
  const positions = minor >= FORMATTED_POSITIONS_SINCE;
  const options: DumpOptions = { version: minor, positions: positions ? "all" : "outside f-strings" };
  const unequal: Input[] = [];
  const refused: { path: string; error: string; ours: readonly string[] }[] = [];

  await ask(
    python,
    inputs.map((input) => ({ ...input, full: false, positions })),
    (answer, index) => {
      const input = inputs[index];
      if (input === undefined) return;
      if (answer.error !== undefined) {
        refused.push({ path: nameOf(input), error: answer.error, ours: ourProblems(input) });
        return;
      }
      const text = ourDump(input, options, answer.names ?? {});
      if (createHash("sha256").update(text).digest("hex") !== answer.hash) unequal.push(input);
    },
  );
  const different: Difference[] = [];
  await ask(
    python,
    unequal.map((input) => ({ ...input, full: true, positions })),
    (answer, index) => {
      const input = unequal[index];
      if (input === undefined) return;
      const ours = ourDump(input, options, answer.names ?? {});
      different.push(firstDifference(nameOf(input), ours, answer.dump ?? ""));
    },
  );
  const total = inputs.length - refused.length;
  return { version: version.join("."), total, equal: total - different.length, different, refused };
}

function nameOf(input: Input): string {
  return "source" in input ? JSON.stringify(input.source.slice(0, SHOWN)) : input.path;
}

function ourProblems(input: Input): readonly string[] {
  const decoded = decodeSource(bytesOf(input));
  if (!decoded.ok) return [decoded.problem.message];
  return parseModule(decoded.value).problems.map((problem) => `line ${problem.line}: ${problem.message}`);
}
