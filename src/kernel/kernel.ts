import { randomUUID } from "node:crypto";
import { readdirSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import {
  type Capability,
  type Execution,
  fail,
  type HostileValue,
  hostileValues,
  type Limits,
  ok,
  type Principal,
  type Result,
  type ResultFile,
  type RunGrant,
  type SandboxConfig,
  type SandboxEvent,
  type Tool,
  type ToolArguments,
  validateArguments,
} from "../model/index.ts";
import type { Sandbox, SandboxOutcome } from "../sandbox/index.ts";
import { buildArguments } from "./argv.ts";
import {
  BuiltinTools,
  builtinEnd,
  OWN_ENVIRONMENT,
  type OwnCommand,
  ProgressLines,
  type RunProgress,
} from "./builtin-tools.ts";
import { isInside, modulePath, resolveEntry, workspaceInterpreter } from "./entry.ts";
import { fingerprintTool } from "./fingerprint.ts";
import { compareObserved } from "./observation.ts";
import { BoundedText, collectResults, stdoutResult } from "./output.ts";
import { type Asked, askedBeyond, type Denial, effectivePolicy, findDenial, type PolicyRequest } from "./policy.ts";
import { Registry } from "./registry.ts";
import { type HistoryQuery, type RunFolder, State } from "./state.ts";
import { stateRoot } from "./state-folder.ts";

export interface KernelOptions {
  /** The workspace folder; its real path is its identity. */
  readonly workspace: string;
  readonly sandbox: Pick<Sandbox, "run">;
  /** The folder of all state; the platform's own place when left out. */
  readonly stateFolder?: string;
  readonly clock?: () => Date;
  /** The caller's environment: PATH to look programs up in, and the variables that a policy lets pass. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Absolute path of the Python that runs `python` entries, when the user configured one. */
  readonly interpreter?: string;
  /** The user's own limits for all runs; each replaces the category's. */
  readonly limits?: Partial<Limits>;
  /** How the built-in tools are started; without it there are none. */
  readonly own?: OwnCommand;
  /** Whether the user trusts the workspace; asked before every run. Always, when left out. */
  readonly trusted?: () => boolean;
}

/** What a front door asks for. */
export interface RunRequest {
  /** An id, or a name that only one tool has. */
  readonly tool: string;
  readonly arguments: ToolArguments;
  readonly principal: Principal;
  /** What the user allowed for this run; agents cannot use one. */
  readonly grant?: RunGrant;
  /** Limits for this run: of the user they replace the category's, of an agent they only narrow. */
  readonly limits?: Partial<Limits>;
  /** The fingerprint of the plan that was confirmed: a tool that changed since is not run. */
  readonly approved?: string;
  /**
   * The user agreed that this one run may go on where nothing isolates. Never remembered, and nobody else's to give: of
   * an agent it is a denial.
   */
  readonly unprotected?: boolean;
  /** Let the run tell what it does, and compare that with what was inferred from its code. */
  readonly observe?: boolean;
}

/** What a run would do, told before it happens. */
export interface Plan {
  readonly tool: Tool;
  readonly fingerprint: string;
  /** The tool has another fingerprint than when it last ran. */
  readonly changed: boolean;
  readonly arguments: ToolArguments;
  readonly argv: readonly string[];
  /** PYTHONPATH of the run, when the tool needs one. */
  readonly modulePath: string | undefined;
  readonly policy: SandboxConfig;
  readonly capabilities: readonly Capability[];
  /** What the code names and the policy does not give: it would take a grant. */
  readonly asked: Asked;
  /** Argument values that look hostile. */
  readonly hostile: readonly HostileValue[];
  readonly denied?: Denial;
}

/** Receivers of a run's streams and events, and the signal that cancels it. */
export interface ExecutionHooks {
  readonly signal: AbortSignal;
  /** A promise holds the stream back until it is settled. */
  readonly onStdout?: (chunk: Uint8Array) => void | Promise<void>;
  readonly onStderr?: (chunk: Uint8Array) => void | Promise<void>;
  readonly onEvent?: (event: SandboxEvent) => void;
  /** How far a built-in tool is. */
  readonly onProgress?: (progress: RunProgress) => void;
}

/** MonitorExecution: an event of a run that goes on in this process. */
export interface MonitoredEvent {
  readonly execution: string;
  readonly tool: string;
  readonly principal: Principal;
  readonly event: SandboxEvent;
}

const NO_USAGE = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, writtenBytes: 0 };

