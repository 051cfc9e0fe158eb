import { statSync } from "node:fs";
import { resolve } from "node:path";
import { CAPABILITIES, type DiscoveryReport, fail, type Result } from "../../model/index.ts";
import { type Context, discoverTools } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { refuse } from "../refuse.ts";
import { table } from "../table.ts";

export interface DiscoverOptions {
  readonly json?: true;
  readonly fresh?: true;
}

/** `toka discover DIR`: the tools of a folder, read and never run. */
export async function discoverCommand(folder: string, options: DiscoverOptions, context: Context): Promise<number> {
  const { holdHeapDown } = await import("../../discovery/index.ts");
  holdHeapDown();
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  const report: Result<DiscoveryReport> = isFolder
    ? await discoverTools(resolve(folder), context, { fresh: options.fresh === true })
    : fail("no-workspace", `${folder} is not a folder`);
  if (!report.ok) return refuse(report, context);
  if (options.json) await context.console.json(report.value);
  else await print(report.value, context);
  return EXIT.done;
}

async function print(report: DiscoveryReport, context: Context): Promise<void> {
  const rows = report.tools.map((tool) => [
    tool.name,
    tool.kind,
    tool.framework,
    tool.category,
    `${tool.file}:${tool.line}`,
    tool.capabilities.map(({ name }) => CAPABILITIES[name].title).join(", "),
  ]);
  await context.console.write(table(["Tool", "Kind", "Declared by", "Category", "Where", "Can"], rows));
  for (const diagnostic of report.diagnostics) {
    context.console.say(`${diagnostic.file}:${diagnostic.line}: ${diagnostic.severity}: ${diagnostic.message}`);
  }
  const { filesSeen, filesParsed, milliseconds } = report.stats;
  context.console.say(
    `${report.tools.length} tools; ${filesSeen} files seen, ${filesParsed} parsed, ${Math.round(milliseconds)} ms`,
  );
}
