/** What a docstring says, in Google, NumPy or Sphinx style. */
export interface Docstring {
  /** All of it, without indentation. */
  readonly text: string;
  /** What comes before the first section. */
  readonly description: string;
  /** Help by parameter. */
  readonly parameters: ReadonlyMap<string, string>;
}

const PARAMETER_SECTION = /^(?:Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments|Other Parameters):\s*$/u;
const ANY_SECTION =
  /^(?:Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments|Other Parameters|Returns?|Yields?|Raises|Examples?|Notes?|Warnings?|Attributes|See Also|References|Todo|Usage|Output|Response):\s*$/u;
const SPHINX = /^:(?:param|parameter|arg|argument|key|keyword)\s+(?:[^:]*?\s)?\*{0,2}(\w+)\s*:\s*(.*)$/u;

/** @param text a docstring without its common indentation (`inspect.cleandoc`) */
export function parseDocstring(text: string): Docstring {
  const lines = text.split("\n");
  const parameters = new Map<string, string>();
  const google = lines.findIndex((line) => ANY_SECTION.test(line));
  const numpy = lines.findIndex((line, index) => /^\w[\w ]*$/u.test(line) && isUnderline(lines[index + 1], line));
  const sphinx = lines.findIndex((line) => /^:(?:param|parameter|arg|key|type|returns?|rtype|raises?)\b/u.test(line));
  for (const [index, line] of lines.entries()) {
    if (PARAMETER_SECTION.test(line)) readGoogle(lines.slice(index + 1), parameters);
    else if (/^(?:Other )?Parameters\s*$/u.test(line) && isUnderline(lines[index + 1], line)) {
      readNumpy(lines.slice(index + 2), parameters);
    }
  }
  readSphinx(lines, parameters);
  const ends = [google, numpy, sphinx].filter((index) => index >= 0);
  const end = ends.length === 0 ? lines.length : Math.min(...ends);
  return { text: text.trim(), description: lines.slice(0, end).join("\n").trim(), parameters };
}

function isUnderline(line: string | undefined, title: string): boolean {
  return line !== undefined && /^-{3,}\s*$/u.test(line) && title.trim() !== "";
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** `name (type): help`, with continuation lines that are indented deeper. */
function readGoogle(lines: readonly string[], parameters: Map<string, string>): void {
  let indent: number | null = null;
  let name: string | null = null;
  for (const line of lines) {
    if (line.trim() === "") continue;
    const own = indentOf(line);
    if (own === 0) return;
    indent ??= own;
    const match = own <= indent ? /^\s*\*{0,2}(\w+)\s*(?:\([^)]*\)|\[[^\]]*\])?\s*:\s*(.*)$/u.exec(line) : null;
    if (match !== null) {
      name = match[1] ?? "";
      parameters.set(name, (match[2] ?? "").trim());
    } else if (name !== null && own > indent) append(parameters, name, line);
  }
}

/** `name : type` with the help indented below. */
function readNumpy(lines: readonly string[], parameters: Map<string, string>): void {
  let names: readonly string[] = [];
  for (const [index, line] of lines.entries()) {
    if (isUnderline(lines[index + 1], line)) return;
    if (line.trim() === "") continue;
    const isHead = indentOf(line) === 0;
    if (isHead) names = numpyNames(line);
    for (const name of names) {
      if (isHead) parameters.set(name, "");
      else append(parameters, name, line);
    }
  }
}

function numpyNames(line: string): readonly string[] {
  const names = (line.split(":")[0] ?? "").split(",").map((name) => name.trim().replace(/^\*+/u, ""));
  return names.filter((name) => /^\w+$/u.test(name));
}

/** `:param type name: help`. */
function readSphinx(lines: readonly string[], parameters: Map<string, string>): void {
  let name: string | null = null;
  for (const line of lines) {
    const match = SPHINX.exec(line.trim());
    if (match !== null) {
      name = match[1] ?? "";
      parameters.set(name, match[2] ?? "");
    } else if (name !== null && indentOf(line) > 0 && !line.trim().startsWith(":")) append(parameters, name, line);
    else name = null;
  }
}

function append(parameters: Map<string, string>, name: string, line: string): void {
  if (!parameters.has(name)) return;
  parameters.set(name, `${parameters.get(name) ?? ""} ${line.trim()}`.trim());
}
