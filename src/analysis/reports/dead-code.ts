import type { DeadCode, DeadCodeConfidence, DeadCodeFinding } from "../../model/index.ts";
import { isPackage } from "../callgraph/module-index.ts";
import type { FileSummary, NameBinding, ScopeSummary } from "../callgraph/summary.ts";
import type { WorkspaceSummary } from "../callgraph/workspace.ts";

/** Names that programs and frameworks call without naming them in the text. */
const ENTRY_POINTS: ReadonlySet<string> = new Set(["main", "setup", "setUpModule", "tearDownModule", "load_tests"]);

/**
 * Definitions that nothing in the workspace refers to, by name. Conservative: an attribute of the same name anywhere
 * counts as a reference; decorated and exported names, names with two underscores, entry points and tests are left out.
 * @param unreachable what `unreachableCode` found, file by file
 */
export function deadCode(workspace: WorkspaceSummary, unreachable: readonly DeadCodeFinding[]): DeadCode {
  const references = new References(workspace);
  const findings = [...unreachable];
  for (const [index, file] of workspace.files.entries()) {
    if (isTest(file.path)) continue;
    for (const [scope, summary] of file.scopes.entries()) {
      for (const [name, bindings] of summary.bindings) {
        const finding = new Candidate(references, file, index, scope, name, bindings).finding();
        if (finding !== null) findings.push(finding);
      }
    }
  }
  findings.sort((a, b) => ORDER[a.confidence] - ORDER[b.confidence] || compareText(a.file, b.file) || a.line - b.line);
  return { findings };
}

const ORDER: Readonly<Record<DeadCodeConfidence, number>> = { certain: 0, likely: 1, maybe: 2 };

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function isTest(path: string): boolean {
  return /(?:^|\/)(?:tests?|testing)\/|(?:^|\/)(?:test_[^/]*|[^/]*_test|conftest)\.py$/.test(path);
}

/** Who refers to what, over all files. */
class References {
  /** Names that other files import from a file. */
  readonly imported = new Map<number, Set<string>>();
  /** Files whose names others take by `*`. */
  readonly starred = new Set<number>();
  /** For each attribute that is read: the files that do. */
  readonly attributes = new Map<string, Set<number>>();
  readonly unbound = new Set<string>();
  readonly words = new Set<string>();

  constructor({ files, resolver }: WorkspaceSummary) {
    for (const [index, file] of files.entries()) {
      for (const word of file.words) this.words.add(word);
      for (const name of file.unbound) this.unbound.add(name);
      for (const name of file.attributes.keys()) addTo(this.attributes, name, index);
      for (const { level, module, names } of file.imports) {
        const source = resolver.module(index, level, module);
        if (source?.kind === "scope" && names !== null) this.#takeImport(source.file, names);
      }
    }
  }

  #takeImport(from: number, names: readonly string[]): void {
    for (const name of names) {
      if (name === "*") this.starred.add(from);
      else addTo(this.imported, from, name);
    }
  }
}

function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}

type Kind = DeadCodeFinding["kind"];

/** One name of one scope, which is dead or not. */
class Candidate {
  readonly #references: References;
  readonly #file: FileSummary;
  readonly #index: number;
  readonly #scope: number;
  readonly #name: string;
  readonly #bindings: readonly NameBinding[];

  constructor(
    references: References,
    file: FileSummary,
    index: number,
    scope: number,
    name: string,
    bindings: readonly NameBinding[],
  ) {
    this.#references = references;
    this.#file = file;
    this.#index = index;
    this.#scope = scope;
    this.#name = name;
    this.#bindings = bindings;
  }

