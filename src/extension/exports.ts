import { type Disposable, EventEmitter } from "vscode";
import { type Execution, PLUGIN_API_VERSION, parseBoundary, ToolArguments } from "../model/index.ts";
import type { FinishedExecution, TokaApi, TokaExports } from "./api.ts";
import type { Runner } from "./run/runner.ts";
import type { ToolProviders } from "./tool-providers.ts";
import type { LocatedTool, ToolStore } from "./tool-store.ts";

/** The programming interface for other extensions. */
export class Exports implements TokaExports, Disposable {
  readonly #api: TokaApi;
  readonly #finished = new EventEmitter<FinishedExecution>();
  readonly #subscription: Disposable;

  constructor(store: ToolStore, providers: ToolProviders, runner: Runner) {
    this.#subscription = runner.onDidFinish(({ located, execution }) =>
      this.#finished.fire(finished(located, execution)),
    );
    this.#api = {
      version: PLUGIN_API_VERSION,
      registerToolProvider: (provider) => providers.register(provider),
      onDidFinishExecution: this.#finished.event,
      tools: () =>
        store.runnable().map(({ folder, tool: { id, name, description, schema } }) => {
          return { folder: folder.uri.toString(), id, name, description, schema };
        }),
      runTool: async ({ folder, id }, args) => {
        const located = store.find({ folder, tool: id });
        if (located === undefined) throw new RangeError(`There is no tool “${id}” in ${folder}`);
        const checked = parseBoundary(ToolArguments, args, "the arguments of runTool");
        if (!checked.ok) throw new TypeError(checked.problem.message);
        const execution = await runner.run(located, { args: checked.value, complete: false });
        return execution === undefined ? undefined : finished(located, execution);
      },
    };
  }

  getApi(version: number): TokaApi {
    if (version === PLUGIN_API_VERSION) return this.#api;
    throw new RangeError(`Toka Tools has version ${PLUGIN_API_VERSION} of its interface, and not ${version}`);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#finished.dispose();
  }
}

function finished({ folder }: LocatedTool, { id, tool, exit, results }: Execution): FinishedExecution {
  return {
    id,
    folder: folder.uri.toString(),
    tool,
    reason: exit.reason,
    exitCode: exit.code,
    results: results.map(({ path, format }) => ({ path, format })),
  };
}
