export { buildArguments, type CommandSpec } from "./argv.ts";
export type { AuditLog, AuditQuery } from "./audit-log.ts";
export { type BackupOptions, backUpState, restoreState } from "./backup/backup.ts";
export { type OwnCommand, ownCommand } from "./builtin-tools.ts";
export { type CommandOutcome, executeCommand } from "./command.ts";
export { limitsOf, userSettings, variableOf } from "./configuration/user.ts";
export type { Approvals } from "./grants/approvals.ts";
export { type EffectiveCapability, HOST_CAPABILITIES, PATH_CAPABILITIES } from "./grants/effective.ts";
export { changedText, type GrantRequest, type Grants } from "./grants/grants.ts";
export { unifiedDiff } from "./grants/unified-diff.ts";
export { Kernel } from "./kernel.ts";
export type { KernelOperations } from "./operations.ts";
export { machineBounds, RunQueue } from "./queue/run-queue.ts";
export type { RegistrySource } from "./registry.ts";
export type { ExecutionHooks, MonitoredEvent, Plan, RunningPreferences, RunRequest } from "./request.ts";
export { analysisCacheFolder, stateRoot } from "./state-folder.ts";
export { sanitizeTerminal, TerminalSanitizer } from "./terminal.ts";
export {
  type CompiledWorkflow,
  compileWorkflow,
  EXPRESSION_FUNCTIONS,
  readWorkflow,
  toolFinder,
  workflowDiagram,
} from "./workflows/index.ts";
