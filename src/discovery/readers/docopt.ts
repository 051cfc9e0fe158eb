import type { Parameter, Subcommand } from "../../model/index.ts";
import { commandSequences, type DocoptOption, parseUsage, type Usage, type UsagePattern } from "../docopt/usage.ts";
import { dict, type ExternalModel, type RunEvent } from "../evaluate/index.ts";
import type { Reader } from "./reader.ts";
import { type CommandLine, optional, remainingWords } from "./reading.ts";
import { soundsLikePath } from "./types.ts";

/** What one `docopt(doc)` declares: its text, `null` when that is not known. */
interface Declaration {
  readonly text: string | null;
  readonly file: string;
  readonly line: number;
}

const call: ExternalModel = (given, interpreter) => {
  const doc = given.positional[0] ?? given.keywords.get("doc") ?? given.keywords.get("docstring");
  const subject: Declaration = {
    text: doc?.kind === "str" ? doc.value : null,
    file: given.file,
    line: given.line,
  };
  interpreter.record({ framework: "docopt", subject, file: given.file, line: given.line, preliminary: false });
  return dict([], true);
};

export const docoptReader: Reader = {
  framework: "docopt",
  calls: [
    ["docopt.docopt", call],
    ["docopt_ng.docopt", call],
    ["docopt.magic", call],
  ],
  constants: [],
  read: (events: readonly RunEvent[]): CommandLine | null => {
    const subject = (events.find((event) => !event.conditional) ?? events[0])?.subject;
    return subject === undefined ? null : commandLineOf(subject as Declaration);
  },
};

function commandLineOf({ text, file, line }: Declaration): CommandLine {
  const usage = text === null ? null : parseUsage(text);
  if (usage === null) {
    const why = text === null ? "is not known before the program runs" : "has no usage section that docopt could read";
    return {
      framework: "docopt",
      parameters: [remainingWords(line, "unknown")],
      subcommands: [],
      line,
      gaps: [{ file, line, message: `The text given to docopt() ${why}.` }],
    };
  }
  const description = usage.before === "" ? usage.after : usage.before;
  return {
    framework: "docopt",
    ...(description === "" ? {} : { description: firstParagraph(description) }),
    ...readUsage(usage, line),
    usage: usage.lines,
    line,
    gaps: [],
  };
}

function firstParagraph(text: string): string {
  return (text.split(/\n\s*\n/u)[0] ?? "").replaceAll(/\s+/gu, " ").trim();
}

/** How one element may occur in the patterns. */
interface Occurrence {
  readonly pattern: Exclude<UsagePattern, { readonly children: unknown } | { readonly kind: "shortcut" }>;
  /** The most times that it may occur in one call; 2 stands for any number. */
  most: number;
  /** How many of the parts around it need it; in the end 1 when every call does. */
  needed: number;
}

function readUsage(usage: Usage, line: number): { parameters: readonly Parameter[]; subcommands: Subcommand[] } {
  // A call is made by one of the patterns.
  const all = combined("either", usage.patterns, usage.shortcut);
  const optionNames = new Set(usage.options.map(nameOfOption));
  const parameters: Parameter[] = [];
  const subcommands: Subcommand[] = [];
  for (const { pattern, most, needed } of all.values()) {
    const { kind } = pattern;
    if (kind === "option") parameters.push(...optionParameter(pattern.option, most > 1, needed > 0, line));
    else if (kind === "argument") {
      parameters.push(argumentParameter(pattern.name, optionNames, most > 1, needed > 0, line));
    } else if (COMMAND.test(pattern.name)) subcommands.push({ path: pattern.name, line });
  }
  for (const words of usage.patterns.flatMap(commandSequences)) {
    const path = words.join(" ");
    const isNew = words.length > 1 && !subcommands.some((known) => known.path === path);
    if (isNew && words.every((word) => COMMAND.test(word))) subcommands.push({ path, line });
  }
  return { parameters, subcommands };
}

/** A word that can be a subcommand; docopt also takes `+` or `,` for one. */
const COMMAND = /^[\w.:-]*\w$/u;

const LEAVING: ReadonlySet<string> = new Set(["--help", "--version"]);

/** docopt answers these itself. */
function isLeaving(option: DocoptOption): boolean {
  return (option.long !== null && LEAVING.has(option.long)) || (option.short === "-h" && option.long === null);
}

