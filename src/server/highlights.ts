import { type DocumentHighlight, DocumentHighlightKind, type Position } from "vscode-languageserver/node";
import { dataFlow, type GraphOptions } from "../analysis/index.ts";
import type { DataFlow } from "../model/index.ts";
import type { Source } from "./sources.ts";

interface NamePlace {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

function isAt({ line, column, length }: NamePlace, position: Position): boolean {
  return line === position.line + 1 && column <= position.character && position.character <= column + length;
}

function highlight({ line, column, length }: NamePlace, kind: DocumentHighlightKind): DocumentHighlight {
  const start = { line: line - 1, character: column };
  return { kind, range: { start, end: { line: line - 1, character: column + length } } };
}

/**
 * What the data flow joins to the name at a position: of a use the definitions that may reach it, of a definition the
 * uses that it may reach. Null where no variable stands.
 */
function highlightsIn(flow: DataFlow, position: Position): DocumentHighlight[] | null {
  for (const { definitions, uses } of flow.variables) {
    const use = uses.find((one) => isAt(one, position));
    const definition = definitions.find((one) => isAt(one, position));
    if (use === undefined && definition === undefined) continue;
    // `x += 1` uses and defines in one place.
    const reaching = use?.definitions.flatMap((index) => definitions[index] ?? []) ?? [];
    const reached = definition?.uses.flatMap((index) => uses[index] ?? []) ?? [];
    const written = definition === undefined ? reaching : [definition, ...reaching];
    const read = use === undefined ? reached : [use, ...reached];
    const found = new Map<string, DocumentHighlight>();
    for (const place of read) found.set(`${place.line} ${place.column}`, highlight(place, DocumentHighlightKind.Read));
    for (const place of written) {
      found.set(`${place.line} ${place.column}`, highlight(place, DocumentHighlightKind.Write));
    }
    return [...found.values()];
  }
  return null;
}

/**
 * The highlights of a position in a file: by the innermost function around it, else by the module.
 * @param neverReturns whether functions of other files never return
 */
export function highlightsOf(
  { text, module }: Source,
  position: Position,
  neverReturns?: GraphOptions["neverReturns"],
): DocumentHighlight[] | null {
  const inner = dataFlow(text, module, { line: position.line + 1 }, { neverReturns });
  const found = inner === null ? null : highlightsIn(inner, position);
  if (found !== null || inner?.kind === "module") return found;
  // Decorators, defaults and annotations of a function belong to what is around it.
  const outer = dataFlow(text, module, {}, { neverReturns });
  return outer === null ? null : highlightsIn(outer, position);
}
