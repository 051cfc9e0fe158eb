/** Compares what discovery says about tools with the parsers that they really build. */
import type { Parameter, Tool } from "../../../src/model/index.ts";
import { isFromOutside } from "./outside.ts";
import type { TrueParameter, TrueTool, Truth } from "./truth.ts";

export interface Count {
  ok: number;
  total: number;
}

const MEASURES = [
  "found",
  "perfect",
  "recall",
  "precision",
  "type",
  "typeNotString",
  "arity",
  "required",
  "default",
  "choices",
  "hidden",
  "subcommands",
  "attributed",
] as const;
export type Measure = (typeof MEASURES)[number];

export type Tally = Record<Measure, Count>;

export interface Imperfect {
  readonly tool: TrueTool;
  readonly differences: readonly string[];
}

export interface Score {
  readonly all: Tally;
  readonly byFramework: ReadonlyMap<string, Tally>;
  readonly byWorkspace: ReadonlyMap<string, Tally>;
  readonly imperfect: readonly Imperfect[];
  /** Libraries and tests that are called tools. */
  readonly lookAlikes: Count & { readonly files: readonly string[] };
  /** Programs for which a command line is claimed though none was built when they ran. */
  readonly unconfirmed: readonly string[];
}

/** Options that every library adds by itself. */
const STANDARD_FLAGS: ReadonlySet<string> = new Set([
  "-h",
  "--help",
  "--version",
  "--install-completion",
  "--show-completion",
]);

/** Defaults that are the interpreter or the folder for temporary files: the same in every run here, but no text of the tool. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set(["/usr/bin/python3", "/usr/bin/python3.11", "/tmp"]);

/** Frameworks that the shim records. Others (tasks, agent tools, plain scripts) are not compared. */
const RECORDED: ReadonlySet<string> = new Set(["argparse", "optparse", "getopt", "click", "typer", "docopt", "fire"]);

/** @param discovered the tools found, by workspace */
export function score(truth: Truth, discovered: ReadonlyMap<string, readonly Tool[]>): Score {
  const all = newTally();
  const byFramework = new Map<string, Tally>();
  const byWorkspace = new Map<string, Tally>();
  const imperfect: Imperfect[] = [];
  for (const tool of truth.tools) {
    // A parser of another library: nothing of it can be read in the workspace.
    if (tool.parameters.length > 0 && tool.parameters.every((parameter) => parameter.isForeign)) continue;
    const tallies = [all, entry(byFramework, tool.framework), entry(byWorkspace, tool.workspace)];
    const differences = compareTool(tool, discovered.get(tool.workspace) ?? [], tallies);
    if (differences.length > 0) imperfect.push({ tool, differences });
  }
  const isCalledTool = new Set(
    [...discovered].flatMap(([workspace, tools]) =>
      tools.filter((tool) => RECORDED.has(tool.framework)).map((tool) => `${workspace}/${tool.file}`),
    ),
  );
  // A file through which a program reaches its parser is rightly named.
  const providers = new Set(truth.tools.flatMap((tool) => tool.providers.map((file) => `${tool.workspace}/${file}`)));
  const libraries = truth.libraries
    .map((item) => `${item.workspace}/${item.file}`)
    .filter((key) => !providers.has(key));
  const files = libraries.filter((key) => isCalledTool.has(key));
  return {
    all,
    byFramework,
    byWorkspace,
    imperfect,
    lookAlikes: { ok: files.length, total: libraries.length, files },
    unconfirmed: truth.without
      .filter((item) => isCalledTool.has(`${item.workspace}/${item.file}`))
      .map((item) => `${item.workspace}/${item.file} (${item.outcome})`),
  };
}

function newTally(): Tally {
  return Object.fromEntries(MEASURES.map((name) => [name, { ok: 0, total: 0 }])) as Tally;
}

function entry(map: Map<string, Tally>, key: string): Tally {
  const known = map.get(key) ?? newTally();
  map.set(key, known);
  return known;
}

function count(tallies: readonly Tally[], measure: Measure, isOk: boolean): void {
  for (const tally of tallies) {
    tally[measure].total += 1;
    if (isOk) tally[measure].ok += 1;
  }
}

