export { buildArguments, type CommandSpec } from "./argv.ts";
export { type BackupOptions, backUpState, restoreState } from "./backup/backup.ts";
export { type OwnCommand, ownCommand } from "./builtin-tools.ts";
export { type CommandOutcome, executeCommand } from "./command.ts";
export { limitsOf, userConfigurationPath, userSettings, variableOf } from "./configuration/user.ts";
export { Kernel } from "./kernel.ts";
export { machineBounds, RunQueue } from "./queue/run-queue.ts";
export type { ExecutionHooks, MonitoredEvent, Plan, RunningPreferences, RunRequest } from "./request.ts";
export { analysisCacheFolder, stateRoot } from "./state-folder.ts";
export { sanitizeTerminal, TerminalSanitizer } from "./terminal.ts";
export {
  type CompiledWorkflow,
  compileWorkflow,
  readWorkflow,
  type WorkflowRequest,
  type Workflows,
  workflowDiagram,
} from "./workflows/index.ts";
