/**
 * The syntax tree of Python source: nodes and fields carry the names of Python's own `ast` module (3.14 grammar), so
 * its documentation is ours too. `kind` is the class name. What Python writes as `None` is `null` here.
 *
 * Extra to `ast`: `ErrorStatement` (text that could not be read, kept so that its neighbours survive).
 */

/** Offsets are UTF-16 code units into the text, end exclusive; lines count from 1. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly endLine: number;
}

// --- module -----------------------------------------------------------------------------------------------------

export interface Module extends Span {
  readonly kind: "Module";
  readonly body: readonly Statement[];
}

// --- statements -------------------------------------------------------------------------------------------------

export interface FunctionDef extends Span {
  readonly kind: "FunctionDef" | "AsyncFunctionDef";
  readonly name: string;
  readonly args: Arguments;
  readonly body: readonly Statement[];
  readonly decorator_list: readonly Expression[];
  readonly returns: Expression | null;
  readonly type_params: readonly TypeParam[];
}
export interface ClassDef extends Span {
  readonly kind: "ClassDef";
  readonly name: string;
  readonly bases: readonly Expression[];
  readonly keywords: readonly Keyword[];
  readonly body: readonly Statement[];
  readonly decorator_list: readonly Expression[];
  readonly type_params: readonly TypeParam[];
}
export interface Return extends Span {
  readonly kind: "Return";
  readonly value: Expression | null;
}
export interface Delete extends Span {
  readonly kind: "Delete";
  readonly targets: readonly Expression[];
}
export interface Assign extends Span {
  readonly kind: "Assign";
  readonly targets: readonly Expression[];
  readonly value: Expression;
}
export interface TypeAlias extends Span {
  readonly kind: "TypeAlias";
  readonly name: Expression;
  readonly type_params: readonly TypeParam[];
  readonly value: Expression;
}
export interface AugAssign extends Span {
  readonly kind: "AugAssign";
  readonly target: Expression;
  readonly op: Operator;
  readonly value: Expression;
}
export interface AnnAssign extends Span {
  readonly kind: "AnnAssign";
  readonly target: Expression;
  readonly annotation: Expression;
  readonly value: Expression | null;
  /** 1 when the target is a plain name without parentheses. */
  readonly simple: 0 | 1;
}
export interface For extends Span {
  readonly kind: "For" | "AsyncFor";
  readonly target: Expression;
  readonly iter: Expression;
  readonly body: readonly Statement[];
  readonly orelse: readonly Statement[];
}
export interface While extends Span {
  readonly kind: "While";
  readonly test: Expression;
  readonly body: readonly Statement[];
  readonly orelse: readonly Statement[];
}
export interface If extends Span {
  readonly kind: "If";
  readonly test: Expression;
  readonly body: readonly Statement[];
  /** An `elif` is an `If` alone in here, as in `ast`. */
  readonly orelse: readonly Statement[];
}
export interface With extends Span {
  readonly kind: "With" | "AsyncWith";
  readonly items: readonly WithItem[];
  readonly body: readonly Statement[];
}
export interface Match extends Span {
  readonly kind: "Match";
  readonly subject: Expression;
  readonly cases: readonly MatchCase[];
}
export interface Raise extends Span {
  readonly kind: "Raise";
  readonly exc: Expression | null;
  readonly cause: Expression | null;
}
export interface Try extends Span {
  /** `TryStar` has `except*` handlers. */
  readonly kind: "Try" | "TryStar";
  readonly body: readonly Statement[];
  readonly handlers: readonly ExceptHandler[];
  readonly orelse: readonly Statement[];
  readonly finalbody: readonly Statement[];
}
export interface Assert extends Span {
  readonly kind: "Assert";
  readonly test: Expression;
  readonly msg: Expression | null;
}
export interface Import extends Span {
  readonly kind: "Import";
  readonly names: readonly Alias[];
}
export interface ImportFrom extends Span {
  readonly kind: "ImportFrom";
  readonly module: string | null;
  readonly names: readonly Alias[];
  readonly level: number;
}
export interface Global extends Span {
  readonly kind: "Global" | "Nonlocal";
  readonly names: readonly string[];
}
export interface ExpressionStatement extends Span {
  readonly kind: "Expr";
  readonly value: Expression;
}
export interface SimpleKeyword extends Span {
  readonly kind: "Pass" | "Break" | "Continue";
}
/** One or more lines that could not be read as a statement. */
export interface ErrorStatement extends Span {
  readonly kind: "ErrorStatement";
}

export type Statement =
  | FunctionDef
  | ClassDef
  | Return
  | Delete
  | Assign
  | TypeAlias
  | AugAssign
  | AnnAssign
  | For
  | While
  | If
  | With
  | Match
  | Raise
  | Try
  | Assert
  | Import
  | ImportFrom
  | Global
  | ExpressionStatement
  | SimpleKeyword
  | ErrorStatement;

// --- expressions ------------------------------------------------------------------------------------------------

