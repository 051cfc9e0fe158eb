import type { AnalysisReport } from "../../model/index.ts";
import { escapeHtml, GRAPH_STYLE, graphFragment } from "../html.ts";

type Report<K extends AnalysisReport["analysis"]> = Extract<AnalysisReport, { analysis: K }>;
type Cell = string | number;

const TITLES: Readonly<Record<AnalysisReport["analysis"], string>> = {
  "control-flow": "Control flow",
  "call-graph": "Call graph",
  "module-dependencies": "Module dependencies",
  "complexity-report": "Complexity",
  "dead-code": "Dead code",
};

const STYLE = `
${GRAPH_STYLE}
h2 { margin-top: 2rem; } table { margin: 0.5rem 0; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
thead th { position: sticky; top: 0; background: Canvas; } .note { border-left: 4px solid GrayText; padding-left: 0.5rem; }
`;

/**
 * A report (limited before) as a page of its own: no script, no network, nothing but text, tables and SVG; colours are
 * the reader's, light or dark.
 */
export function reportHtml(report: AnalysisReport): string {
  const title = TITLES[report.analysis];
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<p>${report.files} ${report.files === 1 ? "file" : "files"} read.</p>
${note(report)}${body(report)}
${problems(report)}</body>
</html>
`;
}

function note({ leftOut }: AnalysisReport): string {
  const parts = Object.entries(leftOut).map(([list, count]) => `${count} ${list}`);
  return parts.length === 0 ? "" : `<p class="note">Left out here: ${escapeHtml(parts.join(", "))}.</p>\n`;
}

function problems(report: AnalysisReport): string {
  if (report.problems.length === 0) return "";
  const rows = report.problems.map(({ file, line, message }): Cell[] => [place(file, line), message]);
  return section("Not read", table(["Where", "Why"], rows));
}

function place(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file}:${line}`;
}

function section(title: string, content: string): string {
  return `<h2>${escapeHtml(title)}</h2>\n${content}\n`;
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return "<p>None.</p>";
  const cell = (value: Cell): string =>
    typeof value === "number" ? `<td class="number">${value}</td>` : `<td>${escapeHtml(value)}</td>`;
  const lines = rows.map((row) => `<tr>${row.map(cell).join("")}</tr>`);
  return `<table>
<thead><tr>${head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("")}</tr></thead>
<tbody>
${lines.join("\n")}
</tbody>
</table>`;
}

function body(report: AnalysisReport): string {
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
      return table(
        ["Confidence", "Kind", "Name", "Where", "Why"],
        report.findings.map(({ confidence, kind, name, file, line, why }) => [
          confidence,
          kind,
          name,
          place(file, line),
          why,
        ]),
      );
  }
}

function controlFlow(report: Report<"control-flow">): string {
  return report.graphs
    .flatMap(({ file, functions }) =>
      functions.map((graph) =>
        section(`${graph.qualname} · ${place(file, graph.line)}`, graphFragment(graph, { title: graph.qualname })),
      ),
    )
    .join("");
}

function callGraph(report: Report<"call-graph">): string {
  const { stats } = report;
  const names = new Map(report.nodes.map((node) => [node.id, node]));
  const name = (id: number): string => {
    const node = names.get(id);
    return node === undefined ? String(id) : `${node.qualname} (${place(node.file, node.line)})`;
  };
  const lines = (list: readonly number[]): string => list.join(", ");
  const sums = `<p>${stats.calls} calls: ${stats.resolved} into the workspace, ${stats.external} out of it, ${stats.unknown} unknown.</p>`;
  return (
    sums +
    section(
      "Calls inside the workspace",
      table(
        ["Caller", "Calls", "How", "Lines"],
        report.edges.map(({ from, to, kind, certainty, lines: at }) => [
          name(from),
          name(to),
          certainty === "certain" ? kind : `${kind}, possibly`,
          lines(at),
        ]),
      ),
    ) +
    section(
      "Calls out of the workspace",
      table(
        ["Caller", "Calls", "Lines"],
        report.external.map((one) => [name(one.from), one.name, lines(one.lines)]),
      ),
    ) +
    section(
      "Calls that are not known",
      table(
        ["Caller", "As written", "Lines"],
        report.unknown.map((one) => [name(one.from), one.text, lines(one.lines)]),
      ),
    )
  );
}

function dependencies(report: Report<"module-dependencies">): string {
  const files = new Map(report.modules.map(({ id, file }) => [id, file]));
  const name = (id: number): string => files.get(id) ?? String(id);
  return (
    section(
      "Circles",
      table(
        ["Modules that import each other", "When"],
        report.cycles.map(({ modules, deferred }) => [
          modules.map(name).join(", "),
          deferred ? "only inside functions or for type checkers" : "on import",
        ]),
      ),
    ) +
    section(
      "Modules",
      table(
        ["Module", "Imports", "Imported by"],
        report.modules.map(({ file, imports, importedBy }) => [file, imports, importedBy]),
      ),
    ) +
    section(
      "Imports inside the workspace",
      table(
        ["Module", "Imports", "Lines"],
        report.edges.map(({ from, to, lines }) => [name(from), name(to), lines.join(", ")]),
      ),
    ) +
    section(
      "Packages from outside",
      table(
        ["Package", "Standard library", "Imported by"],
        report.external.map((one) => [one.name, one.standard ? "yes" : "no", one.importedBy.map(name).join(", ")]),
      ),
    ) +
    section(
      "Not found",
      table(
        ["Where", "Imports"],
        report.unresolved.map(({ from, name: wanted, line }) => [place(name(from), line), wanted]),
      ),
    )
  );
}

function complexity(report: Report<"complexity-report">): string {
  return (
    section(
      "Functions",
      table(
        ["Function", "Where", "Cognitive", "Cyclomatic", "Nesting", "Statements"],
        report.functions.map(({ qualname, file, line, complexity: sums }) => [
          qualname,
          place(file, line),
          ...[sums.cognitive, sums.cyclomatic, sums.nesting, sums.statements],
        ]),
      ),
    ) +
    section(
      "Modules",
      table(
        ["Module", "Lines", "Functions", "Cognitive", "Cyclomatic", "Nesting", "Statements"],
        report.modules.map((sums) => [
          sums.file,
          ...[sums.lines, sums.functions, sums.cognitive, sums.cyclomatic, sums.nesting, sums.statements],
        ]),
      ),
    )
  );
}