type Occurrences = Map<string, Occurrence>;

/** The elements of a pattern, by kind and name, in order. */
function occurrences(pattern: UsagePattern, shortcut: readonly DocoptOption[]): Occurrences {
  switch (pattern.kind) {
    case "shortcut":
      return new Map(shortcut.map((option) => entryOf({ kind: "option", option }, 0)));
    case "command":
    case "argument":
    case "option":
      return new Map([entryOf(pattern, 1)]);
    default:
      return combined(pattern.kind, pattern.children, shortcut);
  }
}

function entryOf(pattern: Occurrence["pattern"], needed: number): [string, Occurrence] {
  const name = pattern.kind === "option" ? nameOfOption(pattern.option) : pattern.name;
  return [`${pattern.kind} ${name}`, { pattern, most: 1, needed }];
}

function combined(
  kind: "required" | "optional" | "either" | "repeat",
  children: readonly UsagePattern[],
  shortcut: readonly DocoptOption[],
): Occurrences {
  const all: Occurrences = new Map();
  const isEither = kind === "either";
  for (const child of children) add(all, occurrences(child, shortcut), isEither);
  for (const found of all.values()) {
    if (kind === "repeat") found.most = 2;
    if (kind === "optional") found.needed = 0;
    found.needed = isEither ? Number(found.needed >= children.length) : Math.min(1, found.needed);
  }
  return all;
}

function add(all: Occurrences, more: Occurrences, isEither: boolean): void {
  for (const [key, found] of more) {
    const known = all.get(key);
    if (known === undefined) {
      all.set(key, found);
      continue;
    }
    known.most = isEither ? Math.max(known.most, found.most) : known.most + found.most;
    known.needed += found.needed;
  }
}

function nameOfOption(option: DocoptOption): string {
  return (option.long ?? option.short ?? "").replace(/^-+/u, "");
}

function optionParameter(option: DocoptOption, isMany: boolean, required: boolean, line: number): Parameter[] {
  return isLeaving(option) ? [] : [toParameter(option, isMany, required, line)];
}

function toParameter(option: DocoptOption, isMany: boolean, required: boolean, line: number): Parameter {
  const name = nameOfOption(option);
  const { takesValue, metavar } = option;
  const isList = takesValue && isMany;
  return {
    name,
    flags: [option.short, option.long].flatMap((flag) => flag ?? []),
    ...typeOfOption(takesValue, isMany),
    required,
    ...optional("default", takesValue ? defaultOf(option, isList) : isMany ? undefined : false),
    ...optional("action", actionOf(takesValue, isMany)),
    ...optional("help", option.help),
    ...optional("metavar", metavar),
    ...(takesValue && (soundsLikePath(name) || soundsLikePath(bare(metavar ?? ""))) ? { isPath: true } : {}),
    confidence: "certain",
    line,
  };
}

function actionOf(takesValue: boolean, isMany: boolean): string | undefined {
  if (takesValue) return isMany ? "append" : undefined;
  return isMany ? "count" : "store_true";
}

function typeOfOption(takesValue: boolean, isMany: boolean): Pick<Parameter, "type" | "items"> {
  if (!takesValue) return { type: isMany ? "integer" : "boolean" };
  return isMany ? { type: "array", items: { type: "string" } } : { type: "string" };
}

/** The default of an option that may be repeated is split into words. */
function defaultOf(option: DocoptOption, isList: boolean): string | string[] | undefined {
  return isList ? option.default?.split(/\s+/u) : option.default;
}

function bare(name: string): string {
  return name.replace(/^<(.*)>$/u, "$1");
}

/** `<file>` is named `file`, unless an option is. */
function argumentParameter(
  name: string,
  optionNames: ReadonlySet<string>,
  isMany: boolean,
  required: boolean,
  line: number,
): Parameter {
  const plain = bare(name);
  return {
    name: optionNames.has(plain) ? name : plain,
    flags: [],
    ...(isMany ? { type: "array", items: { type: "string" }, nargs: required ? "+" : "*" } : { type: "string" }),
    required,
    metavar: name,
    ...(soundsLikePath(plain) ? { isPath: true } : {}),
    confidence: "certain",
    line,
  };
}
