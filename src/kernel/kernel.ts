import { realpathSync, statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { type Execution, fail, type Grant, type Limits, ok, type Result, type Tool } from "../model/index.ts";
import type { Sandbox } from "../sandbox/index.ts";
import { AuditLog } from "./audit-log.ts";
import { BuiltinTools, type OwnCommand } from "./builtin-tools.ts";
import { canBeKept, type ResultCache } from "./cache/result-cache.ts";
import { type Running, startRunning } from "./execution/running.ts";
import type { Approvals } from "./grants/approvals.ts";
import type { Grants } from "./grants/grants.ts";
import type { KernelOperations } from "./operations.ts";
import type { RunQueue } from "./queue/run-queue.ts";
import { Registry, type RegistrySource, type ShadowedTool } from "./registry.ts";
import type { ExecutionHooks, MonitoredEvent, Plan, RunningPreferences, RunRequest } from "./request.ts";
import { type Security, startSecurity } from "./security.ts";
import { type HistoryQuery, State } from "./state.ts";
import { stateRoot } from "./state-folder.ts";
import type { StatisticsKeeper } from "./statistics/statistics-keeper.ts";
import { WorkflowStore, Workflows } from "./workflows/index.ts";

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
  /** What the user set for the queue, the cache, the history and alerts; the defaults where left out. */
  readonly running?: RunningPreferences;
  /** The grants of this session by their ids, for kernels that are opened anew while it goes on. */
  readonly session?: Map<string, Grant>;
  /** The queue that several kernels of one process share; without it the kernel has its own. */
  readonly queue?: RunQueue;
}

/**
 * The one gate: whatever runs a tool, for whomever, goes through `execute`. It checks the arguments, decides what the
 * principal may do, runs the tool in the sandbox, takes its output through the output gate, and keeps what happened.
 */
export class Kernel implements KernelOperations {
  /** Real path of the workspace folder. */
  readonly workspace: string;
  /** What a person should know about the state, such as a damaged database that was set aside. */
  readonly notices: readonly string[];
  /** Workflows of the workspace, whose steps are runs like any other. */
  readonly workflows: Workflows;
  readonly #state: State;
  readonly #audit: AuditLog;
  readonly #registry = new Registry();
  readonly #monitors = new Set<(event: MonitoredEvent) => void>();
  readonly #running: Running;
  readonly #security: Security;

  private constructor(options: KernelOptions, workspace: string, root: string, state: State) {
    this.workspace = workspace;
    this.notices = state.notices;
    this.#state = state;
    this.#audit = new AuditLog(state, this.#registry);
    const builtins = new BuiltinTools(options.own, state.places.analysis);
    this.#registry.register(builtins.tools, "builtin");
    const clock = options.clock ?? (() => new Date());
    const workflowStore = new WorkflowStore(state, clock);
    this.#security = startSecurity(options, {
      ...{ workspace, root, state, registry: this.#registry, builtins },
      readableFor: (request) => workflowStore.readableFor(request),
    });
    this.#running = startRunning(options, {
      ...{ workspace, state, builtins },
      plan: (request, run) => this.#security.planner.plan(request, run),
      begin: (plan, request, run) => this.#security.planner.begin(plan, request, run),
      refused: (request, problem, run) => this.#audit.noteRefused(request, problem, run),
      monitor: (event) => {
        for (const listener of this.#monitors) listener(event);
      },
    });
    this.workflows = new Workflows(this, workflowStore, clock);
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

  registerTools(tools: readonly Tool[], source: RegistrySource = "workspace"): void {
    this.#registry.register(tools, source);
  }

  /** Calls back after tools came, changed or went, until the returned function is called. */
  onDidChangeTools(listener: () => void): () => void {
    return this.#registry.onDidChange(listener);
  }

  tools(): readonly Tool[] {
    return this.#registry.all();
  }

  /** Tools that cannot be run, because another source has one with the same id. */
  shadowedTools(): readonly ShadowedTool[] {
    return this.#registry.shadowed();
  }

  findTool(wanted: string): Result<Tool> {
    return this.#registry.find(wanted);
  }

  plan(request: RunRequest): Result<Plan> {
    return this.#security.planner.plan(request);
  }

  /** What principals were granted. */
  get grants(): Grants {
    return this.#security.grants;
  }

  /** The versions of tools that were approved. */
  get approvals(): Approvals {
    return this.#security.approvals;
  }

  /** The append-only record of what was asked, refused, granted, denied, revoked and run. */
  get audit(): AuditLog {
    return this.#audit;
  }

  async execute(request: RunRequest, hooks: ExecutionHooks): Promise<Result<Execution>> {
    return this.#running.executor.execute(request, hooks);
  }

  /** Kept results of idempotent tools. */
  get cache(): ResultCache {
    return this.#running.cache;
  }

  /** The user says that a tool, as it is now, gives the same result for the same inputs. */
  allowCache(wanted: string): Result<Tool> {
    const tool = this.#registry.find(wanted);
    if (!tool.ok) return tool;
    if (!canBeKept(tool.value)) {
      const message = `What ${tool.value.name} reads is not seen: say what it is by “inputs” in a manifest of it`;
      return fail("inputs-unknown", message, { file: tool.value.file });
    }
    const parts = this.#security.planner.partsOf(tool.value);
    if (!parts.ok) return parts;
    const allowed = this.cache.allow(tool.value, parts.value.fingerprint);
    return allowed.ok ? tool : allowed;
  }

  /** What the history says of tools. */
  get statistics(): StatisticsKeeper {
    return this.#running.statistics;
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

  monitor(listener: (event: MonitoredEvent) => void): () => void {
    this.#monitors.add(listener);
    return () => this.#monitors.delete(listener);
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
