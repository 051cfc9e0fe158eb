import type { AnalysisReport } from "../../model/index.ts";
import { escapeHtml, GRAPH_STYLE, graphFragment } from "../html.ts";

type Report<K extends AnalysisReport["analysis"]> = Extract<AnalysisReport, { analysis: K }>;
/** A number stands at the right, a text is prose, `code` is what stands in the source. */
type Cell = string | number | { readonly code: string };

/** Rows that a table shows; whoever wants all takes the JSON. */
const MOST_ROWS = 1000;
/** Of a list in a cell, such as the lines of a call. */
const MOST_ITEMS = 12;

const TITLES: Readonly<Record<AnalysisReport["analysis"], string>> = {
  "control-flow": "Control flow",
  "call-graph": "Call graph",
  "module-dependencies": "Module dependencies",
  "complexity-report": "Complexity",
  "dead-code": "Dead code",
};

const STYLE = `
${GRAPH_STYLE}
:root { --line: light-dark(#d0d7de, #3d444d); --head: light-dark(#f6f8fa, #212830); --quiet: light-dark(#59636e, #9198a1); }
body { max-width: 90rem; margin: 1.5rem auto; padding: 0 1.5rem; }
h1 { margin: 0 0 0.25rem; } h2 { margin-top: 2.5rem; overflow-wrap: anywhere; } p { margin: 0.5rem 0; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; padding: 0; margin: 1rem 0; list-style: none; }
.count, .more { color: var(--quiet); font-weight: normal; }
table { width: 100%; margin: 0.5rem 0; } th, td { border: 0; border-bottom: 1px solid var(--line); padding: 0.3rem 0.6rem; overflow-wrap: break-word; } td { max-width: 36rem; }
thead th { position: sticky; top: 0; background: var(--head); white-space: nowrap; } th.number { text-align: right; }
tbody tr:hover { background: var(--head); }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td code { font: 12.5px/1.5 ui-monospace, monospace; white-space: pre-wrap; }
.note { border-left: 4px solid GrayText; padding-left: 0.5rem; }
@media (forced-colors: active) { :root { --line: CanvasText; --head: Canvas; --quiet: CanvasText; } }
`;

/** A part of the page under a heading of its own; `count` of what is in it. */
interface Section {
  readonly title: string;
  readonly count?: number;
  readonly content: () => Iterable<string>;
}

/**
 * A report (limited before) as a page of its own, piece by piece: no script, no network, nothing but text, tables and SVG;
 * colours are the reader's, light or dark.
 */
