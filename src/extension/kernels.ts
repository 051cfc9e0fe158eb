import { type Disposable, type LogOutputChannel, type Uri, type WorkspaceFolder, workspace } from "vscode";
import type { Kernel } from "../kernel/index.ts";
import { fail, type Result } from "../model/index.ts";
import type { Sandbox } from "../sandbox/index.ts";
import { readSettings } from "./settings.ts";
import type { ToolStore } from "./tool-store.ts";

/** The kernel of each workspace folder, opened when it is first needed. */
export class Kernels implements Disposable {
  readonly #helper: Uri;
  readonly #cli: Uri;
  readonly #store: ToolStore;
  readonly #log: LogOutputChannel;
  readonly #open = new Map<string, Promise<Result<Kernel>>>();
  /** How many runs each kernel has under way. */
  readonly #busy = new Map<Kernel, number>();
  /** Kernels that close when their last run has ended. */
  readonly #leaving = new Set<Kernel>();
  readonly #subscription: Disposable;
  #sandbox: Sandbox | undefined;

  /** @param helper the sandbox's helper script; @param cli the command line, which built-in tools are */
  constructor(helper: Uri, cli: Uri, store: ToolStore, log: LogOutputChannel) {
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
    const { Sandbox } = await import("../sandbox/index.ts");
    this.#sandbox ??= new Sandbox({
      helperPath: this.#helper.fsPath,
      onLog: (line) => this.#log.debug(`sandbox: ${line}`),
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
  async use<T>(kernel: Kernel, work: () => Promise<T>): Promise<T> {
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
    const { Kernel, limitsOf } = await import("../kernel/index.ts");
    const interpreter = python.value.interpreterPath;
    const opened = Kernel.open({
      workspace: folder.uri.fsPath,
      sandbox: await this.sandbox(),
      limits: limitsOf(limits.value),
      trusted: () => workspace.isTrusted,
      own: { node: process.execPath, cli: this.#cli.fsPath },
      ...(interpreter === "" ? {} : { interpreter }),
    });
    if (opened.ok) for (const notice of opened.value.notices) this.#log.warn(`${folder.name}: ${notice}`);
    return opened;
  }

  /** Settings are read when a kernel opens: after a change all are opened anew. */
  reset(): void {
    for (const key of this.#open.keys()) this.#drop(key);
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
    this.reset();
  }
}
