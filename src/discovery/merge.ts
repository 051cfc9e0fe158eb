import type { Tool } from "../model/index.ts";

/**
 * The tools of all files as one list without repetitions: a tool that several files declare is one (its own file's
 * reading counts), and a console command whose module is the same program when it is run gives that one its name.
 */
export function mergeTools(results: Iterable<readonly [path: string, tools: readonly Tool[]]>): Tool[] {
  const byId = new Map<string, Tool>();
  const own = new Set<string>();
  for (const [path, tools] of results) {
    for (const tool of tools) {
      const isOwn = tool.file === path;
      if (!byId.has(tool.id) || (isOwn && !own.has(tool.id))) byId.set(tool.id, tool);
      if (isOwn) own.add(tool.id);
    }
  }
  nameMainPrograms(byId);
  return [...byId.values()];
}

function nameMainPrograms(byId: Map<string, Tool>): void {
  for (const tool of [...byId.values()]) {
    const main = tool.id === tool.file ? undefined : byId.get(tool.file);
    if (main === undefined || !isSameProgram(main, tool)) continue;
    byId.delete(tool.id);
    if (main.function !== undefined) continue;
    const examples = [...new Set([...(main.examples ?? []), ...(tool.examples ?? [])])];
    byId.set(main.id, {
      ...main,
      name: tool.name,
      function: tool.function,
      ...(examples.length === 0 ? {} : { examples }),
    });
  }
}

/** A console command and the file that it lies in declare one command line. */
function isSameProgram(main: Tool, command: Tool): boolean {
  const isCommand = command.entry.argv[1] === "-c" && command.entry.arguments === undefined;
  return isCommand && main.framework === command.framework && signatureOf(main) === signatureOf(command);
}

function signatureOf(tool: Tool): string {
  return JSON.stringify([
    tool.parameters.map(({ name, flags, subcommand, line }) => [name, flags, subcommand, line]),
    tool.subcommands.map(({ path }) => path),
  ]);
}
