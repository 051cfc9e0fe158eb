import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import * as z from "zod";
import { fileGraphs } from "../../../src/analysis/index.ts";
import { type Automaton, graphAutomaton } from "./automaton.ts";
import { askOracle, type OracleScope } from "./oracle.ts";
import { firstNotAdmitted } from "./paths.ts";
import { type Count, count, GraphFinder, placeName } from "./static.ts";

const RECORDER = fileURLToPath(new URL("recorder.py", import.meta.url));
/** Every construct once; it needs nothing but Python. */
export const CONSTRUCTS = fileURLToPath(new URL("constructs.py", import.meta.url));

/** What is run under the tracer: unit tests or examples of modules, or a script. */
export interface Program {
  readonly kind: "unittest" | "doctest" | "script";
  readonly name: string;
}

/** Parts of CPython's own test suite that need no network, and leave their process and its tracer in order. */
const TESTS = `
  abc argparse ast asyncgen asyncio.test_locks asyncio.test_queues asyncio.test_streams asyncio.test_taskgroups
  asyncio.test_tasks asyncio.test_timeouts augassign base64 baseexception binascii bisect bool
  calendar call class cmd cmd_line_script codecs codeop collections colorsys compare compile compileall configparser
  contains contextlib contextlib_async copy coroutines csv dataclasses datetime decorators deque descr descrtut
  dict difflib dis dynamic email.test_email email.test_message email.test_parser enum except_star
  exception_group exception_hierarchy exception_variations exceptions extcall filecmp fileinput finalization
  fnmatch format fractions fstring ftplib functools future genericpath genexps getopt getpass gettext glob grammar
  graphlib gzip hashlib heapq hmac html htmlparser httplib imaplib imp import inspect int io ipaddress iter itertools
  json keyword keywordonlyarg linecache listcomps locale logging long mailbox mimetypes minidom named_expressions
  netrc numbers opcodes operator optparse ordered_dict os patma pathlib pickle pickletools pkgutil platform
  plistlib poplib positional_only_arg posixpath pprint profile pstats py_compile pyclbr queue quopri raise random re
  reprlib richcmp rlcompleter robotparser runpy sched scope secrets selectors set shelve shlex shutil slice smtplib
  socketserver sort statistics string string_literals structseq symtable tabnanny tarfile tempfile textwrap
  threading_local threadsignals timeit tokenize traceback types typing unicodedata unittest unpack unpack_ex
  urllib urlparse userdict userlist userstring uuid warnings wave weakref weakset with wsgiref xml_etree xmlrpc
  yield_from zipapp zipfile zipimport generators generator_stop
`;

/** Modules whose documentation has examples, for a Python without its test suite. */
const EXAMPLES = `
  bisect cmd collections colorsys contextlib copy dataclasses difflib doctest enum fractions functools heapq
  ipaddress keyword pickletools pprint random reprlib shlex statistics string textwrap token tokenize turtle types
  unittest.mock urllib.parse zipfile http.cookies json json.decoder json.encoder concurrent.futures ast inspect
`;

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** What there is to run with this Python: its tests, else the examples of its modules; the constructs always. */
export async function programs(python: string): Promise<Program[]> {
  const found = await execa(python, ["-c", "import test.test_grammar"], { reject: false });
  const constructs: Program = { kind: "script", name: CONSTRUCTS };
  if (found.exitCode !== 0) return [constructs, ...words(EXAMPLES).map((name): Program => ({ kind: "doctest", name }))];
  return [constructs, ...words(TESTS).map((name): Program => ({ kind: "unittest", name: `test.test_${name}` }))];
}

const SECONDS_TO_WRITE = 20;

const Recording = z.object({
  error: z.string().optional(),
  late: z.boolean().default(false),
  functions: z.array(
    z.object({
      file: z.string(),
      kind: z.string(),
      qualname: z.string(),
      line: z.int(),
      runs: z.array(z.array(z.string())),
    }),
  ),
});

/** Distinct runs per function: file → `line qualname` → runs. */
export type Runs = Map<string, Map<string, Map<string, readonly string[]>>>;

export interface Recorded {
  readonly runs: Runs;
  /** Programs that did not end within their time; what was seen of them counts. */
  readonly late: string[];
  /** Programs that were skipped or broke off. */
  readonly broken: string[];
}

/** Runs programs under the tracer, each in a process and a temporary folder of its own. */
export async function record(python: string, list: readonly Program[], seconds: number): Promise<Recorded> {
  const recorded: Recorded = { runs: new Map(), late: [], broken: [] };
  for (const { kind, name } of list) {
    const folder = mkdtempSync(join(tmpdir(), "recorded-"));
    const out = join(folder, "runs.json");
    try {
      await execa(python, [RECORDER, out, String(seconds), kind, name], {
        cwd: folder,
        timeout: (seconds + SECONDS_TO_WRITE) * 1000,
        forceKillAfterDelay: 2000,
        stdio: "ignore",
        env: { TMPDIR: folder, HOME: folder, PYTHONDONTWRITEBYTECODE: "1" },
        reject: false,
      });
      const { functions, error, late } = readRecording(out);
      if (late) recorded.late.push(name);
      if (error !== undefined) recorded.broken.push(`${name}: ${error}`);
      for (const one of functions) add(recorded.runs, one.file, `${one.line} ${one.qualname}`, one.runs);
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }
  return recorded;
}

function readRecording(path: string): z.infer<typeof Recording> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { functions: [], error: "no recording", late: false };
  }
  return Recording.parse(JSON.parse(text));
}

function add(all: Runs, file: string, key: string, runs: readonly (readonly string[])[]): void {
  const functions = all.get(file) ?? new Map<string, Map<string, readonly string[]>>();
  all.set(file, functions);
  const known = functions.get(key) ?? new Map<string, readonly string[]>();
  functions.set(key, known);
  for (const run of runs) known.set(run.join(" "), run);
}

export interface Admission {
  functions: number;
  readonly without: Count;
  readonly withExceptions: Count;
  /** Runs that are no walk over our edges. */
  readonly refused: { readonly file: string; readonly function: string; readonly run: string }[];
}

/** Checks that each recorded run is a walk over our graph of the function. */
export async function admit(python: string, runs: Runs): Promise<Admission> {
  const admission: Admission = {
    functions: 0,
    without: { ok: 0, total: 0 },
    withExceptions: { ok: 0, total: 0 },
    refused: [],
  };
  for await (const { file, scopes } of askOracle(python, [...runs.keys()])) {
    const finder = new GraphFinder(fileGraphs(file, readFileSync(file)).functions);
    const functions = runs.get(file);
    for (const scope of scopes ?? []) {
      const graph = finder.take(scope);
      const own = functions?.get(`${scope.line} ${scope.qualname}`);
      if (scope.kind !== "function" || own === undefined) continue;
      admission.functions++;
      admitRuns(admission, file, scope, graph === null ? null : graphAutomaton(graph, scope), own);
    }
  }
  return admission;
}

function admitRuns(
  admission: Admission,
  file: string,
  scope: OracleScope,
  automaton: Automaton | null,
  runs: ReadonlyMap<string, readonly string[]>,
): void {
  for (const run of runs.values()) {
    const at = automaton === null ? 0 : firstNotAdmitted(automaton, run);
    count(run.some((letter) => letter.startsWith("!")) ? admission.withExceptions : admission.without, at < 0);
    if (at < 0) continue;
    const shown = run.slice(Math.max(0, at - 6), at + 1).map(placeName);
    admission.refused.push({ file, function: `${scope.line} ${scope.qualname}`, run: shown.join(" → ") });
  }
}
