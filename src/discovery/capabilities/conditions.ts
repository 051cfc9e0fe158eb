import type { Call, Compare, CompareOperator, Expression } from "../../python/index.ts";
import { Locals } from "./literals.ts";
import type { LocalNames, Resolver } from "./resolve.ts";

/** What an expression is in every run on this machine; a tuple stands for `in` and `startswith`. */
type Known = string | number | boolean | readonly Known[];

/** How far names are followed to the expressions that they stand for. */
const MAX_DEPTH = 6;

/** Conditions on which names in conditions depend. */
const MAX_NESTING = 3;

/** What Python calls the system that Node calls `platform`: `sys.platform`, `os.name`, `platform.system()`. */
interface PythonPlatform {
  readonly platform: string;
  readonly osName: string;
  readonly system: string;
}

const SYSTEMS: Readonly<Record<string, string>> = { darwin: "Darwin", linux: "Linux", win32: "Windows" };

function pythonPlatform(platform: NodeJS.Platform): PythonPlatform {
  return { platform, osName: platform === "win32" ? "nt" : "posix", system: SYSTEMS[platform] ?? "" };
}

/** Names that hold the same in every run of Python 3 on any system. */
const CONSTANTS: ReadonlyMap<string, Known> = new Map<string, Known>([
  ["typing.TYPE_CHECKING", false],
  ["typing_extensions.TYPE_CHECKING", false],
  ["builtins.__debug__", true],
  ["six.PY2", false],
  ["six.PY3", true],
  ["sys.version_info.major", 3],
]);

/**
 * Tells conditions that are the same in every run on a system: constants, the platform, the major version of Python, and
 * names that stand for such conditions, in whatever module. A flag that is set to a plain constant may be set to another
 * one elsewhere, and is not known.
 */
export class Conditions {
  readonly #resolver: Resolver;
  readonly #python: PythonPlatform;
  #nesting = 0;

  constructor(resolver: Resolver, platform: NodeJS.Platform) {
    this.#resolver = resolver;
    this.#python = pythonPlatform(platform);
  }

  /** How many conditions, each for the sake of the one before, are being tested now. */
  get nesting(): number {
    return this.#nesting;
  }

  /** @returns undefined where it depends on the run */
  test(node: Expression, file: string, locals: LocalNames | null): boolean | undefined {
    // Telling what a name refers to may ask for a condition in its turn.
    if (this.#nesting >= MAX_NESTING) return undefined;
    this.#nesting += 1;
    const found = this.#test(node, file, locals, 0);
    this.#nesting -= 1;
    return found;
  }

  #test(node: Expression, file: string, locals: LocalNames | null, depth: number): boolean | undefined {
    const value = this.#value(node, file, locals, depth);
    return value === undefined ? undefined : isTruthy(value);
  }

  #value(node: Expression, file: string, locals: LocalNames | null, depth: number): Known | undefined {
    if (depth > MAX_DEPTH) return undefined;
    switch (node.kind) {
      case "Constant":
        return constant(node);
      case "Tuple":
      case "List":
      case "Set": {
        // An empty list is there to be filled.
        if (node.elts.length === 0 && node.kind !== "Tuple") return undefined;
        const items = node.elts.map((item) => this.#value(item, file, locals, depth + 1));
        return items.every((item) => item !== undefined) ? items : undefined;
      }
      case "Name":
      case "Attribute":
        return this.#named(node, file, locals, depth);
      case "Subscript":
        return this.#subscript(node, file, locals, depth);
      case "UnaryOp": {
        const operand = node.op === "Not" ? this.#test(node.operand, file, locals, depth + 1) : undefined;
        return operand === undefined ? undefined : !operand;
      }
      case "BoolOp":
        return this.#combined(node.op, node.values, file, locals, depth);
      case "Compare":
        return this.#compared(node, file, locals, depth);
      case "Call":
        return this.#called(node, file, locals, depth);
      default:
        return undefined;
    }
  }

