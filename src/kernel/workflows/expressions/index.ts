export { evaluate, type Scope } from "./evaluate.ts";
export { EXPRESSION_FUNCTIONS, STATUS_FUNCTIONS } from "./functions.ts";
export { inferType, type TypeScope } from "./infer.ts";
export { type Expression, type ExpressionProblem, parseExpression, partsOf } from "./syntax.ts";
export { hasExpression, parseBare, parseTemplate, type Template } from "./template.ts";
export { ANY, BOOLEAN, declaredType, FILE, INTEGER, listOf, mayBe, STRING, type Type, typeText } from "./types.ts";
export {
  FileValue,
  fromJson,
  isList,
  isRecord,
  type Json,
  kindOf,
  type RecordValue,
  toJson,
  toText,
  type Value,
  ValueProblem,
} from "./values.ts";
