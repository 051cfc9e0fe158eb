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
  const found: EntryPoint[] = [];
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
    if (SCRIPT_TABLES.has(table)) found.push(...entryPoint(unquoted(key), targetOf(value), line));
    const path = keyPath(table === "" ? key : `${table}.${key}`);
    if (SCRIPT_TABLES.has(path)) found.push(...inlineTable(value, line));
    // `scripts.name = "…"` in a table above.
    const above = path.slice(0, Math.max(0, path.lastIndexOf(".")));
    if (above !== table && SCRIPT_TABLES.has(above)) {
      found.push(...entryPoint(path.slice(above.length + 1), targetOf(value), line));
    }
  }
  return found;
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

function inlineTable(value: string, line: number): readonly EntryPoint[] {
  return [...value.matchAll(/("[^"]*"|'[^']*'|[\w.-]+)\s*=\s*("[^"]*"|'[^']*')/gu)].flatMap((match) =>
    entryPoint(unquoted(match[1] ?? ""), unquoted(match[2] ?? ""), line),
  );
}

/** The commands of a `setup.cfg`: `console_scripts` under `[options.entry_points]`. */
export function setupCfgEntryPoints(text: string): readonly EntryPoint[] {
  const found: EntryPoint[] = [];
  let section = "";
  let key = "";
  for (const [index, content] of text.split(/\r?\n/u).entries()) {
    const header = /^\[([^\]]+)\]/u.exec(content);
    const start = /^([\w.-]+)\s*[=:]\s*(.*)$/u.exec(content);
    if (header !== null) {
      section = (header[1] ?? "").trim();
      key = "";
    } else if (start !== null) {
      key = start[1] ?? "";
      if (isScriptKey(section, key)) found.push(...entryPointLine(start[2] ?? "", index + 1));
    } else if (/^\s+\S/u.test(content) && isScriptKey(section, key)) {
      found.push(...entryPointLine(content, index + 1));
    }
  }
  return found;
}

function isScriptKey(section: string, key: string): boolean {
  return section === "options.entry_points" && (key === "console_scripts" || key === "gui_scripts");
}

/** `name = package.module:attribute [extra]`, as setuptools writes it. */
export function entryPointLine(text: string, line: number): readonly EntryPoint[] {
  const match = /^\s*([^\s=#;]+)\s*=\s*([^\s#;]+)/u.exec(text);
  return match === null ? [] : entryPoint(match[1] ?? "", match[2] ?? "", line);
}

const DOTTED = /^[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*$/u;

/** Only names that are plain identifiers: they become part of the command that starts the tool. */
function entryPoint(name: string, target: string, line: number): readonly EntryPoint[] {
  const [module = "", attribute = ""] = target.replace(/\s*\[.*$/u, "").split(":", 2);
  if (!/^[\w.-]+$/u.test(name) || !DOTTED.test(module.trim()) || !DOTTED.test(attribute.trim())) return [];
  return [{ name, module: module.trim(), attribute: attribute.trim().split("."), line }];
}
