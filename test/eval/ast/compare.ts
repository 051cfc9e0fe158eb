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

const Greeting = z.object({ version: z.tuple([z.int(), z.int(), z.int()]) });
const Answer = z.object({
  error: z.string().optional(),
  hash: z.string().optional(),
  dump: z.string().optional(),
  names: z.record(z.string(), z.string()).optional(),
});
type Answer = z.infer<typeof Answer>;

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
  requests: readonly { path: string; full: boolean; positions: boolean }[],
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

function ourDump(path: string, options: DumpOptions, names: Readonly<Record<string, string>>): string {
  const decoded = decodeSource(readFileSync(path));
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
  const version = await pythonVersion(python);
  if (version === null) throw new Error(`There is no ${python}.`);
  const minor = version[1] ?? 0;
  const formattedPositions = minor >= FORMATTED_POSITIONS_SINCE;
  const options: DumpOptions = { version: minor, positions: formattedPositions ? "all" : "outside f-strings" };
  const unequal: string[] = [];
  const refused: { path: string; error: string; ours: readonly string[] }[] = [];
  const request = (path: string, full: boolean) => ({ path, full, positions: formattedPositions });

  await ask(
    python,
    files.map((path) => request(path, false)),
    (answer, index) => {
      const path = files[index] ?? "";
      if (answer.error !== undefined) {
        refused.push({ path, error: answer.error, ours: ourProblems(path) });
        return;
      }
      const text = ourDump(path, options, answer.names ?? {});
      if (createHash("sha256").update(text).digest("hex") !== answer.hash) unequal.push(path);
    },
  );
  const different: Difference[] = [];
  await ask(
    python,
    unequal.map((path) => request(path, true)),
    (answer, index) => {
      const path = unequal[index] ?? "";
      different.push(firstDifference(path, ourDump(path, options, answer.names ?? {}), answer.dump ?? ""));
    },
  );
  const total = files.length - refused.length;
  return { version: version.join("."), total, equal: total - different.length, different, refused };
}

function ourProblems(path: string): readonly string[] {
  const decoded = decodeSource(readFileSync(path));
  if (!decoded.ok) return [decoded.problem.message];
  return parseModule(decoded.value).problems.map((problem) => `line ${problem.line}: ${problem.message}`);
}