export type Context = "Load" | "Store" | "Del";
export type Operator =
  | "Add"
  | "Sub"
  | "Mult"
  | "MatMult"
  | "Div"
  | "Mod"
  | "Pow"
  | "LShift"
  | "RShift"
  | "BitOr"
  | "BitXor"
  | "BitAnd"
  | "FloorDiv";
export type UnaryOperator = "Invert" | "Not" | "UAdd" | "USub";
export type CompareOperator = "Eq" | "NotEq" | "Lt" | "LtE" | "Gt" | "GtE" | "Is" | "IsNot" | "In" | "NotIn";

export interface BoolOp extends Span {
  readonly kind: "BoolOp";
  readonly op: "And" | "Or";
  readonly values: readonly Expression[];
}
export interface NamedExpr extends Span {
  readonly kind: "NamedExpr";
  readonly target: Expression;
  readonly value: Expression;
}
export interface BinOp extends Span {
  readonly kind: "BinOp";
  readonly left: Expression;
  readonly op: Operator;
  readonly right: Expression;
}
export interface UnaryOp extends Span {
  readonly kind: "UnaryOp";
  readonly op: UnaryOperator;
  readonly operand: Expression;
}
export interface Lambda extends Span {
  readonly kind: "Lambda";
  readonly args: Arguments;
  readonly body: Expression;
}
export interface IfExp extends Span {
  readonly kind: "IfExp";
  readonly test: Expression;
  readonly body: Expression;
  readonly orelse: Expression;
}
export interface Dict extends Span {
  readonly kind: "Dict";
  /** `null` stands for `**mapping`. */
  readonly keys: readonly (Expression | null)[];
  readonly values: readonly Expression[];
}
export interface Set extends Span {
  readonly kind: "Set";
  readonly elts: readonly Expression[];
}
export interface Comprehension extends Span {
  readonly kind: "ListComp" | "SetComp" | "GeneratorExp";
  readonly elt: Expression;
  readonly generators: readonly Generator[];
}
export interface DictComp extends Span {
  readonly kind: "DictComp";
  readonly key: Expression;
  readonly value: Expression;
  readonly generators: readonly Generator[];
}
export interface Await extends Span {
  readonly kind: "Await";
  readonly value: Expression;
}
export interface Yield extends Span {
  readonly kind: "Yield";
  readonly value: Expression | null;
}
export interface YieldFrom extends Span {
  readonly kind: "YieldFrom";
  readonly value: Expression;
}
export interface Compare extends Span {
  readonly kind: "Compare";
  readonly left: Expression;
  readonly ops: readonly CompareOperator[];
  readonly comparators: readonly Expression[];
}
export interface Call extends Span {
  readonly kind: "Call";
  readonly func: Expression;
  readonly args: readonly Expression[];
  readonly keywords: readonly Keyword[];
}
/** An f-string part: `{value!conversion:format_spec}`; conversion is a character code, -1 for none. */
export interface FormattedValue extends Span {
  readonly kind: "FormattedValue";
  readonly value: Expression;
  readonly conversion: number;
  readonly format_spec: JoinedStr | null;
}
/** An f-string. */
export interface JoinedStr extends Span {
  readonly kind: "JoinedStr";
  readonly values: readonly Expression[];
}
/** A t-string part (PEP 750); `str` is the source text of the expression. */
export interface Interpolation extends Span {
  readonly kind: "Interpolation";
  readonly value: Expression;
  readonly str: string;
  readonly conversion: number;
  readonly format_spec: JoinedStr | null;
}
/** A t-string (PEP 750). */
export interface TemplateStr extends Span {
  readonly kind: "TemplateStr";
  readonly values: readonly Expression[];
}

/** Numbers keep their source text where a JavaScript number could not hold them exactly. */
export type ConstantValue =
  | { readonly type: "str"; readonly value: string }
  | { readonly type: "bytes"; readonly value: string }
  | { readonly type: "int"; readonly value: number | bigint }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "complex"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "None" }
  | { readonly type: "Ellipsis" };
export interface Constant extends Span {
  readonly kind: "Constant";
  /** Strings are decoded and concatenated; bytes are a string of characters up to U+00FF; complex is the imaginary part. */
  readonly value: ConstantValue;
  /** `"u"` for a string written with that prefix. */
  readonly u: boolean;
}
export interface Attribute extends Span {
  readonly kind: "Attribute";
  readonly value: Expression;
  readonly attr: string;
  readonly ctx: Context;
}
export interface Subscript extends Span {
  readonly kind: "Subscript";
  readonly value: Expression;
  readonly slice: Expression;
  readonly ctx: Context;
}
export interface Starred extends Span {
  readonly kind: "Starred";
  readonly value: Expression;
  readonly ctx: Context;
}
export interface Name extends Span {
  readonly kind: "Name";
  readonly id: string;
  readonly ctx: Context;
}
export interface List extends Span {
  readonly kind: "List";
  readonly elts: readonly Expression[];
  readonly ctx: Context;
}
export interface Tuple extends Span {
  readonly kind: "Tuple";
  readonly elts: readonly Expression[];
  readonly ctx: Context;
}
export interface Slice extends Span {
  readonly kind: "Slice";
  readonly lower: Expression | null;
  readonly upper: Expression | null;
  readonly step: Expression | null;
}
/** A place where an expression was expected and could not be read. */
export interface ErrorExpression extends Span {
  readonly kind: "ErrorExpression";
}

