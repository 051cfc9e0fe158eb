import { basename } from "node:path";
import { type Execution, parseJson, type Result, type WorkflowStepStatus } from "../../model/index.ts";
import { FileValue, fromJson, type Json, type RecordValue, type Value } from "./expressions/index.ts";

/** Finds a kept execution with its output. */
export type LoadExecution = (id: string) => Result<Execution>;

const OWN_FIELDS = ["stdout", "stderr", "json", "results", "exitCode"] as const;

/** The results of a run by their names: of files in its result folder the path in there, else the name. */
function resultFiles({ id, results }: Pick<Execution, "id" | "results">): RecordValue {
  const files = results.map(({ path }) => {
    const [, name = basename(path)] = path.split(`/${id}/results/`);
    return [name, new FileValue(path, name)] as const;
  });
  return new Map(files);
}

/** What one execution gave. Its output is read when an expression asks for it: it may be large. */
export class ExecutionValue implements RecordValue {
  readonly #id: string;
  readonly #load: LoadExecution;

  constructor(id: string, load: LoadExecution) {
    this.#id = id;
    this.#load = load;
  }

  keys(): Iterable<string> {
    return OWN_FIELDS;
  }

  get(key: string): Value | undefined {
    const loaded = this.#load(this.#id);
    if (!loaded.ok) return undefined;
    const execution = loaded.value;
    switch (key) {
      case "stdout":
        return execution.stdout;
      case "stderr":
        return execution.stderr;
      case "results":
        return resultFiles(execution);
      case "exitCode":
        return execution.exit.code ?? null;
      case "json": {
        const parsed = parseJson(execution.stdout);
        // What was parsed as JSON is JSON.
        return parsed === undefined ? undefined : fromJson(parsed as Json);
      }
      default:
        return undefined;
    }
  }

  missing(key: string): string | undefined {
    const loaded = this.#load(this.#id);
    if (!loaded.ok) return loaded.problem.message;
    if (key !== "json") return undefined;
    return loaded.value.stdout.trim() === ""
      ? "the step printed nothing, so no JSON"
      : "what the step printed is no JSON";
  }
}

/** One run of a step with what it declares as outputs. */
export interface RunValue {
  readonly run: RecordValue;
  readonly outputs: RecordValue;
}

/** What expressions see of a step: of one run, or of each item of a `forEach` as lists. */
export class StepValue implements RecordValue {
  readonly #status: WorkflowStepStatus;
  readonly #runs: readonly RunValue[];
  readonly #isList: boolean;

  constructor(status: WorkflowStepStatus, runs: readonly RunValue[], isList: boolean) {
    this.#status = status;
    this.#runs = runs;
    this.#isList = isList;
  }

  keys(): Iterable<string> {
    return [...OWN_FIELDS, "outputs", "status"];
  }

  get(key: string): Value | undefined {
    if (key === "status") return this.#status;
    if (!this.#isList) {
      const [only] = this.#runs;
      // A step that never ran gave nothing: everything in it is null.
      if (only === undefined) return null;
      return key === "outputs" ? only.outputs : only.run.get(key);
    }
    if (key === "outputs") return this.#outputLists();
    const values = this.#runs.map(({ run }) => run.get(key));
    return values.every((value) => value !== undefined) ? values : undefined;
  }

  missing(key: string): string | undefined {
    for (const { run } of this.#runs) if (run.get(key) === undefined) return run.missing?.(key);
    return undefined;
  }

  #outputLists(): RecordValue {
    const names = new Set(this.#runs.flatMap(({ outputs }) => [...outputs.keys()]));
    return new Map([...names].map((name) => [name, this.#runs.map(({ outputs }): Value => outputs.get(name) ?? null)]));
  }
}
