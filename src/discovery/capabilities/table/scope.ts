import type { ScopeArgument } from "../table.ts";

function argument(kind: ScopeArgument["kind"], position: number, keyword: string | undefined): ScopeArgument {
  return keyword === undefined ? { kind, position } : { kind, position, keyword };
}

export const path = (position: number, keyword?: string): ScopeArgument => argument("path", position, keyword);
export const host = (position: number, keyword?: string): ScopeArgument => argument("host", position, keyword);
export const program = (position: number, keyword?: string): ScopeArgument => argument("program", position, keyword);
