export type * from "./ast.ts";
export { type DumpOptions, dump } from "./dump.ts";
export type { UnicodeNames } from "./escapes.ts";
export { LineIndex, type Utf8Position } from "./lines.ts";
export { type ParsedModule, type ParseOptions, parseModule } from "./parse.ts";
export { decodeSource } from "./source.ts";
export { forEachChild, walk } from "./traverse.ts";
