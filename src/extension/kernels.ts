import {
  type Disposable,
  EventEmitter,
  type LogOutputChannel,
  type Uri,
  type WorkspaceFolder,
  workspace,
} from "vscode";
import type { Kernel, RunningPreferences, RunQueue } from "../kernel/index.ts";
import { fail, type Grant, ok, type Result } from "../model/index.ts";
import type { Sandbox } from "../sandbox/index.ts";
import { readSettings } from "./settings.ts";
import type { FolderAlert } from "./statistics/alerts.ts";
import type { ToolStore } from "./tool-store.ts";

/** Of a kernel, what keeping it open takes. */
type Closable = Pick<Kernel, "close">;

/** The kernel of each workspace folder, opened when it is first needed. */
export class Kernels implements Disposable {
  readonly #helper: Uri;
  readonly #cli: Uri;
  readonly #store: Pick<ToolStore, "tools">;
  readonly #log: LogOutputChannel;
  readonly #open = new Map<string, Promise<Result<Kernel>>>();
  /** How many runs each kernel has under way. */
  readonly #busy = new Map<Closable, number>();
  /** Kernels that close when their last run has ended. */
  readonly #leaving = new Set<Closable>();
  readonly #subscription: Disposable;
  readonly #alerts = new EventEmitter<FolderAlert>();
  readonly #grants = new EventEmitter<void>();
  /** What was granted for as long as this window is open, by folder; kernels are opened anew in between. */
  readonly #sessions = new Map<string, Map<string, Grant>>();
  #sandbox: Sandbox | undefined;
  /** Of all folders of the window: they share the machine. */
  #queue: RunQueue | undefined;

  /** A run set off an alert that the user set. */
  readonly onDidAlert = this.#alerts.event;
  /** Grants were given, used up or revoked in this window. */
  readonly onDidChangeGrants = this.#grants.event;

  /** @param helper the sandbox's helper script; @param cli the command line, which built-in tools are */
  constructor(helper: Uri, cli: Uri, store: Pick<ToolStore, "tools">, log: LogOutputChannel) {
    this.#helper = helper;
    this.#cli = cli;
    this.#store = store;
    this.#log = log;
    this.#subscription = workspace.onDidChangeWorkspaceFolders(({ removed }) => {
      for (const { uri } of removed) this.#drop(uri.toString());
    });
  }

  /** The sandbox of this machine. */
  async sandbox(): Promise<Sandbox> {
    const { Sandbox, wantedHelper } = await import("../sandbox/index.ts");
    this.#sandbox ??= new Sandbox({
      helperPath: this.#helper.fsPath,
      helper: wantedHelper(process.env),
      onLog: (line) => this.#log.debug(`sandbox: ${line}`),
      warm: { ready: this.#readyCount() },
    });
    return this.#sandbox;
  }

  /** A folder's kernel with the tools that are known now. Nothing is opened for a folder that is not trusted. */
  async get(folder: WorkspaceFolder): Promise<Result<Kernel>> {
    if (!workspace.isTrusted) return fail("untrusted", `${folder.name} is not trusted`);
    const key = folder.uri.toString();
    const opening = this.#open.get(key) ?? this.#start(folder);
    this.#open.set(key, opening);
    let usable = false;
    try {
      const opened = await opening;
      usable = opened.ok;
      if (opened.ok) this.#register(opened.value, folder);
      return opened;
    } finally {
      // The next one who asks tries again.
      if (!usable && this.#open.get(key) === opening) this.#open.delete(key);
    }
  }

  #register(kernel: Kernel, folder: WorkspaceFolder): void {
    const tools = this.#store.tools(folder).map(({ tool }) => tool);
    const { plugin = [], workspace: own = [] } = Object.groupBy(tools, ({ framework }) =>
      framework === "plugin" ? "plugin" : "workspace",
    );
    kernel.registerTools(own, "workspace");
    kernel.registerTools(plugin, "plugin:extensions");
  }

  /** Keeps a kernel open until the work with it is done, whatever happens to settings and folders meanwhile. */
  async use<T>(kernel: Closable, work: () => Promise<T>): Promise<T> {
    this.#busy.set(kernel, (this.#busy.get(kernel) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const others = (this.#busy.get(kernel) ?? 1) - 1;
      if (others > 0) this.#busy.set(kernel, others);
      else {
        this.#busy.delete(kernel);
        if (this.#leaving.delete(kernel)) kernel.close();
      }
    }
  }

  async #start(folder: WorkspaceFolder): Promise<Result<Kernel>> {
    const python = readSettings("python", folder);
    if (!python.ok) return python;
    const limits = readSettings("limits");
    if (!limits.ok) return limits;
    const running = readRunning();
    if (!running.ok) return running;
    const { Kernel, limitsOf, machineBounds, RunQueue } = await import("../kernel/index.ts");
    this.#queue ??= new RunQueue(machineBounds(running.value.runs?.concurrent));
    const interpreter = python.value.interpreterPath;
    const session = this.#sessions.get(folder.uri.toString()) ?? new Map<string, Grant>();
    this.#sessions.set(folder.uri.toString(), session);
    const opened = Kernel.open({
      workspace: folder.uri.fsPath,
      sandbox: await this.sandbox(),
      limits: limitsOf(limits.value),
      trusted: () => workspace.isTrusted,
      own: { node: process.execPath, cli: this.#cli.fsPath },
      running: running.value,
      queue: this.#queue,
      session,
      ...(interpreter === "" ? {} : { interpreter }),
    });
    if (!opened.ok) return opened;
    for (const notice of opened.value.notices) this.#log.warn(`${folder.name}: ${notice}`);
    opened.value.grants.onDidChange(() => this.#grants.fire());
    opened.value.monitor(({ event }) => {
      if (event.type === "alert") this.#alerts.fire({ folder, alert: event.alert });
    });
    return opened;
  }

  /** How many sandboxes the user wants to be kept ready; none where the setting is wrong. */
  #readyCount(): number {
    const sandbox = readSettings("sandbox");
    if (!sandbox.ok) this.#log.warn(sandbox.problem.message);
    return sandbox.ok ? sandbox.value.warmStart : 0;
  }

  /** Settings are read when a kernel opens: after a change all are opened anew. */
  reset(): void {
    this.#sandbox?.keepReady(this.#readyCount());
    for (const key of this.#open.keys()) this.#drop(key);
    // Runs that wait in the old one still have their turn.
    this.#queue = undefined;
  }

  #drop(key: string): void {
    const opening = this.#open.get(key);
    this.#open.delete(key);
    opening?.then(
      (opened) => {
        if (!opened.ok) return;
        if (this.#busy.has(opened.value)) this.#leaving.add(opened.value);
        else opened.value.close();
      },
      (error: unknown) => this.#log.warn(`closing a kernel: ${String(error)}`),
    );
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#alerts.dispose();
    this.#grants.dispose();
    this.reset();
    this.#sandbox?.dispose().catch((error: unknown) => this.#log.warn(`ending sandboxes: ${String(error)}`));
  }
}

/** The settings of queue, cache, history and alerts, all of the user. */
function readRunning(): Result<RunningPreferences> {
  const runs = readSettings("runs");
  if (!runs.ok) return runs;
  const cache = readSettings("cache");
  if (!cache.ok) return cache;
  const history = readSettings("history");
  if (!history.ok) return history;
  const alerts = readSettings("alerts");
  if (!alerts.ok) return alerts;
  return ok({ runs: runs.value, cache: cache.value, history: history.value, alerts: alerts.value });
}