  get #owner(): ScopeSummary | undefined {
    return this.#file.scopes[this.#scope];
  }

  finding(): DeadCodeFinding | null {
    const [first] = this.#bindings;
    const owner = this.#owner;
    if (first === undefined || owner === undefined || owner.readsByName) return null;
    const kind = this.#kind(first, owner);
    if (kind === null || this.#isExempt(kind) || this.#isRead(first)) return null;
    const confidence = this.#confidence(kind, owner, first);
    if (confidence === null) return null;
    const endLine = first.kind === "scope" ? (this.#file.scopes[first.scope]?.endLine ?? first.line) : first.line;
    const name = owner.kind === "module" ? this.#name : `${owner.qualname}.${this.#name}`;
    return { kind, name, file: this.#file.path, line: first.line, endLine, confidence, why: WHY[confidence][kind] };
  }

  /** What would be reported; null for what is none of ours (parameters, loop variables, attributes of classes). */
  #kind(first: NameBinding, owner: ScopeSummary): Kind | null {
    if (first.kind === "module" || first.kind === "from") return this.#allOf("module", "from") ? "import" : null;
    if (first.kind === "scope") return this.#allOf("scope") ? this.#definitionKind(first.scope, owner) : null;
    if (owner.kind === "class" || !this.#bindings.every(isAssignment)) return null;
    return "variable";
  }

  #definitionKind(scope: number, owner: ScopeSummary): Kind {
    if (this.#file.scopes[scope]?.kind === "class") return "class";
    return owner.kind === "class" ? "method" : "function";
  }

  #allOf(...kinds: readonly NameBinding["kind"][]): boolean {
    return this.#bindings.every(({ kind }) => kinds.includes(kind));
  }

  #isExempt(kind: Kind): boolean {
    const name = this.#name;
    if (/^__.*__$/.test(name) || /^_+$/.test(name) || ENTRY_POINTS.has(name) || name.startsWith("test")) return true;
    if (kind === "import") return this.#bindings.some((binding) => isKept(binding, this.#file.path));
    return this.#bindings.some(
      (binding) => binding.kind === "scope" && (this.#file.scopes[binding.scope]?.decorators.length ?? 0) > 0,
    );
  }

  #isRead(first: NameBinding): boolean {
    const name = this.#name;
    const readers = this.#owner?.readers.get(name) ?? [];
    // A function that only calls itself is not called.
    const inside = (reader: number): boolean => first.kind === "scope" && this.#isWithin(reader, first.scope);
    if (readers.some((reader) => !inside(reader))) return true;
    if (this.#owner?.kind === "function") return false;
    if (this.#owner?.kind === "module") {
      if (this.#file.exported?.has(name) === true) return true;
      if (this.#references.imported.get(this.#index)?.has(name) === true) return true;
      if (this.#references.starred.has(this.#index) && this.#references.unbound.has(name)) return true;
      if (first.kind === "module" || first.kind === "from") return false;
    }
    return this.#isAttribute(inside);
  }

  #isAttribute(inside: (reader: number) => boolean): boolean {
    const files = this.#references.attributes.get(this.#name);
    if (files === undefined) return false;
    if (files.size > 1 || !files.has(this.#index)) return true;
    return [...(this.#file.attributes.get(this.#name) ?? [])].some((reader) => !inside(reader));
  }

  #isWithin(scope: number, outer: number): boolean {
    for (let at = scope; at >= 0; at = this.#file.scopes[at]?.parent ?? -1) if (at === outer) return true;
    return false;
  }

  #confidence(kind: Kind, owner: ScopeSummary, first: NameBinding): DeadCodeConfidence | null {
    // Of what is local only its own file can speak: a string annotation, a doctest.
    const isLocal = owner.kind === "function" || kind === "import";
    if (isLocal ? this.#file.words.has(this.#name) && kind !== "variable" : this.#isNamedInText()) return "maybe";
    const isPrivate = this.#name.startsWith("_");
    switch (kind) {
      case "import":
        return this.#references.attributes.has(this.#name) && owner.kind === "module" ? "likely" : "certain";
      case "variable":
        return variableConfidence(owner.kind === "function", isPrivate);
      case "method":
        return isPrivate && hasPlainBases(owner) ? "likely" : "maybe";
      default:
        return this.#definitionConfidence(owner, first, isPrivate);
    }
  }

  #definitionConfidence(owner: ScopeSummary, first: NameBinding, isPrivate: boolean): DeadCodeConfidence {
    if (owner.kind === "function") return "certain";
    const bases = first.kind === "scope" ? (this.#file.scopes[first.scope]?.bases.length ?? 0) : 0;
    // A base class may keep a list of its subclasses.
    if (bases > 0) return "maybe";
    return isPrivate ? "certain" : "likely";
  }

  /** A text somewhere is the name, or its beginning as in `getattr(self, "visit_" + kind)`. */
  #isNamedInText(): boolean {
    const name = this.#name;
    if (this.#references.words.has(name)) return true;
    for (let at = name.indexOf("_", 1); at > 0; at = name.indexOf("_", at + 1)) {
      if (this.#references.words.has(name.slice(0, at + 1))) return true;
    }
    return false;
  }
}

function hasPlainBases(owner: ScopeSummary): boolean {
  return owner.bases.every((path) => path?.length === 1 && path[0] === "object");
}

/** A local variable with an underscore says itself that nobody reads it. */
function variableConfidence(isLocal: boolean, isPrivate: boolean): DeadCodeConfidence | null {
  if (isLocal) return isPrivate ? null : "certain";
  return isPrivate ? "likely" : "maybe";
}

function isAssignment(binding: NameBinding): boolean {
  return (
    binding.kind === "value" ||
    (binding.kind === "other" && binding.assigned) ||
    (binding.kind === "annotated" && !binding.parameter)
  );
}

/** Imports that are there for others, or only tried. */
function isKept(binding: NameBinding, path: string): boolean {
  if (binding.kind === "module") return binding.guarded || isPackage(path) || binding.module === "__future__";
  if (binding.kind !== "from") return false;
  const isReExport = binding.asname && isPackage(path);
  return binding.guarded || isReExport || isPackage(path) || binding.module === "__future__";
}

const NOTHING: Readonly<Record<Kind, string>> = {
  function: "nothing in the workspace refers to it",
  method: "no attribute of this name is read in the workspace",
  class: "nothing in the workspace refers to it",
  import: "the name is not used in this file",
  variable: "the value is never read",
  unreachable: "no way through the code leads here",
};

function withDoubt(doubt: string): Readonly<Record<Kind, string>> {
  const add = (kind: Kind): string => `${NOTHING[kind]}; ${doubt}`;
  return {
    function: add("function"),
    method: add("method"),
    class: add("class"),
    import: add("import"),
    variable: add("variable"),
    unreachable: NOTHING.unreachable,
  };
}

const WHY: Readonly<Record<DeadCodeConfidence, Readonly<Record<Kind, string>>>> = {
  certain: NOTHING,
  likely: withDoubt("other projects may"),
  maybe: withDoubt("a text of that name, a base class or another project may"),
};