/** @returns the differences in words; none when the tool is perfect */
function compareTool(truth: TrueTool, discovered: readonly Tool[], tallies: readonly Tally[]): readonly string[] {
  const wanted = truth.parameters.filter((parameter) => !parameter.flags.some((flag) => STANDARD_FLAGS.has(flag)));
  const tool = choose(truth, wanted, discovered);
  count(tallies, "found", tool !== null);
  const differences = tool === null ? ["NOT FOUND"] : [];
  const given = tool === null ? [] : ownParameters(tool).filter((item) => isKnowable(truth, item));
  const paths = new Set(tool?.subcommands.map((item) => item.path));
  const further = [
    ...compareParameters(truth.workspace, wanted, given, tallies),
    ...comparePaths(truth.subcommands, paths, tallies),
  ];
  if (tool !== null) differences.push(...further);
  count(tallies, "perfect", differences.length === 0);
  return differences;
}

/** Parsers of optparse and getopt know nothing of the words that they leave over. */
function isKnowable({ framework }: TrueTool, parameter: Parameter): boolean {
  return parameter.flags.length > 0 || (framework !== "optparse" && framework !== "getopt");
}

function compareParameters(
  workspace: string,
  wanted: readonly TrueParameter[],
  given: readonly Parameter[],
  tallies: readonly Tally[],
): readonly string[] {
  const { pairs, missing, extra } = match(wanted, given);
  const own = missing.filter((parameter) => !parameter.isForeign);
  for (const _ of own) count(tallies, "recall", false);
  for (const _ of extra) count(tallies, "precision", false);
  for (const _ of pairs) count(tallies, "precision", true);
  const known = pairs.filter(([real]) => !real.isForeign);
  for (const _ of known) count(tallies, "recall", true);
  return [
    ...own.map((item) => `MISSING ${title(item)} ${item.place?.slice(0, 2).join(":") ?? ""}`),
    ...extra.map((item) => `EXTRA ${item.subcommand ?? ""} ${item.flags.join("/") || item.name} line ${item.line}`),
    ...known.flatMap(([real, read]) => compareParameter(workspace, real, read, tallies)),
  ];
}

function comparePaths(
  wanted: readonly string[],
  given: ReadonlySet<string>,
  tallies: readonly Tally[],
): readonly string[] {
  for (const path of wanted) count(tallies, "subcommands", given.has(path));
  return wanted.filter((path) => !given.has(path)).map((path) => `SUBCOMMAND ${path}`);
}

function title(parameter: TrueParameter): string {
  return `${parameter.subcommand ?? ""} ${parameter.flags.join("/") || parameter.name}`.trim();
}

function ownParameters(tool: Tool): readonly Parameter[] {
  return tool.parameters.filter(
    (parameter) =>
      parameter.action !== "help" &&
      parameter.action !== "version" &&
      !parameter.flags.some((flag) => STANDARD_FLAGS.has(flag)),
  );
}

/** The tool that stands for the program: of its file and function, else of a file that it leads to. */
function choose(truth: TrueTool, wanted: readonly TrueParameter[], discovered: readonly Tool[]): Tool | null {
  const own = discovered.filter((tool) => tool.file === truth.file);
  const named = own.filter((tool) => truth.function !== undefined && tool.function === truth.function);
  const near = discovered.filter((tool) => truth.providers.includes(tool.file));
  const list = [named, own, near].find((tools) => tools.length > 0) ?? [];
  const overlap = (tool: Tool): number => {
    const { pairs, extra } = match(wanted, ownParameters(tool));
    return pairs.length - extra.length / 1000;
  };
  return list.reduce<Tool | null>(
    (best, tool) => (best !== null && overlap(best) >= overlap(tool) ? best : tool),
    null,
  );
}

interface Matched {
  readonly pairs: readonly (readonly [TrueParameter, Parameter])[];
  readonly missing: readonly TrueParameter[];
  readonly extra: readonly Parameter[];
}

/** Pairs parameters by their flags or, without any, by their name; first those of the same subcommand. */
function match(wanted: readonly TrueParameter[], given: readonly Parameter[]): Matched {
  const pairs: [TrueParameter, Parameter][] = [];
  const left = new Set(given);
  let missing = [...wanted];
  for (const isStrict of [true, false]) {
    missing = missing.filter((real) => {
      const fits = [...left].filter((read) => isSame(real, read) && (!isStrict || hasSameSubcommand(real, read)));
      const common = (read: Parameter): number => read.flags.filter((flag) => real.flags.includes(flag)).length;
      const [best] = fits.sort((one, other) => common(other) - common(one));
      if (best === undefined) return true;
      pairs.push([real, best]);
      left.delete(best);
      return false;
    });
  }
  return { pairs, missing, extra: [...left] };
}

