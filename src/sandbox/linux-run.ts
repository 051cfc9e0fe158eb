import { fail, ok, type Result } from "../model/index.ts";
import type { PreparedRun } from "./backend.ts";
import { type Mount, planMounts } from "./mounts.ts";
import { isInside } from "./paths.ts";
import type { SyscallArchitecture } from "./syscalls.ts";

/** What every way of holding a policy on Linux looks up first. */
export interface LinuxRun {
  readonly architecture: SyscallArchitecture;
  /** The host's files and folders that the command may write to, as they were named. */
  readonly writable: readonly string[];
  readonly mounts: readonly Mount[];
}

export async function planOnLinux(run: PreparedRun): Promise<Result<LinuxRun>> {
  const architecture = process.arch;
  if (process.platform !== "linux" || (architecture !== "x64" && architecture !== "arm64")) {
    return fail("platform-unsupported", `No sandbox is available on ${process.platform}/${architecture} yet.`);
  }
  const writable = [...run.config.writablePaths, ...(run.resultFolder ? [run.resultFolder] : [])];
  const mounts = await planMounts({
    readable: [...(run.interpreter?.paths ?? []), ...run.config.readonlyPaths],
    writable,
    forbidden: run.config.forbiddenPaths,
    kept: run.config.keptPaths,
  });
  return mounts.ok ? ok({ architecture, writable, mounts: mounts.value }) : mounts;
}

/** A run starts where it can read; `visible` is all that it sees. */
export function checkFolder(cwd: string, visible: readonly { readonly path: string }[]): Result<void> {
  if (visible.some(({ path }) => isInside(cwd, path))) return ok(undefined);
  return fail("cwd-invisible", `The working directory ${cwd} is not readable under this policy.`);
}

/** Lists are handed over with NUL between their entries: one inside an entry would make two of it. */
export function checkWords(words: readonly string[]): Result<void> {
  if (!words.some((word) => word.includes("\0"))) return ok(undefined);
  return fail("nul-byte", "A command, path or environment variable contains a NUL character.");
}
