import type { Capability, Evidence } from "../../model/index.ts";
import type { ModuleStore, ParsedFile } from "../modules.ts";
import { type Findings, gather, toCapabilities } from "./collect.ts";
import { type FileNames, namesOf } from "./names.ts";
import { Resolver } from "./resolve.ts";
import type { Need } from "./rules.ts";
import { type Edge, type FileSummary, MAIN_UNIT, MODULE_UNIT, summarise } from "./summary.ts";

export { commandCapabilities } from "./shell.ts";

/** Parts of a program that are followed from its entry; more is not looked at. */
const MAX_UNITS = 4_000;

/** Method names that stand for too many things to be followed without knowing the object. */
const COMMON_METHODS: ReadonlySet<string> = new Set(
  "get set add pop items keys values append extend update copy close read write join split strip format replace sort index count clear insert remove encode decode lower upper startswith endswith setdefault seek flush name".split(
    " ",
  ),
);

interface Visit {
  readonly file: string;
  readonly unit: string;
  readonly chain: readonly string[];
}

/**
 * Finds what Python programs need by following calls from their entry through the workspace's modules. Summaries of
 * files are kept and shared by all tools.
 */
export class CapabilityFinder {
  readonly #store: ModuleStore;
  readonly #names = new Map<string, FileNames | null>();
  readonly #summaries = new Map<string, FileSummary | null>();

  constructor(store: ModuleStore) {
    this.#store = store;
  }

  /** Drops what was kept about a file and about those that rest on it. */
  forget(file: string): void {
    this.#names.delete(file);
    this.#summaries.delete(file);
    for (const [other, summary] of this.#summaries) {
      if (summary?.consulted.has(file) === true) this.#summaries.delete(other);
    }
  }

  /**
   * The capabilities of the program that running the file starts, and the files that were looked at.
   * @param entry a function of the file (or `Class.method`) that is called after an import, instead
   */
  ofPython(
    parsed: ParsedFile,
    entry: string = MAIN_UNIT,
  ): {
    readonly capabilities: readonly Capability[];
    readonly dependencies: ReadonlySet<string>;
  } {
    const findings: Findings = new Map();
    const dependencies = new Set<string>();
    const pending: Visit[] = [
      { file: parsed.file, unit: MODULE_UNIT, chain: [] },
      { file: parsed.file, unit: entry, chain: [] },
    ];
    const seen = new Set(pending.map(keyOf));
    for (let next = 0; next < pending.length && next < MAX_UNITS; next += 1) {
      const visit = pending[next];
      if (visit === undefined) break;
      dependencies.add(visit.file);
      for (const target of this.#visit(visit, findings)) {
        if (seen.has(keyOf(target))) continue;
        seen.add(keyOf(target));
        pending.push(target);
      }
    }
    return { capabilities: toCapabilities(findings), dependencies };
  }

  /** Collects what a part of the program needs. @returns the parts that it reaches */
  #visit(visit: Visit, findings: Findings): readonly Visit[] {
    const summary = this.#summary(visit.file);
    const unit = summary?.units.get(visit.unit);
    if (summary === null || unit === undefined) return [];
    for (const need of unit.needs) collect(findings, need, visit);
    return unit.edges.flatMap((edge) => this.#targets(edge, summary, visit));
  }

  #targets(edge: Edge, summary: FileSummary, from: Visit): readonly Visit[] {
    if (edge.kind === "unit") {
      const isBody = edge.unit === MODULE_UNIT;
      return [{ file: edge.file, unit: edge.unit, chain: isBody ? from.chain : [...from.chain, edge.unit] }];
    }
    if (COMMON_METHODS.has(edge.name)) return [];
    return summary.classes
      .filter((item) => this.#summary(item.file)?.units.has(`${item.name}.${edge.name}`) === true)
      .map((item) => {
        const unit = `${item.name}.${edge.name}`;
        return { file: item.file, unit, chain: [...from.chain, unit] };
      });
  }

  #summary(file: string): FileSummary | null {
    const known = this.#summaries.get(file);
    if (known !== undefined) return known;
    const parsed = this.#store.read(file);
    const made =
      parsed === null ? null : summarise(parsed, new Resolver(this.#store, { names: (name) => this.#namesOf(name) }));
    this.#summaries.set(file, made);
    return made;
  }

  #namesOf(file: string): FileNames | null {
    const known = this.#names.get(file);
    if (known !== undefined) return known;
    const parsed = this.#store.read(file);
    const made = parsed === null ? null : namesOf(parsed.module);
    this.#names.set(file, made);
    return made;
  }
}

function keyOf(visit: Visit): string {
  return `${visit.file}#${visit.unit}`;
}

/** Longest call chain that is told. */
const MAX_CHAIN = 12;

function collect(findings: Findings, need: Need, visit: Visit): void {
  const evidence: Evidence = {
    file: visit.file,
    line: need.line,
    text: need.text,
    why: `This line ${need.why}.`,
    ...(visit.chain.length > 0 ? { chain: visit.chain.slice(0, MAX_CHAIN) } : {}),
  };
  gather(findings, need.capability, evidence, need.scope);
}
