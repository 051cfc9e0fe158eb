import { type DocumentSymbol, type Hover, type Position, type Range, SymbolKind } from "vscode-languageserver/node";
import { buildGraph, type ScopeOutline } from "../analysis/index.ts";
import type { ServerConfiguration } from "../model/index.ts";
import type { Source } from "./sources.ts";

type Texts = ServerConfiguration["texts"];

/** Editors cut a range at the line's end. */
const LINE_END = 100_000;

function fill(text: string, ...values: readonly (string | number)[]): string {
  return text.replaceAll(/\{(\d)\}/g, (whole, index: string) => String(values[Number(index)] ?? whole));
}

/** Where a scope's name stands: after `def` or `class` on its line. */
function nameRange(lines: readonly string[], { line, name }: Pick<ScopeOutline, "line" | "name">): Range {
  const text = lines[line - 1] ?? "";
  const keyword = /^\s*(?:async\s+def|def|class)\s+/.exec(text)?.[0].length ?? -1;
  const start = keyword >= 0 && text.startsWith(name, keyword) ? keyword : Math.max(text.search(/\S/), 0);
  const length = start === keyword ? name.length : text.trim().length;
  return { start: { line: line - 1, character: start }, end: { line: line - 1, character: start + length } };
}

/** The classes and functions of a file, one inside the other, each function with its metrics. */
export function symbolsOf({ text, outline }: Source, texts: Texts): DocumentSymbol[] {
  const lines = text.split(/\r\n|\r|\n/);
  const symbol = (scope: ScopeOutline, isMethod: boolean): DocumentSymbol => {
    const { kind, name, firstLine, endLine, complexity, children } = scope;
    const isClass = kind === "class";
    return {
      // A name that is still being typed is empty, which the protocol forbids.
      name: name === "" ? "?" : name,
      kind: isClass ? SymbolKind.Class : isMethod ? SymbolKind.Method : SymbolKind.Function,
      ...(isClass ? {} : { detail: fill(texts.symbol, complexity.cyclomatic, complexity.cognitive) }),
      range: {
        start: { line: firstLine - 1, character: 0 },
        end: { line: endLine - 1, character: lines[endLine - 1]?.length ?? LINE_END },
      },
      selectionRange: nameRange(lines, scope),
      children: children.map((child) => symbol(child, isClass)),
    };
  };
  return outline.children.map((child) => symbol(child, false));
}

/** What a function's name tells when the pointer is on its definition: its metrics and what they mean. */
export function hoverOf({ text, module, scopes }: Source, { line, character }: Position, texts: Texts): Hover | null {
  const scope = scopes.find((one) => one.kind === "function" && one.line === line + 1);
  if (scope === undefined) return null;
  const range = nameRange(text.split(/\r\n|\r|\n/), scope);
  if (character < range.start.character || character > range.end.character) return null;
  // Maintainability takes a walk over all expressions, so that it is worked out only here.
  const graph = buildGraph(text, module, { qualname: scope.qualname, line: scope.line }, { maintainability: true });
  const values: Readonly<Record<string, unknown>> = graph?.complexity ?? scope.complexity;
  const rows = Object.entries(texts.metrics).flatMap(([key, { name, meaning }]) => {
    const value = values[key];
    return typeof value === "number"
      ? [`| ${escapeMarkdown(name)} | ${round(value)} | ${escapeMarkdown(meaning)} |`]
      : [];
  });
  const title = `**${escapeMarkdown(scope.qualname)}**, ${escapeMarkdown(fill(texts.lines, scope.line, scope.endLine))}`;
  const table = ["| | | |", "|:--|--:|:--|", ...rows].join("\n");
  return { range, contents: { kind: "markdown", value: `${title}\n\n${table}` } };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Text that Markdown shows as it is, in tables too. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()<>#+\-.!|~&$]/g, String.raw`\$&`);
}
