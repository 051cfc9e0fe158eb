import { resolve } from "node:path";
import { type BackupOptions, backUpState, restoreState, stateRoot } from "../../kernel/index.ts";
import type { BackupReport, Result } from "../../model/index.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { refuse } from "../refuse.ts";
import { formatBytes } from "../units.ts";

export interface BackupCommandOptions {
  readonly json?: true;
  readonly workspace: string;
}

/** `toka backup FILE`: the whole state of a workspace in one file. */
export async function backupCommand(file: string, options: BackupCommandOptions, context: Context): Promise<number> {
  return tell(await backUpState(stateOf(options, context), file), "backed up", options, context);
}

/** `toka restore FILE`: a backup in the place of a workspace's state. */
export async function restoreCommand(file: string, options: BackupCommandOptions, context: Context): Promise<number> {
  return tell(await restoreState(stateOf(options, context), file), "restored", options, context);
}

function stateOf({ workspace }: BackupCommandOptions, { environment, signal }: Context): BackupOptions {
  return { workspace: resolve(workspace), root: stateRoot(environment, process.platform), signal };
}

async function tell(
  report: Result<BackupReport>,
  done: string,
  { json }: BackupCommandOptions,
  context: Context,
): Promise<number> {
  if (!report.ok) return refuse(report, context);
  const { console } = context;
  const { executions, files, bytes, file, workspace, previous } = report.value;
  if (json) await console.json(report.value);
  else {
    await console.line(
      `${done}: ${executions} runs and ${files} files of ${workspace}, ${formatBytes(bytes)}: ${file}`,
    );
    if (previous !== undefined) console.say(`toka: what was there before is kept in ${previous}`);
  }
  return EXIT.done;
}
