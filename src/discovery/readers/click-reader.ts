import type { Parameter, Subcommand } from "../../model/index.ts";
import type { HostValue, RunEvent } from "../evaluate/index.ts";
import { CLICK_MODELS, type ClickCommand, commandOf, MAX_NESTING, parametersOf } from "./click.ts";
import { toParameter } from "./click-parameters.ts";
import { CLICK_CONSTANTS } from "./click-types.ts";
import type { Reader } from "./reader.ts";
import type { CommandLine, Gap } from "./reading.ts";

export const clickReader: Reader = {
  framework: "click",
  calls: CLICK_MODELS,
  constants: CLICK_CONSTANTS,
  read: readRuns,
};

/** Names made of functions that are called alike everywhere. */
const GENERIC: ReadonlySet<string> = new Set(["main", "cli", "app", "run", "entry", "entry-point", "do"]);

function readRuns(events: readonly RunEvent[]): CommandLine | null {
  const event = events.find((candidate) => !candidate.conditional) ?? events[0];
  const command = commandOf(event?.subject as HostValue | undefined);
  if (command === undefined) return null;
  const reading = new CommandReading();
  reading.visit(command, []);
  const { parameters, subcommands, gaps } = reading;
  const foreign = command.foreign?.();
  return {
    framework: foreign?.framework ?? "click",
    // What every program calls its main function says nothing; the file's name does.
    name: command.isNamed || !GENERIC.has(command.name ?? "") ? command.name : undefined,
    description: command.help ?? foreign?.description,
    epilog: command.epilog,
    parameters,
    subcommands,
    gaps,
    line: command.file === event?.file ? command.line : undefined,
  };
}

/** A command's parameters and subcommands, flattened. */
class CommandReading {
  readonly parameters: Parameter[] = [];
  readonly subcommands: Subcommand[] = [];
  readonly gaps: Gap[] = [];

  visit(command: ClickCommand, path: readonly string[]): void {
    if (path.length > MAX_NESTING) return;
    this.gaps.push(...command.gaps);
    if (command.foreign !== undefined) this.#foreign(command.foreign(), path);
    const subcommand = path.length === 0 ? undefined : path.join(" ");
    this.parameters.push(...parametersOf(command).flatMap((parameter) => toParameter(parameter, subcommand) ?? []));
    for (const [name, inner] of command.commands) {
      const innerPath = [...path, name];
      const help = inner.help?.split(/\n\s*\n/u)[0]?.replaceAll(/\s+/gu, " ");
      this.subcommands.push({ path: innerPath.join(" "), line: inner.line, ...(help === undefined ? {} : { help }) });
      this.visit(inner, innerPath);
    }
  }

  /** What another library declares for a command, as part of this command line. */
  #foreign(commandLine: CommandLine, path: readonly string[]): void {
    const below = (inner: string | undefined): string => [...path, ...(inner === undefined ? [] : [inner])].join(" ");
    for (const { subcommand, ...rest } of commandLine.parameters) {
      const owner = below(subcommand);
      this.parameters.push(owner === "" ? rest : { ...rest, subcommand: owner });
    }
    this.subcommands.push(...commandLine.subcommands.map((one) => ({ ...one, path: below(one.path) })));
    this.gaps.push(...commandLine.gaps);
  }
}
