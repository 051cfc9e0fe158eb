import type { CapabilityExtension, CapabilityName, Scope } from "../../model/index.ts";
import type { Call, Expression } from "../../python/index.ts";
import { needsOfCommand, unwrapModule } from "./commands.ts";
import {
  CAPABILITY_RULES,
  type CapabilityRule,
  type Condition,
  type ScopeArgument,
  SECRET_NAME,
  SECRET_PATH,
} from "./table.ts";

/** A capability that a line needs. */
export interface Need {
  readonly capability: CapabilityName;
  readonly why: string;
  readonly line: number;
  readonly text: string;
  readonly scope: Scope | null;
}

/** Raise `AttributeError` on other systems. */
const WINDOWS_ONLY: ReadonlySet<string> = new Set(
  "ctypes.windll.* ctypes.WinDLL ctypes.oledll.* ctypes.OleDLL os.startfile os.add_dll_directory os.listdrives os.listvolumes os.listmounts".split(
    " ",
  ),
);

const NONE: readonly never[] = [];

/** Names of which is kept what was found for them; beyond this number it begins anew. */
const MAX_KNOWN = 5_000;

/** The rules by the names they are for. */
export class CapabilityTable {
  readonly #exact = new Map<string, CapabilityRule[]>();
  /** `a.b.*` under `a.b`. */
  readonly #below = new Map<string, CapabilityRule[]>();
  /** `a.b.load_*`, few. */
  readonly #stems: { readonly stem: string; readonly rule: CapabilityRule }[] = [];

  /** What was found for names, the same ones of which are asked for again and again. */
  readonly #known = new Map<string, readonly CapabilityRule[]>();

  /**
   * @param platform what exists only on Windows needs nothing elsewhere
   * @param more what settings add; nothing can be taken away
   */
  constructor(platform: NodeJS.Platform, more: readonly CapabilityExtension[] = []) {
    for (const rule of [...CAPABILITY_RULES, ...more.map(ruleOf)]) {
      for (const name of rule.names.split(/\s+/u)) {
        if (platform === "win32" || !WINDOWS_ONLY.has(name)) this.#add(name, rule);
      }
    }
  }

  #add(name: string, rule: CapabilityRule): void {
    if (name.endsWith(".*")) add(this.#below, name.slice(0, -2), rule);
    else if (name.endsWith("*")) this.#stems.push({ stem: name.slice(0, -1), rule });
    else if (name !== "") add(this.#exact, name, rule);
  }

  /** The rules for exactly this name. */
  named(name: string): readonly CapabilityRule[] {
    return this.#exact.get(name) ?? NONE;
  }

  /** Its own rules and those of the nearest wildcard above it; for an object without any, those of its last part. */
  for(name: string, isObject: boolean): readonly CapabilityRule[] {
    const found = this.#found(name);
    return found.length === 0 && isObject ? this.named(name.slice(name.lastIndexOf("."))) : found;
  }

  /** Whether there are rules for a call of a name. */
  hasRules(name: string, isObject: boolean): boolean {
    return this.for(name, isObject).length > 0;
  }

  #found(name: string): readonly CapabilityRule[] {
    let found = this.#known.get(name);
    if (found === undefined) {
      const [named, wildcards] = [this.named(name), this.#wildcards(name)];
      found = wildcards.length === 0 ? named : [...named, ...wildcards];
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(name, found);
    }
    return found;
  }

  /** Whether there are rules for a method of an object of unknown class. */
  hasMethod(name: string): boolean {
    return this.#exact.has(`.${name}`);
  }

  /** What a call needs; the name of a method of an object of unknown class begins with a dot. */
  needsOfCall(name: string, isObject: boolean, call: Call, literal: Literal): readonly Found[] {
    const rules = name.startsWith(".") ? this.named(name) : this.for(name, isObject);
    const needs: Found[] = [];
    for (const rule of rules) {
      if (rule.when !== undefined && !holds(rule.when, call, literal)) continue;
      if (rule.scope?.kind === "path" && isNoFile(argumentAt(call, rule.scope.position, rule.scope.keyword))) continue;
      const scope = rule.scope === undefined ? null : scopeOf(rule.scope, call, literal);
      needs.push({ capability: rule.capability, why: rule.why, scope });
      needs.push(...furtherNeeds(rule, call, scope, literal));
    }
    return needs;
  }

  /** What reading or changing an attribute needs, such as `os.environ`. */
  needsOfReference(name: string, isStored: boolean): readonly Found[] {
    const rules = this.named(name);
    if (rules.length === 0) return NONE;
    return rules
      .filter((rule) => rule.onReference === true && (rule.when?.kind === "stores") === isStored)
      .map((rule) => ({ capability: rule.capability, why: rule.why, scope: null }));
  }

  #wildcards(name: string): readonly CapabilityRule[] {
    const stems = this.#stems.filter(({ stem }) => name.startsWith(stem)).map(({ rule }) => rule);
    for (let at = name.lastIndexOf("."); at > 0; at = name.lastIndexOf(".", at - 1)) {
      const found = this.#below.get(name.slice(0, at));
      if (found !== undefined) return [...stems, ...found];
    }
    return stems;
  }
}

