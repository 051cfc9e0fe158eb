import type { DeclaredEntryPoint } from "../evaluate/index.ts";

/** Console commands that a Python project declares in `pyproject.toml` or `setup.cfg`. */

/** `name = "package.module:attribute"`. */
export interface EntryPoint {
  /** The command that installing the project makes. */
  readonly name: string;
  readonly module: string;
  readonly attribute: readonly string[];
  /** Where it is declared. */
  readonly line: number;
}

/** Tables of `pyproject.toml` whose keys are commands: PEP 621, Poetry, Flit. */
const SCRIPT_TABLES: ReadonlySet<string> = new Set([
  "project.scripts",
  "project.gui-scripts",
  "project.entry-points.console_scripts",
  "project.entry-points.gui_scripts",
  "tool.poetry.scripts",
  "tool.flit.scripts",
]);

/** The commands of a `pyproject.toml`. Reads only what these tables hold: keys, strings and inline tables. */
export function pyprojectEntryPoints(text: string): readonly EntryPoint[] {
  return [...tomlPairs(text, (table) => SCRIPT_TABLES.has(table))].flatMap(({ key, target, line }) =>
    entryPoint(key, target, line),
  );
}

interface Pair {
  readonly table: string;
  readonly key: string;
  readonly target: string;
  readonly line: number;
}

