export type * from "./ast.ts";
export {
  bodyOnce,
  type FunctionPlace,
  functionAt,
  headOf,
  type OutlinedModule,
  outlineModule,
  unreadBody,
} from "./deferred.ts";
export { type DumpOptions, dump } from "./dump.ts";
export { LineIndex } from "./lines.ts";
export { parseModule } from "./parse.ts";
export { decodeSource } from "./source.ts";
export { isShadowed, STANDARD_LIBRARY } from "./standard-library.ts";
export { forEachChild, walk } from "./traverse.ts";
