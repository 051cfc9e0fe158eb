import { decodeSource, type Module, type Node, parseModule, walk } from "../python/index.ts";

/** An import as written: `level` dots, then a module, then the names taken from it. */
export interface ImportReference {
  readonly level: number;
  readonly module: string;
  readonly names: readonly string[];
}

/** What a file of code names that may be code of the same workspace. */
export interface CodeReferences {
  readonly imports: readonly ImportReference[];
  /** Texts that look like paths of scripts. */
  readonly paths: readonly string[];
}

const NOTHING: CodeReferences = { imports: [], paths: [] };

/** Names of files that hold code. */
const SCRIPT = /^[\w@%+=:,./~-]{1,200}\.(?:pyw?|sh|bash|zsh|ksh|[cm]?[jt]s|pl|rb|lua|r|R|mk|so|jar|ps1|bat)$/u;
/** Words of a shell script or recipe that are worth a look. */
const WORDS = /[\w@%+=:,./~-]{3,200}/gu;
/** What `source` and `.` read, whatever it is called. */
const SOURCED = /(?:^|[;&|({\s])(?:source|\.)\s+["']?([\w@%+=:,./~-]{1,200})/gmu;
/** A file is no code, or not ours to understand, that holds a NUL among its first bytes. */
const LOOKED_AT = 4096;

/**
 * The references of a file to others. More is better than less: what is named here becomes a part of the tool's
 * fingerprint when it is there.
 */
export function codeReferences(file: string, bytes: Buffer): CodeReferences {
  if (bytes.subarray(0, LOOKED_AT).includes(0)) return NOTHING;
  const isPython = /\.pyw?$/iu.test(file) || /^#!.*python/u.test(bytes.subarray(0, 200).toString("latin1"));
  return isPython ? pythonReferences(textOf(bytes)) : shellReferences(bytes.toString("utf8"));
}

function textOf(bytes: Buffer): string {
  const decoded = decodeSource(bytes);
  return decoded.ok ? decoded.value : bytes.toString("latin1");
}

/** Imports anywhere in a Python text, those by name, and texts that look like scripts. */
export function pythonReferences(text: string): CodeReferences {
  return referencesOf(parseModule(text).module);
}

/** Functions that import what a text names. */
const IMPORTING: ReadonlySet<string> = new Set(["import_module", "__import__", "run_module", "find_spec"]);

function referencesOf(module: Module): CodeReferences {
  const imports: ImportReference[] = [];
  const paths = new Set<string>();
  walk(module, (node) => {
    const text = textIn(node);
    if (text !== undefined && SCRIPT.test(text)) paths.add(text);
    imports.push(...importsIn(node));
    return true;
  });
  return { imports, paths: [...paths] };
}

function textIn(node: Node): string | undefined {
  return node.kind === "Constant" && node.value.type === "str" ? node.value.value : undefined;
}

function importsIn(node: Node): readonly ImportReference[] {
  switch (node.kind) {
    case "Import":
      return node.names.map(({ name }) => ({ level: 0, module: name, names: [] }));
    case "ImportFrom":
      return [{ level: node.level, module: node.module ?? "", names: node.names.map(({ name }) => name) }];
    case "Call": {
      const [first] = node.args;
      const named = first === undefined ? undefined : textIn(first);
      return named !== undefined && IMPORTING.has(calledName(node.func)) ? [importByName(named)] : [];
    }
    default:
      return [];
  }
}

function calledName(callee: Node): string {
  if (callee.kind === "Attribute") return callee.attr;
  return callee.kind === "Name" ? callee.id : "";
}

function importByName(text: string): ImportReference {
  const [, dots = "", module = ""] = /^(\.*)(.*)$/su.exec(text) ?? [];
  return { level: dots.length, module, names: [] };
}

function shellReferences(text: string): CodeReferences {
  const paths = new Set<string>();
  for (const [word] of text.matchAll(WORDS)) if (SCRIPT.test(word)) paths.add(word);
  for (const [, word] of text.matchAll(SOURCED)) if (word !== undefined) paths.add(word);
  return { imports: [], paths: [...paths] };
}
