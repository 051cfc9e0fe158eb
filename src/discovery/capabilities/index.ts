import type { Capability, CapabilityExtension } from "../../model/index.ts";
import type { ModuleStore, ParsedFile } from "../modules.ts";
import { type Findings, gather, toCapabilities } from "./collect.ts";
import { type FileNames, namesOf } from "./names.ts";
import { Resolver } from "./resolve.ts";
import { CapabilityTable, type Need } from "./rules.ts";
import { slimNames } from "./slim.ts";
import { type FileSummary, MAIN_UNIT, MODULE_UNIT, SummaryReader, type Unit } from "./summary.ts";

export { commandCapabilities } from "./shell.ts";

const STANDARD_TABLE = new CapabilityTable();

/** Parts of a program that are followed from its entry; more is not looked at. */
const MAX_UNITS = 4_000;

/** Method names that stand for too many things to be followed without knowing the object. */
const COMMON_METHODS: ReadonlySet<string> = new Set(
  "get set add pop items keys values append extend update copy join split strip format replace sort index count clear insert remove encode decode lower upper startswith endswith setdefault".split(
    " ",
  ),
);

/** A part of a program in the graph of what reaches what, shared by all tools that come by. */
interface Part {
  readonly file: string;
  readonly unit: string;
  /** Worked out when a tool first gets here. */
  steps: Steps | null;
}

/** What a part needs itself, and which parts it reaches. */
interface Steps {
  readonly needs: readonly Need[];
  readonly targets: readonly Part[];
  /** Methods that stand for others, which may be called without knowing. */
  readonly overrides: readonly { readonly when: Part; readonly target: Part }[];
  /** Names of methods called on objects whose class is not known. */
  readonly called: readonly string[];
  /** The methods of the class of which the part makes an object. */
  readonly methods: readonly { readonly name: string; readonly target: Part }[];
}

/** How a tool first got to a part. */
interface Visit {
  readonly part: Part;
  readonly from: Visit | null;
}

/** The parts of a program that were reached, in the order in which that was found; it grows while it is gone through. */
class Reached implements Iterable<Visit> {
  readonly #visits: Visit[] = [];
  readonly #seen = new Set<Part>();
  /** What is reached once a part is. */
  readonly #waiting = new Map<Part, Visit[]>();
  /** Methods of classes of which there are objects, not called by any name so far. */
  readonly #methods = new Map<string, Part[]>();
  /** Who called a method of a name first, on an object whose class is not known. */
  readonly #callers = new Map<string, Visit>();

