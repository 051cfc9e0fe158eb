import type { Texts } from "../detached.ts";
import type { Edge, Unit } from "./units.ts";

/** Lets what was read of a unit go of the source text: summaries are kept for all files, texts only for those read last. */
export function settle(unit: Unit, texts: Texts): void {
  change(unit.needs, (need) => texts.detached(need));
  change(unit.edges, (edge) => settledEdge(edge, texts));
  change(unit.overrides, (override) => texts.detached(override));
  change(unit.registrations, (registration) => texts.detached(registration));
  change(unit.methods, (method) => texts.detached(method));
}

function settledEdge(edge: Edge, texts: Texts): Edge {
  if (edge.kind !== "method") return { ...edge, unit: texts.of(edge.unit) };
  const { name, shape } = edge;
  // Most have none and are shared.
  const hasNames = shape.keywords !== null && shape.keywords.length > 0;
  return { kind: "method", name: texts.of(name), shape: hasNames ? texts.detached(shape) : shape };
}

function change<T>(items: T[], settled: (item: T) => T): void {
  for (const [index, item] of items.entries()) items[index] = settled(item);
}
