import { randomUUID } from "node:crypto";
import { readdirSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { readFolderConfiguration } from "../discovery/index.ts";
import {
  type Capability,
  type Execution,
  type FolderConfiguration,
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
    const folder = readFolderConfiguration(this.workspace);
    if (!folder.ok) return { ok: false, problem: folder.problems[0] };
    const policyRequest = this.#policyRequest(tool, request, folder.value);
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
    return this.#executor.execute(request, hooks);
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

  #policyRequest(tool: Tool, request: RunRequest, folder: FolderConfiguration): PolicyRequest {
    const builtin = this.#builtins.entry(tool);
    const hidden = isInside(this.workspace, this.#root) ? this.#hiddenState() : [];
    return {
      tool,
      principal: request.principal,
      workspace: this.workspace,
      stateRoot: this.#root,
      folder,
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
