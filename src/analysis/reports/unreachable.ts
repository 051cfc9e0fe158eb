import type { ControlFlowGraph, DeadCodeFinding } from "../../model/index.ts";
import type { SourceFile } from "../callgraph/summary.ts";
import { buildGraphs } from "../graphs.ts";
import type { GraphOptions } from "../options.ts";

/** The statements of a file that no way leads to, as ranges of lines. */
export function unreachableCode(
  { text, module }: SourceFile,
  options: Pick<GraphOptions, "neverReturns"> = {},
): Omit<DeadCodeFinding, "file">[] {
  const graphs = buildGraphs(text, module, options);
  if (!graphs.some(({ nodes }) => nodes.some(({ unreachable }) => unreachable === true))) return [];
  const lines = text.split(/\r\n|\r|\n/);
  return graphs.flatMap((graph) =>
    unreachableRanges(graph, lines).map(
      ([line, endLine]): Omit<DeadCodeFinding, "file"> => ({
        kind: "unreachable",
        name: graph.qualname,
        line,
        endLine,
        confidence: "certain",
        why: "no way through the code leads here",
      }),
    ),
  );
}

function unreachableRanges(graph: ControlFlowGraph, text: readonly string[]): [number, number][] {
  const { dead, alive } = linesOf(graph);
  const ranges: [number, number][] = [];
  for (const [line, end] of [...dead].sort(([a], [b]) => a - b)) {
    // A statement of a finally clause may be reached on one way and not on another.
    if (alive.has(line) || isGeneratorMark(text[line - 1] ?? "")) continue;
    const last = ranges.at(-1);
    if (last !== undefined && !someBetween(alive, last[1], line)) last[1] = Math.max(last[1], end);
    else ranges.push([line, end]);
  }
  return ranges;
}

/** The first lines of statements that are never reached, with their last ones, and of those that are. */
function linesOf(graph: ControlFlowGraph): { dead: Map<number, number>; alive: Set<number> } {
  const dead = new Map<number, number>();
  const alive = new Set<number>();
  for (const { unreachable, lines, endLine } of graph.nodes) {
    for (const [index, line] of lines.entries()) {
      if (unreachable !== true) alive.add(line);
      else dead.set(line, Math.max(dead.get(line) ?? line, index === lines.length - 1 ? endLine : line));
    }
  }
  return { dead, alive };
}

/** `return` and then `yield`: makes a generator that yields nothing. */
function isGeneratorMark(line: string): boolean {
  return /^\s*(?:if\s+(?:False|0)\s*:\s*)?yield\b/.test(line);
}

function someBetween(lines: ReadonlySet<number>, after: number, before: number): boolean {
  for (let line = after + 1; line < before; line++) if (lines.has(line)) return true;
  return false;
}
