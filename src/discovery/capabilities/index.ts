import type { Capability, CapabilityExtension } from "../../model/index.ts";
import type { HiddenPart } from "../evaluate/index.ts";
import type { ModuleStore, ParsedFile } from "../modules.ts";
import { type Findings, gather, toCapabilities } from "./collect.ts";
import { FileFunctions } from "./functions.ts";
import { type FileNames, LateBodyNames, namesOf } from "./names.ts";
import {
  type Graph,
  type MethodCall,
  type MethodName,
  NO_STEPS,
  newMethodName,
  newPart,
  type Part,
  type PartFile,
  Reached,
  type Steps,
  type Target,
  type Visit,
} from "./reached.ts";
import { type Meanings, Resolver } from "./resolve.ts";
import { CapabilityTable, type Need } from "./rules.ts";
import { slimNames } from "./slim.ts";
import { SummaryReader } from "./summary.ts";
import { type CallShape, isCalled, MAIN_UNIT, MODULE_UNIT, type Unit } from "./units.ts";

export { recipeCapabilities, scriptCapabilities } from "./shell.ts";

const STANDARD_TABLE = new CapabilityTable(process.platform);

/** Method names that stand for too many things to be followed without knowing the object. */
const COMMON_METHODS: ReadonlySet<string> = new Set(
  "get set add pop items keys values append extend update copy join split strip format replace sort index count clear insert remove encode decode lower upper startswith endswith setdefault".split(
    " ",
  ),
);

/** How many files that import each other are summarised one within the other. */
const MAX_EXPECTED = 12;

/** The parts of a file, by unit. */
interface FileParts extends PartFile {
  readonly units: Map<string, Part>;
}

/** What a program needs, and the files that were looked at. */
interface Found {
  readonly capabilities: readonly Capability[];
  readonly dependencies: ReadonlySet<string>;
}

/**
 * Finds what Python programs need by following calls from their entry through the workspace's modules. Summaries of
 * files are kept and shared by all tools.
 */
export class CapabilityFinder implements Graph {
  readonly #store: ModuleStore;
  readonly #table: CapabilityTable;
  readonly #names = new Map<string, FileNames | null>();
  readonly #bodies = new Map<string, LateBodyNames>();
  readonly #functions = new Map<string, FileFunctions | null>();
  /** Who reads the parts of a file. */
  readonly #summaries = new Map<string, SummaryReader | null>();
  readonly #meanings: Meanings = [];
  readonly #parts = new Map<string, FileParts>();
  /** Each kind of call of a method once. */
  readonly #calls = new Map<string, MethodCall>();
  readonly #methodNames = new Map<string, MethodName>();
  /** Files of which the summary is being made, each imported by the one before. */
  readonly #summarising = new Set<string>();
  /** How many tools have been asked for. */
  #runs = 0;

  /** @param more calls that settings add to the table */
  constructor(store: ModuleStore, more: readonly CapabilityExtension[] = []) {
    this.#store = store;
    this.#table = more.length === 0 ? STANDARD_TABLE : new CapabilityTable(process.platform, more);
  }

  /** Drops what was kept about files and about those that rest on them. */
  forget(files: ReadonlySet<string>): void {
    const dropped = new Set(files);
    this.#meanings.length = 0;
    for (const file of files) {
      this.#names.delete(file);
      this.#bodies.delete(file);
      this.#functions.delete(file);
    }
    for (const [other, summary] of this.#summaries) {
      if (summary !== null && haveCommon(summary.consulted, files)) dropped.add(other);
    }
    for (const one of dropped) this.#summaries.delete(one);
    for (const [one, parts] of this.#parts) {
      for (const part of parts.units.values()) {
        // Methods come from bases in other files; the steps of other files lead to the same parts as before.
        part.answers = null;
        if (dropped.has(one)) part.steps = null;
      }
    }
  }

  /** Drops all that rests on what imports mean; what a file alone tells stays. */
  forgetImports(): void {
    this.#meanings.length = 0;
    this.#summaries.clear();
    this.#parts.clear();
  }

  /**
   * The capabilities of the program that running the file starts, and the files that were looked at.
   * @param entry a function of the file that is called after an import, instead; `null` for none
   * @param hidden parts that are reached besides
   */
  ofPython(parsed: ParsedFile, entry: string | null, hidden: readonly HiddenPart[]): Found {
    return this.#from(parsed, [entry ?? MAIN_UNIT], true, hidden);
  }