  #subscript(
    { value, slice }: Expression & { kind: "Subscript" },
    file: string,
    locals: LocalNames | null,
    depth: number,
  ): Known | undefined {
    if (slice.kind === "Constant" && constant(slice) === 0) {
      return this.#nameOf(value, file, locals) === "sys.version_info" ? 3 : undefined;
    }
    // `sys.platform[:3]`
    if (slice.kind !== "Slice" || slice.lower !== null || slice.step !== null || slice.upper === null) return undefined;
    const end = slice.upper.kind === "Constant" ? constant(slice.upper) : undefined;
    const text = typeof end === "number" && end >= 0 ? this.#value(value, file, locals, depth + 1) : undefined;
    return typeof text === "string" && typeof end === "number" ? text.slice(0, end) : undefined;
  }

  #combined(
    op: "And" | "Or",
    values: readonly Expression[],
    file: string,
    locals: LocalNames | null,
    depth: number,
  ): boolean | undefined {
    const decisive = op === "Or";
    let isKnown = true;
    for (const value of values) {
      const found = this.#test(value, file, locals, depth + 1);
      if (found === decisive) return decisive;
      if (found === undefined) isKnown = false;
    }
    return isKnown ? !decisive : undefined;
  }

  /** The name of something outside the workspace. */
  #nameOf(node: Expression, file: string, locals: LocalNames | null): string | null {
    if (node.kind !== "Name" && node.kind !== "Attribute") return null;
    const found = this.#resolver.resolve(node, file, locals);
    return found?.kind === "external" && !found.isObject ? found.name : null;
  }

  #named(
    node: Expression & { kind: "Name" | "Attribute" },
    file: string,
    locals: LocalNames | null,
    depth: number,
  ): Known | undefined {
    const last = node.kind === "Name" ? node.id : node.attr;
    if (last === "TYPE_CHECKING") return false;
    if (node.kind === "Name" && locals?.has(last) === true && this.#nameOf(node, file, locals) === null) {
      const [only, ...others] = locals.assigned(last) ?? [];
      const isFlag = only === undefined || only.kind === "Constant" || others.length > 0;
      return isFlag ? undefined : this.#value(only, file, locals, depth + 1);
    }
    const name = this.#nameOf(node, file, locals);
    if (name === "sys.platform") return this.#python.platform;
    if (name === "os.name") return this.#python.osName;
    if (name !== null) return CONSTANTS.get(name);
    const variable = this.#resolver.variable(node, file, locals);
    if (variable === null) return undefined;
    const value = this.#resolver.constantOf(variable.file, variable.name);
    // What is just a constant is a flag that somebody may set.
    if (value === null || value.kind === "Constant") return undefined;
    return this.#value(value, variable.file, null, depth + 1);
  }

  #called(node: Call, file: string, locals: LocalNames | null, depth: number): Known | undefined {
    const { func } = node;
    if (func.kind === "Attribute" && TEXT_METHODS.has(func.attr)) {
      const text = this.#value(func.value, file, locals, depth + 1);
      const [first] = node.args;
      const argument = first === undefined ? undefined : this.#value(first, file, locals, depth + 1);
      return typeof text === "string" && (first === undefined) === (argument === undefined)
        ? textMethod(func.attr, text, argument)
        : undefined;
    }
    if (func.kind !== "Attribute" && func.kind !== "Name") return undefined;
    const name = this.#nameOf(func, file, locals);
    if (name !== null)
      return name === "platform.system" && this.#python.system !== "" ? this.#python.system : undefined;
    return this.#asked(func, file, locals, depth);
  }

  /** What a function of the workspace answers that does nothing but ask, as `is_windows()`. */
  #asked(func: Expression, file: string, locals: LocalNames | null, depth: number): Known | undefined {
    const found = this.#resolver.resolve(func, file, locals);
    const body = found?.kind === "function" && found.isOfObject !== true ? this.#resolver.question(found) : null;
    const answer = body?.at(-1);
    if (found?.kind !== "function" || body === null || answer?.kind !== "Return" || answer.value === null)
      return undefined;
    const inner = new Locals(body);
    for (const statement of body) {
      if (statement.kind === "Assign" && statement.targets[0]?.kind === "Name")
        inner.set(statement.targets[0].id, null);
    }
    return this.#value(answer.value, found.file, inner, depth + 1);
  }

  #compared(node: Compare, file: string, locals: LocalNames | null, depth: number): boolean | undefined {
    const [op] = node.ops;
    const [right] = node.comparators;
    if (node.ops.length !== 1 || op === undefined || right === undefined) return undefined;
    if (this.#nameOf(node.left, file, locals) === "sys.version_info") {
      return versionTest(op, this.#value(right, file, locals, depth + 1));
    }
    const one = this.#value(node.left, file, locals, depth + 1);
    if (one === undefined) return undefined;
    const other = this.#value(right, file, locals, depth + 1);
    return other === undefined ? undefined : compare(op, one, other);
  }
}

