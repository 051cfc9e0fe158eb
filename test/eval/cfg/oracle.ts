import { fileURLToPath } from "node:url";
import { execa } from "execa";
import * as z from "zod";

const SCRIPT = fileURLToPath(new URL("oracle.py", import.meta.url));

export const EXIT = -1;
export const RAISE = -2;

/** Kinds of edges, as in bytecode.py. */
export const KIND = { normal: 0, raised: 1, reraised: 2, implicit: 3, impossible: 4 } as const;
const Kind = z.literal([0, 1, 2, 3, 4]);
export type Kind = z.infer<typeof Kind>;

const OracleScope = z.object({
  kind: z.enum(["module", "class", "function", "lambda"]),
  qualname: z.string(),
  line: z.int(),
  tags: z.array(z.string()),
  /** Each line of a statement's head with its unit. */
  units: z.array(z.tuple([z.int(), z.int()])),
  /** Units that are places. */
  strong: z.array(z.int()),
  places: z.array(z.int()),
  edges: z.array(z.tuple([z.int(), z.int(), Kind])),
});
/** What CPython's bytecode says of one module, class, function or lambda. */
export type OracleScope = z.infer<typeof OracleScope>;

const Greeting = z.object({ version: z.tuple([z.int(), z.int(), z.int()]), supported: z.boolean() });
const Answer = z.object({ error: z.string().optional(), scopes: z.array(OracleScope).optional() });

export interface PythonFound {
  readonly version: string;
  /** Whether this version's bytecode is one that the oracle knows. */
  readonly supported: boolean;
}

/** The Python of this name on this machine, or null. */
export async function findPython(python: string): Promise<PythonFound | null> {
  const answer = await execa(python, [SCRIPT], { input: "", reject: false });
  if (answer.exitCode !== 0) return null;
  const { version, supported } = Greeting.parse(JSON.parse(answer.stdout));
  return { version: version.join("."), supported };
}

/** Asks Python for the control flow of files; `scopes` is null where it does not read the file. */
export async function* askOracle(
  python: string,
  files: readonly string[],
): AsyncGenerator<{ readonly file: string; readonly scopes: readonly OracleScope[] | null }> {
  const input = files.map((file) => `${file}\n`).join("");
  const oracle = execa(python, [SCRIPT], { input, buffer: { stdout: false } });
  let index = -1;
  for await (const line of oracle.iterable()) {
    const file = files[index];
    if (file !== undefined) yield { file, scopes: Answer.parse(JSON.parse(line)).scopes ?? null };
    index++;
  }
  if (index !== files.length) throw new Error(`The oracle answered ${index} of ${files.length} files.`);
}
