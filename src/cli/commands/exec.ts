import { statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type CommandOutcome, executeCommand } from "../../kernel/index.ts";
import {
  Category,
  type ExitStatus,
  fail,
  type Limits,
  ok,
  type Result,
  type SandboxReport,
} from "../../model/index.ts";
import { compileConfig, type Sandbox } from "../../sandbox/index.ts";
import { parseBackend } from "../backend.ts";
import { type Context, openSandbox } from "../context.ts";
import { EXIT, exitCodeOf, exitCodeOfProblem } from "../exit-codes.ts";
import { observedLines } from "../observed-lines.ts";
import { parseBytes, parseCount, parsePercent, parseTime } from "../units.ts";

export interface ExecOptions {
  readonly category: string;
  readonly workspace: string;
  readonly writable?: readonly string[];
  readonly readable?: readonly string[];
  readonly forbid?: readonly string[];
  readonly network: string;
  readonly allowHost?: readonly string[];
  readonly memory?: string;
  readonly cpu?: string;
  readonly time?: string;
  readonly processes?: string;
  readonly disk?: string;
  readonly files?: string;
  readonly output?: string;
  readonly env?: readonly string[];
  readonly report?: string;
  readonly backend: string;
  readonly image?: string;
  readonly observe?: true;
  readonly unprotected?: true;
}

/** `toka exec [limits] -- COMMAND`: any command of the user in the sandbox, its streams passed through. */
export async function execCommand(argv: readonly string[], options: ExecOptions, context: Context): Promise<number> {
  const request = readRequest(argv, options, context);
  if (!request.ok) {
    context.console.problem(request.problem);
    return exitCodeOfProblem(request.problem);
  }
  const backend = parseBackend(options.backend);
  if (!backend.ok) {
    context.console.problem(backend.problem);
    return EXIT.wrongUse;
  }
  const sandbox = openSandbox(context.environment, backend.value, options.image);
  const stdout = context.console.toolStream("stdout");
  const stderr = context.console.toolStream("stderr");
  const outcome = await executeCommand(sandbox, request.value, {
    signal: context.signal,
    onStdout: (chunk) => stdout.push(chunk),
    onStderr: (chunk) => stderr.push(chunk),
    onEvent: () => undefined,
  });
  stdout.end();
  stderr.end();
  const { exit } = outcome;
  if (exit.message !== undefined && exit.reason !== "ok" && exit.reason !== "failed") {
    context.console.say(`toka: ${exit.reason}: ${exit.message}`);
    if (exit.reason === "not-enforceable" && !options.unprotected) context.console.say(UNPROTECTED_HINT);
  }
  if (outcome.observed !== undefined) {
    for (const line of observedLines(outcome.observed)) context.console.say(`toka: ${line}`);
  }
  if (options.report !== undefined) {
    const written = await writeReport(options.report, outcome, sandbox);
    if (!written.ok) {
      context.console.problem(written.problem);
      return exitCodeOfProblem(written.problem);
    }
  }
  return commandCode(exit);
}

/** The command's own exit code, where it got as far as having one. */
function commandCode(exit: ExitStatus): number {
  const own = exit.reason === "ok" || exit.reason === "failed";
  return own ? (exit.code ?? EXIT.failed) : exitCodeOf(exit);
}

/** What is left to someone whose machine has nothing that isolates. */
export const UNPROTECTED_HINT =
  "toka: where a machine has nothing that isolates, --unprotected runs the command this once without it";

type CommandRequest = Parameters<typeof executeCommand>[1];

function readRequest(argv: readonly string[], options: ExecOptions, context: Context): Result<CommandRequest> {
  const category = Category.safeParse(options.category);
  if (!category.success) return fail("bad-option", `--category is one of ${Category.options.join(", ")}`);
  const hosts = options.allowHost ?? [];
  if (options.network !== "none" && options.network !== "hosts") {
    return fail("bad-option", "--network is none or hosts");
  }
  if (options.network === "hosts" && hosts.length === 0) {
    return fail("bad-option", "--network hosts needs --allow-host");
  }
  if (options.network === "none" && hosts.length > 0) {
    return fail("bad-option", "--allow-host needs --network hosts");
  }
  const limits = readLimits(options);
  if (!limits.ok) return limits;
  const workspace = resolve(options.workspace);
  if (statSync(workspace, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return fail("bad-option", `--workspace ${options.workspace} is not a folder`);
  }
  const absolute = (paths: readonly string[] | undefined): string[] => (paths ?? []).map((path) => resolve(path));
  return ok({
    argv,
    cwd: workspace,
    config: compileConfig({
      category: category.data,
      workspace,
      writablePaths: absolute(options.writable),
      readablePaths: absolute(options.readable),
      forbiddenPaths: absolute(options.forbid),
      hosts,
      environment: options.env ?? [],
    }),
    limits: limits.value,
    environment: context.environment,
    stdin: context.stdin(),
    ...(options.observe ? { observe: true } : {}),
    ...(options.unprotected ? { unprotected: true } : {}),
  });
}

/** The limits that were given; each replaces the category's. */
function readLimits(options: ExecOptions): Result<Partial<Limits>> {
  const limits: { -readonly [Key in keyof Limits]?: Limits[Key] } = {};
  const readers = [
    ["memoryBytes", options.memory, parseBytes],
    ["cpuPercent", options.cpu, parsePercent],
    ["timeMs", options.time, parseTime],
    ["processes", options.processes, (text: string) => parseCount(text, 1)],
    ["diskBytes", options.disk, parseBytes],
    ["files", options.files, (text: string) => parseCount(text, 1)],
    ["outputBytes", options.output, parseBytes],
  ] as const;
  for (const [name, text, read] of readers) {
    if (text === undefined) continue;
    const value = read(text);
    if (!value.ok) return value;
    limits[name] = value.value;
  }
  return ok(limits);
}

async function writeReport(file: string, outcome: CommandOutcome, sandbox: Sandbox): Promise<Result<void>> {
  // The run may have been cancelled; what this machine enforces is still worth knowing.
  const enforcement = await sandbox.probe(new AbortController().signal);
  const { exit, usage, denied, policy, observed } = outcome;
  const report: SandboxReport = {
    exit,
    usage,
    denied: [...denied],
    policy,
    enforcement,
    ...(observed === undefined ? {} : { observed }),
  };
  try {
    writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
    return ok(undefined);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail("write-failed", `The report cannot be written: ${why}`);
  }
}
