import { type Expression, forEachChild, type If, type Module, type Node, type Statement } from "../../python/index.ts";
import { isMainGuard } from "../main-guard.ts";

/** What a Python file does when it is run, beside defining things. */
export interface ScriptShape {
  /** Line of `if __name__ == "__main__":`, `null` without one. */
  readonly guardLine: number | null;
  /** The guarded part does something other than running tests. */
  readonly guardActs: boolean;
  /** Something happens at module level, outside the guard. */
  readonly topActs: boolean;
  /** Line of the first thing that happens. */
  readonly line: number;
}

/** Calls in a guarded part that run tests of the module itself. */
const TEST_RUNNERS: ReadonlySet<string> = new Set([
  "unittest.main",
  "pytest.main",
  "doctest.testmod",
  "doctest.testfile",
  "test_support.run_unittest",
]);

export function shapeOf(module: Module): ScriptShape {
  let guardLine: number | null = null;
  let guardActs = false;
  let topLine: number | null = null;
  for (const statement of module.body) {
    if (statement.kind === "If" && isMainGuard(statement.test)) {
      guardLine ??= statement.line;
      guardActs ||= acts(statement.body);
    } else if (topLine === null && hasEffect(statement)) topLine = statement.line;
  }
  return { guardLine, guardActs, topActs: topLine !== null, line: guardLine ?? topLine ?? 1 };
}

function acts(body: readonly Statement[]): boolean {
  const calls = callsIn(body);
  return calls.length > 0 && !calls.some((name) => TEST_RUNNERS.has(name));
}

/** Dotted names of everything called in the statements, not in functions defined there. */
function callsIn(body: readonly Statement[]): string[] {
  const names: string[] = [];
  const visit = (node: Node): void => {
    if (node.kind === "FunctionDef" || node.kind === "AsyncFunctionDef" || node.kind === "Lambda") return;
    if (node.kind === "Call") names.push(dottedName(node.func) ?? "");
    if (node.kind === "ClassDef") return;
    forEachChild(node, visit);
  };
  for (const statement of body) visit(statement);
  return names;
}

function dottedName(node: Expression): string | null {
  if (node.kind === "Name") return node.id;
  if (node.kind !== "Attribute") return null;
  const base = dottedName(node.value);
  return base === null ? null : `${base}.${node.attr}`;
}

/** Calls that only set a module up; a file with nothing else is a library. */
const SETUP_CALLS =
  /(?:^|\.)(?:getLogger|basicConfig|compile|namedtuple|TypeVar|NewType|register|simplefilter|filterwarnings|setdefaultencoding|append|insert|extend|update|setdefault|add|join|dirname|abspath|install|getenv|get|dict|set|list|tuple|frozenset|range|super|setattr|locals|globals|vars|lazy_import|field|partial)$/u;

/** Calls that read the command line, whose result is kept. */
const PARSING_CALLS =
  /(?:^|\.)(?:parse_args|parse_known_args|parse_intermixed_args|parse_args_into_dataclasses|docopt|Fire|getopt|gnu_getopt|main|cli|run)$/u;

/** Whether a statement at module level does something that a user would see. */
function hasEffect(statement: Statement): boolean {
  switch (statement.kind) {
    case "Expr":
      return statement.value.kind === "Call" && !SETUP_CALLS.test(dottedName(statement.value.func) ?? "call");
    case "Assign":
    case "AnnAssign":
      return statement.value?.kind === "Call" && PARSING_CALLS.test(dottedName(statement.value.func) ?? "");
    case "For":
    case "AsyncFor":
    case "While":
    case "With":
    case "AsyncWith":
      return statement.body.some(hasEffect);
    case "If":
      return ifHasEffect(statement);
    case "Try":
    case "TryStar":
      return [...statement.body, ...statement.orelse, ...statement.finalbody].some(hasEffect);
    default:
      return false;
  }
}

function ifHasEffect(statement: If): boolean {
  return [...statement.body, ...statement.orelse].some(hasEffect);
}

/** Inline metadata of a script (PEP 723), which says that it is made to be run. */
const METADATA = /^# \/\/\/ script$\s(?:^#(?: .*)?$\s)+?^# \/\/\/$/mu;

/** Whether a Python file has inline metadata. */
export function hasInlineMetadata(text: string): boolean {
  return METADATA.test(text);
}

function withoutMetadata(text: string): string {
  return text.replace(METADATA, "");
}

/** The comment at the head of a script, without shebang, encoding and licence lines. */
export function headerComment(text: string): string | undefined {
  const lines: string[] = [];
  for (const line of withoutMetadata(text.slice(0, 4_000)).split("\n")) {
    const trimmed = line.trim();
    if (trimmed.startsWith("#!") || /^#.*coding[:=]/u.test(trimmed)) continue;
    if (trimmed === "" && lines.length === 0) continue;
    if (!trimmed.startsWith("#")) break;
    lines.push(trimmed.replace(/^#+\s?/u, ""));
  }
  const paragraph =
    lines
      .join("\n")
      .split(/\n\s*\n/u)[0]
      ?.trim() ?? "";
  return paragraph === "" || /copyright|licen[sc]e|spdx/iu.test(paragraph) ? undefined : paragraph;
}
