import { CATEGORY_LIMITS, type Category, type Limits, type SandboxConfig } from "../model/index.ts";
import { isLoaderVariable } from "./environment.ts";
import { keptPaths } from "./run-later.ts";

/** What a policy is made from: paths are absolute, `limits` may only narrow those of the category. */
export interface PolicyInput {
  readonly category: Category;
  readonly workspace: string;
  readonly limits?: Partial<Limits>;
  readonly writablePaths?: readonly string[];
  readonly readablePaths?: readonly string[];
  readonly forbiddenPaths?: readonly string[];
  /** Hosts that may be reached; none or an empty list means no network. */
  readonly hosts?: readonly string[];
  /** Names of the caller's environment variables that pass. */
  readonly environment?: readonly string[];
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];

/** The policy of one run, the workspace as its first readable path: the category's limits, narrowed, and everything else denied that is not named. */
export function compileConfig(input: PolicyInput): SandboxConfig {
  const hosts = unique(input.hosts ?? []);
  const writablePaths = unique(input.writablePaths ?? []);
  return {
    namespaces: ["user", "pid", "mount", "ipc", "uts", "net", "cgroup"],
    syscalls: "default",
    readonlyPaths: unique([input.workspace, ...(input.readablePaths ?? [])]),
    writablePaths,
    forbiddenPaths: unique(input.forbiddenPaths ?? []),
    keptPaths: keptPaths(input.workspace, writablePaths),
    network: hosts.length === 0 ? { mode: "none" } : { mode: "hosts", hosts },
    ...narrow(CATEGORY_LIMITS[input.category], input.limits ?? {}),
    environment: unique(input.environment ?? []).filter((name) => !isLoaderVariable(name)),
  };
}

function narrow(base: Limits, wish: Partial<Limits>): Limits {
  const formats = wish.outputFormats;
  return {
    memoryBytes: Math.min(base.memoryBytes, wish.memoryBytes ?? base.memoryBytes),
    cpuPercent: Math.min(base.cpuPercent, wish.cpuPercent ?? base.cpuPercent),
    timeMs: Math.min(base.timeMs, wish.timeMs ?? base.timeMs),
    processes: Math.min(base.processes, wish.processes ?? base.processes),
    diskBytes: Math.min(base.diskBytes, wish.diskBytes ?? base.diskBytes),
    files: Math.min(base.files, wish.files ?? base.files),
    outputBytes: Math.min(base.outputBytes, wish.outputBytes ?? base.outputBytes),
    outputFormats: formats ? base.outputFormats.filter((format) => formats.includes(format)) : [...base.outputFormats],
  };
}
