import type { CodeLens } from "vscode-languageserver/node";
import type { GraphParams, ServerConfiguration, Tool, ToolReference } from "../model/index.ts";

/** A function of a file, as far as a lens needs it. */
export interface LensScope {
  readonly kind: string;
  readonly qualname: string;
  readonly line: number;
  /** Like `line`, but of the first decorator where there is one. */
  readonly firstLine: number;
  readonly endLine: number;
  readonly complexity: { readonly cyclomatic: number };
}

/** The document that lenses are for. */
export interface LensDocument {
  readonly uri: string;
  /** URI of its workspace folder; without one no tool can be run. */
  readonly folder: string | undefined;
}

function lens(line: number, title: string, command: string, argument: object): CodeLens {
  const place = { line: line - 1, character: 0 };
  return { range: { start: place, end: place }, command: { title, command, arguments: [argument] } };
}

/** A tool's lens stands with that of the function that holds its entry, else on the entry itself. */
function entryLine(line: number, scopes: readonly LensScope[]): number {
  const around = scopes.filter((scope) => {
    return scope.kind === "function" && scope.firstLine <= line && line <= scope.endLine;
  });
  return around.at(-1)?.firstLine ?? line;
}

function fill(text: string, value: string | number): string {
  return text.replaceAll("{0}", () => String(value));
}

/** The lenses of a document: how to run the tools it holds, and the control flow and the calls of each function. */
export function lenses(
  { uri, folder }: LensDocument,
  scopes: readonly LensScope[],
  tools: readonly Pick<Tool, "id" | "name" | "line">[],
  { lenses: shown, texts }: ServerConfiguration,
): CodeLens[] {
  const run =
    shown.run && folder !== undefined
      ? tools.map(({ id, name, line }) => {
          const reference: ToolReference = { folder, tool: id };
          return lens(entryLine(line, scopes), fill(texts.run, name), "toka.runTool", reference);
        })
      : [];
  const ofFunctions = scopes
    .filter(({ kind }) => kind === "function")
    .flatMap(({ qualname, line, firstLine, complexity }) => {
      const place: GraphParams = { uri, qualname, line };
      const flow = fill(texts.controlFlow, complexity.cyclomatic);
      return [
        ...(shown.controlFlow ? [lens(firstLine, flow, "toka.showControlFlowGraph", place)] : []),
        ...(shown.callGraph && folder !== undefined
          ? [lens(firstLine, texts.callGraph, "toka.showCallGraph", place)]
          : []),
      ];
    });
  return [...run, ...ofFunctions];
}
