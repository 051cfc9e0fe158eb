export { buildArguments, type CommandSpec } from "./argv.ts";
export { type CommandOutcome, type CommandRequest, executeCommand } from "./command.ts";
export {
  type ExecutionHooks,
  Kernel,
  type KernelOptions,
  type MonitoredEvent,
  type Plan,
  type RunRequest,
} from "./kernel.ts";
export { isMermaid } from "./output.ts";
export type { Asked, Denial } from "./policy.ts";
export type { HistoryQuery } from "./state.ts";
export { sanitizeTerminal, TerminalSanitizer } from "./terminal.ts";
