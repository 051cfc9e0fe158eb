import type { Execution, Observed, ResultFile } from "../../model/index.ts";
import type { Sandbox, SandboxOutcome, SpareFolders } from "../../sandbox/index.ts";
import { type BuiltinTools, builtinEnd, OWN_ENVIRONMENT, ProgressLines } from "../builtin-tools.ts";
import { workspaceInterpreter } from "../entry.ts";
import { BoundedText, cleanPages, collectResults, stdoutResult } from "../output.ts";
import type { Denial } from "../policy.ts";
import type { ExecutionHooks, Plan, RunRequest } from "../request.ts";
import type { RunFolder } from "../state.ts";

/** What every attempt needs beside its plan. */
export interface AttemptContext {
  /** Real path of the workspace folder. */
  readonly workspace: string;
  readonly sandbox: Pick<Sandbox, "run">;
  readonly builtins: BuiltinTools;
  readonly environment: NodeJS.ProcessEnv;
  /** Absolute path of the Python that the user configured. */
  readonly interpreter: string | undefined;
}

/** What came of a run in the sandbox, behind the output gate. */
export type Outcome = Pick<Execution, "exit" | "stdout" | "stderr" | "results" | "usage" | "warm" | "denied"> & {
  readonly observed?: Observed;
};

/** The environment that a policy lets names pass from. */
export function callerEnvironment({ environment }: AttemptContext, plan: Plan): NodeJS.ProcessEnv {
  return { ...environment, ...OWN_ENVIRONMENT, PYTHONPATH: plan.modulePath };
}

/** The Python that `python` means: the configured one, else the workspace's own environment; else the sandbox finds it. */
export function chosenInterpreter({ interpreter, workspace }: AttemptContext): string | undefined {
  return interpreter ?? workspaceInterpreter(workspace);
}

/** What an attempt takes from its request; and folders for runs that may follow. */
type Asked = Pick<RunRequest, "observe" | "unprotected"> & { readonly spareFolders: SpareFolders };

/** Runs what was planned in the sandbox and takes its output through the output gate. */
export async function attempt(
  context: AttemptContext,
  plan: Plan,
  { observe, unprotected, spareFolders }: Asked,
  folder: RunFolder,
  hooks: ExecutionHooks,
): Promise<Outcome> {
  const stdout = new BoundedText(plan.policy.outputBytes);
  const stderr = new BoundedText(plan.policy.outputBytes);
  const isBuiltin = context.builtins.entry(plan.tool) !== undefined;
  const { onProgress } = hooks;
  const progress = isBuiltin && onProgress !== undefined ? new ProgressLines(onProgress) : undefined;
  const refusedHosts: string[] = [];
  const interpreter = chosenInterpreter(context);
  const outcome = await context.sandbox.run(
    {
      ...(interpreter === undefined ? {} : { interpreter }),
      argv: [...plan.argv],
      cwd: context.workspace,
      config: plan.policy,
      resultFolder: folder.results,
      spareFolders,
      environment: callerEnvironment(context, plan),
      stdin: "none",
      ...(observe === undefined ? {} : { observe }),
      ...(unprotected === undefined ? {} : { unprotected }),
    },
    {
      signal: hooks.signal,
      onStdout: (chunk) => {
        stdout.push(chunk);
        return hooks.onStdout?.(chunk);
      },
      onStderr: (chunk) => {
        stderr.push(chunk);
        progress?.push(chunk);
        return hooks.onStderr?.(chunk);
      },
      onEvent: (event) => {
        if (event.type === "denied") refusedHosts.push(event.message);
        hooks.onEvent?.(event);
      },
    },
  );
  const text = stdout.text();
  const gate = await outputGate(plan, folder, text, isBuiltin);
  const end = isBuiltin ? builtinEnd(outcome.exit) : undefined;
  const message = [end ?? outcome.exit.message, ...gate.withheld].filter((line) => line !== undefined).join(". ");
  const denied = denialOf(outcome, refusedHosts);
  return {
    exit: { ...outcome.exit, ...(message === "" ? {} : { message }) },
    stdout: text,
    stderr: stderr.text(),
    results: [...gate.results],
    usage: outcome.usage,
    ...(outcome.warm === undefined ? {} : { warm: outcome.warm }),
    ...(denied === undefined ? {} : { denied }),
    ...(outcome.observed === undefined ? {} : { observed: outcome.observed }),
  };
}

/** @param isTrusted pages of built-in tools are made by us */
async function outputGate(
  plan: Plan,
  folder: RunFolder,
  stdout: string,
  isTrusted: boolean,
): Promise<{ results: readonly ResultFile[]; withheld: readonly string[] }> {
  const { outputBytes, outputFormats } = plan.policy;
  const collected = collectResults(folder.results, { bytes: outputBytes, formats: outputFormats });
  const printed = stdoutResult(folder.folder, stdout, plan.tool.output, outputFormats);
  const results = [...collected.results, ...(printed === undefined ? [] : [printed])];
  if (isTrusted) return { results, withheld: collected.withheld };
  const cleaned = await cleanPages(results);
  return { results: cleaned.results, withheld: [...collected.withheld, ...cleaned.withheld] };
}

/** What the sandbox kept a run from, as far as it was seen: hosts, or what ended it. */
function denialOf({ exit, denied }: SandboxOutcome, refusedHosts: readonly string[]): Denial | undefined {
  if (refusedHosts.length > 0) return { capability: "network-access", message: refusedHosts.join("; ") };
  const [first] = denied;
  if (first === undefined || exit.reason !== "denied") return undefined;
  return { capability: first, message: exit.message ?? first };
}
