import type { AnalysisReport, CallNode } from "../../model/index.ts";
import { escapeMermaid, toMermaid } from "../mermaid.ts";

type Report<K extends AnalysisReport["analysis"]> = Extract<AnalysisReport, { analysis: K }>;

const MAX_LABEL = 60;

/** A report (limited before: a diagram of thousands shows nothing) as Mermaid flowchart text. */
export function reportMermaid(report: AnalysisReport): string {
  switch (report.analysis) {
    case "control-flow":
      return controlFlow(report);
    case "call-graph":
      return callGraph(report);
    case "module-dependencies":
      return dependencies(report);
    case "complexity-report":
      return grouped(
        report,
        report.functions.map(({ file, qualname, line, complexity }) => ({
          file,
          label: `${qualname}, line ${line}: cognitive ${complexity.cognitive}, cyclomatic ${complexity.cyclomatic}`,
        })),
      );
    case "dead-code":
      return grouped(
        report,
        report.findings.map(({ file, kind, name, line, confidence }) => ({
          file,
          label: `${kind} ${name}, line ${line}: ${confidence}`,
        })),
      );
  }
}

function text(label: string): string {
  return `"${escapeMermaid(label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL - 1)}…` : label) || " "}"`;
}

/** A node that says what is not shown. */
function note({ leftOut }: AnalysisReport): string[] {
  const parts = Object.entries(leftOut).map(([list, count]) => `${count} ${list}`);
  return parts.length === 0 ? [] : [`  leftOut>${text(`Left out: ${parts.join(", ")}`)}]`];
}

function callGraph(report: Report<"call-graph">): string {
  const out = ["flowchart LR"];
  let file = 0;
  for (const [path, nodes] of Map.groupBy(report.nodes, (node) => node.file)) {
    out.push(`  subgraph f${file++}[${text(path)}]`);
    for (const node of nodes) out.push(`    ${callNode(node)}`);
    out.push("  end");
  }
  for (const { from, to, certainty } of report.edges) {
    out.push(`  n${from} ${certainty === "certain" ? "-->" : "-.->"} n${to}`);
  }
  return `${[...out, ...note(report)].join("\n")}\n`;
}

function callNode({ id, kind, qualname }: CallNode): string {
  if (kind === "module") return `n${id}([${text("module")}])`;
  return kind === "class" ? `n${id}[[${text(qualname)}]]` : `n${id}[${text(qualname)}]`;
}

function dependencies(report: Report<"module-dependencies">): string {
  const out = ["flowchart LR"];
  const circle = new Map<number, number>();
  for (const [index, { modules }] of report.cycles.entries()) for (const id of modules) circle.set(id, index);
  for (const { id, file } of report.modules) out.push(`  n${id}[${text(file)}]`);
  for (const { from, to, deferred } of report.edges) {
    const isCircle = circle.has(from) && circle.get(from) === circle.get(to);
    out.push(`  n${from} ${arrow(deferred === true, isCircle)} n${to}`);
  }
  for (const [index, { name, standard, importedBy }] of report.external.entries()) {
    if (standard || importedBy.length === 0) continue;
    out.push(`  x${index}([${text(name)}])`);
    for (const id of importedBy) out.push(`  n${id} --> x${index}`);
  }
  return `${[...out, ...note(report)].join("\n")}\n`;
}

function arrow(isDeferred: boolean, isCircle: boolean): string {
  if (isDeferred) return "-.->";
  return isCircle ? "==>" : "-->";
}

/** Entries in a box for each file. */
function grouped(
  report: AnalysisReport,
  entries: readonly { readonly file: string; readonly label: string }[],
): string {
  const out = ["flowchart LR"];
  let file = 0;
  let entry = 0;
  for (const [path, labels] of Map.groupBy(entries, ({ file: name }) => name)) {
    out.push(`  subgraph f${file++}[${text(path)}]`);
    for (const { label } of labels) out.push(`    n${entry++}[${text(label)}]`);
    out.push("  end");
  }
  if (entries.length === 0) out.push(`  n0[${text("Nothing was found")}]`);
  return `${[...out, ...note(report)].join("\n")}\n`;
}

/** One function's graph: more than one in a picture would be none. The most complex one, where several are there. */
function controlFlow(report: Report<"control-flow">): string {
  const all = report.graphs.flatMap(({ functions }) => functions);
  const functions = all.filter(({ kind }) => kind === "function");
  const [chosen] = (functions.length > 0 ? functions : all).toSorted(
    (a, b) => b.complexity.cyclomatic - a.complexity.cyclomatic,
  );
  if (chosen === undefined) return `flowchart TB\n  n0[${text("Nothing was found")}]\n`;
  const others = all.length - 1 + (report.leftOut["functions"] ?? 0);
  const title = text(`${chosen.qualname}, line ${chosen.line}${others > 0 ? `; not shown: ${others} others` : ""}`);
  return `${toMermaid(chosen).trimEnd()}\n  title>${title}]\n`;
}