export function* reportHtml(report: AnalysisReport): Generator<string, void, undefined> {
  const title = TITLES[report.analysis];
  const sections = [...sectionsOf(report), ...problems(report)];
  yield `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<p>${number(report.files)} ${report.files === 1 ? "file" : "files"} read. ${summary(report)}</p>
${note(report)}`;
  yield contents(sections);
  for (const [index, { title: heading, count, content }] of sections.entries()) {
    yield `<h2 id="part${index}">${escapeHtml(heading)}${counted(count)}</h2>\n`;
    yield* content();
  }
  yield "</body>\n</html>\n";
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function counted(count: number | undefined): string {
  return count === undefined ? "" : ` <span class="count">${number(count)}</span>`;
}

/** A way to each part, where there are several. */
function contents(sections: readonly Section[]): string {
  if (sections.length < 2) return "";
  const items = sections.map(
    ({ title, count }, index) => `<li><a href="#part${index}">${escapeHtml(title)}</a>${counted(count)}</li>`,
  );
  return `<nav aria-label="Parts of this page"><ul>\n${items.join("\n")}\n</ul></nav>\n`;
}

/** What the lists of a report are for people. */
const LISTS: Readonly<Record<string, string>> = {
  nodes: "functions, classes and modules",
  edges: "links between them",
  external: "uses of what is outside",
  unknown: "calls that are not known",
  cycles: "circles",
  unresolved: "imports that were not found",
};

function note({ leftOut }: AnalysisReport): string {
  const parts = Object.entries(leftOut).map(([list, count]) => `${number(count)} ${LISTS[list] ?? list}`);
  return parts.length === 0 ? "" : `<p class="note">Left out here: ${escapeHtml(parts.join(", "))}.</p>\n`;
}

function summary(report: AnalysisReport): string {
  if (report.analysis !== "call-graph") return "";
  const { calls, resolved, external, unknown } = report.stats;
  return `${number(calls)} calls: ${number(resolved)} into the workspace, ${number(external)} out of it, ${number(unknown)} unknown.`;
}

function problems({ problems: all }: AnalysisReport): Section[] {
  if (all.length === 0) return [];
  const rows = all.map(({ file, line, message }) => (): Cell[] => [{ code: place(file, line) }, message]);
  return [tableSection("Not read, or not all of it", ["Where", "Why"], rows)];
}

function place(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** @param rows each made when it is printed: most are not */
function tableSection(title: string, head: readonly string[], rows: readonly (() => readonly Cell[])[]): Section {
  return { title, count: rows.length, content: () => table(head, rows) };
}

function* table(head: readonly string[], rows: readonly (() => readonly Cell[])[]): Generator<string, void, undefined> {
  const [first] = rows;
  if (first === undefined) {
    yield "<p>None.</p>\n";
    return;
  }
  const numeric = first().map((cell) => typeof cell === "number");
  const heads = head.map(
    (name, at) => `<th scope="col"${numeric[at] === true ? ' class="number"' : ""}>${escapeHtml(name)}</th>`,
  );
  yield `<table>\n<thead><tr>${heads.join("")}</tr></thead>\n<tbody>\n`;
  for (const row of rows.slice(0, MOST_ROWS)) yield `<tr>${row().map(cellHtml).join("")}</tr>\n`;
  yield "</tbody>\n</table>\n";
  const more = rows.length - MOST_ROWS;
  if (more > 0) yield `<p class="more">${number(more)} more, which the JSON of this analysis has.</p>\n`;
}

function cellHtml(cell: Cell): string {
  if (typeof cell === "number") return `<td class="number">${number(cell)}</td>`;
  if (typeof cell === "string") return `<td>${escapeHtml(cell)}</td>`;
  // A path is broken behind a folder, and a name behind a dot, rather than anywhere.
  return `<td><code>${escapeHtml(cell.code).replaceAll(/\/|\.(?!pyw?\b)/g, "$&<wbr>")}</code></td>`;
}

/** The first ones, and how many more there are. */
function some(items: readonly (string | number)[]): string {
  if (items.length <= MOST_ITEMS) return items.join(", ");
  return `${items.slice(0, MOST_ITEMS).join(", ")} and ${number(items.length - MOST_ITEMS)} more`;
}

function sectionsOf(report: AnalysisReport): Section[] {
  switch (report.analysis) {
    case "control-flow":
      return controlFlow(report);
    case "call-graph":
      return callGraph(report);
    case "module-dependencies":
      return dependencies(report);
    case "complexity-report":
      return complexity(report);
    case "dead-code":
      return [
        tableSection(
          "Findings",
          ["Confidence", "Kind", "Name", "Where", "Why"],
          report.findings.map(({ confidence, kind, name, file, line, why }) => () => [
            confidence,
            kind,
            { code: name },
            { code: place(file, line) },
            why,
          ]),
        ),
      ];
  }
}

function controlFlow(report: Report<"control-flow">): Section[] {
  return report.graphs.flatMap(({ file, functions }) =>
    functions.map((graph) => ({
      title: `${graph.qualname} · ${place(file, graph.line)}`,
      content: () => [graphFragment(graph, { title: graph.qualname }), "\n"],
    })),
  );
}

function callGraph(report: Report<"call-graph">): Section[] {
  const names = new Map(report.nodes.map((node) => [node.id, node]));
  const name = (id: number): Cell => {
    const node = names.get(id);
    return { code: node === undefined ? String(id) : `${node.qualname}\n${place(node.file, node.line)}` };
  };
  return [
    tableSection(
      "Calls inside the workspace",
      ["Caller", "Calls", "How", "Lines"],
      report.edges.map(({ from, to, kind, certainty, lines }) => () => [
        name(from),
        name(to),
        certainty === "certain" ? kind : `${kind}, possibly`,
        some(lines),
      ]),
    ),
    tableSection(
      "Calls out of the workspace",
      ["Caller", "Calls", "Lines"],
      report.external.map((one) => () => [name(one.from), { code: one.name }, some(one.lines)]),
    ),
    tableSection(
      "Calls that are not known",
      ["Caller", "As written", "Lines"],
      report.unknown.map((one) => () => [name(one.from), { code: one.text }, some(one.lines)]),
    ),
  ];
}

function dependencies(report: Report<"module-dependencies">): Section[] {
  const files = new Map(report.modules.map(({ id, file }) => [id, file]));
  const name = (id: number): string => files.get(id) ?? String(id);
  const names = (ids: readonly number[]): Cell => ({ code: some(ids.map(name)) });
  return [
    tableSection(
      "Circles",
      ["Modules that import each other", "Number", "When"],
      report.cycles.map(({ modules, deferred }) => () => [
        names(modules),
        modules.length,
        deferred ? "only inside functions or for type checkers" : "on import",
      ]),
    ),
    tableSection(
      "Modules",
      ["Module", "Imports", "Imported by"],
      report.modules.map(({ file, imports, importedBy }) => () => [{ code: file }, imports, importedBy]),
    ),
    tableSection(
      "Imports inside the workspace",
      ["Module", "Imports", "Lines"],
      report.edges.map(({ from, to, lines }) => () => [{ code: name(from) }, { code: name(to) }, some(lines)]),
    ),
    tableSection(
      "Packages from outside",
      ["Package", "Standard library", "Modules", "Imported by"],
      report.external.map((one) => () => [
        { code: one.name },
        one.standard ? "yes" : "no",
        one.importedBy.length,
        names(one.importedBy),
      ]),
    ),
    tableSection(
      "Not found",
      ["Where", "Imports"],
      report.unresolved.map(({ from, name: wanted, line }) => () => [
        { code: place(name(from), line) },
        { code: wanted },
      ]),
    ),
  ];
}

function complexity(report: Report<"complexity-report">): Section[] {
  return [
    tableSection(
      "Functions",
      ["Function", "Where", "Cognitive", "Cyclomatic", "Nesting", "Statements"],
      report.functions.map(({ qualname, file, line, complexity: sums }) => () => [
        { code: qualname },
        { code: place(file, line) },
        ...[sums.cognitive, sums.cyclomatic, sums.nesting, sums.statements],
      ]),
    ),
    tableSection(
      "Modules",
      ["Module", "Lines", "Functions", "Cognitive", "Cyclomatic", "Nesting", "Statements"],
      report.modules.map((sums) => () => [
        { code: sums.file },
        ...[sums.lines, sums.functions, sums.cognitive, sums.cyclomatic, sums.nesting, sums.statements],
      ]),
    ),
  ];
}
