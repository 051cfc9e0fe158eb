import { type Expression, type ExpressionProblem, parseExpression } from "./syntax.ts";

/** A text as it stands in a workflow file: words, and expressions in `${{ … }}`. Spans are offsets in that text. */
export interface Template {
  readonly parts: readonly (string | TemplateExpression)[];
  /** The text is one expression and nothing else: its value keeps its type. */
  readonly whole: TemplateExpression | undefined;
}

export interface TemplateExpression {
  readonly expression: Expression;
  /** The expression's own text. */
  readonly source: string;
  /** Where it begins in the text. */
  readonly offset: number;
}

const OPEN = "${{";

/** Up to the `}}` that ends an expression: what is in quotes, and whatever else is no `}}`. */
const INSIDE = /(?:'[^']*'|"(?:[^"\\]|\\.)*"|[^'"}]+|\}(?!\}))*/y;

/** The end of an expression that begins at `from`: where its `}}` is, outside of quotes; -1 when there is none. */
function closingAt(text: string, from: number): number {
  INSIDE.lastIndex = from;
  const end = from + (INSIDE.exec(text)?.[0].length ?? 0);
  return text.startsWith("}}", end) ? end : -1;
}

/** Whether a text has an expression in it (a cheap look: it may be one that is written wrongly). */
export function hasExpression(text: string): boolean {
  return text.replaceAll(`$${OPEN}`, "").includes(OPEN);
}

/** Reads a text; `$${{` stands for the characters `${{`. Offsets in problems are those of the text. */
export function parseTemplate(text: string): { readonly template: Template; readonly problems: ExpressionProblem[] } {
  const parts: (string | TemplateExpression)[] = [];
  const problems: ExpressionProblem[] = [];
  let words = "";
  let at = 0;
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, at)) {
    if (text.charAt(open - 1) === "$" && open > at) {
      words += text.slice(at, open - 1) + OPEN;
      at = open + OPEN.length;
      continue;
    }
    words += text.slice(at, open);
    const start = open + OPEN.length;
    const close = closingAt(text, start);
    if (close < 0) {
      problems.push({ message: `“${OPEN}” has no “}}” that ends it`, start: open, end: text.length });
      at = text.length;
      break;
    }
    if (words !== "") parts.push(words);
    words = "";
    const source = text.slice(start, close);
    const parsed = parseExpression(source);
    if (parsed.ok) parts.push({ expression: parsed.value, source: source.trim(), offset: start });
    else problems.push(shifted(parsed.problem, start));
    at = close + 2;
  }
  words += text.slice(at);
  if (words !== "") parts.push(words);
  return { template: { parts, whole: wholeOf(parts) }, problems };
}

/** The only part that is more than blanks, when that is an expression. */
function wholeOf(parts: Template["parts"]): TemplateExpression | undefined {
  const [only, ...others] = parts.filter((part) => typeof part !== "string" || part.trim() !== "");
  return others.length === 0 && typeof only === "object" ? only : undefined;
}

/** Reads a text that is an expression with or without `${{ }}` around it, as conditions are. */
export function parseBare(text: string): { readonly template: Template; readonly problems: ExpressionProblem[] } {
  if (hasExpression(text)) return parseTemplate(text);
  const parsed = parseExpression(text);
  if (!parsed.ok) return { template: { parts: [], whole: undefined }, problems: [parsed.problem] };
  const whole = { expression: parsed.value, source: text.trim(), offset: 0 };
  return { template: { parts: [whole], whole }, problems: [] };
}

function shifted({ message, start, end }: ExpressionProblem, by: number): ExpressionProblem {
  return { message, start: start + by, end: end + by };
}
