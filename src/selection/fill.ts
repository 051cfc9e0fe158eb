import {
  activeParameters,
  coerceArguments,
  type Parameter,
  type Provenance,
  SUBCOMMAND_KEY,
  type ToolArguments,
  valueShape,
} from "../model/index.ts";
import type { Candidate } from "./ranker.ts";
import { findSpans, type Span } from "./spans.ts";
import { terms, tokens } from "./terms.ts";

/** Arguments read from words alone, each with the words that it was read from. */
export interface Filling {
  readonly args: ToolArguments;
  readonly provenance: Record<string, Provenance>;
  /** Required parameters for which the words name no value. */
  readonly missing: readonly Parameter[];
  /** The tool wants a subcommand and the words name none. */
  readonly subcommandMissing: boolean;
}

/**
 * Fills a tool's arguments from a task in words: options written as such, choices that are named, switches that are
 * mentioned, and values (quoted text, numbers, paths, addresses) given to the parameter that fits their kind and stands
 * nearest. Nothing is guessed: what the words do not say is left to the tool's own default.
 */
export function fillArguments(tool: Candidate, words: string): Filling {
  const filler = new Filler(tool, words);
  return filler.fill();
}

class Filler {
  readonly #tool: Candidate;
  readonly #words: string;
  readonly #args: ToolArguments = {};
  readonly #provenance: Record<string, Provenance> = {};
  #spans: Span[];

  constructor(tool: Candidate, words: string) {
    this.#tool = tool;
    this.#words = words;
    this.#spans = [...findSpans(words)];
  }

