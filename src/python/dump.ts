import type { Constant, Module, Node, Span } from "./ast.ts";
import { LineIndex } from "./lines.ts";

export interface DumpOptions {
  /** The minor version of Python 3 whose fields are written, 11 to 14. */
  readonly version: number;
  /** Which nodes have positions: before 3.12, Python's own inside f-strings were wrong. */
  readonly positions: "all" | "outside f-strings" | "none";
}

/**
 * The fields of each kind of node in the order of `ast`. `?` marks a field left out when it is None, `!` one whose value
 * is a node without fields (`Load()`, `Add()`), `@n` one that Python 3.n brought.
 */
const FIELDS: Readonly<Record<string, string>> = {
  FunctionDef: "name args body decorator_list returns? type_params@12",
  AsyncFunctionDef: "name args body decorator_list returns? type_params@12",
  ClassDef: "name bases keywords body decorator_list type_params@12",
  Return: "value?",
  Delete: "targets",
  Assign: "targets value",
  TypeAlias: "name type_params value",
  AugAssign: "target op! value",
  AnnAssign: "target annotation value? simple",
  For: "target iter body orelse",
  AsyncFor: "target iter body orelse",
  While: "test body orelse",
  If: "test body orelse",
  With: "items body",
  AsyncWith: "items body",
  Match: "subject cases",
  Raise: "exc? cause?",
  Try: "body handlers orelse finalbody",
  TryStar: "body handlers orelse finalbody",
  Assert: "test msg?",
  Import: "names",
  ImportFrom: "module? names level",
  Global: "names",
  Nonlocal: "names",
  Expr: "value",
  Pass: "",
  Break: "",
  Continue: "",
  BoolOp: "op! values",
  NamedExpr: "target value",
  BinOp: "left op! right",
  UnaryOp: "op! operand",
  Lambda: "args body",
  IfExp: "test body orelse",
  Dict: "keys values",
  Set: "elts",
  ListComp: "elt generators",
  SetComp: "elt generators",
  DictComp: "key value generators",
  GeneratorExp: "elt generators",
  Await: "value",
  Yield: "value?",
  YieldFrom: "value",
  Compare: "left ops! comparators",
  Call: "func args keywords",
  FormattedValue: "value conversion format_spec?",
  JoinedStr: "values",
  Interpolation: "value str conversion format_spec?",
  TemplateStr: "values",
  Attribute: "value attr ctx!",
  Subscript: "value slice ctx!",
  Starred: "value ctx!",
  Name: "id ctx!",
  List: "elts ctx!",
  Tuple: "elts ctx!",
  Slice: "lower? upper? step?",
  comprehension: "target iter ifs is_async",
  ExceptHandler: "type? name? body",
  arguments: "posonlyargs args vararg? kwonlyargs kw_defaults kwarg? defaults",
  arg: "arg annotation?",
  keyword: "arg? value",
  alias: "name asname?",
  withitem: "context_expr optional_vars?",
  match_case: "pattern guard? body",
  MatchValue: "value",
  MatchSingleton: "value",
  MatchSequence: "patterns",
  MatchMapping: "keys patterns rest?",
  MatchClass: "cls patterns kwd_attrs kwd_patterns",
  MatchStar: "name?",
  MatchAs: "pattern? name?",
  MatchOr: "patterns",
  TypeVar: "name bound? default_value?@13",
  ParamSpec: "name default_value?@13",
  TypeVarTuple: "name default_value?@13",
};

const WITHOUT_POSITION = new Set(["comprehension", "arguments", "withitem", "match_case"]);

/** The text that `ast.dump` of CPython gives for the same source (with `include_attributes=True`, unless positions are left out). */
export function dump(module: Module, text: string, options: DumpOptions): string {
  const body = new Dumper(text, options).value(module.body);
  return `Module(body=${body}, type_ignores=[])`;
}

interface Field {
  readonly name: string;
  readonly optional: boolean;
  readonly symbol: boolean;
}

class Dumper {
  private readonly lines: LineIndex;
  private readonly text: string;
  private readonly options: DumpOptions;
  private readonly fields = new Map<string, readonly Field[]>();
  private inFormatted = 0;

  constructor(text: string, options: DumpOptions) {
    this.text = text;
    this.options = options;
    this.lines = new LineIndex(text);
    for (const [kind, list] of Object.entries(FIELDS)) this.fields.set(kind, this.parseFields(list));
  }

  private parseFields(list: string): readonly Field[] {
    return [...list.matchAll(/(\w+)([?!]?)(?:@(\d+))?/g)]
      .filter(([, , , since]) => since === undefined || Number(since) <= this.options.version)
      .map(([, name, mark]) => ({ name: name ?? "", optional: mark === "?", symbol: mark === "!" }));
  }

