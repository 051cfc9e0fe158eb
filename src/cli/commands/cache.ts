import { fail, ok, type Result } from "../../model/index.ts";
import { type Context, type KeptState, openKernel, openState, readUserSettings } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { refuse } from "../refuse.ts";
import { table } from "../table.ts";
import { formatBytes, formatTime } from "../units.ts";

/** What `toka cache` does beside telling what is kept. */
export const CACHE_ACTIONS = ["list", "clear", "allow", "forbid"] as const;

export interface CacheOptions {
  readonly json?: true;
  readonly workspace: string;
}

/** `toka cache`: what is kept of idempotent tools, and which tools the user calls that. */
export async function cacheCommand(
  action: string,
  tool: string | undefined,
  options: CacheOptions,
  context: Context,
): Promise<number> {
  // Names are known after a discovery, and what a tool is now, too.
  const kernel = tool === undefined ? openQuickly(options, context) : await openKernel(options.workspace, context);
  if (!kernel.ok) return refuse(kernel, context);
  try {
    const done = await act(kernel.value, action, tool, options, context);
    return done.ok ? EXIT.done : refuse(done, context);
  } finally {
    kernel.value.close();
  }
}

function openQuickly({ workspace }: CacheOptions, context: Context): Result<KeptState> {
  const settings = readUserSettings(context);
  if (!settings.ok) return settings;
  return openState(workspace, context, settings.value);
}

async function act(
  kernel: KeptState,
  action: string,
  tool: string | undefined,
  { json }: CacheOptions,
  context: Context,
): Promise<Result<void>> {
  if (action === "list") return await list(kernel, json, context, tool);
  const said = change(kernel, action, tool);
  if (!said.ok) return said;
  context.console.say(`toka: ${said.value}`);
  return json ? await list(kernel, json, context) : ok(undefined);
}

/** @returns what was done, as a sentence */
function change(kernel: KeptState, action: string, tool: string | undefined): Result<string> {
  if (action === "clear") {
    const cleared = kernel.cache.clear(tool === undefined ? undefined : idOf(kernel, tool));
    return cleared.ok ? ok(`${resultsText(cleared.value)} cleared`) : cleared;
  }
  if (tool === undefined) return fail("bad-option", `Say which tool it is: toka cache ${action} TOOL`);
  if (action === "forbid") {
    const forbidden = kernel.cache.forbid(idOf(kernel, tool));
    return forbidden.ok ? ok(`${resultsText(forbidden.value)} cleared; yours to allow again`) : forbidden;
  }
  const allowed = kernel.allowCache(tool);
  return allowed.ok
    ? ok(`results of ${allowed.value.name}, as it is now, may be given again for the same inputs`)
    : allowed;
}

/** A tool that is gone from the workspace is still known by its id. */
function idOf(kernel: KeptState, tool: string): string {
  const found = kernel.findTool(tool);
  return found.ok ? found.value.id : tool;
}

function resultsText(count: number): string {
  return count === 1 ? "1 kept result" : `${count} kept results`;
}

async function list(kernel: KeptState, json: true | undefined, context: Context, tool?: string): Promise<Result<void>> {
  const all = kernel.cache.report();
  if (!all.ok) return all;
  const id = tool === undefined ? undefined : idOf(kernel, tool);
  const report = { ...all.value, entries: all.value.entries.filter((entry) => id === undefined || entry.tool === id) };
  if (json) {
    await context.console.json(report);
    return ok(undefined);
  }
  const rows = report.entries.map((entry) => [
    entry.tool,
    formatTime(Date.now() - Date.parse(entry.createdAt)),
    String(entry.uses),
    formatBytes(entry.bytes),
    String(entry.inputs),
    entry.execution,
  ]);
  await context.console.write(table(["Tool", "Age", "Used", "Size", "Inputs", "Run"], rows));
  const bound =
    report.maxBytes === 0 ? "nothing is kept" : `${formatBytes(report.bytes)} of ${formatBytes(report.maxBytes)}`;
  context.console.say(`toka: ${bound}`);
  for (const entry of report.allowed) context.console.say(`toka: allowed by you: ${entry.tool}`);
  return ok(undefined);
}
