import type { AnalysisReport, ControlFlowGraph, FileGraphs } from "../../model/index.ts";

type Report<K extends AnalysisReport["analysis"]> = Extract<AnalysisReport, { analysis: K }>;

/**
 * The most telling part of a report: at most `limit` entries of its main list, and of the others what belongs to them.
 * `leftOut` says how many are missing.
 */
export function limitReport(report: AnalysisReport, limit: number): AnalysisReport {
  switch (report.analysis) {
    case "control-flow":
      return limitGraphs(report, limit);
    case "call-graph":
      return limitCalls(report, limit);
    case "module-dependencies":
      return limitModules(report, limit);
    case "complexity-report": {
      const functions = report.functions.slice(0, limit);
      const modules = report.modules.slice(0, limit);
      const leftOut = missing({
        functions: report.functions.length - functions.length,
        modules: report.modules.length - modules.length,
      });
      return { ...report, functions, modules, leftOut };
    }
    case "dead-code": {
      const findings = report.findings.slice(0, limit);
      return { ...report, findings, leftOut: missing({ findings: report.findings.length - findings.length }) };
    }
  }
}

function missing(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function limitGraphs(report: Report<"control-flow">, limit: number): AnalysisReport {
  const { graphs, leftOut } = mostComplex(report.graphs, limit);
  return { ...report, graphs, leftOut: missing({ functions: (report.leftOut["functions"] ?? 0) + leftOut }) };
}

/** The most complex functions; modules and classes only where room is left. */
export function mostComplex(files: FileGraphs[], limit: number): { graphs: FileGraphs[]; leftOut: number } {
  const all = files.flatMap(({ functions }) => functions);
  if (all.length <= limit) return { graphs: files, leftOut: 0 };
  const weight = (graph: ControlFlowGraph): number =>
    graph.complexity.cyclomatic - (graph.kind === "function" ? 0 : 1e6);
  const kept = new Set(all.toSorted((a, b) => weight(b) - weight(a)).slice(0, limit));
  const graphs = files
    .map((file) => ({ ...file, functions: file.functions.filter((graph) => kept.has(graph)) }))
    .filter(({ functions }) => functions.length > 0);
  return { graphs, leftOut: all.length - kept.size };
}

/** The nodes with the most edges. Ids stay what they are. */
function limitCalls(report: Report<"call-graph">, limit: number): AnalysisReport {
  if (report.nodes.length <= limit) return report;
  const degree = new Map<number, number>();
  for (const { from, to } of report.edges) {
    degree.set(from, (degree.get(from) ?? 0) + 1);
    if (to !== from) degree.set(to, (degree.get(to) ?? 0) + 1);
  }
  const nodes = report.nodes.toSorted((a, b) => (degree.get(b.id) ?? 0) - (degree.get(a.id) ?? 0)).slice(0, limit);
  const kept = new Set(nodes.map(({ id }) => id));
  nodes.sort((a, b) => a.id - b.id);
  const edges = report.edges.filter(({ from, to }) => kept.has(from) && kept.has(to));
  const external = report.external.filter(({ from }) => kept.has(from));
  const unknown = report.unknown.filter(({ from }) => kept.has(from));
  const leftOut = missing({
    nodes: report.nodes.length - nodes.length,
    edges: report.edges.length - edges.length,
    external: report.external.length - external.length,
    unknown: report.unknown.length - unknown.length,
  });
  return { ...report, nodes, edges, external, unknown, leftOut };
}

/** Modules in circles first, then those with the most edges. */
function limitModules(report: Report<"module-dependencies">, limit: number): AnalysisReport {
  if (report.modules.length <= limit && report.external.length <= limit) return report;
  const circling = new Set(report.cycles.filter(({ deferred }) => !deferred).flatMap(({ modules }) => modules));
  const weight = ({ id, imports, importedBy }: (typeof report.modules)[number]): number =>
    imports + importedBy + (circling.has(id) ? 1e6 : 0);
  const modules = report.modules.toSorted((a, b) => weight(b) - weight(a)).slice(0, limit);
  const kept = new Set(modules.map(({ id }) => id));
  modules.sort((a, b) => a.id - b.id);
  const edges = report.edges.filter(({ from, to }) => kept.has(from) && kept.has(to));
  const cycles = report.cycles.filter((cycle) => cycle.modules.every((id) => kept.has(id)));
  const external = report.external
    .map((one) => ({ ...one, importedBy: one.importedBy.filter((id) => kept.has(id)) }))
    .slice(0, limit);
  const unresolved = report.unresolved.filter(({ from }) => kept.has(from)).slice(0, limit);
  const leftOut = missing({
    modules: report.modules.length - modules.length,
    edges: report.edges.length - edges.length,
    cycles: report.cycles.length - cycles.length,
    external: report.external.length - external.length,
    unresolved: report.unresolved.length - unresolved.length,
  });
  return { ...report, modules, edges, cycles, external, unresolved, leftOut };
}
