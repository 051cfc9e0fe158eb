export { compileConfig, type PolicyInput } from "./compile-config.ts";
export { wantedHelper } from "./helper-code.ts";
export { parseHostRule } from "./hosts/rules.ts";
export { resolveInterpreter, untrustedFolders } from "./interpreter.ts";
export { type RunOptions, Sandbox, type SandboxOptions, type SandboxOutcome, type SandboxRequest } from "./sandbox.ts";
export type { RunHandlers } from "./supervise.ts";
export type { SpareFolders, WarmOptions } from "./warm/pool.ts";
