import type { ToolArguments, WorkflowStepStatus } from "../../model/index.ts";
import { type FileValue, fromJson, type RecordValue, type Scope, type Value } from "./expressions/index.ts";

/** What is known while a workflow runs. */
export interface ScopeParts {
  readonly inputs: ToolArguments;
  readonly workflow: { readonly name: string; readonly run: string };
  /** What steps gave; those that have not ended are not there. */
  readonly steps: ReadonlyMap<string, RecordValue>;
  readonly status?: (name: string, step: string | undefined) => boolean | undefined;
  readonly item?: { readonly value: Value; readonly index: number };
  readonly result?: RecordValue;
}

/** What expressions see, and which files they made part of something. */
export class RunScope implements Scope {
  readonly #names: ReadonlyMap<string, Value>;
  readonly #status: ScopeParts["status"];
  readonly #files = new Map<string, FileValue>();

  constructor({ inputs, workflow, steps, status, item, result }: ScopeParts) {
    const names = new Map<string, Value>([
      ["inputs", fromJson(inputs)],
      ["workflow", new Map(Object.entries(workflow))],
      ["steps", steps],
    ]);
    if (item !== undefined) names.set("item", item.value).set("index", item.index);
    if (result !== undefined) names.set("result", result);
    this.#names = names;
    this.#status = status;
  }

  name(name: string): Value | undefined {
    return this.#names.get(name);
  }

  status(name: string, step: string | undefined): boolean | undefined {
    return this.#status?.(name, step);
  }

  onFile(file: FileValue): void {
    this.#files.set(file.path, file);
  }

  /** Absolute paths of the files that became part of a value. */
  get files(): readonly string[] {
    return [...this.#files.keys()];
  }
}

/** Answers `always`, `failed` and `succeeded` for one step. */
export function statusOf(
  needs: readonly string[],
  ancestors: ReadonlySet<string>,
  ended: (step: string) => WorkflowStepStatus | undefined,
): NonNullable<ScopeParts["status"]> {
  return (name, step) => {
    if (name === "always") return true;
    if (name === "failed") {
      return step === undefined ? [...ancestors].some((id) => ended(id) === "failed") : ended(step) === "failed";
    }
    if (name !== "succeeded") return undefined;
    return step === undefined ? needs.every((id) => ended(id) === "ok") : ended(step) === "ok";
  };
}
