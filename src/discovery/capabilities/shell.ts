import type { Capability, CapabilityName, Scope } from "../../model/index.ts";
import type { ShellCommand } from "../readers/shell-words.ts";
import { type Findings, gather, toCapabilities } from "./collect.ts";
import { needsOfCommand, SHELL_BUILTINS } from "./commands.ts";
import { hostOf } from "./rules.ts";
import { reachedCommands } from "./shell-reach.ts";
import { SECRET_NAME, SECRET_PATH } from "./table.ts";

/** The capabilities of a shell script: of those of its commands that running it may reach. */
export function scriptCapabilities(
  file: string,
  text: string,
  commands: readonly ShellCommand[],
  functions: ReadonlySet<string>,
): Capability[] {
  return commandCapabilities(file, reachedCommands(text, commands), functions, null);
}

/** The capabilities of a recipe: of its commands, and of the program that finds and runs it. */
export function recipeCapabilities(
  file: string,
  runner: ShellCommand,
  commands: readonly ShellCommand[],
): Capability[] {
  return commandCapabilities(file, commands, new Set(), runner);
}

/** Functions of the script itself are no programs. */
function commandCapabilities(
  file: string,
  commands: readonly ShellCommand[],
  functions: ReadonlySet<string>,
  runner: ShellCommand | null,
): Capability[] {
  const findings: Findings = new Map();
  const add: Add = (name, command, why, scope = {}) => {
    gather(findings, name, file, command.line, scope, () => ({ text: command.text, why: `This line ${why}.` }));
  };
  if (runner !== null) {
    const [program = ""] = runner.words;
    add("filesystem-read", runner, `is found by ${program} in this file`);
    add("process-spawn", runner, `is run by ${program}`, { programs: [program] });
  }
  for (const command of commands) {
    for (let words = command.words; words.length > 0; words = started(words)) {
      addCommand(words, command, functions, add);
    }
    addRedirections(command, add);
  }
  return toCapabilities(findings);
}

type Add = (name: CapabilityName, command: ShellCommand, why: string, scope?: Scope) => void;

/** Programs that start the one that their arguments name, after options, settings and, some of them, a number. */
const STARTERS: ReadonlySet<string> = new Set(
  "sudo doas env nice ionice nohup time timeout exec command xargs setsid stdbuf chronic watch unbuffer flock".split(
    " ",
  ),
);

/** What `find` starts for the files that it finds. */
const FIND_ACTIONS: ReadonlySet<string> = new Set(["-exec", "-execdir", "-ok", "-okdir"]);

/** What a command starts in its turn: `sudo rm x` starts `rm x`. */
function started(words: readonly string[]): readonly string[] {
  const [program = "", ...rest] = words;
  if (program === "find") {
    const action = rest.findIndex((word) => FIND_ACTIONS.has(word));
    return action === -1 ? [] : rest.slice(action + 1);
  }
  // `command -v x` only looks for x.
  if (!STARTERS.has(program) || (program === "command" && /^-[a-z]*[vV]/u.test(rest[0] ?? ""))) return [];
  const from = rest.findIndex(
    (word) => !word.startsWith("-") && !word.includes("=") && !/^\d+(?:\.\d+)?[smhd]?$/u.test(word),
  );
  return from === -1 ? [] : rest.slice(from);
}

function addCommand(words: readonly string[], command: ShellCommand, functions: ReadonlySet<string>, add: Add): void {
  const [program = ""] = words;
  for (const need of needsOfCommand(words)) {
    const hosts =
      need.capability === "network-access" ? words.slice(1).flatMap((word) => hostOf(word, true) ?? []) : [];
    add(need.capability, command, `runs ${program}, which ${need.why}`, hosts.length > 0 ? { hosts } : {});
  }
  if (program === "read" || program === "select") add("stdin", command, "reads standard input");
  if (words.slice(1).some((word) => SECRET_PATH.test(word))) {
    add("secrets", command, "names a file in which secrets are kept");
  }
  const isProgram = /^[A-Za-z0-9_./+-]+$/u.test(program) && !/^[-+]/u.test(program);
  if (!isProgram || SHELL_BUILTINS.has(program) || functions.has(program)) return;
  add("process-spawn", command, `runs ${program}`, { programs: [program] });
}

/** Files written by `>` and read by `<`; variables that sound like secrets. */
function addRedirections(command: ShellCommand, add: Add): void {
  for (const { kind, target } of command.redirections) {
    if (target.startsWith("/dev/")) continue;
    if (kind === "read") add("filesystem-read", command, "reads a file by redirection", literalPath(target));
    else add("filesystem-write", command, "writes a file by redirection", literalPath(target));
  }
  const variables = command.words.flatMap((word) =>
    [...word.matchAll(/\$\{?([A-Z][A-Z0-9_]+)/gu)].map((match) => match[1] ?? ""),
  );
  const secret = variables.find((name) => SECRET_NAME.test(name));
  if (secret !== undefined) add("secrets", command, `uses the variable ${secret}, which sounds like a secret`);
}

function literalPath(target: string): Scope {
  return /[$*?`]/u.test(target) ? {} : { paths: [target] };
}
