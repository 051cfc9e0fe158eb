import type { Readable } from "node:stream";
import type { ExitStatus, Limits, Observed, SandboxConfig, Usage } from "../model/index.ts";
import type { RunOptions, Sandbox } from "../sandbox/index.ts";

/** A command that is no tool of a workspace (`toka exec`): its policy is the user's own and nothing is kept of it. */
export interface CommandRequest {
  readonly argv: readonly string[];
  /** Absolute; the working directory. */
  readonly cwd: string;
  /** The compiled policy; `limits` then replace its numbers. */
  readonly config: SandboxConfig;
  readonly limits: Partial<Limits>;
  readonly environment: NodeJS.ProcessEnv;
  readonly stdin: "none" | Readable;
  readonly observe?: boolean;
  /** The user agreed that this one run may go on where nothing isolates. */
  readonly unprotected?: boolean;
}

export interface CommandOutcome {
  readonly exit: ExitStatus;
  readonly usage: Usage;
  readonly denied: readonly string[];
  /** The policy that held. */
  readonly policy: SandboxConfig;
  readonly observed?: Observed;
}

/** Runs a command of the user under a policy of the user. */
export async function executeCommand(
  sandbox: Pick<Sandbox, "run">,
  request: CommandRequest,
  options: RunOptions,
): Promise<CommandOutcome> {
  const given = Object.fromEntries(Object.entries(request.limits).filter(([, value]) => value !== undefined));
  const policy: SandboxConfig = { ...request.config, ...given };
  const { config: _replaced, limits: _included, ...rest } = request;
  const { exit, usage, denied, observed } = await sandbox.run({ ...rest, config: policy }, options);
  return { exit, usage, denied, policy, ...(observed === undefined ? {} : { observed }) };
}