/** The entries of the tables of a TOML text that are asked for, however they are written. */
function* tomlPairs(text: string, isWanted: (table: string) => boolean): Generator<Pair> {
  let table = "";
  for (const { line, text: content } of topLevelLines(text)) {
    const header = /^\s*\[([^[\]]+)\]\s*(?:#.*)?$/u.exec(content);
    if (header !== null) {
      table = keyPath(header[1] ?? "");
      continue;
    }
    const pair = /^\s*("[^"]*"|'[^']*'|[\w.-]+)\s*=\s*(.*)$/u.exec(content);
    if (pair === null) continue;
    const [, key = "", value = ""] = pair;
    for (const one of pairsOfLine(table, key, value, line)) if (isWanted(one.table)) yield one;
  }
}

/** What one line of a table says, read in each way in which it may be meant. */
function pairsOfLine(table: string, key: string, value: string, line: number): readonly Pair[] {
  const target = targetOf(value);
  const path = keyPath(table === "" ? key : `${table}.${key}`);
  const inner = inlineTable(value).map(([name, inTable]): Pair => ({ table: path, key: name, target: inTable, line }));
  // `scripts.name = "…"` in a table above.
  const above = path.slice(0, Math.max(0, path.lastIndexOf(".")));
  const dotted = above === table ? [] : [{ table: above, key: path.slice(above.length + 1), target, line }];
  return [{ table, key: unquoted(key), target, line }, ...inner, ...dotted];
}

/** Lines that do not lie inside a multi-line string. */
function topLevelLines(text: string): readonly { readonly line: number; readonly text: string }[] {
  let quote: string | null = null;
  return text.split(/\r?\n/u).flatMap((content, index) => {
    const isInside = quote !== null;
    for (const match of content.matchAll(/"""|'''/gu)) {
      if (quote === null) quote = match[0];
      else if (quote === match[0]) quote = null;
    }
    return isInside ? [] : [{ line: index + 1, text: content }];
  });
}

function keyPath(text: string): string {
  return (text.match(/"[^"]*"|'[^']*'|[^\s.]+/gu) ?? []).map(unquoted).join(".");
}

function unquoted(text: string): string {
  return /^(["']).*\1$/u.test(text) ? text.slice(1, -1) : text;
}

/** The target that a value names: a string, or Poetry's `{ reference = "…", type = "console" }`. */
function targetOf(value: string): string {
  const plain = /^("[^"]*"|'[^']*')/u.exec(value.trim())?.[1];
  if (plain !== undefined) return unquoted(plain);
  const table = /\b(?:reference|callable)\s*=\s*("[^"]*"|'[^']*')/u.exec(value)?.[1];
  return table === undefined || /\btype\s*=\s*["']file/u.test(value) ? "" : unquoted(table);
}

function inlineTable(value: string): readonly (readonly [name: string, target: string])[] {
  return [...value.matchAll(/("[^"]*"|'[^']*'|[\w.-]+)\s*=\s*("[^"]*"|'[^']*')/gu)].map((match) => [
    unquoted(match[1] ?? ""),
    unquoted(match[2] ?? ""),
  ]);
}

/** The commands of a `setup.cfg`: `console_scripts` under `[options.entry_points]`. */
export function setupCfgEntryPoints(text: string): readonly EntryPoint[] {
  return [...setupCfgLines(text)].flatMap(({ group, content, line }) =>
    isScriptGroup(group) ? entryPointLine(content, line) : [],
  );
}

interface GroupLine {
  readonly group: string;
  readonly content: string;
  readonly line: number;
}

/** What stands under `[options.entry_points]`. */
function* setupCfgLines(text: string): Generator<GroupLine> {
  let section = "";
  let group = "";
  for (const [index, content] of text.split(/\r?\n/u).entries()) {
    const header = /^\[([^\]]+)\]/u.exec(content);
    const start = /^([\w.-]+)\s*[=:]\s*(.*)$/u.exec(content);
    if (header !== null) {
      section = (header[1] ?? "").trim();
      group = "";
    } else if (start !== null) {
      group = start[1] ?? "";
      if (section === "options.entry_points") yield { group, content: start[2] ?? "", line: index + 1 };
    } else if (/^\s+\S/u.test(content) && section === "options.entry_points") {
      yield { group, content, line: index + 1 };
    }
  }
}

/** Under which tables a `pyproject.toml` has one for each group: PEP 621, Poetry, Flit. */
const GROUP_TABLES = ["project.entry-points.", "tool.poetry.plugins.", "tool.flit.entrypoints."] as const;

/** All entry points that a project's or an installed distribution's metadata declare, by the name of the file. */
export function pluginEntryPoints(path: string, text: string): readonly DeclaredEntryPoint[] {
  if (path.endsWith(".toml")) {
    const groupOf = (table: string): string | undefined => {
      const prefix = GROUP_TABLES.find((candidate) => table.startsWith(candidate));
      return prefix === undefined ? undefined : table.slice(prefix.length);
    };
    const pairs = [...tomlPairs(text, (table) => groupOf(table) !== undefined)];
    return pairs.flatMap(({ table, key, target }) => pluginEntryPoint(groupOf(table) ?? "", key, target));
  }
  const lines = path.endsWith(".cfg") ? setupCfgLines(text) : sectionLines(text);
  return [...lines].flatMap(({ group, content }) => {
    const match = ENTRY_POINT_LINE.exec(content);
    return match === null ? [] : pluginEntryPoint(group, match[1] ?? "", match[2] ?? "");
  });
}

/** Whether the entry points of a group are commands. */
export function isScriptGroup(group: string | undefined): boolean {
  return group === "console_scripts" || group === "gui_scripts";
}

/** The lines of an `entry_points.txt`. */
export function* sectionLines(text: string): Generator<GroupLine> {
  let group = "";
  for (const [index, content] of text.split(/\r?\n/u).entries()) {
    const header = /^\s*\[([^\]]+)\]/u.exec(content);
    if (header !== null) group = header[1] ?? "";
    else yield { group, content, line: index + 1 };
  }
}

function pluginEntryPoint(group: string, name: string, target: string): readonly DeclaredEntryPoint[] {
  const { module, attribute } = partsOf(target);
  const isPlain = DOTTED.test(module) && (attribute === "" || DOTTED.test(attribute));
  return isPlain ? [{ group, name, module, attribute: attribute === "" ? [] : attribute.split(".") }] : [];
}

const ENTRY_POINT_LINE = /^\s*([^\s=#;]+)\s*=\s*([^\s#;]+)/u;

/** `name = package.module:attribute [extra]`, as setuptools writes it. */
export function entryPointLine(text: string, line: number): readonly EntryPoint[] {
  const match = ENTRY_POINT_LINE.exec(text);
  return match === null ? [] : entryPoint(match[1] ?? "", match[2] ?? "", line);
}

const DOTTED = /^[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*$/u;

/** Only names that are plain identifiers: they become part of the command that starts the tool. */
function entryPoint(name: string, target: string, line: number): readonly EntryPoint[] {
  const { module, attribute } = partsOf(target);
  if (!/^[\w.-]+$/u.test(name) || !DOTTED.test(module) || !DOTTED.test(attribute)) return [];
  return [{ name, module, attribute: attribute.split("."), line }];
}

/** `package.module:attribute [extra]`. */
function partsOf(target: string): { readonly module: string; readonly attribute: string } {
  const [module = "", attribute = ""] = target.replace(/\s*\[.*$/u, "").split(":", 2);
  return { module: module.trim(), attribute: attribute.trim() };
}