/**
 * The one gate: whatever runs a tool, for whomever, goes through `execute`. It checks the arguments, decides what the
 * principal may do, runs the tool in the sandbox, takes its output through the output gate, and keeps what happened.
 */
export class Kernel {
  /** Real path of the workspace folder. */
  readonly workspace: string;
  /** What a person should know about the state, such as a damaged database that was set aside. */
  readonly notices: readonly string[];
  readonly #options: KernelOptions;
  readonly #root: string;
  readonly #state: State;
  readonly #clock: () => Date;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #registry = new Registry();
  readonly #builtins: BuiltinTools;
  readonly #monitors = new Set<(event: MonitoredEvent) => void>();

  private constructor(options: KernelOptions, workspace: string, root: string, state: State) {
    this.workspace = workspace;
    this.notices = state.notices;
    this.#options = options;
    this.#root = root;
    this.#state = state;
    this.#clock = options.clock ?? (() => new Date());
    this.#environment = options.environment ?? process.env;
    this.#builtins = new BuiltinTools(options.own, state.places.analysis);
    this.#registry.register(this.#builtins.tools);
  }

  /** Opens a workspace's kernel with its state. Problems: `no-workspace`, `state-newer`, `state-unavailable`. */
  static open(options: KernelOptions): Result<Kernel> {
    const workspace = realFolder(options.workspace);
    if (!workspace.ok) return workspace;
    const root = resolve(options.stateFolder ?? stateRoot(options.environment ?? process.env, process.platform));
    const state = State.open(root, workspace.value, options.clock ?? (() => new Date()));
    return state.ok ? ok(new Kernel(options, workspace.value, root, state.value)) : state;
  }

  close(): void {
    this.#state.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** RegisterTool: the tools that may be run, as discovery found them; replaces those registered before. */
  registerTools(tools: readonly Tool[]): void {
    // What is built in cannot be replaced by what a workspace calls the same.
    this.#registry.replace([...tools, ...this.#builtins.tools]);
  }

  tools(): readonly Tool[] {
    return this.#registry.all();
  }

  /** @param wanted an id or an unambiguous name; problems `no-tool` and `ambiguous-tool` (which lists the ids) */
  findTool(wanted: string): Result<Tool> {
    return this.#registry.find(wanted);
  }

  /** ValidateCapabilities: everything that would hold for a run, and whether it is denied, without running anything. */
  plan(request: RunRequest): Result<Plan> {
    const found = this.#registry.find(request.tool);
    if (!found.ok) return found;
    const tool = found.value;
    const valid = validateArguments(tool, request.arguments);
    if (!valid.ok) return valid;
    const words = buildArguments(tool, valid.value);
    if (!words.ok) return words;
    const builtin = this.#builtins.entry(tool);
    const entry = builtin === undefined ? resolveEntry(tool, this.workspace) : ok(builtin.argv);
    if (!entry.ok) return entry;
    const modules = modulePath(tool, this.workspace);
    if (!modules.ok) return modules;
    const fingerprint =
      builtin === undefined ? fingerprintTool(tool, this.workspace) : fingerprintTool({ ...tool, ...builtin }, "/");
    if (!fingerprint.ok) return fingerprint;
    const last = this.#state.lastFingerprint(tool.id);
    if (!last.ok) return last;
    const policyRequest = this.#policyRequest(tool, request);
    const policy = effectivePolicy(policyRequest);
    if (!policy.ok) return policy;
    const denied = findDenial(policyRequest, this.#options.trusted?.() ?? true);
    return ok({
      tool,
      fingerprint: fingerprint.value,
      changed: last.value !== undefined && last.value !== fingerprint.value,
      arguments: valid.value,
      argv: [...entry.value, ...words.value],
      modulePath: modules.value,
      policy: policy.value,
      capabilities: tool.capabilities,
      asked: askedBeyond(tool.capabilities),
      hostile: hostileValues(valid.value),
      ...(denied === undefined ? {} : { denied }),
    });
  }

  /**
   * ExecuteTool: runs a tool in the sandbox and keeps the run. A denied or cancelled run, or one that a limit ended, is
   * an execution like any other, told by its exit reason; problems are left for what never became a run.
   */
  async execute(request: RunRequest, hooks: ExecutionHooks): Promise<Result<Execution>> {
    const planned = this.plan(request);
    if (!planned.ok) return planned;
    const plan = planned.value;
    if (request.approved !== undefined && request.approved !== plan.fingerprint) {
      const message = `${plan.tool.name} changed after it was confirmed: look at it again, then run it`;
      return fail("tool-changed", message, { file: plan.tool.file, line: plan.tool.line });
    }
    const id = randomUUID();
    const startedAt = this.#clock().toISOString();
    const base = {
      id,
      tool: plan.tool.id,
      arguments: plan.arguments,
      argv: [...plan.argv],
      principal: request.principal,
      startedAt,
      policy: plan.policy,
      cached: false,
    };
    if (plan.denied !== undefined)
      return this.#keepDenied({ ...base, ...deniedOutcome(plan.denied) }, plan, plan.denied);
    const started = this.#state.audit({
      principal: request.principal,
      action: "started",
      tool: plan.tool.id,
      execution: id,
      details: {
        argv: plan.argv,
        fingerprint: plan.fingerprint,
        grant: request.grant,
        hostile: plan.hostile,
        unprotected: request.unprotected,
      },
    });
    if (!started.ok) return started;
    const folder = this.#state.makeRunFolder(id);
    if (!folder.ok) return folder;
    const outcome = await this.#run(id, plan, request, folder.value, hooks);
    const execution: Execution = { ...base, ...outcome };
    const kept = this.#state.record(execution, plan.fingerprint);
    return kept.ok ? ok(execution) : kept;
  }