  add(visit: Visit): void {
    if (this.#seen.has(visit.part) || this.#visits.length >= MAX_UNITS) return;
    this.#seen.add(visit.part);
    this.#visits.push(visit);
    for (const late of this.#waiting.get(visit.part) ?? []) this.add(late);
    this.#waiting.delete(visit.part);
  }

  follow(from: Visit, { targets, overrides, called, methods }: Steps): void {
    for (const part of targets) this.add({ part, from });
    for (const { when, target: part } of overrides) {
      if (this.#seen.has(when)) this.add({ part, from });
      else push(this.#waiting, when, { part, from });
    }
    for (const name of called) {
      if (!this.#callers.has(name)) this.#callers.set(name, from);
      for (const part of this.#methods.get(name) ?? []) this.add({ part, from });
      this.#methods.delete(name);
    }
    for (const { name, target } of methods) {
      const caller = this.#callers.get(name);
      if (caller === undefined) push(this.#methods, name, target);
      else this.add({ part: target, from: caller });
    }
  }

  *[Symbol.iterator](): Iterator<Visit> {
    // Not over the array itself: it grows.
    for (let next = 0; next < this.#visits.length; next += 1) {
      const visit = this.#visits[next];
      if (visit !== undefined) yield visit;
    }
  }
}

/**
 * Finds what Python programs need by following calls from their entry through the workspace's modules. Summaries of
 * files are kept and shared by all tools.
 */
export class CapabilityFinder {
  readonly #store: ModuleStore;
  readonly #table: CapabilityTable;
  readonly #names = new Map<string, FileNames | null>();
  readonly #summaries = new Map<string, FileSummary | null>();
  /** Who can read on in files whose trees are still there. */
  readonly #readers = new WeakMap<ParsedFile, SummaryReader>();
  /** By file, then unit. */
  readonly #parts = new Map<string, Map<string, Part>>();

  /** @param more calls that settings add to the table */
  constructor(store: ModuleStore, more: readonly CapabilityExtension[] = []) {
    this.#store = store;
    this.#table = more.length === 0 ? STANDARD_TABLE : new CapabilityTable(more);
  }

  /** Drops what was kept about a file and about those that rest on it. */
  forget(file: string): void {
    this.#names.delete(file);
    this.#summaries.delete(file);
    for (const [other, summary] of this.#summaries) {
      if (summary?.consulted.has(file) === true) this.#summaries.delete(other);
    }
    this.#parts.clear();
  }

  /**
   * The capabilities of the program that running the file starts, and the files that were looked at.
   * @param entries functions of the file (or `Class.method`) that are called after an import, instead
   */
  ofPython(
    parsed: ParsedFile,
    ...entries: readonly string[]
  ): {
    readonly capabilities: readonly Capability[];
    readonly dependencies: ReadonlySet<string>;
  } {
    const findings: Findings = new Map();
    const dependencies = new Set<string>();
    const reached = new Reached();
    for (const unit of [MODULE_UNIT, ...(entries.length === 0 ? [MAIN_UNIT] : entries)]) {
      reached.add({ part: this.#part(parsed.file, unit), from: null });
    }
    for (const visit of reached) {
      dependencies.add(visit.part.file);
      const steps = this.#steps(visit.part);
      for (const need of steps.needs) collect(findings, need, visit);
      reached.follow(visit, steps);
    }
    return { capabilities: toCapabilities(findings), dependencies };
  }

  #part(file: string, unit: string): Part {
    let ofFile = this.#parts.get(file);
    if (ofFile === undefined) {
      ofFile = new Map();
      this.#parts.set(file, ofFile);
    }
    let part = ofFile.get(unit);
    if (part === undefined) {
      part = { file, unit, steps: null };
      ofFile.set(unit, part);
    }
    return part;
  }

  #steps(part: Part): Steps {
    part.steps ??= this.#takeSteps(part);
    return part.steps;
  }

  #takeSteps({ file, unit: name }: Part): Steps {
    const unit = this.#unit(file, name);
    if (unit === undefined) return NO_STEPS;
    const targets = unit.edges.flatMap((edge) => (edge.kind === "unit" ? [this.#part(edge.file, edge.unit)] : []));
    const called = unit.edges.flatMap((edge) =>
      edge.kind === "method" && !COMMON_METHODS.has(edge.name) ? [edge.name] : [],
    );
    const methods = unit.methods.map((method) => ({ name: method, target: this.#part(file, `${name}.${method}`) }));
    const overrides = unit.overrides.map(({ base, unit: own }) => ({
      when: this.#part(base.file, base.unit),
      target: this.#part(file, own),
    }));
    return { needs: unit.needs, targets: [...new Set(targets)], overrides, called: [...new Set(called)], methods };
  }

  #unit(file: string, name: string): Unit | undefined {
    const summary = this.#summary(file);
    if (summary?.unread.has(name) !== true) return summary?.units.get(name);
    const parsed = this.#store.peek(file);
    const reader = parsed === null ? undefined : this.#readers.get(parsed);
    if (reader?.summary === summary) {
      reader.complete(name);
      return summary.units.get(name);
    }
    // The tree is gone: what is read a second time is read to the end.
    return this.#summarise(file, true)?.units.get(name);
  }

  #summary(file: string): FileSummary | null {
    const known = this.#summaries.get(file);
    return known === undefined ? this.#summarise(file, false) : known;
  }

  #summarise(file: string, isWhole: boolean): FileSummary | null {
    const parsed = this.#store.read(file);
    if (parsed === null) {
      this.#summaries.set(file, null);
      return null;
    }
    const resolver = new Resolver(this.#store, { names: (name) => this.#namesOf(name) });
    const reader = new SummaryReader(parsed, resolver, this.#table);
    if (isWhole) reader.completeAll();
    else this.#readers.set(parsed, reader);
    this.#summaries.set(file, reader.summary);
    return reader.summary;
  }

  #namesOf(file: string): FileNames | null {
    const known = this.#names.get(file);
    if (known !== undefined) return known;
    const parsed = this.#store.read(file);
    const made = parsed === null ? null : slimNames(namesOf(parsed.module));
    this.#names.set(file, made);
    return made;
  }
}

const NO_STEPS: Steps = { needs: [], targets: [], overrides: [], called: [], methods: [] };

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

/** Longest call chain that is told. */
const MAX_CHAIN = 12;

function collect(findings: Findings, need: Need, visit: Visit): void {
  gather(findings, need.capability, visit.part.file, need.line, need.scope, () => {
    const chain = chainOf(visit);
    return { text: need.text, why: `This line ${need.why}.`, ...(chain.length > 0 ? { chain } : {}) };
  });
}

/** The functions on the way to a part, outermost first; what importing runs is no call. */
function chainOf(visit: Visit): string[] {
  const chain: string[] = [];
  for (let at = visit; at.from !== null; at = at.from) if (isCalled(at.part.unit)) chain.push(at.part.unit);
  return chain.reverse().slice(0, MAX_CHAIN);
}

/** Neither a module body nor what a variable holds. */
function isCalled(unit: string): boolean {
  return unit !== MODULE_UNIT && !unit.startsWith("=");
}