  fill(): Filling {
    const subcommand = pickSubcommand(this.#tool, this.#words);
    if (subcommand !== undefined) this.#set(SUBCOMMAND_KEY, subcommand, subcommand);
    const parameters = activeParameters(this.#tool, subcommand);
    for (const parameter of parameters) this.#fillExplicit(parameter);
    for (const parameter of this.#open(parameters)) this.#fillChoice(parameter);
    for (const parameter of this.#open(parameters)) this.#fillSwitch(parameter);
    for (const parameter of this.#open(parameters)) this.#fillNamed(parameter);
    this.#fillFromSpans(this.#open(parameters));
    const required = this.#tool.schema["required"];
    const wantsSubcommand = Array.isArray(required) && required.includes(SUBCOMMAND_KEY);
    return {
      args: coerceArguments(this.#tool, this.#args),
      provenance: this.#provenance,
      missing: this.#open(parameters).filter((parameter) => parameter.required),
      subcommandMissing: subcommand === undefined && wantsSubcommand && this.#tool.subcommands.length > 0,
    };
  }

  #open(parameters: readonly Parameter[]): readonly Parameter[] {
    return parameters.filter((parameter) => this.#args[parameter.name] === undefined);
  }

  #set(name: string, value: ToolArguments[string], text: string): void {
    this.#args[name] = value;
    this.#provenance[name] = { from: "words", text };
  }

  /** `--depth 3`, `--depth=3`, `-d 3`: written as on a command line. */
  #fillExplicit(parameter: Parameter): void {
    for (const flag of parameter.flags) {
      const pattern = new RegExp(
        `(?<=^|\\s)${escapePattern(flag)}(?:(?:=|\\s+)("[^"]*"|'[^']*'|[^\\s]+))?(?=$|[\\s,.;])`,
        "u",
      );
      const match = pattern.exec(this.#words);
      if (match === null) continue;
      const value = (match[1] ?? "").replace(/^(["'])(.*)\1$/, "$2");
      if (isSwitch(parameter)) this.#set(parameter.name, !flag.startsWith("--no-"), flag);
      else if (value !== "") this.#set(parameter.name, valueShape(parameter).many ? [value] : value, match[0]);
      this.#drop(match.index, match.index + match[0].length);
      return;
    }
  }

  #drop(start: number, end: number): void {
    this.#spans = this.#spans.filter((span) => span.end <= start || end <= span.start);
  }

  /** A choice that stands in the words, not inside another value. Short and numeric ones also need the parameter's name. */
  #fillChoice(parameter: Parameter): void {
    const named = mentionOf(parameter, this.#words) !== undefined;
    for (const choice of parameter.choices ?? []) {
      if (typeof choice !== "string" && typeof choice !== "number") continue;
      const text = String(choice);
      if (!named && (text.length < 3 || typeof choice === "number")) continue;
      const found = this.#findChoice(text);
      if (found === undefined) continue;
      this.#set(
        parameter.name,
        valueShape(parameter).many ? [choice] : choice,
        this.#words.slice(found.start, found.end),
      );
      this.#drop(found.start, found.end);
      return;
    }
  }

  #findChoice(choice: string): { readonly start: number; readonly end: number } | undefined {
    const text = escapePattern(choice).replaceAll(/[_-]/g, "[\\s_-]?");
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${text}(?![\\p{L}\\p{N}])`, "giu");
    for (const match of this.#words.matchAll(pattern)) {
      const [start, end] = [match.index, match.index + match[0].length];
      const inside = this.#spans.some((span) => span.start < start && end <= span.end && span.text !== choice);
      const opens = this.#spans.some((span) => span.start <= start && end < span.end && span.text !== choice);
      if (!inside && !opens) return { start, end };
    }
    return undefined;
  }

  /** A switch whose name is said; "without", "no" and the like before it turn it off. */
  #fillSwitch(parameter: Parameter): void {
    if (!isSwitch(parameter)) return;
    const mention = mentionOf(parameter, this.#words);
    if (mention === undefined) return;
    const before = this.#words.slice(Math.max(0, mention.start - 24), mention.start);
    const negated = /\b(?:without|no|not|don['’]?t|do not|never|disable|skip|omit|exclude)\b[^.,;]*$/i.test(before);
    const value = !negated;
    // Turning off what is off already says nothing that the tool does not do by itself.
    if (!value && parameter.default !== true) return;
    this.#set(parameter.name, value, this.#words.slice(mention.start, mention.end));
  }

  /** "month is May", "table: users": a bare word that the words give to a text parameter by name. */
  #fillNamed(parameter: Parameter): void {
    const shape = valueShape(parameter);
    if (shape.many || (shape.item !== undefined && shape.item !== "string") || parameter.choices !== undefined) return;
    const mention = mentionOf(parameter, this.#words);
    if (mention === undefined) return;
    const rest = this.#words.slice(mention.end);
    const match =
      /^\s*(?:(?:is|are|as|to|named|called)\s+|=\s*|:\s*)([\p{L}\p{N}_][\p{L}\p{N}_.-]*[\p{L}\p{N}_]|[\p{L}\p{N}])/u.exec(
        rest,
      );
    const word = match?.[1];
    if (match === null || word === undefined || terms(word).length === 0) return;
    const start = mention.end + match[0].length - word.length;
    // A value of a kind of its own is weighed against all parameters later; a capitalised name goes on past its first word.
    const span = this.#spans.find((other) => other.start < start + word.length && start < other.end);
    if (span !== undefined && span.kind !== "proper") return;
    this.#set(parameter.name, span?.text ?? word, this.#words.slice(mention.start, span?.end ?? start + word.length));
    this.#drop(start, start + word.length);
  }

  #fillFromSpans(parameters: readonly Parameter[]): void {
    const wanting = parameters.filter((parameter) => !isSwitch(parameter) && parameter.choices === undefined);
    const pairs = wanting.flatMap((parameter, order) =>
      this.#spans.flatMap((span) => {
        const score = fitness(parameter, span, this.#words, wanting, this.#spans);
        return score <= 0 ? [] : [{ parameter, span, score: score - order * 0.01 - span.start * 0.0001 }];
      }),
    );
    pairs.sort((a, b) => b.score - a.score);
    const used = new Set<Span>();
    for (const { parameter, span } of pairs) {
      if (used.has(span) || this.#args[parameter.name] !== undefined) continue;
      used.add(span);
      if (!valueShape(parameter).many) this.#set(parameter.name, span.text, this.#words.slice(span.start, span.end));
      else this.#setList(parameter, span, used);
    }
  }

  /** A list takes the neighbours of its first value too: "1, 2 and 3". */
  #setList(parameter: Parameter, first: Span, used: Set<Span>): void {
    const members = [first];
    let end = first.end;
    for (const span of this.#spans) {
      if (span.start < end || used.has(span) || span.kind !== first.kind) continue;
      if (!/^(?:\s|,|;|and|or|&)*$/.test(this.#words.slice(end, span.start))) break;
      members.push(span);
      used.add(span);
      end = span.end;
    }
    this.#set(
      parameter.name,
      members.map((span) => span.text),
      this.#words.slice(first.start, end),
    );
  }
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function isSwitch(parameter: Parameter): boolean {
  return parameter.type === "boolean" && !valueShape(parameter).many;
}

/** Where the words say a parameter's name; one-letter names are no words. */
function mentionOf(parameter: Parameter, words: string): { readonly start: number; readonly end: number } | undefined {
  const names = [parameter.name, ...parameter.flags].map(tokens).filter((parts) => parts.join("").length > 2);
  for (const parts of names) {
    const ends = parts.map((part) => `${escapePattern(part)}(?:e?s|ing|ed)?`);
    const match = new RegExp(`(?<![\\p{L}\\p{N}])${ends.join("[\\s_-]*")}(?![\\p{L}\\p{N}])`, "iu").exec(words);
    if (match !== null) return { start: match.index, end: match.index + match[0].length };
  }
  return undefined;
}

const PATH_NAME =
  /(?:^|_)(?:path|file|files|dir|directory|folder|input|output|src|source|dest|destination|filename)(?:$|_)/i;
const URL_NAME = /(?:^|_)(?:url|uri|link|endpoint|address|website)(?:$|_)/i;

/** How well a value fits a parameter; 0 when it does not. Kind comes first, then nearness to the parameter's name. */
function fitness(
  parameter: Parameter,
  span: Span,
  words: string,
  all: readonly Parameter[],
  spans: readonly Span[],
): number {
  const kind = kindFitness(parameter, span);
  if (kind === 0) return 0;
  const near = nearness(parameter, span, words, spans);
  if (parameter.required) return kind + near;
  const rivals = all.filter((other) => other !== parameter && kindFitness(other, span) >= kind);
  // An optional parameter takes a value only when the words name it, or nothing else could mean it.
  return near > 0 ? kind + near - 0.5 : rivals.length === 0 && kind >= 2 ? kind - 1 : 0;
}

type Role = "path" | "url" | "text";

/** How well each kind of value fits a text parameter of each role: 3 surely, 0 not at all. */
const TEXT_FITNESS: Readonly<Record<Exclude<Span["kind"], "number">, Readonly<Record<Role, number>>>> = {
  quoted: { path: 2, url: 2, text: 2 },
  path: { path: 3, url: 0, text: 0.5 },
  url: { path: 0.5, url: 3, text: 1 },
  proper: { path: 0, url: 0, text: 1 },
};

function roleOf(parameter: Parameter): Role {
  if (parameter.isPath === true || PATH_NAME.test(parameter.name)) return "path";
  return URL_NAME.test(parameter.name) ? "url" : "text";
}

function kindFitness(parameter: Parameter, span: Span): number {
  const type = valueShape(parameter).item;
  if (type === "integer" || type === "number") {
    return span.kind === "number" && (type === "number" || /^-?\d+$/.test(span.text)) ? 3 : 0;
  }
  if (type !== undefined && type !== "string") return 0;
  if (span.kind === "number") return type === undefined ? 1 : 0;
  return TEXT_FITNESS[span.kind][roleOf(parameter)];
}

/** Words this far from a value still speak of it. */
const REACH = 4;
/** "radius 4", "a radius of 4" is how people write; "4 workers" comes second. */
const AFTER = 0.6;

/**
 * From about 2 (right beside it) down to 0 (nowhere near): the distance between a value and words of the parameter, up to
 * the next value on either side.
 */
function nearness(parameter: Parameter, span: Span, words: string, spans: readonly Span[]): number {
  const named = new Set(terms(parameter.name));
  const described = new Set(terms(parameter.help ?? ""));
  const from = Math.max(0, ...spans.filter(({ end }) => end <= span.start).map(({ end }) => end));
  const to = Math.min(words.length, ...spans.filter(({ start }) => start >= span.end).map(({ start }) => start));
  const before = terms(words.slice(from, span.start)).toReversed();
  const after = terms(words.slice(span.end, to));
  const distance = (known: ReadonlySet<string>): number =>
    Math.max(closeness(before, known), AFTER * closeness(after, known));
  return 2 * distance(named) + 0.25 * distance(described);
}

function closeness(sequence: readonly string[], known: ReadonlySet<string>): number {
  const place = sequence.findIndex((term) => known.has(term));
  return place < 0 || place >= REACH ? 0 : 1 - place / REACH;
}

/** The subcommand whose name the words say, or whose help they share the most words with. */
function pickSubcommand(tool: Candidate, words: string): string | undefined {
  const said = new Set(terms(words));
  let best: { path: string; score: number } | undefined;
  for (const { path, help } of tool.subcommands) {
    const named = terms(path).filter((term) => said.has(term)).length / Math.max(1, terms(path).length);
    const described = terms(help ?? "").filter((term) => said.has(term)).length;
    const score = 3 * named + described;
    if (score > 0 && (best === undefined || score > best.score)) best = { path, score };
  }
  return best?.path;
}