const TEXT_METHODS: ReadonlySet<string> = new Set(["startswith", "lower", "upper"]);

function textMethod(method: string, text: string, argument: Known | undefined): Known | undefined {
  if (method === "lower") return text.toLowerCase();
  if (method === "upper") return text.toUpperCase();
  const prefixes = typeof argument === "string" ? [argument] : Array.isArray(argument) ? argument : undefined;
  return prefixes?.some((prefix) => typeof prefix === "string" && text.startsWith(prefix));
}

function constant(node: Expression & { kind: "Constant" }): Known | undefined {
  const { value } = node;
  if (value.type === "bool" || value.type === "str") return value.value;
  return value.type === "int" ? Number(value.value) : undefined;
}

function isSingle(value: Known): boolean {
  return typeof value !== "object";
}

function isTruthy(value: Known): boolean {
  return typeof value === "object" ? value.length > 0 : Boolean(value);
}

function compare(op: CompareOperator, one: Known, other: Known): boolean | undefined {
  const isContained = (): boolean | undefined =>
    typeof other === "string" ? typeof one === "string" && other.includes(one) : isAmong(one, other);
  switch (op) {
    case "Eq":
    case "Is":
      return isSingle(one) && isSingle(other) ? one === other : undefined;
    case "NotEq":
    case "IsNot":
      return isSingle(one) && isSingle(other) ? one !== other : undefined;
    case "In":
      return isContained();
    case "NotIn": {
      const found = isContained();
      return found === undefined ? undefined : !found;
    }
    default:
      return typeof one === "number" && typeof other === "number" ? ordered(op, one - other) : undefined;
  }
}

function isAmong(one: Known, other: Known): boolean | undefined {
  return typeof other === "object" ? other.some((item) => item === one) : undefined;
}

function ordered(op: CompareOperator, difference: number): boolean | undefined {
  switch (op) {
    case "Lt":
      return difference < 0;
    case "LtE":
      return difference <= 0;
    case "Gt":
      return difference > 0;
    case "GtE":
      return difference >= 0;
    default:
      return undefined;
  }
}

/** The oldest Python that tools are taken to run with. */
const OLDEST_MINOR = 8;

/** `sys.version_info >= (3, 5)`, where every Python that tools run with gives the same. */
function versionTest(op: CompareOperator, version: Known | undefined): boolean | undefined {
  if (!Array.isArray(version)) return undefined;
  const [major, minor = 0]: readonly Known[] = version;
  if (typeof major !== "number" || typeof minor !== "number") return undefined;
  const isOlder = major < 3 || (major === 3 && minor < OLDEST_MINOR);
  const isNewer = major > 3;
  return isOlder ? ordered(op, 1) : isNewer ? ordered(op, -1) : undefined;
}
