/** A second extension: it provides tools to Toka, and listens to how runs end. */
import * as vscode from "vscode";
import type { FinishedExecution, TokaExports } from "../../../src/extension/api.ts";

export interface SampleProvider {
  /** What it provides from now on. */
  provide(next: readonly object[]): void;
  /** The runs that it was told of. */
  finished(): readonly FinishedExecution[];
  /** Takes its tools back. */
  leave(): void;
}

export async function activate(context: vscode.ExtensionContext): Promise<SampleProvider> {
  const toka = vscode.extensions.getExtension<TokaExports>("toka.toka-tools");
  if (toka === undefined) throw new Error("Toka Tools is not installed");
  const api = (await toka.activate()).getApi(1);
  const changed = new vscode.EventEmitter<void>();
  const finished: FinishedExecution[] = [];
  let tools = vscode.workspace.getConfiguration("toolProvider").get<readonly object[]>("tools", []);
  const tells = tools.length > 0;
  const registration = api.registerToolProvider({
    id: "toka-test.tool-provider",
    onDidChangeTools: changed.event,
    // Toka checks what comes: the tests hand over wrong ones, too.
    provideTools: () => tools as ReturnType<Parameters<typeof api.registerToolProvider>[0]["provideTools"]>,
  });
  context.subscriptions.push(
    changed,
    registration,
    api.onDidFinishExecution((execution) => {
      finished.push(execution);
      if (tells) void vscode.window.showInformationMessage(`Told: ${execution.tool} ended ${execution.reason}`);
    }),
  );
  return {
    provide: (next) => {
      tools = next;
      changed.fire();
    },
    finished: () => finished,
    leave: () => registration.dispose(),
  };
}
