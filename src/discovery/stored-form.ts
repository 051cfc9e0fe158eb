import * as z from "zod";
import { Capability, Diagnostic, Parameter, Tool } from "../model/index.ts";
import type { FileResult } from "./analyse.ts";
import type { FileRecord, Known } from "./records.ts";

/** What is stored. */
export interface StoredResults extends Known {
  readonly filesSeen: number;
  readonly diagnostics: readonly Diagnostic[];
}

/** Moves with every change of the form. */
export const FORMAT = 2;

/** Results on one line: few enough to be read within a turn. */
const RESULTS_PER_LINE = 48;

export const Head = z.object({ format: z.number(), build: z.string() });

/** Files are named by their number in `paths`, because results name the same ones again and again; so it is with names. */
const Listing = z.object({
  workspace: z.string(),
  filesSeen: z.int().min(0),
  diagnostics: z.array(Diagnostic),
  paths: z.array(z.string()),
  /** For each path; empty where the file was not looked at. */
  stamps: z.array(z.string()),
  hashes: z.record(z.string(), z.string()),
  /** How many of the paths, the first ones, are Python files. */
  python: z.int().min(0),
  names: z.array(z.string()),
  results: z.array(
    z.object({
      file: z.int().min(0),
      diagnostics: z.array(Diagnostic),
      dependencies: z.array(z.int().min(0)),
      misses: z.array(z.int().min(0)),
      isNotable: z.boolean(),
    }),
  ),
  /** How many lines of tools follow. */
  lines: z.int().min(0),
});
type Listing = z.infer<typeof Listing>;

/** What was parsed from JSON needs no look into its depths. */
const Json = z.custom<z.core.util.JSONType>(() => true);
const StoredParameter = Parameter.extend({ default: Json.optional(), choices: z.array(Json).optional() });
const { element: Evidence } = Capability.shape.evidence;
type Evidence = z.infer<typeof Evidence>;

/** The tools of some results, in the listing's order. Evidence is named by its number among that of all lines so far. */
const ToolLine = z.object({
  evidence: z.array(Evidence),
  tools: z.array(
    z.array(
      Tool.extend({
        schema: z.record(z.string(), Json),
        parameters: z.array(StoredParameter),
        capabilities: z.array(Capability.extend({ evidence: z.array(z.int().min(0)) })),
      }),
    ),
  ),
});
type ToolLine = z.infer<typeof ToolLine>;

/** Gives things numbers. */
class Numbers {
  readonly all: string[];
  readonly #numbers: Map<string, number>;

  constructor(first: Iterable<string> = []) {
    this.all = [...first];
    this.#numbers = new Map(this.all.map((item, index) => [item, index]));
  }

  of(item: string): number {
    let number = this.#numbers.get(item);
    if (number === undefined) {
      number = this.all.push(item) - 1;
      this.#numbers.set(item, number);
    }
    return number;
  }
}

/** The lines of a file of results. Manifests are few and quickly read; unsaved texts are gone with the editor: neither is stored. */
export function* storedLines(build: string, workspace: string, stored: StoredResults): Generator<string> {
  yield JSON.stringify({ format: FORMAT, build } satisfies z.infer<typeof Head>);
  const records = [...stored.records].filter(
    ([, { state, result }]) => state !== null && (result?.manifest ?? null) === null,
  );
  const kept = records.flatMap(([path, { result }]) => (result === null ? [] : [{ path, result }]));
  yield JSON.stringify(listingOf(workspace, stored, records, kept) satisfies Listing);
  const evidence = new Numbers();
  for (let at = 0; at < kept.length; at += RESULTS_PER_LINE) {
    yield toolLine(
      kept.slice(at, at + RESULTS_PER_LINE).map(({ result }) => result.tools),
      evidence,
    );
  }
}

function toolLine(results: readonly (readonly Tool[])[], evidence: Numbers): string {
  const known = evidence.all.length;
  const tools = results.map((all) =>
    all.map((tool) => ({
      ...tool,
      capabilities: tool.capabilities.map((capability) => ({
        ...capability,
        evidence: capability.evidence.map((one) => evidence.of(JSON.stringify(one))),
      })),
    })),
  );
  return `{"evidence":[${evidence.all.slice(known).join()}],"tools":${JSON.stringify(tools)}}`;
}

type Kept = readonly { readonly path: string; readonly result: FileResult }[];

