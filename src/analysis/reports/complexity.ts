import type { ComplexityReport, FunctionComplexity, ModuleComplexity } from "../../model/index.ts";
import type { SourceFile } from "../callgraph/summary.ts";
import { outline, type ScopeOutline } from "../graphs.ts";
import type { FileFacts } from "./facts.ts";

type Facts = { readonly [Part in "functions" | "module"]: NonNullable<FileFacts[Part]> };

/** The metrics of a file's functions and of the file itself. */
export function complexityFacts({ text, module }: SourceFile): Facts {
  const root = outline(text, module);
  const functions: Facts["functions"] = [];
  const sums = { functions: 0, cyclomatic: 0, cognitive: 0, nesting: 0, statements: 0 };
  const pending: ScopeOutline[] = [root];
  for (let scope = pending.pop(); scope !== undefined; scope = pending.pop()) {
    const { kind, qualname, line, endLine, complexity } = scope;
    if (kind === "function") {
      sums.functions++;
      functions.push({ kind, qualname, line, endLine, complexity });
    }
    sums.nesting = Math.max(sums.nesting, complexity.nesting);
    sums.statements += complexity.statements;
    sums.cognitive += ownCognitive(scope);
    pending.push(...scope.children);
  }
  // Of the module: what is nested in it counts there already.
  sums.cyclomatic = root.complexity.cyclomatic;
  return { functions, module: { lines: module.endLine, ...sums } };
}

/** Collects the metrics of every function, file by file. */
export class ComplexityCollector {
  readonly #functions: FunctionComplexity[] = [];
  readonly #modules: ModuleComplexity[] = [];

  add(file: string, { functions, module }: Facts): void {
    for (const one of functions) this.#functions.push({ file, ...one });
    this.#modules.push({ file, ...module });
  }

  finish(): ComplexityReport {
    this.#functions.sort(
      (a, b) =>
        b.complexity.cognitive - a.complexity.cognitive ||
        b.complexity.cyclomatic - a.complexity.cyclomatic ||
        compareText(a.file, b.file) ||
        a.line - b.line,
    );
    this.#modules.sort((a, b) => b.cognitive - a.cognitive || compareText(a.file, b.file));
    return { functions: this.#functions, modules: this.#modules };
  }
}

/** What a function inside a function holds is counted with the outer one. */
function ownCognitive({ kind, qualname, complexity }: ScopeOutline): number {
  return kind === "function" && qualname.includes("<locals>") ? 0 : complexity.cognitive;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