function add(map: Map<string, CapabilityRule[]>, key: string, rule: CapabilityRule): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [rule]);
  else known.push(rule);
}

function ruleOf({ calls, capability, why }: CapabilityExtension): CapabilityRule {
  return { capability, why: why ?? "calls what the settings name", names: calls.join(" ") };
}

export interface Text {
  readonly text: string;
  readonly isWhole: boolean;
}

/** Tells what texts expressions stand for. */
export interface Literal {
  /** The text of an expression where it is known; a formatted one up to its first unknown part. */
  text(node: Expression): Text | null;
  /** All texts that it may stand for, where they are known. */
  texts(node: Expression): readonly string[] | null;
  /** What a name stands for, where all that is assigned to it is known; anything else stands for itself. */
  values(node: Expression): readonly Expression[];
}

type Found = Omit<Need, "line" | "text">;

/** What follows from the values named in a call: secrets, programs that need more. */
function furtherNeeds(rule: CapabilityRule, call: Call, scope: Scope | null, literal: Literal): readonly Found[] {
  if (rule.capability === "env-read") {
    const name = literalAt(call, 0, undefined, literal)?.text ?? "";
    return SECRET_NAME.test(name)
      ? [{ capability: "secrets", why: `reads the secret ${name} from the environment`, scope: null }]
      : [];
  }
  if (rule.capability === "filesystem-read" && scope?.paths?.some((item) => SECRET_PATH.test(item)) === true) {
    return [{ capability: "secrets", why: "reads a file in which secrets are kept", scope }];
  }
  if (rule.capability !== "process-spawn" || rule.scope === undefined) return [];
  const words = commandWords(argumentAt(call, rule.scope.position, rule.scope.keyword), literal);
  return needsOfCommand(words).map((need) => ({
    capability: need.capability,
    why: `starts ${words[0] ?? "a program"}, which ${need.why}`,
    scope: null,
  }));
}

/** Secret names among the keys of `os.environ["…"]`. */
export function secretKey(name: string, key: string | undefined): Found | null {
  const isEnvironment = name === "os.environ" || name === "os.environb";
  return isEnvironment && key !== undefined && SECRET_NAME.test(key)
    ? { capability: "secrets", why: `reads the secret ${key} from the environment`, scope: null }
    : null;
}

function argumentAt(call: Call, position: number, keyword: string | undefined): Expression | null {
  const named = keyword === undefined ? undefined : call.keywords.find((item) => item.arg === keyword);
  if (named !== undefined) return named.value;
  const before = call.args.slice(0, position + 1);
  return before.some((item) => item.kind === "Starred") ? null : (call.args[position] ?? null);
}

function literalAt(call: Call, position: number, keyword: string | undefined, literal: Literal): Text | null {
  const node = argumentAt(call, position, keyword);
  return node === null ? null : literal.text(node);
}

function holds(condition: Condition, call: Call, literal: Literal): boolean {
  switch (condition.kind) {
    case "reads":
    case "writes":
      return modeAllows(condition, call, literal);
    case "flags":
      return flagsAllow(condition.access, argumentAt(call, condition.position, "flags"));
    case "unsafe-loader": {
      const loader = argumentAt(call, 1, "Loader");
      return loader === null || !literal.values(loader).every(isSafeLoader);
    }
    case "given":
      return !isNone(argumentAt(call, condition.position, condition.keyword));
    case "is-not-text":
      return literalAt(call, condition.position, condition.keyword, literal)?.isWhole !== true;
    case "is-other-than": {
      const node = argumentAt(call, condition.position, condition.keyword);
      return node !== null && literal.texts(node)?.every((text) => text === condition.text) !== true;
    }
    case "is-not-named": {
      const [name] = flagNames(argumentAt(call, condition.position, condition.keyword));
      return name === undefined || !` ${condition.names} `.includes(` ${name} `);
    }
    case "is-true":
    case "is-not-true":
      return isTrue(call, condition.keyword) === (condition.kind === "is-true");
    case "is-url":
    case "is-not-url": {
      const text = literalAt(call, condition.position, condition.keyword, literal)?.text ?? "";
      return /^(?!file:)[a-z][a-z0-9+.-]*:\/\//iu.test(text) === (condition.kind === "is-url");
    }
    default:
      return false;
  }
}

/**
 * `os.devnull`, `/dev/tty`: nothing is there to be read, and nothing stays of what is written. `io.BytesIO(…)`: what
 * would be a file is in memory. `x.fileno()`: what is open already.
 */
