import type { Subcommand } from "../../model/index.ts";
import type { Option } from "./shell-getopt.ts";
import type { logicalLines } from "./shell-words.ts";

export type Line = ReturnType<typeof logicalLines>[number];

/** Options and words that a `case` over an argument tells apart. */
export function caseOptions(lines: readonly Line[], letters: ReadonlySet<string>): Cases {
  const cases = new CaseReading();
  for (let index = 0; index < lines.length; index += 1) {
    const head = /\bcase\s+["']?\$\{?([\w@#%:=*/+-]+)\}?["']?\s+in\b/u.exec(lines[index]?.text ?? "");
    if (head === null) continue;
    const isArgument =
      /^(?:1|@|arg|key|opt|option|i|param|cmd|command|action|subcommand|mode|PARAM|\w*arg\w*|1[%#:=*].*)$/iu.test(
        head[1] ?? "",
      );
    const { arms, end } = armsOf(lines, index);
    if (!isArgument || letters.has(head[1] ?? "")) continue;
    cases.add(arms, lines[index]?.line ?? 1, lines[end]?.line ?? Number.POSITIVE_INFINITY);
    index = Math.min(index, end);
  }
  return { ...cases, subcommands: distinctBy(cases.subcommands, (item) => item.path) };
}

class CaseReading implements Cases {
  readonly options: Option[] = [];
  readonly subcommands: Subcommand[] = [];
  readonly words: Word[] = [];
  chosen: Chosen | null = null;

  add(arms: readonly Arm[], from: number, to: number): void {
    const { options, subcommands, words } = this;
    const known = options.length;
    const before = subcommands.length;
    for (const arm of arms) addArm(arm, options, subcommands);
    if (options.length > known) words.push(...arms.flatMap(otherWords));
    if (subcommands.length > before) this.chosen ??= { arms, from, to };
  }
}

export interface Cases {
  readonly options: readonly Option[];
  readonly subcommands: Subcommand[];
  /** Words beside the options of a loop. */
  readonly words: readonly Word[];
  /** The first `case` that tells subcommands apart. */
  readonly chosen: Chosen | null;
}

export interface Chosen {
  readonly arms: readonly Arm[];
  /** Its first and last line. */
  readonly from: number;
  readonly to: number;
}

export interface Word {
  readonly name: string;
  readonly isList: boolean;
  readonly line: number;
}

/** `*) FILES+=("$1")`: what is no option in a loop over the arguments. */
function otherWords({ patterns, body, line }: Arm): readonly Word[] {
  if (!patterns.includes("*")) return [];
  const match = /(?:^|[\s;])([A-Za-z_]\w*)(\+?)=(\(?)\s*(?:"?\$\{?\w+(?:\[@\])?\}?"?\s+)?"?\$\{?1\b/u.exec(body);
  const name = match?.[1]?.toLowerCase();
  return name === undefined ? [] : [{ name, isList: match?.[2] === "+" || match?.[3] === "(", line }];
}

export interface Arm {
  readonly patterns: readonly string[];
  body: string;
  readonly line: number;
}

/** The arms of the `case` that begins on a line; nested ones are part of their arm's body. */
function armsOf(lines: readonly Line[], start: number): { readonly arms: readonly Arm[]; readonly end: number } {
  const arms: Arm[] = [];
  let depth = 0;
  let isOpen = false;
  for (let index = start; index < lines.length; index += 1) {
    const { line = 1, text = "" } = lines[index] ?? {};
    const isHead = index === start;
    const rest = isHead ? text.replace(/^.*?\bin\b/u, "") : text;
    depth += Number(!isHead && /\bcase\b.*\bin\b/u.test(text));
    if (depth === 0 && !isOpen) isOpen = openArm(arms, rest, line);
    else extendArm(arms, rest);
    if (depth === 0 && /;;|;&/u.test(rest)) isOpen = false;
    if (/(?:^|[\s;])esac\b/u.test(rest)) {
      depth -= 1;
      if (depth < 0) return { arms, end: index };
    }
  }
  return { arms, end: lines.length };
}

/** `pattern | pattern) body`. @returns whether an arm begins here */
function openArm(arms: Arm[], text: string, line: number): boolean {
  const match = /^\s*\(?([^()#]+?)\)(.*)$/u.exec(text);
  if (match === null) return false;
  const patterns = (match[1] ?? "").split("|").map((item) => item.trim().replaceAll(/["']/gu, ""));
  arms.push({ patterns, body: match[2] ?? "", line });
  return true;
}

function extendArm(arms: Arm[], text: string): void {
  const last = arms.at(-1);
  if (last !== undefined) last.body += `\n${text}`;
}

/** Signs that an option's arm takes the next word: `$2`, `shift 2`, or a `shift` before `$1` is read. */
const TAKES_VALUE = /\$\{?2\b|\bOPTARG\b|\bshift\s+2\b|\bshift\s*(?:;|\n|&&)[\s\S]*\$\{?1\b/u;

/** Leaves out `--verb` beside `--verbose`: only what it is short for is an option. */
function withoutAbbreviations(flags: readonly string[]): readonly string[] {
  return flags.filter(
    (flag) => !flag.startsWith("--") || !flags.some((other) => other !== flag && other.startsWith(flag)),
  );
}

function addArm(arm: Arm, options: Option[], subcommands: Subcommand[]): void {
  const flags = withoutAbbreviations(
    arm.patterns
      .map((pattern) => pattern.replace(/=\*$/u, ""))
      .filter((pattern) => /^--?[A-Za-z0-9][\w-]*$/u.test(pattern)),
  );
  if (flags.length > 0) {
    if (flags.some((flag) => flag === "-h" || flag === "--help")) return;
    const takesValue = arm.patterns.some((pattern) => pattern.endsWith("=*")) || TAKES_VALUE.test(arm.body);
    if (flags.includes("--version")) return;
    options.push({ flags: [...new Set(flags)], takesValue, line: arm.line, isCertain: false });
    return;
  }
  for (const path of arm.patterns) if (isSubcommandName(path)) subcommands.push({ path, line: arm.line });
}

export function isSubcommandName(pattern: string): boolean {
  return /^[a-z][\w-]*$/u.test(pattern) && pattern !== "help";
}

/** The first of each kind. */
export function distinctBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const name = key(item);
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}
