import { decodeSource, type Module, parseModule, walk } from "../python/index.ts";

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
    if (node.kind === "Import") {
      for (const { name } of node.names) imports.push({ level: 0, module: name, names: [] });
    } else if (node.kind === "ImportFrom") {
      imports.push({ level: node.level, module: node.module ?? "", names: node.names.map(({ name }) => name) });
    } else if (node.kind === "Call") {
      const called =
        node.func.kind === "Attribute" ? node.func.attr : node.func.kind === "Name" ? node.func.id : undefined;
      const [first] = node.args;
      const named = first?.kind === "Constant" && first.value.type === "str" ? first.value.value : undefined;
      if (called !== undefined && IMPORTING.has(called) && named !== undefined) imports.push(importByName(named));
    } else if (node.kind === "Constant" && node.value.type === "str" && SCRIPT.test(node.value.value)) {
      paths.add(node.value.value);
    }
    return true;
  });
  return { imports, paths: [...paths] };
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
