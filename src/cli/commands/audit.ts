import { type AuditRecord, fail, ok, type Result } from "../../model/index.ts";
import { type Context, openState } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { refuse } from "../refuse.ts";
import { table } from "../table.ts";

export interface AuditOptions {
  readonly json?: true;
  readonly output?: string;
  readonly tool?: string;
  readonly principal?: string;
  readonly action?: string;
  readonly since?: string;
  readonly workspace: string;
}

/** `toka audit`: what was asked, refused, granted, denied, revoked and run, oldest first. */
export async function auditCommand(options: AuditOptions, context: Context): Promise<number> {
  const since = options.since === undefined ? ok(undefined) : readMoment(options.since);
  if (!since.ok) return refuse(since, context);
  const opened = openState(options.workspace, context);
  if (!opened.ok) return refuse(opened, context);
  using kernel = opened.value;
  const { tool, principal, action } = options;
  const query = { tool, principal, action, since: since.value };
  const written =
    options.output === undefined
      ? await print(kernel.audit.read(query), options, context)
      : kernel.audit.exportTo(options.output, query);
  if (!written.ok) return refuse(written, context);
  if (options.output !== undefined) context.console.say(`toka: ${written.value} lines written to ${options.output}`);
  return EXIT.done;
}

type Records = Iterable<Result<AuditRecord>>;

async function print(records: Records, { json }: AuditOptions, { console, signal }: Context): Promise<Result<number>> {
  const rows: string[][] = [];
  let count = 0;
  for (const record of records) {
    if (!record.ok) return record;
    if (signal.aborted) return fail("cancelled", "cancelled");
    count++;
    if (json) await console.json(record.value);
    else rows.push(rowOf(record.value));
  }
  if (!json) await console.write(table(["At", "Who", "What", "Tool", "Run", "Details"], rows));
  return ok(count);
}

/** Longer details are cut in the table; `--json` has all of them. */
const MAX_DETAILS = 80;

function rowOf({ at, principal, action, tool, execution, details }: AuditRecord): string[] {
  const text = JSON.stringify(details);
  const shown = text.length > MAX_DETAILS ? `${text.slice(0, MAX_DETAILS)}…` : text;
  return [at, principal, action, tool, execution?.slice(0, 8) ?? "", shown];
}

function readMoment(text: string): Result<string> {
  const at = new Date(text);
  return Number.isNaN(at.getTime())
    ? fail("bad-option", `--since is a date such as 2026-01-31 or 2026-01-31T12:00:00Z, and not ${text}`)
    : ok(at.toISOString());
}
