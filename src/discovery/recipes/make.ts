import type { Parameter, Tool } from "../../model/index.ts";
import {
  baseOf,
  folderOf,
  linesWith,
  type Recipe,
  type RecipeLine,
  recipeTool,
  type Step,
  variable,
} from "./recipe.ts";

/** Targets that are commands by convention, also where the file does not say so. */
const COMMON =
  /^(?:all|build|check|clean|compile|coverage|debug|deploy|dev|dist|distclean|docs?|fmt|format|help|html|init|install|lint|package|publish|release|run|serve|setup|start|stop|test|tests|typecheck|uninstall|up|down|update|upgrade|watch)$/u;

interface Rule {
  readonly targets: readonly string[];
  readonly prerequisites: readonly string[];
  readonly line: number;
  readonly help: string | undefined;
  readonly body: { readonly line: number; readonly text: string }[];
}

/**
 * The command targets of a Makefile: phony ones, those with a `## help` comment, and those with a customary name.
 * Targets that make a file are left out. Variables set with `?=` are parameters of the targets that use them.
 */
export function makeTools(file: string, text: string): Tool[] {
  const reading = new RuleReading();
  for (const one of joined(text)) if (one.text.length <= MAX_LINE) reading.read(one.line, one.text);
  const { rules, phony, defaults, values } = reading;
  const byName = new Map<string, Rule>();
  for (const rule of rules) {
    for (const target of rule.targets) {
      const known = byName.get(target);
      if (known === undefined || known.body.length === 0) byName.set(target, rule);
    }
  }
  return [...byName].flatMap(([name, rule]) => {
    if (!isCommand(name, rule, phony)) return [];
    const recipe: Recipe = {
      name,
      line: rule.line,
      help: rule.help,
      body: linesWith(name, (one) => stepOf(byName.get(one), values)),
      parameters: parametersOf(name, byName, defaults),
    };
    return [
      recipeTool(file, "make", recipe, [
        "make",
        "--no-print-directory",
        "-C",
        folderOf(file),
        "-f",
        baseOf(file),
        name,
      ]),
    ];
  });
}

function stepOf(rule: Rule | undefined, values: ReadonlyMap<string, string>): Step | undefined {
  const body = rule?.body.map((one): RecipeLine => ({ ...one, shell: shellOf(one.text, values) })) ?? [];
  return rule && { body, needs: rule.prerequisites };
}

/** Variables that make itself has. */
const BUILT_IN: ReadonlyMap<string, string> = new Map([
  ["RM", "rm -f"],
  ["MAKE", "make"],
  ["CC", "cc"],
  ["CXX", "g++"],
  ["AR", "ar"],
]);

/** How often variables are looked for in what variables stand for. */
const MAX_EXPANSIONS = 3;

/** What the shell gets: variables of which the value is known in their place, others and functions as variables of the shell. */
function shellOf(text: string, values: ReadonlyMap<string, string>): string {
  let expanded = text;
  for (let round = 0; round < MAX_EXPANSIONS; round += 1) {
    expanded = expanded.replaceAll(/(?<!\$)\$(?:\((\w+)\)|\{(\w+)\})/gu, (whole, name?: string, other?: string) => {
      const value = values.get(name ?? other ?? "") ?? BUILT_IN.get(name ?? other ?? "");
      return value === undefined || expanded.length > MAX_LINE ? whole : value;
    });
  }
  return expanded
    .replaceAll(/(?<!\$)\$\((\w+)\)/gu, (_whole, name: string) => `\${${name}}`)
    .replaceAll(/(?<!\$)\$\(([a-z]+)\s([^()]*)\)/gu, (_whole, name: string, given: string) =>
      name === "shell" ? `$(${given})` : "$X",
    )
    .replaceAll("$$", "$");
}

function isCommand(name: string, rule: Rule, phony: ReadonlySet<string>): boolean {
  if (!/^[A-Za-z][\w-]*$/u.test(name)) return false;
  if (phony.has(name)) return true;
  if (rule.body.length === 0 && rule.prerequisites.length === 0) return false;
  const makesFile = rule.body.some(
    ({ text }) => text.includes("$@") || new RegExp(`(?:-o|>)\\s*${name}\\b`, "u").test(text),
  );
  return !makesFile && (rule.help !== undefined ? COMMON.test(name) || rule.body.length > 0 : COMMON.test(name));
}

