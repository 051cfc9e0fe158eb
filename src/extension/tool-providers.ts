import { CancellationTokenSource, Disposable, EventEmitter, type WorkspaceFolder, workspace } from "vscode";
import type { Tool } from "../model/index.ts";
import type { ToolProvider } from "./api.ts";
import type { Reporter } from "./reporter.ts";

/** A provider, and what it last said of each folder. */
interface Registration {
  readonly provider: ToolProvider;
  readonly tools: Map<string, readonly Tool[]>;
  /** The question under way, for each folder. */
  readonly asking: Map<string, CancellationTokenSource>;
}

/** The tools that other extensions provide. */
export class ToolProviders implements Disposable {
  readonly #reporter: Reporter;
  readonly #registrations = new Set<Registration>();
  readonly #changed = new EventEmitter<void>();
  readonly #subscription: Disposable;

  readonly onDidChange = this.#changed.event;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
    this.#subscription = workspace.onDidChangeWorkspaceFolders(() => {
      for (const registration of this.#registrations) this.#askAll(registration);
    });
  }

  /** Asks a provider for the tools of all folders, now and whenever it says that they changed. */
  register(provider: ToolProvider): Disposable {
    const registration: Registration = { provider, tools: new Map(), asking: new Map() };
    this.#registrations.add(registration);
    const listening = provider.onDidChangeTools?.(() => this.#askAll(registration));
    this.#askAll(registration);
    return new Disposable(() => {
      listening?.dispose();
      this.#registrations.delete(registration);
      for (const request of registration.asking.values()) request.cancel();
      this.#changed.fire();
    });
  }

  /** The tools of a folder, of providers in the order of their registration. */
  tools(folder: WorkspaceFolder): readonly Tool[] {
    return [...this.#registrations].flatMap(({ tools }) => tools.get(folder.uri.toString()) ?? []);
  }

  #askAll(registration: Registration): void {
    for (const folder of workspace.workspaceFolders ?? []) {
      this.#reporter.background(this.#ask(registration, folder), `asking ${registration.provider.id} for tools`);
    }
  }

  async #ask(registration: Registration, folder: WorkspaceFolder): Promise<void> {
    const { provider, tools, asking } = registration;
    const key = folder.uri.toString();
    asking.get(key)?.cancel();
    const request = new CancellationTokenSource();
    asking.set(key, request);
    try {
      const described = (await provider.provideTools(folder, request.token)) ?? [];
      const { providedTool } = await import("../discovery/index.ts");
      if (request.token.isCancellationRequested || !this.#registrations.has(registration)) return;
      const found = new Map<string, Tool>();
      for (const one of described) {
        const tool = providedTool(provider.id, one);
        if (!tool.ok) this.#reporter.problem(tool.problem);
        else found.set(tool.value.id, tool.value);
      }
      tools.set(key, [...found.values()]);
      this.#changed.fire();
    } finally {
      if (asking.get(key) === request) asking.delete(key);
      request.dispose();
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const { asking } of this.#registrations) for (const request of asking.values()) request.cancel();
    this.#registrations.clear();
    this.#changed.dispose();
  }
}