  value(value: unknown): string {
    if (value === null) return "None";
    if (Array.isArray(value)) return `[${value.map((one) => this.value(one)).join(", ")}]`;
    switch (typeof value) {
      case "string":
        return stringRepr(value);
      case "number":
        return String(value);
      case "boolean":
        return value ? "True" : "False";
      default:
        return this.node(value as Node);
    }
  }

  private symbol(value: unknown): string {
    return Array.isArray(value) ? `[${value.map((one) => `${one}()`).join(", ")}]` : `${value}()`;
  }

  private node(node: Node): string {
    const formatted = node.kind === "JoinedStr" || node.kind === "TemplateStr";
    const position = this.position(node);
    if (formatted) this.inFormatted++;
    const parts = node.kind === "Constant" ? constantFields(node) : this.fieldTexts(node);
    if (formatted) this.inFormatted--;
    return `${node.kind}(${[...parts, ...position].join(", ")})`;
  }

  private fieldTexts(node: Node): string[] {
    const fields = this.fields.get(node.kind);
    if (fields === undefined) return [];
    const parts: string[] = [];
    // The fields to print are known by name only at run time, which the type of a node cannot say.
    const record = node as unknown as Readonly<Record<string, unknown>>;
    for (const { name, optional, symbol } of fields) {
      const value = record[name];
      if (optional && value === null) continue;
      parts.push(`${name}=${symbol ? this.symbol(value) : this.value(value)}`);
    }
    return parts;
  }

  private position(node: Node): string[] {
    if (WITHOUT_POSITION.has(node.kind)) return [];
    const { positions } = this.options;
    if (positions === "none" || (positions === "outside f-strings" && this.inFormatted > 0)) return [];
    const { start, end, line, endLine } = node as Span;
    return [
      `lineno=${line}`,
      `col_offset=${this.column(line, start)}`,
      `end_lineno=${endLine}`,
      `end_col_offset=${this.column(endLine, end)}`,
    ];
  }

  /** UTF-8 bytes from the start of `line`, which is the node's own idea of its line, so that a wrong one shows. */
  private column(line: number, offset: number): number {
    const start = this.lines.startOf(line);
    for (let pos = start; pos < offset; pos++) {
      if (this.text.charCodeAt(pos) > 127) return Buffer.byteLength(this.text.slice(start, offset));
    }
    return offset - start;
  }
}

function constantFields(node: Constant): string[] {
  const { value } = node;
  const parts = [`value=${constantText(value)}`];
  if (node.u) parts.push("kind='u'");
  return parts;
}

function constantText(value: Constant["value"]): string {
  switch (value.type) {
    case "str":
      return stringRepr(value.value);
    case "bytes":
      return bytesRepr(value.value);
    case "int":
      return value.value.toString();
    case "float":
      return floatRepr(value.value);
    case "complex":
      return `${floatRepr(value.value).replace(/\.0$/, "")}j`;
    case "bool":
      return value.value ? "True" : "False";
    case "None":
      return "None";
    default:
      return "Ellipsis";
  }
}

/** `repr` of a float: the same shortest digits as JavaScript's, with an exponent from 16 digits on and below 1e-4. */
function floatRepr(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "inf";
  if (value === 0) return "0.0";
  const [digits = "0", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const plain = exponent < 0 ? value.toFixed(digits.replace(".", "").length - 1 - exponent) : String(value);
  return plain.includes(".") ? plain : `${plain}.0`;
}

function quoteFor(value: string): string {
  return value.includes("'") && !value.includes('"') ? '"' : "'";
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** What `str.isprintable` calls not printable. */
const NOT_PRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]/u;
const PLAIN = /^[ -&(-[\]-~]*$/;

function stringRepr(value: string): string {
  if (PLAIN.test(value)) return `'${value}'`;
  const quote = quoteFor(value);
  let out = quote;
  for (const char of value) out += char === quote ? `\\${char}` : charRepr(char);
  return out + quote;
}

function charRepr(char: string): string {
  const short = SHORT_ESCAPES[char];
  if (short !== undefined) return short;
  if (char === " " || !NOT_PRINTABLE.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

function bytesRepr(value: string): string {
  const quote = quoteFor(value);
  let out = `b${quote}`;
  for (const char of value) {
    const code = char.charCodeAt(0);
    const short = SHORT_ESCAPES[char];
    if (short !== undefined) out += short;
    else if (char === quote) out += `\\${char}`;
    else out += code >= 32 && code < 127 ? char : `\\x${code.toString(16).padStart(2, "0")}`;
  }
  return out + quote;
}