  /**
   * The capabilities of functions (or `Class.method`) that are called by themselves after an import: what their framework
   * was given besides them is not run.
   */
  ofFunctions(parsed: ParsedFile, entries: readonly string[]): Found {
    return this.#from(parsed, entries, false, []);
  }

  #from(
    { file }: ParsedFile,
    entries: readonly string[],
    isLateFollowed: boolean,
    hidden: readonly HiddenPart[],
  ): Found {
    const findings: Findings = new Map();
    const reached = new Reached(this, ++this.#runs, isLateFollowed);
    for (const unit of [MODULE_UNIT, ...entries]) {
      const part = this.#part(file, unit);
      if (part.owner !== null) reached.make(part.owner, null);
      reached.add(part, null);
    }
    const start: Visit = { part: this.#part(file, MODULE_UNIT), from: null };
    for (const { kind, file: other, name } of hidden) {
      const part = this.#part(other, kind === "module" ? MODULE_UNIT : name);
      if (part.owner !== null) reached.make(part.owner, start);
      if (kind === "class") reached.make(part, start);
      else reached.add(part, start);
    }
    reached.follow((need, visit) => collect(findings, need, visit));
    return { capabilities: toCapabilities(findings), dependencies: reached.files };
  }

  #part(file: string, unit: string): Part {
    let ofFile = this.#parts.get(file);
    if (ofFile === undefined) {
      ofFile = { path: file, run: 0, units: new Map() };
      this.#parts.set(file, ofFile);
    }
    const known = ofFile.units.get(unit);
    if (known !== undefined) return known;
    const dot = isCalled(unit) ? unit.lastIndexOf(".") : -1;
    const owner = dot === -1 ? null : this.#part(file, unit.slice(0, dot));
    const part = newPart(ofFile, unit, owner);
    ofFile.units.set(unit, part);
    return part;
  }

  steps(part: Part): Steps {
    part.steps ??= this.#takeSteps(part);
    return part.steps;
  }

  /** The methods with which objects of a class answer: its own ones before those of its bases. */
  answers(part: Part): readonly Part[] {
    part.answers ??= this.#takeAnswers(part);
    return part.answers;
  }

  #takeAnswers(part: Part): readonly Part[] {
    // Classes that are their own bases end here.
    part.answers = [];
    const { methods, bases } = this.steps(part);
    const found = new Map(methods.map(({ target }) => [lastName(target), target]));
    for (const base of bases) {
      for (const method of this.answers(base)) {
        const name = lastName(method);
        if (!found.has(name)) found.set(name, method);
      }
    }
    return [...found.values()];
  }

  #takeSteps({ file: { path: file }, unit: name }: Part): Steps {
    // Nobody asks for it again: the part keeps its steps.
    const unit = this.#take(file, name);
    if (unit === undefined || isEmpty(unit)) return NO_STEPS;
    const targets = new Targets();
    const bases = new Set<Part>();
    const called = new Set<MethodCall>();
    for (const edge of unit.edges) {
      if (edge.kind === "method") {
        if (!COMMON_METHODS.has(edge.name)) called.add(this.#callOf(edge.name, edge.shape));
      } else if (edge.kind === "base") bases.add(this.#part(edge.file, edge.unit));
      else targets.add(edge.kind, this.#part(edge.file, edge.unit), edge.isLate === true);
    }
    return {
      needs: shared(unit.needs),
      targets: shared(targets.all),
      bases: shared([...bases]),
      overrides: sharedMap(unit.overrides, ({ base, unit: own }) => ({
        when: this.#part(base.file, base.unit),
        target: this.#part(file, own),
      })),
      registrations: sharedMap(unit.registrations, ({ variable, unit: own, isClass }) => ({
        when: this.#part(variable.file, variable.unit),
        target: { kind: isClass ? "object" : "unit", part: this.#part(file, own), isLate: false },
      })),
      called: shared([...called]),
      methods: sharedMap(unit.methods, (method) => ({
        name: this.#methodName(method.name),
        isOfClass: method.isOfClass,
        signature: method.signature,
        target: this.#part(file, `${name}.${method.name}`),
      })),
    };
  }

  #callOf(name: string, shape: CallShape): MethodCall {
    const key = `${name} ${shape.positional} ${shape.keywords?.join()}`;
    let call = this.#calls.get(key);
    if (call === undefined) {
      call = { name: this.#methodName(name), shape, run: 0 };
      this.#calls.set(key, call);
    }
    return call;
  }

  #methodName(text: string): MethodName {
    let name = this.#methodNames.get(text);
    if (name === undefined) {
      name = newMethodName();
      this.#methodNames.set(text, name);
    }
    return name;
  }

  #take(file: string, name: string): Unit | undefined {
    const unit = this.#summary(file)?.take(name);
    if (unit !== null) return unit;
    // Somebody has changed the file, and is about to tell.
    this.forget(new Set([file]));
    return this.#summary(file)?.take(name) ?? undefined;
  }

  #summary(file: string): SummaryReader | null {
    const known = this.#summaries.get(file);
    return known === undefined ? this.#summarise(file) : known;
  }

  #summarise(file: string): SummaryReader | null {
    const parsed = this.#store.read(file);
    const functions = this.#functionsOf(file);
    const reader = parsed === null || functions === null ? null : this.#readerOf(parsed, functions);
    this.#summaries.set(file, reader);
    return reader;
  }

  #readerOf(parsed: ParsedFile, functions: FileFunctions): SummaryReader {
    const resolver = new Resolver(
      this.#store,
      { meanings: this.#meanings, names: (name) => this.#namesOf(name), bodies: (name) => this.#bodiesOf(name) },
      process.platform,
    );
    this.#summarising.add(parsed.file);
    try {
      const { texts } = this.#store;
      return new SummaryReader(parsed, functions, resolver, this.#table, texts, (imported) => this.#expect(imported));
    } finally {
      this.#summarising.delete(parsed.file);
    }
  }

  /**
   * A file of which the summary will be asked for: it is made now, while the tree is there that was read for its names. A
   * package may import more modules than there are trees kept.
   */
  #expect(file: string): void {
    if (this.#summarising.size >= MAX_EXPECTED || this.#summarising.has(file)) return;
    if (!this.#summaries.has(file) && this.#store.peek(file) !== null) this.#summarise(file);
  }

  #bodiesOf(file: string): LateBodyNames {
    let known = this.#bodies.get(file);
    if (known === undefined) {
      known = new LateBodyNames(this.#functionsOf(file));
      this.#bodies.set(file, known);
    }
    return known;
  }

  #functionsOf(file: string): FileFunctions | null {
    const known = this.#functions.get(file);
    if (known !== undefined) return known;
    const parsed = this.#store.read(file);
    const made = parsed === null ? null : new FileFunctions(parsed, this.#store);
    this.#functions.set(file, made);
    return made;
  }

  #namesOf(file: string): FileNames | null {
    const known = this.#names.get(file);
    if (known !== undefined) return known;
    const parsed = this.#store.read(file);
    const made = parsed === null ? null : slimNames(namesOf(parsed.module));
    this.#names.set(file, made);
    // While the tree is there.
    this.#functionsOf(file);
    return made;
  }
}

