import { BUILTIN_MODELS } from "./builtins.ts";
import { DATACLASS_CONSTANTS, DATACLASS_MODELS } from "./dataclasses.ts";
import type { ExternalModel, LibraryModels } from "./interpreter.ts";
import { INTROSPECTION_MODELS } from "./introspection.ts";
import { LIBRARY_CONSTANTS, LIBRARY_MODELS } from "./library.ts";
import { PLACE_MODELS } from "./places.ts";
import { PLUGIN_MODELS } from "./plugins.ts";
import type { Value } from "./values.ts";

export { iterate } from "./assignment.ts";
export { externalName, hostOf } from "./attributes.ts";
export { BUILTIN_NAMES } from "./builtins.ts";
export { enumMembers, isEnumClass, lookupInClass, resolutionOrder } from "./classes.ts";
export { fieldsOf, hasUnknownFields, isDataclass, isInit } from "./dataclasses.ts";
export { textOf } from "./format.ts";
export {
  docstringOf,
  type ExternalModel,
  type HiddenPart,
  Interpreter,
  type LibraryModels,
  type RunEvent,
} from "./interpreter.ts";
export { annotationValue, argumentsOf, originOf } from "./introspection.ts";
export { cleandoc } from "./library.ts";
export { DEFAULT_LIMITS, type Limits } from "./limits.ts";
export {
  type DeclaredEntryPoint,
  type DeclaredEntryPoints,
  type DeclaringImports,
  type ListedModule,
  listingOf,
  type ModuleSource,
  markedFile,
  markOf,
  type ResolvedModule,
} from "./module-source.ts";
export * from "./values.ts";

/**
 * The standard library's models with those of readers added.
 * @param calls of libraries that declare command lines or tools
 * @param others calls that are known, but say nothing of the kind
 */
export function libraryModels(
  calls: readonly (readonly [string, ExternalModel])[],
  constants: Iterable<readonly [string, Value]>,
  others: readonly (readonly [string, ExternalModel])[] = [],
): LibraryModels {
  const standard = [
    ...BUILTIN_MODELS,
    ...LIBRARY_MODELS,
    ...DATACLASS_MODELS,
    ...INTROSPECTION_MODELS,
    ...PLACE_MODELS,
    ...PLUGIN_MODELS,
  ];
  return {
    calls: new Map([...standard, ...others, ...calls]),
    constants: new Map([...LIBRARY_CONSTANTS, ...DATACLASS_CONSTANTS, ...constants]),
    declaring: new Set(calls.map(([name]) => name)),
  };
}
