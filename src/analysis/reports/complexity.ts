import type { ComplexityReport, FunctionComplexity, ModuleComplexity } from "../../model/index.ts";
import type { SourceFile } from "../callgraph/summary.ts";
import { outline, type ScopeOutline } from "../graphs.ts";

/** Collects the metrics of every function, file by file. */
export class ComplexityCollector {
  readonly #functions: FunctionComplexity[] = [];
  readonly #modules: ModuleComplexity[] = [];

  add({ path, text, module }: SourceFile): void {
    const root = outline(text, module);
    const sums = { functions: 0, cyclomatic: 0, cognitive: 0, nesting: 0, statements: 0 };
    const pending: ScopeOutline[] = [root];
    for (let scope = pending.pop(); scope !== undefined; scope = pending.pop()) {
      const { kind, qualname, line, endLine, complexity } = scope;
      if (kind === "function") {
        sums.functions++;
        this.#functions.push({ file: path, kind, qualname, line, endLine, complexity });
      }
      sums.nesting = Math.max(sums.nesting, complexity.nesting);
      sums.statements += complexity.statements;
      sums.cognitive += ownCognitive(scope);
      pending.push(...scope.children);
    }
    // Of the module: what is nested in it counts there already.
    sums.cyclomatic = root.complexity.cyclomatic;
    this.#modules.push({ file: path, lines: module.endLine, ...sums });
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