  /** Runs that were kept, newest first, without their output bodies. `tool` is an id or an unambiguous name. */
  history(query: HistoryQuery = {}): Result<readonly Execution[]> {
    if (query.tool === undefined) return this.#state.history(query);
    const found = this.#registry.find(query.tool);
    if (!found.ok && found.problem.code === "ambiguous-tool") return found;
    // A tool that is gone from the workspace still has a history under its id.
    return this.#state.history({ ...query, tool: found.ok ? found.value.id : query.tool });
  }

  /** A kept run with its output. Problem: `no-execution`. */
  execution(id: string): Result<Execution> {
    return this.#state.execution(id);
  }

  /**
   * MonitorExecution: what happens in every run of this kernel, until the returned function is called.
   * @param listener must not throw
   */
  monitor(listener: (event: MonitoredEvent) => void): () => void {
    this.#monitors.add(listener);
    return () => this.#monitors.delete(listener);
  }

  #keepDenied(execution: Execution, plan: Plan, denial: Denial): Result<Execution> {
    const noted = this.#state.audit({
      principal: execution.principal,
      action: "denied",
      tool: execution.tool,
      execution: execution.id,
      details: { ...denial },
    });
    if (!noted.ok) return noted;
    const kept = this.#state.record(execution, plan.fingerprint);
    return kept.ok ? ok(execution) : kept;
  }

  #policyRequest(tool: Tool, request: RunRequest): PolicyRequest {
    const builtin = this.#builtins.entry(tool);
    const hidden = isInside(this.workspace, this.#root) ? this.#hiddenState() : [];
    return {
      tool,
      principal: request.principal,
      workspace: this.workspace,
      stateRoot: this.#root,
      forbiddenPaths: hidden.filter((path) => builtin?.writablePaths.includes(path) !== true),
      builtin,
      grant: request.grant,
      unprotected: request.unprotected === true,
      settings: this.#options.limits ?? {},
      limits: request.limits ?? {},
    };
  }

  /** A workspace that contains the state (a home folder) shows none of it but the folder of the run. */
  #hiddenState(): readonly string[] {
    const own = this.#state.places.folder;
    const others = readdirSync(this.#root).map((name) => join(this.#root, name));
    const inside = readdirSync(own).map((name) => join(own, name));
    return [...others, ...inside].filter((path) => path !== own && path !== this.#state.places.runs);
  }

  async #run(
    id: string,
    plan: Plan,
    { principal, observe, unprotected }: RunRequest,
    folder: RunFolder,
    hooks: ExecutionHooks,
  ): Promise<Pick<Execution, "exit" | "stdout" | "stderr" | "results" | "usage" | "denied" | "observed">> {
    const stdout = new BoundedText(plan.policy.outputBytes);
    const stderr = new BoundedText(plan.policy.outputBytes);
    const isBuiltin = this.#builtins.entry(plan.tool) !== undefined;
    const { onProgress } = hooks;
    const progress = isBuiltin && onProgress !== undefined ? new ProgressLines(onProgress) : undefined;
    const refusedHosts: string[] = [];
    const interpreter = this.#options.interpreter ?? workspaceInterpreter(this.workspace);
    const outcome = await this.#options.sandbox.run(
      {
        ...(interpreter === undefined ? {} : { interpreter }),
        argv: [...plan.argv],
        cwd: this.workspace,
        config: plan.policy,
        resultFolder: folder.results,
        environment: { ...this.#environment, ...OWN_ENVIRONMENT, PYTHONPATH: plan.modulePath },
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
          for (const listener of this.#monitors) listener({ execution: id, tool: plan.tool.id, principal, event });
        },
      },
    );
    const text = stdout.text();
    const gate = this.#outputGate(plan, folder, text);
    const end = isBuiltin ? builtinEnd(outcome.exit) : undefined;
    const message = [end ?? outcome.exit.message, ...gate.withheld].filter((line) => line !== undefined).join(". ");
    const denied = denialOf(outcome, refusedHosts);
    const { observed } = outcome;
    return {
      exit: { ...outcome.exit, ...(message === "" ? {} : { message }) },
      stdout: text,
      stderr: stderr.text(),
      results: gate.results,
      usage: outcome.usage,
      ...(denied === undefined ? {} : { denied }),
      ...(observed === undefined
        ? {}
        : { observed: { ...observed, comparison: compareObserved(observed, { ...plan, usage: outcome.usage }) } }),
    };
  }

  #outputGate(plan: Plan, folder: RunFolder, stdout: string): { results: ResultFile[]; withheld: readonly string[] } {
    const { outputBytes, outputFormats } = plan.policy;
    const collected = collectResults(folder.results, { bytes: outputBytes, formats: outputFormats });
    const printed = stdoutResult(folder.folder, stdout, plan.tool.output, outputFormats);
    return {
      results: [...collected.results, ...(printed === undefined ? [] : [printed])],
      withheld: collected.withheld,
    };
  }
}

/** What the sandbox kept a run from, as far as it was seen: hosts, or what ended it. */
function denialOf({ exit, denied }: SandboxOutcome, refusedHosts: readonly string[]): Denial | undefined {
  if (refusedHosts.length > 0) return { capability: "network-access", message: refusedHosts.join("; ") };
  const [first] = denied;
  if (first === undefined || exit.reason !== "denied") return undefined;
  return { capability: first, message: exit.message ?? first };
}

function deniedOutcome(
  denial: Denial,
): Pick<Execution, "exit" | "stdout" | "stderr" | "results" | "usage"> & { denied: Denial } {
  return {
    exit: { reason: "denied", message: denial.message },
    stdout: "",
    stderr: "",
    results: [],
    usage: NO_USAGE,
    denied: denial,
  };
}

function realFolder(path: string): Result<string> {
  const problem = (why: string): Result<never> => fail("no-workspace", `The workspace folder cannot be used: ${why}`);
  try {
    const real = realpathSync(isAbsolute(path) ? path : resolve(path));
    return statSync(real).isDirectory() ? ok(real) : problem(`${path} is not a folder`);
  } catch (error) {
    return problem(error instanceof Error ? error.message : String(error));
  }
}
