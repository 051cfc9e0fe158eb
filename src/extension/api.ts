import type { CancellationToken, Disposable, Event, ProviderResult, WorkspaceFolder } from "vscode";
import type { ExitReason, PLUGIN_API_VERSION, ProvidedTool, ToolArguments } from "../model/index.ts";

/**
 * What other extensions get from this one:
 *
 *     const toka = vscode.extensions.getExtension<TokaExports>("toka.toka-tools");
 *     const api = (await toka?.activate())?.getApi(1);
 */
export interface TokaExports {
  /** @throws RangeError for a version that this extension does not have */
  getApi(version: typeof PLUGIN_API_VERSION): TokaApi;
}

export interface TokaApi {
  readonly version: typeof PLUGIN_API_VERSION;
  /** Adds tools to those of each workspace folder. They run as all others do: asked for, in the sandbox, kept. */
  registerToolProvider(provider: ToolProvider): Disposable;
  /** A run that a person or an agent asked for in this window has ended. */
  readonly onDidFinishExecution: Event<FinishedExecution>;
  /** The tools that are known now. */
  tools(): readonly KnownTool[];
  /**
   * Asks the person to run a tool, with these arguments filled in.
   * @returns how the run ended; undefined when it was not run
   */
  runTool(tool: Pick<KnownTool, "folder" | "id">, args: ToolArguments): Promise<FinishedExecution | undefined>;
}

export interface ToolProvider {
  /** Letters, digits, dots and dashes; best the extension's own id. */
  readonly id: string;
  /** Fires when {@link provideTools} would say something else. */
  readonly onDidChangeTools?: Event<void>;
  provideTools(folder: WorkspaceFolder, token: CancellationToken): ProviderResult<readonly ProvidedTool[]>;
}

export interface KnownTool {
  /** The URI of its workspace folder. */
  readonly folder: string;
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly schema: Readonly<Record<string, unknown>>;
}

export interface FinishedExecution {
  readonly id: string;
  readonly folder: string;
  readonly tool: string;
  readonly reason: ExitReason;
  readonly exitCode: number | undefined;
  readonly results: readonly { readonly path: string; readonly format: string }[];
}
