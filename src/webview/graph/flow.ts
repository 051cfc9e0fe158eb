import type { DataFlow, DrawnNode } from "../../model/index.ts";
import { nodesAtLine } from "./nodes.ts";

/** What a node has to do with the variables that are looked at. */
export type FlowRole = "defines" | "reads";

/** Where the value of a variable comes from and goes to, as a person reads it. */
export interface FlowEntry {
  readonly name: string;
  readonly definitions: readonly number[];
  readonly uses: readonly number[];
  /** A value may come from outside of the function, or there may be none. */
  readonly outside: boolean;
}

export interface FlowMarks {
  readonly roles: ReadonlyMap<string, ReadonlySet<FlowRole>>;
  readonly entries: readonly FlowEntry[];
}

export interface FlowQuery {
  /** Empty for all that the place has to do with. */
  readonly variable: string;
  /** The chosen node's lines; without them the whole variable is meant. */
  readonly node?: Pick<DrawnNode, "id"> | undefined;
  /** Where the cursor stands. */
  readonly place?: { readonly line: number; readonly column: number } | undefined;
}

type Variable = DataFlow["variables"][number];
type Place = { readonly line: number; readonly column: number; readonly length: number };
type Nodes = readonly Pick<DrawnNode, "id" | "kind" | "lines" | "startLine" | "endLine">[];

/** The nodes that a place of a name belongs to: parameters and what stands above the body are at the entry. */
function nodesOf(nodes: Nodes, { line }: Place): readonly string[] {
  const found = nodesAtLine(nodes, line).map(({ id }) => id);
  if (found.length > 0) return found;
  return nodes.filter(({ kind }) => kind === "entry").map(({ id }) => id);
}

function isAt({ line, column, length }: Place, place: FlowQuery["place"]): boolean {
  return place !== undefined && line === place.line && column <= place.column && place.column <= column + length;
}

/** Which definitions and uses of a variable are meant: those at the place, else those in the node, else all. */
function chosen(variable: Variable, nodes: Nodes, { node, place, variable: name }: FlowQuery): Chosen | undefined {
  const at = (is: (one: Place) => boolean): Chosen => ({
    definitions: variable.definitions.flatMap((one, i) => (is(one) ? [i] : [])),
    uses: variable.uses.flatMap((one, i) => (is(one) ? [i] : [])),
  });
  const some = ({ definitions, uses }: Chosen): boolean => definitions.length + uses.length > 0;
  const here = at((one) => isAt(one, place));
  if (some(here)) return here;
  const inNode = node === undefined ? undefined : at((one) => nodesOf(nodes, one).includes(node.id));
  if (inNode !== undefined && some(inNode)) return inNode;
  return name === "" ? undefined : at(() => true);
}

interface Chosen {
  readonly definitions: readonly number[];
  readonly uses: readonly number[];
}

/**
 * What of a data flow is marked: the definitions that reach the chosen uses, and the uses that the chosen definitions
 * reach.
 */
export function flowMarks(flow: DataFlow, nodes: Nodes, query: FlowQuery): FlowMarks {
  const roles = new Map<string, Set<FlowRole>>();
  const entries: FlowEntry[] = [];
  const mark = (place: Place, role: FlowRole): void => {
    for (const id of nodesOf(nodes, place)) roles.set(id, (roles.get(id) ?? new Set<FlowRole>()).add(role));
  };
  const named = flow.variables.filter(({ name }) => query.variable === "" || name === query.variable);
  // A name under the cursor says which of a node's variables is meant.
  const pointed = named.filter(({ definitions, uses }) =>
    [...definitions, ...uses].some((one) => isAt(one, query.place)),
  );
  for (const variable of pointed.length > 0 ? pointed : named) {
    const found = chosen(variable, nodes, query);
    if (found === undefined) continue;
    const uses = new Set([...found.uses, ...found.definitions.flatMap((i) => variable.definitions[i]?.uses ?? [])]);
    const definitions = new Set([
      ...found.definitions,
      ...found.uses.flatMap((i) => variable.uses[i]?.definitions ?? []),
    ]);
    const written = [...definitions].flatMap((i) => variable.definitions[i] ?? []);
    const read = [...uses].flatMap((i) => variable.uses[i] ?? []);
    for (const place of written) mark(place, "defines");
    for (const place of read) mark(place, "reads");
    entries.push({
      name: variable.name,
      definitions: linesOf(written),
      uses: linesOf(read),
      outside: found.uses.some((i) => variable.uses[i]?.outside === true),
    });
  }
  return { roles, entries };
}

function linesOf(places: readonly Place[]): number[] {
  return [...new Set(places.map(({ line }) => line))].sort((a, b) => a - b);
}