const ASSIGNMENT = /^\s*(?:export\s+|override\s+)?([\w.-]+)\s*(\?|:{1,3}|\+|!)?=\s*(.*)$/u;
const RULE = /^([^:=#\s][^:=#]*?)\s*::?(?!=)\s*([^#]*)(?:#+\s*(.*))?$/u;

/** Longest line that is looked at. */
const MAX_LINE = 5_000;

/** Reads a Makefile line by line. */
class RuleReading {
  readonly rules: Rule[] = [];
  readonly phony = new Set<string>();
  readonly defaults = new Map<string, { value: string; line: number }>();
  /** What variables stand for, as the file says it first. */
  readonly values = new Map<string, string>();
  #comment: string[] = [];
  #rule: Rule | null = null;

  read(line: number, text: string): void {
    const note = /^#+\s?(.*)$/u.exec(text);
    if (text.startsWith("\t")) this.#rule?.body.push({ line, text: text.trim().replace(/^[@+-]+/u, "") });
    else if (note === null) this.#statement(line, text);
    else this.#comment.push((note[1] ?? "").trim());
  }

  #statement(line: number, text: string): void {
    const assigned = ASSIGNMENT.exec(text);
    const head = assigned === null ? RULE.exec(text) : null;
    if (assigned !== null && assigned[2] !== "+" && assigned[2] !== "!" && !this.values.has(assigned[1] ?? "")) {
      this.values.set(assigned[1] ?? "", (assigned[3] ?? "").replace(/\s*#.*$/u, "").trim());
    }
    if (assigned?.[2] === "?") {
      this.defaults.set(assigned[1] ?? "", { value: (assigned[3] ?? "").replace(/\s*#.*$/u, ""), line });
    }
    if (head !== null) this.#head(line, head);
    else if (text.trim() !== "") this.#rule = null;
    this.#comment = [];
  }

  #head(line: number, [, targets = "", prerequisites = "", own = ""]: RegExpExecArray): void {
    const names = targets.split(/\s+/u);
    const words = (prerequisites.split(";")[0] ?? "").split(/\s+/u).filter((word) => word !== "");
    if (names.includes(".PHONY")) for (const word of words) this.phony.add(word);
    const help = own.trim() === "" ? headComment(this.#comment) : own.trim();
    this.#rule = { targets: names, prerequisites: words, line, help, body: [] };
    this.rules.push(this.#rule);
  }
}

/** Lines with continuations joined. */
function joined(text: string): readonly { readonly line: number; readonly text: string }[] {
  const result: { line: number; text: string }[] = [];
  let open: { line: number; text: string } | null = null;
  for (const [index, content] of text.split(/\r?\n/u).entries()) {
    const current: { line: number; text: string } =
      open === null ? { line: index + 1, text: content } : { line: open.line, text: `${open.text} ${content.trim()}` };
    open = current.text.endsWith("\\") ? { ...current, text: current.text.slice(0, -1).trimEnd() } : null;
    if (open === null) result.push(current);
  }
  return result;
}

/** The comment right above a target, unless it is a rule of dashes or names the target's section. */
function headComment(comment: readonly string[]): string | undefined {
  const text = comment
    .filter((line) => /\p{L}/u.test(line) && !/^[-=*#]/u.test(line))
    .join(" ")
    .trim();
  return text === "" || text.length > 300 ? undefined : text;
}

/** Variables with `?=` that the target or what it depends on uses. */
function parametersOf(
  name: string,
  rules: ReadonlyMap<string, Rule>,
  defaults: ReadonlyMap<string, { readonly value: string; readonly line: number }>,
): Parameter[] {
  const used = new Set<string>();
  const seen = new Set<string>();
  const visit = (target: string): void => {
    const rule = rules.get(target);
    if (rule === undefined || seen.has(target)) return;
    seen.add(target);
    for (const text of [...rule.prerequisites, ...rule.body.map((line) => line.text)]) {
      for (const match of text.matchAll(/\$[({](\w+)[)}]/gu)) used.add(match[1] ?? "");
    }
    for (const prerequisite of rule.prerequisites) visit(prerequisite);
  };
  visit(name);
  return [...defaults].flatMap(([variableName, { value, line }]) =>
    used.has(variableName)
      ? [variable(variableName, line, value.includes("$") || value === "" ? {} : { default: value })]
      : [],
  );
}
