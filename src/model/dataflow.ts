import * as z from "zod";
import { ScopeKind } from "./graph.ts";

/** How a name gets a value. */
export const DefinitionKind = z.enum([
  "parameter",
  "assignment",
  "augmented",
  "for",
  "with",
  "except",
  "walrus",
  "import",
  "function",
  "class",
  "match",
  "type-alias",
]);
export type DefinitionKind = z.infer<typeof DefinitionKind>;

/** A name in a text: `line` counts from 1, `column` and `length` in UTF-16 code units, `column` from 0. */
const NamePlace = z.object({ line: z.int().min(1), column: z.int().min(0), length: z.int().min(1) });

/** A place where a variable gets a value. */
export const Definition = NamePlace.extend({
  kind: DefinitionKind,
  nested: z.literal(true).optional().describe("In a function inside the scope, through `nonlocal` or `global`."),
  uses: z.array(z.int().min(0)).describe("Indexes into the variable's uses that it may reach."),
});
export type Definition = z.infer<typeof Definition>;

/** A place where a variable's value is read (or the variable deleted). */
export const Use = NamePlace.extend({
  definitions: z.array(z.int().min(0)).describe("Indexes into the variable's definitions that may reach it."),
  outside: z
    .literal(true)
    .optional()
    .describe("No definition may come first: the name is unbound then, or (if not local) has the value from outside."),
  captured: z
    .literal(true)
    .optional()
    .describe("In a function, lambda or generator that runs later: any definition may be meant."),
  truncated: z.literal(true).optional().describe("More definitions reach it than are listed."),
});
export type Use = z.infer<typeof Use>;

/**
 * `free` is a variable of a function around the scope, `global` one of the module; `comprehension` belongs to a
 * comprehension inside the scope.
 */
export const VariableScope = z.enum(["parameter", "local", "comprehension", "free", "nonlocal", "global"]);
export type VariableScope = z.infer<typeof VariableScope>;

/** All definitions and uses of one name, in the order of the source. */
export const Variable = z.object({
  name: z.string(),
  scope: VariableScope,
  definitions: z.array(Definition),
  uses: z.array(Use),
});
export type Variable = z.infer<typeof Variable>;

/** Which definitions reach which uses in one scope of a Python file. */
export const DataFlow = z.object({
  kind: ScopeKind,
  qualname: z.string(),
  line: z.int().min(1),
  endLine: z.int().min(1),
  variables: z.array(Variable),
});
export type DataFlow = z.infer<typeof DataFlow>;
