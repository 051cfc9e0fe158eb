import { commands, Disposable } from "vscode";
import { COMMANDS, type CommandKey } from "./contributions.ts";
import type { Reporter } from "./reporter.ts";

/** Commands get whatever their caller passes; each checks its own arguments. */
export type CommandHandler = (...args: readonly unknown[]) => unknown;

/** Registers a handler for every declared command: the type leaves none out. */
export function registerCommands(
  handlers: Readonly<Record<CommandKey, CommandHandler>>,
  reporter: Reporter,
): Disposable {
  const keys = Object.keys(COMMANDS) as CommandKey[];
  return Disposable.from(
    ...keys.map((key) => {
      const command = COMMANDS[key];
      return commands.registerCommand(command.id, async (...args: unknown[]) => {
        try {
          return await handlers[key](...args);
        } catch (error) {
          reporter.exception(error, command.title);
          throw error;
        }
      });
    }),
  );
}
