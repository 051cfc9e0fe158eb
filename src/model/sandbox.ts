import * as z from "zod";
import { type Category, OutputFormat } from "./tool.ts";

const MEBIBYTE = 1024 * 1024;

export const Namespace = z.enum(["user", "pid", "mount", "ipc", "uts", "net", "cgroup"]);
export type Namespace = z.infer<typeof Namespace>;

/** `none`: no network device but loopback. `hosts`: only the named hosts, through the filtering proxy. */
export const NetworkPolicy = z.discriminatedUnion("mode", [
  z.object({ mode: z.literal("none") }),
  z.object({ mode: z.literal("hosts"), hosts: z.array(z.string().min(1)).min(1) }),
]);
export type NetworkPolicy = z.infer<typeof NetworkPolicy>;

/** Named sets of system calls; `default` is what ordinary programs need and none of what attacks the kernel. */
export const SyscallSet = z.enum(["default"]);

/**
 * What must hold for one run. Paths are absolute. Sizes are bytes, times milliseconds; CPU is a percentage of one
 * core averaged over the run.
 */
export const SandboxConfig = z.object({
  namespaces: z.array(Namespace),
  syscalls: SyscallSet,
  readonlyPaths: z.array(z.string()),
  writablePaths: z.array(z.string()),
  forbiddenPaths: z.array(z.string()),
  keptPaths: z
    .array(z.string())
    .default([])
    .describe("Paths inside writable ones that must stay as they are, also where nothing is there yet."),
  network: NetworkPolicy,
  memoryBytes: z.int().positive(),
  cpuPercent: z.number().positive(),
  timeMs: z.int().positive(),
  processes: z.int().positive(),
  diskBytes: z.int().positive(),
  files: z
    .int()
    .positive()
    .default(20_000)
    .describe("Files, folders and links that a run may have made and not removed again, wherever it may write."),
  outputBytes: z.int().positive(),
  outputFormats: z.array(OutputFormat),
  environment: z.array(z.string()).describe("Names of the caller's variables that pass; all others are absent."),
});
export type SandboxConfig = z.infer<typeof SandboxConfig>;

/** Default limits of each category (design card: analysis is high security, general moderate, utility basic). */
export const CATEGORY_LIMITS: Readonly<Record<Category, Limits>> = {
  analysis: {
    memoryBytes: 512 * MEBIBYTE,
    cpuPercent: 50,
    timeMs: 600_000,
    processes: 64,
    diskBytes: 100 * MEBIBYTE,
    files: 20_000,
    outputBytes: 10 * MEBIBYTE,
    outputFormats: ["json", "mermaid", "html"],
  },
  general: {
    memoryBytes: 256 * MEBIBYTE,
    cpuPercent: 25,
    timeMs: 300_000,
    processes: 64,
    diskBytes: 100 * MEBIBYTE,
    files: 20_000,
    outputBytes: 10 * MEBIBYTE,
    outputFormats: ["text", "json", "mermaid", "html"],
  },
  utility: {
    memoryBytes: 128 * MEBIBYTE,
    cpuPercent: 10,
    timeMs: 60_000,
    processes: 32,
    diskBytes: 50 * MEBIBYTE,
    files: 10_000,
    outputBytes: 10 * MEBIBYTE,
    outputFormats: ["text", "json", "mermaid", "html"],
  },
};

/** The part of a {@link SandboxConfig} that a category decides and that settings and manifests may narrow. */
export type Limits = Pick<
  SandboxConfig,
  "memoryBytes" | "cpuPercent" | "timeMs" | "processes" | "diskBytes" | "files" | "outputBytes" | "outputFormats"
>;

/**
 * `bwrap` and `landlock`: Linux with and without namespaces. `seatbelt`: macOS. `podman`, `docker`: an image. `job`: Windows,
 * limits without isolation. `none`: no isolation; the environment, time and output are limited.
 */
export const Backend = z.enum(["bwrap", "landlock", "seatbelt", "podman", "docker", "job", "none"]);
export type Backend = z.infer<typeof Backend>;

/** One thing a sandbox may hold, whether this machine holds it, and how that was found out. */
export const Enforcement = z.object({
  mechanism: z.string(),
  protects: z.string().describe("What is not enforced when this is missing, in words for people."),
  enforced: z.boolean(),
  by: z
    .enum(["cgroup", "watch"])
    .optional()
    .describe("Of a limit: whether the kernel holds it by a cgroup, or the supervisor by looking and ending the run."),
  probe: z.string().describe("How it was probed and what was seen."),
  advice: z.string().optional(),
});
export type Enforcement = z.infer<typeof Enforcement>;

/** What this machine enforces, found by a real probe run. `backend` is absent when nothing can be enforced. */
export const EnforcementReport = z.object({
  platform: z.string(),
  backend: Backend.optional(),
  supervisor: z
    .enum(["native", "python"])
    .optional()
    .describe("Which of the two programs that do the same holds the limits of runs; absent where neither does."),
  mechanisms: z.array(Enforcement),
  others: z
    .array(z.object({ backend: Backend, available: z.boolean(), about: z.string() }))
    .optional()
    .describe("The other backends: whether they may be chosen here. They were not tried out."),
});
export type EnforcementReport = z.infer<typeof EnforcementReport>;
