import { createHash } from "node:crypto";
import { fail, ok, type Result } from "../../model/index.ts";
import { resolveInterpreter, untrustedFolders } from "../../sandbox/index.ts";
import { type AttemptContext, callerEnvironment, chosenInterpreter } from "../execution/attempt.ts";
import type { Plan, RunRequest } from "../request.ts";
import { interpreterIdentity, programIdentity } from "./interpreter-identity.ts";

/** Where programs are looked for in a sandbox; see its environment. */
const SYSTEM_FOLDERS = ["/usr/local/bin", "/usr/bin", "/bin"];

/** What a kept result of another layout is worth: nothing. Counted up when the meaning of a key or an input changes. */
const FORMAT = 1;

/**
 * Everything that decides a result beside the files that are read: the tool (source, local imports, schema), its command
 * line, the program that runs it with its packages, the policy and the grant, and the variables that pass.
 * Problems are those of finding the interpreter: there is nothing to run then either.
 */
export async function cacheKey(
  context: AttemptContext,
  plan: Plan,
  { grant }: Pick<RunRequest, "grant">,
  signal: AbortSignal,
): Promise<Result<string>> {
  const runner = await runnerIdentity(context, plan, signal);
  if (!runner.ok) return runner;
  const environment = callerEnvironment(context, plan);
  const { tool, fingerprint, argv, modulePath, policy } = plan;
  const parts = [
    ...[FORMAT, process.platform, process.arch, context.workspace],
    ...[tool.id, fingerprint, argv, modulePath ?? null, tool.inputs ?? null, tool.output ?? null],
    ...[policy, grant ?? null, runner.value],
    policy.environment.map((name) => [name, environment[name] ?? null]),
  ];
  return ok(createHash("sha256").update(JSON.stringify(parts)).digest("hex"));
}

async function runnerIdentity(
  context: AttemptContext,
  { argv, policy }: Plan,
  signal: AbortSignal,
): Promise<Result<string>> {
  const [program = ""] = argv;
  if (program !== "python" && program !== "python3") return ok(programIdentity(program, SYSTEM_FOLDERS));
  const given = chosenInterpreter(context);
  const found = await resolveInterpreter(
    {
      ...(given === undefined ? {} : { given }),
      searchPath: context.environment["PATH"] ?? "",
      untrusted: untrustedFolders(context.workspace, policy),
    },
    signal,
  );
  if (!found.ok) return found;
  try {
    return ok(interpreterIdentity(found.value.executable));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail("interpreter-missing", `The interpreter cannot be looked at: ${why}`);
  }
}
