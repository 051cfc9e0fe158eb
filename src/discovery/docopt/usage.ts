/**
 * The usage language of docopt (http://docopt.org), read as docopt 0.6.2 reads it: `docopt.py`, functions
 * `parse_section`, `formal_usage`, `parse_defaults` and `parse_pattern`.
 */

export interface DocoptOption {
  readonly short: string | null;
  readonly long: string | null;
  readonly takesValue: boolean;
  readonly default?: string;
  readonly help?: string;
  readonly metavar?: string;
}

export type UsagePattern =
  | { readonly kind: "required" | "optional" | "either" | "repeat"; readonly children: readonly UsagePattern[] }
  /** `[options]`: all described options that no pattern names. */
  | { readonly kind: "shortcut" }
  | { readonly kind: "command" | "argument"; readonly name: string }
  | { readonly kind: "option"; readonly option: DocoptOption };

export interface Usage {
  /** One for each line of the usage section. */
  readonly patterns: readonly UsagePattern[];
  /** Options that are described, then those that only the usage names. */
  readonly options: readonly DocoptOption[];
  /** What `[options]` stands for: described options that no pattern names. */
  readonly shortcut: readonly DocoptOption[];
  /** The usage section without its heading, one pattern a line, the program's name left out. */
  readonly lines: readonly string[];
  /** The text before the usage section. */
  readonly before: string;
  /** The text after the usage section, up to the next heading. */
  readonly after: string;
}

/** Longest text that is read. */
const MAX_LENGTH = 100_000;

/** Reads a docopt text; `null` when it has no usage section that can be read. */
export function parseUsage(text: string): Usage | null {
  if (text.length > MAX_LENGTH) return null;
  const [section] = sections("usage:", text);
  if (section === undefined) return null;
  const body = section.slice(section.toLowerCase().indexOf("usage:") + "usage:".length);
  const described = sections("options:", text).flatMap(describedOptions);
  const lines = usageLines(body);
  const at = text.indexOf(section);
  const after = text.slice(at + section.length);
  const read = parsePatterns(lines, described);
  return read === null ? null : { ...read, lines, before: text.slice(0, at).trim(), after: beforeHeading(after) };
}

/** Reads usage lines (as {@link Usage.lines}) with the options that are known. */
export function parsePatterns(
  lines: readonly string[],
  described: readonly DocoptOption[],
): Pick<Usage, "patterns" | "options" | "shortcut"> | null {
  const options = [...described];
  const patterns: UsagePattern[] = [];
  for (const line of lines) {
    const parser = new PatternParser(line, options);
    const pattern = parser.parse();
    if (pattern === null) return null;
    patterns.push(pattern);
  }
  const named = new Set(patterns.flatMap(optionsIn));
  const shortcut = described.filter((option) => !named.has(option));
  return patterns.length === 0 ? null : { patterns, options, shortcut };
}

function optionsIn(pattern: UsagePattern): DocoptOption[] {
  if (pattern.kind === "option") return [pattern.option];
  return "children" in pattern ? pattern.children.flatMap(optionsIn) : [];
}

/** Paragraphs whose first line contains a heading, with the indented lines below it. */
function sections(name: string, text: string): readonly string[] {
  const pattern = new RegExp(`^[^\\n]*${name}[^\\n]*\\n?(?:[ \\t].*?(?:\\n|$))*`, "gimu");
  return [...text.matchAll(pattern)].map((match) => match[0]).filter((part) => part.trim() !== "");
}

/** The next paragraph that is no heading of a section. */
function beforeHeading(text: string): string {
  const [first = ""] = text.trim().split(/\n\s*\n/u);
  return /^[^\n]*:\s*(?:\n|$)/u.test(first) || /^\s*-/u.test(first) ? "" : first.trim();
}

/** Words after each occurrence of the program's name are one pattern. */
function usageLines(body: string): readonly string[] {
  const [program, ...words] = body.split(/\s+/u).filter((word) => word !== "");
  if (program === undefined) return [];
  const lines: string[][] = [[]];
  for (const word of words) {
    if (word === program) lines.push([]);
    else lines.at(-1)?.push(word);
  }
  return lines.map((line) => line.join(" "));
}

/** Sequences of command words that are enumerated. */
const MAX_SEQUENCES = 500;

/** The command words of each way to take a pattern, in order; each sequence once. */
export function commandSequences(pattern: UsagePattern): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  for (const words of sequencesOf(pattern)) {
    found.set(words.join(" "), words);
    if (found.size >= MAX_SEQUENCES) break;
  }
  return [...found.values()];
}

function* sequencesOf(pattern: UsagePattern): Generator<readonly string[]> {
  switch (pattern.kind) {
    case "command":
      yield [pattern.name];
      return;
    case "either":
      for (const child of pattern.children) yield* sequencesOf(child);
      return;
    case "required":
    case "repeat":
      yield* concatenated(pattern.children, false);
      return;
    case "optional":
      yield* concatenated(pattern.children, true);
      return;
    default:
      yield [];
  }
}

function* concatenated(children: readonly UsagePattern[], mayOmit: boolean): Generator<readonly string[]> {
  const [first, ...rest] = children;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const tail of concatenated(rest, mayOmit)) {
    for (const head of sequencesOf(first)) yield [...head, ...tail];
    if (mayOmit) yield tail;
  }
}

// --- descriptions of options --------------------------------------------------------------------------------------

