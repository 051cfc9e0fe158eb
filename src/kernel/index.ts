export { buildArguments, type CommandSpec } from "./argv.ts";
export { type OwnCommand, ownCommand } from "./builtin-tools.ts";
export { type CommandOutcome, executeCommand } from "./command.ts";
export { limitsOf, userConfigurationPath, userSettings, variableOf } from "./configuration/user.ts";
export { Kernel, type Plan, type RunRequest } from "./kernel.ts";
export { analysisCacheFolder, stateRoot } from "./state-folder.ts";
export { sanitizeTerminal, TerminalSanitizer } from "./terminal.ts";