export type Expression =
  | BoolOp
  | NamedExpr
  | BinOp
  | UnaryOp
  | Lambda
  | IfExp
  | Dict
  | Set
  | Comprehension
  | DictComp
  | Await
  | Yield
  | YieldFrom
  | Compare
  | Call
  | FormattedValue
  | JoinedStr
  | Interpolation
  | TemplateStr
  | Constant
  | Attribute
  | Subscript
  | Starred
  | Name
  | List
  | Tuple
  | Slice
  | ErrorExpression;

// --- parts ------------------------------------------------------------------------------------------------------

/** `comprehension` in Python's `ast`. */
export interface Generator extends Span {
  readonly kind: "comprehension";
  readonly target: Expression;
  readonly iter: Expression;
  readonly ifs: readonly Expression[];
  readonly is_async: 0 | 1;
}
export interface ExceptHandler extends Span {
  readonly kind: "ExceptHandler";
  readonly type: Expression | null;
  readonly name: string | null;
  readonly body: readonly Statement[];
}
export interface Arguments {
  readonly kind: "arguments";
  readonly posonlyargs: readonly Arg[];
  readonly args: readonly Arg[];
  readonly vararg: Arg | null;
  readonly kwonlyargs: readonly Arg[];
  /** One for each of `kwonlyargs`; `null` where there is none. */
  readonly kw_defaults: readonly (Expression | null)[];
  readonly kwarg: Arg | null;
  /** Of the last positional ones. */
  readonly defaults: readonly Expression[];
}
export interface Arg extends Span {
  readonly kind: "arg";
  readonly arg: string;
  readonly annotation: Expression | null;
}
export interface Keyword extends Span {
  readonly kind: "keyword";
  /** `null` for `**mapping`. */
  readonly arg: string | null;
  readonly value: Expression;
}
export interface Alias extends Span {
  readonly kind: "alias";
  readonly name: string;
  readonly asname: string | null;
}
export interface WithItem {
  readonly kind: "withitem";
  readonly context_expr: Expression;
  readonly optional_vars: Expression | null;
}
export interface MatchCase {
  readonly kind: "match_case";
  readonly pattern: Pattern;
  readonly guard: Expression | null;
  readonly body: readonly Statement[];
  /** Of the `case` keyword (extra to `ast`, which gives it no position). */
  readonly line: number;
  readonly start: number;
}
export interface MatchValue extends Span {
  readonly kind: "MatchValue";
  readonly value: Expression;
}
export interface MatchSingleton extends Span {
  readonly kind: "MatchSingleton";
  readonly value: true | false | null;
}
export interface MatchSequence extends Span {
  readonly kind: "MatchSequence";
  readonly patterns: readonly Pattern[];
}
export interface MatchMapping extends Span {
  readonly kind: "MatchMapping";
  readonly keys: readonly Expression[];
  readonly patterns: readonly Pattern[];
  readonly rest: string | null;
}
export interface MatchClass extends Span {
  readonly kind: "MatchClass";
  readonly cls: Expression;
  readonly patterns: readonly Pattern[];
  readonly kwd_attrs: readonly string[];
  readonly kwd_patterns: readonly Pattern[];
}
export interface MatchStar extends Span {
  readonly kind: "MatchStar";
  readonly name: string | null;
}
export interface MatchAs extends Span {
  readonly kind: "MatchAs";
  readonly pattern: Pattern | null;
  readonly name: string | null;
}
export interface MatchOr extends Span {
  readonly kind: "MatchOr";
  readonly patterns: readonly Pattern[];
}
export type Pattern =
  | MatchValue
  | MatchSingleton
  | MatchSequence
  | MatchMapping
  | MatchClass
  | MatchStar
  | MatchAs
  | MatchOr;

/** `default_value` since 3.13 (PEP 696). */
export interface TypeVar extends Span {
  readonly kind: "TypeVar";
  readonly name: string;
  readonly bound: Expression | null;
  readonly default_value: Expression | null;
}
export interface ParamSpec extends Span {
  readonly kind: "ParamSpec" | "TypeVarTuple";
  readonly name: string;
  readonly default_value: Expression | null;
}
export type TypeParam = TypeVar | ParamSpec;

/** Every node that stands in a list or field of another one. */
export type Node =
  | Module
  | Statement
  | Expression
  | Generator
  | ExceptHandler
  | Arguments
  | Arg
  | Keyword
  | Alias
  | WithItem
  | MatchCase
  | Pattern
  | TypeParam;

/** Something that the parser could not read; it goes on after it. */
export interface SyntaxProblem {
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
}