/** One way of each kind to each part; one that is followed in any case stands for one that may not be. */
class Targets {
  readonly all: Target[] = [];
  /** Where the way to each part stands, by its kind. */
  readonly #places = new Map<Target["kind"], Map<Part, number>>();

  add(kind: Target["kind"], part: Part, isLate: boolean): void {
    let places = this.#places.get(kind);
    if (places === undefined) {
      places = new Map();
      this.#places.set(kind, places);
    }
    const place = places.get(part);
    if (place === undefined) {
      places.set(part, this.all.length);
      this.all.push({ kind, part, isLate });
    } else if (!isLate && this.all[place]?.isLate === true) this.all[place] = { kind, part, isLate };
  }
}

function isEmpty({ needs, edges, overrides, registrations, methods }: Unit): boolean {
  return needs.length + edges.length + overrides.length + registrations.length + methods.length === 0;
}

function lastName({ unit }: Part): string {
  return unit.slice(unit.lastIndexOf(".") + 1);
}

function haveCommon(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  const [few, many] = some.size < others.size ? [some, others] : [others, some];
  for (const one of few) if (many.has(one)) return true;
  return false;
}

/** Most parts have no more than one kind of steps: what they do not have is one array for all. */
const NONE: readonly never[] = [];

function shared<T>(items: readonly T[]): readonly T[] {
  return items.length === 0 ? NONE : items;
}

function sharedMap<T, R>(items: readonly T[], change: (item: T) => R): readonly R[] {
  return items.length === 0 ? NONE : items.map(change);
}

/** Longest call chain that is told. */
const MAX_CHAIN = 12;

function collect(findings: Findings, need: Need, visit: Visit): void {
  gather(findings, need.capability, visit.part.file.path, need.line, need.scope, () => {
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