function isSame(real: TrueParameter, read: Parameter): boolean {
  if (real.flags.length > 0 || read.flags.length > 0) return real.flags.some((flag) => read.flags.includes(flag));
  return plainName(real.name) === plainName(read.name);
}

function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, "_")
    .replace(/^_+|_+$/gu, "");
}

function hasSameSubcommand(real: TrueParameter, read: Parameter): boolean {
  return real.subcommand === null || real.subcommand === (read.subcommand ?? "");
}

function compareParameter(
  workspace: string,
  real: TrueParameter,
  read: Parameter,
  tallies: readonly Tally[],
): readonly string[] {
  const differences: string[] = [];
  const check = (measure: Measure, isOk: boolean, was: unknown, should: unknown): void => {
    count(tallies, measure, isOk);
    if (!isOk) {
      const where = `${title(real)} (line ${read.line})`;
      differences.push(`${measure.toUpperCase()} ${where}: ${JSON.stringify(was)} should be ${JSON.stringify(should)}`);
    }
  };
  if (real.subcommand !== null && real.subcommand !== "") {
    check("attributed", hasSameSubcommand(real, read), read.subcommand ?? "", real.subcommand);
  } else if (!hasSameSubcommand(real, read)) differences.push(`ATTRIBUTED ${title(real)}: to ${read.subcommand}`);
  const base = baseOf(read);
  if (real.base !== "any") {
    const isOk = base === real.base;
    check("type", isOk, base, real.base);
    if (real.base !== "string") count(tallies, "typeNotString", isOk);
  }
  const multi = isMulti(read);
  if (real.multi !== null) check("arity", multi === real.multi, multi, real.multi);
  if (real.required !== null) check("required", read.required === real.required, read.required, real.required);
  // It says that it does not know what no text of the tool tells.
  const isRightlyUnknown = (field: "default" | "choices"): boolean =>
    read.confidence === "unknown" && read[field] === undefined && isFromOutside(workspace, real, field);
  if (real.defaultKind === "ok" && !OF_THE_MACHINE.has(String(real.default)) && !isRightlyUnknown("default")) {
    compareDefault(real, read, check);
  }
  if (real.choicesKind === "ok" && real.choices !== null && real.choices.length > 0 && !isRightlyUnknown("choices")) {
    check("choices", sameSet(real.choices, read.choices ?? []), read.choices, real.choices);
  }
  if (real.hidden) count(tallies, "hidden", read.hidden === true);
  return differences;
}

function compareDefault(
  real: TrueParameter,
  read: Parameter,
  check: (measure: Measure, isOk: boolean, was: unknown, should: unknown) => void,
): void {
  const should = real.default;
  const was = read.default;
  const isOnly = Array.isArray(should) && should.length === 1 && plainValue(should[0]) === plainValue(was);
  const isOk = (isTrivial(should) && isTrivial(was)) || plainValue(should) === plainValue(was) || isOnly;
  // Where there is no default to be right about, only a wrong one counts.
  if (!isTrivial(should) || !isOk) check("default", isOk, was, should);
}

function isTrivial(value: unknown): boolean {
  return value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0);
}

/** Values that mean the same on a command line are the same text. */
function plainValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plainValue).join(",")}]`;
  if (typeof value === "string") {
    const number = value.trim() === "" ? Number.NaN : Number(value);
    return Number.isFinite(number) ? String(number) : value.replace(/^\.\//u, "");
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function sameSet(one: readonly unknown[], other: readonly unknown[]): boolean {
  const mine = new Set(one.map(plainValue));
  const theirs = new Set(other.map(plainValue));
  return mine.size === theirs.size && [...mine].every((value) => theirs.has(value));
}

function baseOf(parameter: Parameter): string {
  const type = parameter.type === "array" ? parameter.items?.type : parameter.type;
  return type === undefined || type === "object" || type === "array" ? "any" : type;
}

function isMulti({ type, nargs, action }: Parameter): boolean {
  if (type === "array" || nargs === "*" || nargs === "+" || nargs === "...") return true;
  if (typeof nargs === "number" && nargs >= 1) return true;
  return action === "append" || action === "extend" || action === "append_const";
}