function isNoFile(node: Expression | null): boolean {
  if (node?.kind === "Call") {
    const { func } = node;
    const name = func.kind === "Attribute" ? func.attr : func.kind === "Name" ? func.id : "";
    return name === "BytesIO" || name === "StringIO" || name === "fileno";
  }
  if (node?.kind === "Attribute") return node.attr === "devnull";
  return node?.kind === "Constant" && node.value.type === "str" && /^\/dev\/(?:null|tty)$/u.test(node.value.value);
}

/** `yaml.SafeLoader`, `getattr(yaml, "CSafeLoader", …)` */
function isSafeLoader(node: Expression): boolean {
  if (node.kind === "Call") return node.args.slice(1).some(isSafeLoader);
  if (node.kind === "Constant") return node.value.type === "str" && /Safe|Base/u.test(node.value.value);
  const name = node.kind === "Name" ? node.id : node.kind === "Attribute" ? node.attr : "";
  return /Safe|Base/u.test(name);
}

function isNone(node: Expression | null): boolean {
  return node === null || (node.kind === "Constant" && node.value.type === "None");
}

function isTrue(call: Call, keyword: string): boolean {
  const value = call.keywords.find((item) => item.arg === keyword)?.value;
  return value?.kind === "Constant" && value.value.type === "bool" && value.value.value;
}

/** Whether flags of `os.open` read or write; those that are not known may do both. */
function flagsAllow(access: "reads" | "writes", node: Expression | null): boolean {
  const flags = new Set(flagNames(node));
  const isWriting = flags.has("O_WRONLY") || flags.has("O_RDWR") || flags.has("O_CREAT") || flags.has("O_TRUNC");
  const isReading = flags.has("O_RDWR") || flags.has("O_RDONLY");
  if (!isReading && !isWriting) return true;
  return access === "writes" ? isWriting : isReading;
}

function flagNames(node: Expression | null): readonly string[] {
  if (node?.kind === "BinOp") return [...flagNames(node.left), ...flagNames(node.right)];
  return node?.kind === "Attribute" ? [node.attr] : node?.kind === "Name" ? [node.id] : [];
}

/** Whether a file mode reads or writes; a mode that is not known may do both. */
function modeAllows(condition: Condition & { kind: "reads" | "writes" }, call: Call, literal: Literal): boolean {
  const { kind } = condition;
  if (condition.unless !== undefined && !isNone(argumentAt(call, condition.unless, "fileobj"))) return false;
  const node = argumentAt(call, condition.mode, "mode");
  const modes = node === null ? null : literal.texts(node);
  if (condition.isNamed === true && modes?.some((mode) => /^[rwxabtU+]{1,4}$/u.test(mode)) !== true) return false;
  if (node === null) return kind === "reads";
  return modes?.some((mode) => (kind === "reads" ? isReading(mode) : isWriting(mode))) ?? true;
}

function isWriting(mode: string): boolean {
  return /[wax+]/u.test(mode);
}

function isReading(mode: string): boolean {
  return /[r+]/u.test(mode) || !isWriting(mode);
}

function scopeOf(argument: ScopeArgument, call: Call, literal: Literal): Scope | null {
  const node = argumentAt(call, argument.position, argument.keyword);
  if (node === null) return null;
  if (argument.kind === "program") {
    const [program] = commandWords(node, literal);
    return program === undefined || program === "" ? null : { programs: [program] };
  }
  const found = literal.text(node);
  if (found === null || found.text === "") return null;
  if (argument.kind === "path") return found.isWhole ? { paths: [found.text] } : null;
  const host = hostOf(found.text, found.isWhole);
  return host === null ? null : { hosts: [host] };
}

/** The host of a web address, or the text itself when it is a host name. */
export function hostOf(text: string, isWhole: boolean): string | null {
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?([^/:?#]+)([/:?#]|$)/iu.exec(text);
  if (url !== null) return url[2] !== "" || isWhole ? (url[1] ?? null) : null;
  return isWhole && /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/iu.test(text) ? text : null;
}

/** The words of a command given as a list or as one text, as far as they are known. */
function commandWords(node: Expression | null, literal: Literal): readonly string[] {
  if (node === null) return [];
  if (node.kind === "List" || node.kind === "Tuple") return listedWords(node.elts, literal);
  const text = literal.text(node)?.text.trim() ?? "";
  return text === "" ? [] : unwrapModule(text.split(/\s+/u));
}

/** The known words of a list whose first one is known, or is Python itself. */
function listedWords(elements: readonly Expression[], literal: Literal): readonly string[] {
  const [first, ...rest] = elements;
  if (first === undefined) return [];
  const program = isPythonItself(first) ? "python" : wholeText(first, literal);
  if (program === undefined) return [];
  return unwrapModule([program, ...rest.flatMap((item) => wholeText(item, literal) ?? [])]);
}

function wholeText(node: Expression, literal: Literal): string | undefined {
  const found = literal.text(node);
  return found?.isWhole === true ? found.text : undefined;
}

/** `sys.executable` */
function isPythonItself(node: Expression): boolean {
  return node.kind === "Attribute" && node.attr === "executable";
}
