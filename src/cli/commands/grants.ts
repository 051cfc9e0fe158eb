import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { changedText, type Kernel, unifiedDiff } from "../../kernel/index.ts";
import {
  CapabilityName,
  type ExplainedGrant,
  fail,
  type GrantList,
  ok,
  Principal,
  type Result,
  type ToolChanges,
} from "../../model/index.ts";
import { type Context, openKernel } from "../context.ts";
import { refuse } from "../refuse.ts";
import { table } from "../table.ts";

type GrantKernel = Pick<Kernel, "grants" | "approvals" | "workspace">;

export interface GrantsOptions {
  readonly json?: true;
  readonly workspace: string;
}

export interface GrantOptions extends GrantsOptions {
  readonly principal: string;
  readonly path?: readonly string[];
  readonly host?: readonly string[];
  readonly once?: true;
}

/** `toka grants`: what was granted to whom, and whether it holds. */
export async function grantsCommand(options: GrantsOptions, context: Context): Promise<number> {
  return inKernel(options, context, async (kernel) => {
    const grants = kernel.grants.list();
    if (!grants.ok) return grants;
    const list: GrantList = { grants: [...grants.value] };
    if (options.json) await context.console.json(list);
    else await print(list.grants, context);
    return ok(undefined);
  });
}

async function print(grants: readonly ExplainedGrant[], { console }: Context): Promise<void> {
  if (grants.length === 0) {
    console.say("toka: nothing was granted in this workspace");
    return;
  }
  const rows = grants.map((grant) => [
    grant.holds ? "yes" : "NO",
    grant.tool,
    grant.capability,
    grant.principal,
    grant.duration,
    [...grant.paths, ...grant.hosts].join(" "),
    grant.grantedAt,
    evidenceOf(grant),
  ]);
  const head = ["Holds", "Tool", "Capability", "Who", "How long", "What", "Since", "Evidence"];
  await console.write(table(head, rows));
  for (const { holds, tool, capability, why } of grants) {
    if (!holds) console.say(`toka: ${tool}, ${capability}: ${why}`);
  }
}

function evidenceOf({ evidence }: ExplainedGrant): string {
  const [first] = evidence;
  return first === undefined ? "" : `${first.file}:${first.line}`;
}

/** `toka grants allow TOOL CAPABILITY`. */
export async function allowCommand(
  tool: string,
  name: string,
  options: GrantOptions,
  context: Context,
): Promise<number> {
  return inKernel(options, context, async (kernel) => {
    const what = readWhat(name, options);
    if (!what.ok) return what;
    const duration = options.once ? "once" : "always";
    const granted = kernel.grants.allow({ tool, duration, ...what.value });
    if (!granted.ok) return granted;
    const { principal, capability, paths, hosts } = granted.value;
    if (options.json) await context.console.json(granted.value);
    else {
      const named = [...paths, ...hosts].join(", ");
      const span = options.once ? "for one run" : "until it is revoked or the tool changes";
      await context.console.line(
        `granted: ${principal} may use “${capability}” of ${granted.value.tool}${named === "" ? "" : ` for ${named}`}, ${span}`,
      );
    }
    return ok(undefined);
  });
}

/** `toka grants revoke TOOL CAPABILITY`. */
export async function revokeCommand(
  tool: string,
  name: string,
  options: GrantOptions,
  context: Context,
): Promise<number> {
  return inKernel(options, context, async (kernel) => {
    const what = readWhat(name, options);
    if (!what.ok) return what;
    const revoked = kernel.grants.revoke({ tool, ...what.value });
    if (!revoked.ok) return revoked;
    if (options.json) await context.console.json({ revoked: revoked.value });
    else await context.console.line(revoked.value === 1 ? "revoked: 1 grant" : `revoked: ${revoked.value} grants`);
    return ok(undefined);
  });
}

/** `toka grants changes TOOL`: how the tool differs from the version that was approved last, as `diff -u` shows it. */
export async function changesCommand(tool: string, options: GrantsOptions, context: Context): Promise<number> {
  return inKernel(options, context, async (kernel) => {
    const changes = kernel.grants.changes(tool);
    if (!changes.ok) return changes;
    if (options.json) await context.console.json({ changes: changes.value ?? null });
    else if (changes.value === undefined) context.console.say("toka: as it was approved, or never approved");
    else await printChanges(kernel, changes.value, context);
    return ok(undefined);
  });
}

async function printChanges(kernel: GrantKernel, changes: ToolChanges, { console }: Context): Promise<void> {
  console.say(`toka: ${changes.tool} was approved ${changes.approvedAt}. Since then: ${changedText(changes)}`);
  const stream = console.toolStream("stdout");
  for (const { file, change, hasText } of changes.files) {
    if (!hasText) {
      console.say(`toka: ${file}: its approved text was not kept`);
      continue;
    }
    const before = kernel.approvals.approvedText(changes.tool, file);
    if (!before.ok) {
      console.problem(before.problem);
      continue;
    }
    const after = change === "removed" ? "" : readFileSync(join(kernel.workspace, file), "utf8");
    const names = [change === "added" ? "/dev/null" : `a/${file}`, change === "removed" ? "/dev/null" : `b/${file}`];
    await stream.push(Buffer.from(unifiedDiff(before.value, after, [names[0] ?? "", names[1] ?? ""])));
  }
  stream.end();
}

interface What {
  readonly capability: CapabilityName;
  readonly principal: Principal;
  readonly paths?: readonly string[];
  readonly hosts?: readonly string[];
}

function readWhat(name: string, { principal, path, host }: GrantOptions): Result<What> {
  const capability = CapabilityName.safeParse(name);
  if (!capability.success) {
    return fail("bad-option", `There is no capability “${name}”; there are ${CapabilityName.options.join(", ")}`);
  }
  const who = Principal.safeParse(principal);
  if (!who.success) return fail("bad-option", "--principal is user, chat, mcp:<client> or workflow:<name>");
  return ok({
    capability: capability.data,
    principal: who.data,
    ...(path === undefined ? {} : { paths: path.map((one) => resolve(one)) }),
    ...(host === undefined ? {} : { hosts: host }),
  });
}

async function inKernel(
  { workspace }: GrantsOptions,
  context: Context,
  work: (kernel: GrantKernel) => Promise<Result<void>>,
): Promise<number> {
  const kernel = await openKernel(workspace, context);
  const done = kernel.ok ? await work(kernel.value) : kernel;
  if (kernel.ok) kernel.value.close();
  return refuse(done, context);
}