function listingOf(
  workspace: string,
  { python, filesSeen, diagnostics }: StoredResults,
  records: readonly (readonly [string, FileRecord])[],
  kept: Kept,
): Listing {
  const paths = new Numbers(python);
  const names = new Numbers();
  const results = kept.map(({ path, result }) => ({
    file: paths.of(path),
    diagnostics: [...result.diagnostics],
    dependencies: [...result.dependencies].map((file) => paths.of(file)),
    misses: [...result.misses].map((name) => names.of(name)),
    isNotable: result.isNotable,
  }));
  const stamps: string[] = [];
  const hashes: Record<string, string> = {};
  for (const [path, { state }] of records) {
    const number = paths.of(path);
    stamps[number] = state?.stamp ?? "";
    if (state !== null && state.hash !== null) hashes[String(number)] = state.hash;
  }
  return {
    workspace,
    filesSeen,
    diagnostics: [...diagnostics],
    paths: paths.all,
    stamps: paths.all.map((_, number) => stamps[number] ?? ""),
    hashes,
    python: python.size,
    names: names.all,
    results,
    lines: Math.ceil(kept.length / RESULTS_PER_LINE),
  };
}

/** Puts stored results together again, line by line. */
export class StoredReader {
  readonly #listing: Listing;
  readonly #evidence: Evidence[] = [];
  readonly #tools: Tool[][] = [];
  #lines = 0;

  private constructor(listing: Listing) {
    this.#listing = listing;
  }

  /** Begins with the listing. @returns what is wrong with it instead */
  static begin(line: unknown, workspace: string): StoredReader | string {
    const parsed = Listing.safeParse(line);
    if (!parsed.success) return z.prettifyError(parsed.error);
    const { paths, names, results } = parsed.data;
    if (parsed.data.workspace !== workspace) return `it is about ${parsed.data.workspace}`;
    const isListed = results.every(
      ({ file, dependencies, misses }) =>
        file < paths.length &&
        dependencies.every((number) => number < paths.length) &&
        misses.every((number) => number < names.length),
    );
    return isListed ? new StoredReader(parsed.data) : "it names files that it does not list";
  }

  /** Files that were found notable: most of them hold tools. */
  get files(): string[] {
    const { paths, results } = this.#listing;
    return results.flatMap(({ file, isNotable }) => (isNotable ? (paths[file] ?? []) : []));
  }

  /** Whether all lines were added. */
  get isComplete(): boolean {
    return this.#lines === this.#listing.lines && this.#tools.length === this.#listing.results.length;
  }

  /** @returns what is wrong with the line; `null` when it was added */
  add(line: unknown): string | null {
    const parsed = ToolLine.safeParse(line);
    if (!parsed.success) return z.prettifyError(parsed.error);
    this.#lines += 1;
    this.#evidence.push(...parsed.data.evidence);
    for (const tools of parsed.data.tools) {
      const whole = tools.map((tool) => this.#whole(tool));
      if (!whole.every((tool) => tool !== null)) return "it names evidence that it does not list";
      this.#tools.push(whole);
    }
    return null;
  }

  #whole(tool: ToolLine["tools"][number][number]): Tool | null {
    const capabilities = tool.capabilities.map((capability) => ({
      ...capability,
      evidence: capability.evidence.flatMap((number) => this.#evidence[number] ?? []),
    }));
    const isListed = capabilities.every(
      ({ evidence }, index) => evidence.length > 0 && evidence.length === tool.capabilities[index]?.evidence.length,
    );
    return isListed ? { ...tool, capabilities } : null;
  }

  end(): StoredResults {
    const { paths, stamps, hashes, names, filesSeen, diagnostics, python } = this.#listing;
    const results = new Map<number, FileResult>();
    for (const [index, { file, dependencies, misses, ...rest }] of this.#listing.results.entries()) {
      results.set(file, {
        ...rest,
        tools: this.#tools[index] ?? [],
        manifest: null,
        dependencies: new Set(dependencies.flatMap((number) => paths[number] ?? [])),
        misses: new Set(misses.flatMap((number) => names[number] ?? [])),
      });
    }
    const records = new Map<string, FileRecord>();
    for (const [number, path] of paths.entries()) {
      const stamp = stamps[number] ?? "";
      if (stamp === "") continue;
      records.set(path, {
        state: { stamp, hash: hashes[String(number)] ?? null },
        result: results.get(number) ?? null,
      });
    }
    return { records, python: new Set(paths.slice(0, python)), filesSeen, diagnostics };
  }
}
