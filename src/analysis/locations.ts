import type { Match, Statement } from "../python/index.ts";

type Body = readonly Statement[];

/** Whether a body is a single statement without a body of its own. */
export function isOneStatement(body: Body): boolean {
  const [only] = body;
  if (only === undefined || body.length > 1) return false;
  return !("body" in only || "cases" in only) || only.kind === "FunctionDef" || only.kind === "ClassDef";
}

/**
 * The line that CPython 3.11 counts what it adds after a body to (`compile.c`: the location that the last compiled
 * statement leaves), and that tracers and debuggers show for it; null where it counts it to none. Later versions count
 * it to none always.
 */
export function lastLocation(body: Body): number | null {
  // Along the last statements only: as deep as blocks are nested.
  let place: Body | number | null = body;
  while (typeof place === "object" && place !== null) {
    const s: Statement | undefined = place.at(-1);
    place = s === undefined ? null : lastPlace(s);
  }
  return place;
}

/** The line, or the body inside that tells. */
function lastPlace(s: Statement): Body | number | null {
  switch (s.kind) {
    case "Expr":
      return s.value.kind === "Constant" ? s.line : null;
    case "If":
      return s.orelse.length > 0 ? s.orelse : s.body;
    case "While":
    case "AsyncFor":
      return s.orelse.length > 0 ? s.orelse : s.line;
    case "For":
      return s.orelse.length > 0 ? s.orelse : null;
    case "Try":
    case "TryStar":
      return s.finalbody.length > 0 ? s.finalbody : null;
    case "With":
    case "AsyncWith":
      return null;
    case "Match":
      return lastPlaceOfMatch(s);
    default:
      return s.line;
  }
}

function lastPlaceOfMatch({ cases }: Match): Body | number | null {
  const last = cases.at(-1);
  if (last === undefined) return null;
  const { pattern } = last;
  const isWildcard = pattern.kind === "MatchAs" && pattern.pattern === null && pattern.name === null;
  return isWildcard && cases.length > 1 ? last.body : pattern.line;
}
