import type { Command, Option } from "commander";
import { AnalysisKind, Backend, Category, type Tool } from "../../model/index.ts";
import { type Context, discoverTools } from "../context.ts";
import { EXIT } from "../exit-codes.ts";

/** The hidden command by which a shell asks what could come next. */
export const COMPLETE = "complete";

/** Each asks with the words so far, the one at the cursor last; no answer means that files are meant. */
const SCRIPTS = {
  bash: `_toka() {
  local IFS=$'\n'
  COMPREPLY=($(toka ${COMPLETE} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -o nosort -F _toka toka
`,
  zsh: `#compdef toka
_toka() {
  local -a found
  found=("\${(@f)$(toka ${COMPLETE} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -a found; else _files; fi
}
if [[ "\${funcstack[1]}" == _toka ]]; then _toka "$@"; else compdef _toka toka; fi
`,
  fish: `function __toka_complete
  set -l found (toka ${COMPLETE} -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0; printf '%s\\n' $found; else; __fish_complete_path (commandline -ct); end
end
complete -c toka -f -a '(__toka_complete)'
`,
} as const;

export type Shell = keyof typeof SCRIPTS;
export const SHELLS = Object.keys(SCRIPTS) as Shell[];

/** `toka completion SHELL`: what the shell has to read so that Tab completes `toka`. */
export async function completionCommand(shell: Shell, { console }: Context): Promise<number> {
  await console.write(SCRIPTS[shell]);
  return EXIT.done;
}

/** `toka complete -- WORD…`: what could stand in the place of the last word, a line each. */
export async function completeCommand(program: Command, words: readonly string[], context: Context): Promise<number> {
  for (const candidate of await candidates(program, words, (folder) => knownTools(folder, context))) {
    await context.console.line(candidate);
  }
  return EXIT.done;
}

async function knownTools(folder: string, context: Context): Promise<readonly Tool[]> {
  const report = await discoverTools(folder, context);
  return report.ok ? report.value.tools : [];
}

/** Values of options and arguments that are known beforehand, by the name that the help gives them. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  "--category": Category.options,
  "--backend": ["auto", ...Backend.options],
  "--network": ["none", "hosts"],
  "--detail": ["branch", "block", "statement", "expression"],
  kind: AnalysisKind.options,
  shell: SHELLS,
};

/**
 * What could stand in the place of the last word.
 * @param words those behind `toka`; the last one is being typed
 * @param tools the tools of a folder
 */
async function candidates(
  program: Command,
  words: readonly string[],
  tools: (folder: string) => Promise<readonly Tool[]>,
): Promise<string[]> {
  const typed = words.at(-1) ?? "";
  const { command, rest } = commandOf(program, words.slice(0, -1));
  const all = optionValues(command, rest.at(-1)) ?? (await nextWords(command, rest, typed.startsWith("-"), tools));
  return [...new Set(all)].filter((one) => one.startsWith(typed));
}

/** The values of the option before the cursor, when it takes one; none are known for those that take a file or number. */
function optionValues(command: Command, before: string | undefined): readonly string[] | undefined {
  const option = command.options.find(
    ({ long, short }) => before !== undefined && (before === long || before === short),
  );
  if (option === undefined || !(option.required || option.optional)) return undefined;
  return option.argChoices ?? VALUES[option.long ?? ""] ?? [];
}

async function nextWords(
  command: Command,
  rest: readonly string[],
  wantsOption: boolean,
  tools: (folder: string) => Promise<readonly Tool[]>,
): Promise<readonly string[]> {
  const options = visible(command).map(({ long, short }) => long ?? short ?? "");
  if (command.commands.length > 0) return wantsOption ? options : namesOf(command);
  const given = positionals(command, rest);
  const takesTool = command.registeredArguments[0]?.name() === "tool";
  if (takesTool && (wantsOption || given.length === 0)) {
    const known = await tools(after(rest, "--workspace") ?? ".");
    return wantsOption ? [...flagsOf(known, given[0]), ...options] : toolNames(known);
  }
  if (wantsOption) return options;
  const argument = command.registeredArguments[given.length];
  return argument?.argChoices ?? VALUES[argument?.name() ?? ""] ?? [];
}

/** How the parameters of a tool are given by name. */
function flagsOf(tools: readonly Tool[], wanted: string | undefined): string[] {
  const tool = tools.find(({ id, name }) => id === wanted || name === wanted);
  return (tool?.parameters ?? []).flatMap(({ flags, name }) =>
    flags.length > 0 ? flags.filter((flag) => flag.startsWith("--")) : [`--${name}`],
  );
}

/** The command that the words name, and the words behind it. */
function commandOf(program: Command, words: readonly string[]): { command: Command; rest: readonly string[] } {
  let command = program;
  let at = 0;
  for (; at < words.length; at++) {
    const next = command.commands.find((one) => one.name() === words[at] || one.aliases().includes(words[at] ?? ""));
    if (next === undefined) break;
    command = next;
  }
  return { command, rest: words.slice(at) };
}

function namesOf(command: Command): string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name());
}

function visible(command: Command): Option[] {
  return command.createHelp().visibleOptions(command);
}

/** The words that are neither options nor their values. */
function positionals(command: Command, words: readonly string[]): string[] {
  const found: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-")) found.push(word);
    else if (command.options.some((option) => option.required && (option.long === word || option.short === word))) at++;
  }
  return found;
}

/** The word behind an option. */
function after(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option);
  return at < 0 ? undefined : words[at + 1];
}

/** A name where it says which tool is meant, else the id. */
function toolNames(tools: readonly Tool[]): string[] {
  const count = Map.groupBy(tools, ({ name }) => name);
  return tools.map(({ id, name }) => (count.get(name)?.length === 1 ? name : id));
}