function describedOptions(section: string): readonly DocoptOption[] {
  const body = section.slice(section.indexOf(":") + 1);
  const parts = `\n${body}`.split(/\n[ \t]*(-\S+?)/u).slice(1);
  const options: DocoptOption[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const description = `${parts[index] ?? ""}${parts[index + 1] ?? ""}`;
    if (description.startsWith("-")) options.push(describedOption(description));
  }
  return options;
}

function describedOption(description: string): DocoptOption {
  const clean = description.trim();
  const gap = clean.indexOf("  ");
  const names = gap === -1 ? clean : clean.slice(0, gap);
  const text = gap === -1 ? "" : clean.slice(gap + 2);
  let short: string | null = null;
  let long: string | null = null;
  let metavar: string | undefined;
  for (const word of names.replaceAll(/[,=]/gu, " ").split(/\s+/u)) {
    if (word.startsWith("--")) long = word;
    else if (word.startsWith("-")) short = word;
    else if (word !== "") metavar ??= word;
  }
  const takesValue = metavar !== undefined;
  const fallback = takesValue ? /\[default: (.*)\]/iu.exec(text)?.[1] : undefined;
  const help = text
    .replace(/\s*\[default: .*\]\.?/iu, "")
    .replaceAll(/\s+/gu, " ")
    .trim();
  return {
    short,
    long,
    takesValue,
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(help === "" ? {} : { help }),
    ...(metavar === undefined ? {} : { metavar }),
  };
}

// --- patterns -----------------------------------------------------------------------------------------------------

/** Deepest nesting of brackets. */
const MAX_DEPTH = 40;

class PatternParser {
  readonly #words: string[];
  readonly #options: DocoptOption[];
  #at = 0;
  #problems = 0;

  /** @param options known ones; what the usage alone names is added */
  constructor(source: string, options: DocoptOption[]) {
    this.#words = source
      .replaceAll(/([[\]()|]|\.\.\.)/gu, " $1 ")
      .split(/\s+|(\S*<[^<>]*>)/u)
      .filter((word) => word !== undefined && word !== "");
    this.#options = options;
  }

  /** `null` when brackets do not match. */
  parse(): UsagePattern | null {
    const pattern = this.#expression(0);
    return this.#problems > 0 || this.#at < this.#words.length ? null : pattern;
  }

  get #word(): string | undefined {
    return this.#words[this.#at];
  }

  #expression(depth: number): UsagePattern {
    const ways = [this.#sequence(depth)];
    while (this.#word === "|") {
      this.#at += 1;
      ways.push(this.#sequence(depth));
    }
    const children = ways.map((way): UsagePattern => {
      const [only] = way;
      return way.length === 1 && only !== undefined ? only : { kind: "required", children: way };
    });
    const [only] = children;
    return children.length === 1 && only !== undefined ? only : { kind: "either", children };
  }

  #sequence(depth: number): UsagePattern[] {
    const items: UsagePattern[] = [];
    for (let word = this.#word; word !== undefined && !["]", ")", "|"].includes(word); word = this.#word) {
      const atoms = this.#atom(word, depth);
      if (this.#problems > 0) break;
      if (this.#word === "...") {
        this.#at += 1;
        items.push({ kind: "repeat", children: atoms });
      } else items.push(...atoms);
    }
    return items;
  }

  #atom(word: string, depth: number): UsagePattern[] {
    this.#at += 1;
    if (word === "(" || word === "[") return this.#group(word, depth);
    if (word === "options") return [{ kind: "shortcut" }];
    if (word.startsWith("--") && word !== "--") return [this.#long(word)];
    if (word.startsWith("-") && word !== "-" && word !== "--") return this.#shorts(word);
    const isArgument = (word.startsWith("<") && word.endsWith(">")) || isUpper(word);
    return [{ kind: isArgument ? "argument" : "command", name: word }];
  }

  #group(open: string, depth: number): UsagePattern[] {
    const inner = depth < MAX_DEPTH ? this.#expression(depth + 1) : null;
    if (inner === null || this.#word !== (open === "(" ? ")" : "]")) {
      this.#problems += 1;
      return [];
    }
    this.#at += 1;
    const children = inner.kind === "required" ? inner.children : [inner];
    return [{ kind: open === "(" ? "required" : "optional", children }];
  }

  #long(word: string): UsagePattern {
    const [name = "", value] = splitOnce(word);
    let option = this.#options.find((known) => known.long === name);
    if (option === undefined) {
      option = { short: null, long: name, takesValue: value !== undefined, ...(value ? { metavar: value } : {}) };
      this.#options.push(option);
    } else if (option.takesValue && value === undefined) this.#at += 1;
    return { kind: "option", option };
  }

  #shorts(word: string): UsagePattern[] {
    const found: UsagePattern[] = [];
    let left = word.replace(/^-+/u, "");
    while (left !== "") {
      const name = `-${left.charAt(0)}`;
      left = left.slice(1);
      const option = this.#shortOption(name);
      if (option.takesValue) {
        if (left === "") this.#at += 1;
        left = "";
      }
      found.push({ kind: "option", option });
    }
    return found;
  }

  #shortOption(name: string): DocoptOption {
    const known = this.#options.find((option) => option.short === name);
    if (known !== undefined) return known;
    const made: DocoptOption = { short: name, long: null, takesValue: false };
    this.#options.push(made);
    return made;
  }
}

function splitOnce(word: string): readonly [string, string?] {
  const at = word.indexOf("=");
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

/** Python's `str.isupper`: at least one letter, and none of them lower case. */
function isUpper(word: string): boolean {
  return word === word.toUpperCase() && word !== word.toLowerCase();
}
