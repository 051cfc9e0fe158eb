import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, Enforcement, Result, SandboxConfig } from "../model/index.ts";
import type { Cgroups } from "./cgroup/cgroups.ts";
import type { CgroupTree } from "./cgroup/tree.ts";
import { compileConfig } from "./compile-config.ts";
import { BUSY_SCRIPT, LIMIT_SCRIPTS, PORTABLE_PROBE_SCRIPT, PROBE_SCRIPT, type ProbedLimit } from "./probe-script.ts";
import type { SandboxOutcome } from "./sandbox.ts";

/** Runs a Python script under a policy; what the probe needs of the sandbox that it probes. */
export type ProbeRun = (
  config: SandboxConfig,
  script: string,
  scriptArguments: readonly string[],
  onStdout: (chunk: Uint8Array) => void,
) => Promise<SandboxOutcome>;

export interface ProbeResult {
  /** Whether the backend came up at all; nothing is enforced otherwise. */
  readonly usable: boolean;
  readonly mechanisms: readonly Enforcement[];
}

const MEBIBYTE = 1024 * 1024;

/** Attempts of the script inside that together show one mechanism. */
interface ProbedMechanism {
  readonly mechanism: string;
  readonly protects: string;
  readonly attempts: readonly string[];
  readonly optional?: string;
}

const CLEAN_ENVIRONMENT: ProbedMechanism = {
  mechanism: "clean environment",
  protects: "secrets in environment variables",
  attempts: ["environment"],
};

const EVERYWHERE: readonly ProbedMechanism[] = [
  { mechanism: "seccomp", protects: "the kernel's attack surface", attempts: ["seccomp", "setuid", "vsock"] },
  { mechanism: "no privileges", protects: "against gaining rights by programs", attempts: ["privileges"] },
  CLEAN_ENVIRONMENT,
];

const TIER_A: readonly ProbedMechanism[] = [
  { mechanism: "pid namespace", protects: "other processes of the machine", attempts: ["pid", "supervisor"] },
  { mechanism: "minimal file tree", protects: "files outside of the allowed paths", attempts: ["invisible"] },
  {
    mechanism: "read-only mounts",
    protects: "the workspace and the system's files",
    attempts: ["read-only", "system"],
  },
  {
    mechanism: "network namespace",
    protects: "the network and the services of this machine",
    attempts: ["internet", "localhost", "abstract"],
  },
  ...EVERYWHERE,
  {
    mechanism: "Landlock",
    protects: "writing outside of the allowed folders, as a second layer under the mounts",
    attempts: ["landlock"],
    optional: "The kernel needs Landlock (Linux 5.13, CONFIG_SECURITY_LANDLOCK); the mounts hold without it.",
  },
];

/** Without namespaces. */
const TIER_B: readonly ProbedMechanism[] = [
  { mechanism: "process tree", protects: "other processes of the machine", attempts: ["signal", "processes"] },
  { mechanism: "Landlock reads", protects: "files outside of the allowed paths", attempts: ["unreadable"] },
  {
    mechanism: "Landlock writes",
    protects: "the workspace and the system's files",
    attempts: ["read-only", "system", "attributes"],
  },
  {
    mechanism: "no sockets",
    protects: "the network and the services of this machine",
    attempts: ["internet", "localhost", "abstract"],
  },
  ...EVERYWHERE,
];

/** By the profile of macOS. */
const SEATBELT: readonly ProbedMechanism[] = [
  { mechanism: "file reads", protects: "files outside of the allowed paths", attempts: ["unreadable"] },
  { mechanism: "file writes", protects: "the workspace and the system's files", attempts: ["read-only", "system"] },
  { mechanism: "no network", protects: "the network and this machine's services", attempts: ["internet", "localhost"] },
  { mechanism: "signals", protects: "other processes of the machine", attempts: ["signal"] },
  CLEAN_ENVIRONMENT,
];

/** Inside a container. */
const CONTAINER: readonly ProbedMechanism[] = [
  { mechanism: "pid namespace", protects: "other processes of the machine", attempts: ["pid"] },
  { mechanism: "file tree of the image", protects: "files outside of the allowed paths", attempts: ["invisible"] },
  { mechanism: "read-only mounts", protects: "the workspace and the image", attempts: ["read-only", "system"] },
  {
    mechanism: "no network",
    protects: "the network and the services of this machine",
    attempts: ["internet", "localhost", "abstract"],
  },
  { mechanism: "seccomp", protects: "the kernel's attack surface", attempts: ["seccomp"] },
  { mechanism: "no privileges", protects: "against gaining rights by programs", attempts: ["privileges"] },
  CLEAN_ENVIRONMENT,
];

/** Where nothing isolates: what is missing is shown by trying it. */
const UNPROTECTED: readonly ProbedMechanism[] = SEATBELT.map((mechanism) =>
  mechanism === CLEAN_ENVIRONMENT ? mechanism : { ...mechanism, optional: "This backend does not isolate." },
);

const ATTEMPTS: Readonly<Record<Backend, readonly ProbedMechanism[]>> = {
  bwrap: TIER_A,
  landlock: TIER_B,
  seatbelt: SEATBELT,
  podman: CONTAINER,
  docker: CONTAINER,
  job: UNPROTECTED,
  none: UNPROTECTED,
};

/** Backends inside of which there is no Linux. */
const PORTABLE: ReadonlySet<Backend> = new Set(["seatbelt", "job", "none"]);

const LIMITS: Readonly<Record<ProbedLimit, { mechanism: string; protects: string }>> = {
  memory: { mechanism: "memory limit", protects: "the machine's memory" },
  timeout: { mechanism: "time limit", protects: "against runs that never end" },
  processes: { mechanism: "process limit", protects: "against fork bombs" },
  "disk-limit": { mechanism: "disk limit", protects: "the disk from being filled" },
  "output-limit": { mechanism: "output limit", protects: "the editor from floods of output" },
};

const CPU_SHARE = "CPU share";
/** What a cgroup with all controllers holds. */
const HELD_BY_CGROUPS: ReadonlySet<string> = new Set([LIMITS.memory.mechanism, LIMITS.processes.mechanism, CPU_SHARE]);

/**
 * Tries every mechanism of a sandbox with real runs.
 * @param cgroups where runs get cgroups of their own, or why they do not; absent where nothing of ours could use them
 */
export async function probeMechanisms(
  backend: Backend,
  run: ProbeRun,
  cgroups: Pick<Cgroups, "tree"> | undefined,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const folder = await mkdtemp(join(tmpdir(), "toka-probe-"));
  const abstract = `toka-probe-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const servers = [createServer(), createServer()] as const;
  try {
    const workspace = join(folder, "workspace");
    await mkdir(workspace);
    const secret = join(folder, "secret");
    await writeFile(secret, "secret");
    const port = await listen(servers[0], { host: "127.0.0.1", port: 0 });
    if (process.platform === "linux") await listen(servers[1], { path: `\0${abstract}` });
    const text: string[] = [];
    const decoder = new TextDecoder();
    const config = compileConfig({ category: "analysis", workspace });
    const script = PORTABLE.has(backend) ? PORTABLE_PROBE_SCRIPT : PROBE_SCRIPT;
    const outcome = await run(config, script, [workspace, secret, String(port), abstract], (chunk) => {
      text.push(decoder.decode(chunk, { stream: true }));
    });
    signal.throwIfAborted();
    const usable = outcome.exit.reason === "ok";
    const advice = usable ? undefined : await adviceFor(outcome.exit.message ?? "");
    const isolation = readAttempts(ATTEMPTS[backend], text.join(""), outcome, advice);
    const limits = usable
      ? await probeLimits(backend, run, workspace)
      : Object.values(LIMITS).map((limit) => missing(limit, outcome, undefined));
    signal.throwIfAborted();
    const kernel = cgroups ? [describeCgroups(await cgroups.tree(), limits, usable)] : [];
    return { usable, mechanisms: [...isolation, ...limits, ...kernel] };
  } finally {
    for (const server of servers) server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function listen(server: Server, where: { host: string; port: number } | { path: string }): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, resolve);
  });
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

function readAttempts(
  mechanisms: readonly ProbedMechanism[],
  text: string,
  outcome: SandboxOutcome,
  advice: string | undefined,
): Enforcement[] {
  const seen = new Map<string, { held: boolean; what: string }>();
  for (const line of text.split("\n")) {
    const [name, held, ...words] = line.split(" ");
    if (name) seen.set(name, { held: held === "1", what: words.join(" ") });
  }
  return mechanisms.map(({ mechanism, protects, attempts, optional }) => {
    const results = attempts.map((name) => ({ name, ...(seen.get(name) ?? { held: false, what: "not tried" }) }));
    const enforced = outcome.exit.reason === "ok" && results.every(({ held }) => held);
    if (outcome.exit.reason !== "ok") return missing({ mechanism, protects }, outcome, advice);
    const probe = results.map(({ name, what }) => `${name}: ${what}`).join("; ");
    const help = enforced
      ? undefined
      : (optional ?? "Please report this machine: the sandbox started, but does not hold.");
    return { mechanism, protects, enforced, probe, ...(help ? { advice: help } : {}) };
  });
}

function missing(
  about: { mechanism: string; protects: string },
  outcome: SandboxOutcome,
  advice: string | undefined,
): Enforcement {
  const probe = `the sandbox could not be started: ${outcome.exit.message ?? outcome.exit.reason}`;
  return { ...about, enforced: false, probe, ...(advice ? { advice } : {}) };
}

async function probeLimits(backend: Backend, run: ProbeRun, workspace: string): Promise<Enforcement[]> {
  const config: SandboxConfig = {
    ...compileConfig({ category: "analysis", workspace }),
    memoryBytes: 64 * MEBIBYTE,
    processes: 16,
    diskBytes: 4 * MEBIBYTE,
    outputBytes: MEBIBYTE,
    timeMs: 10_000,
  };
  const names = Object.keys(LIMIT_SCRIPTS) as ProbedLimit[];
  const limits = names.map(async (name) => {
    const policy = name === "timeout" ? { ...config, timeMs: 100 } : config;
    const { exit, held } = await run(policy, LIMIT_SCRIPTS[name], [], () => undefined);
    const enforced = exit.reason === name;
    const why = enforced || exit.message === undefined ? "" : `: ${exit.message}`;
    const by = holder(backend, held?.some((one) => one === name) === true);
    return limit(LIMITS[name], enforced, by, `a program that passes the limit ended as “${exit.reason}”${why}`);
  });
  return Promise.all([...limits, probeCpuShare(backend, run, config)]);
}

/** 5 % of one core for 800 ms and more: 40 ms, and what is left of the start-up credit, against 800 ms unlimited. */
async function probeCpuShare(backend: Backend, run: ProbeRun, config: SandboxConfig): Promise<Enforcement> {
  const { usage, held } = await run({ ...config, cpuPercent: 5, timeMs: 3_000 }, BUSY_SCRIPT, [], () => undefined);
  const probe = `a busy program got ${Math.round(usage.cpuMs)} ms of CPU in ${Math.round(usage.wallMs)} ms`;
  const enforced = usage.cpuMs > 0 && usage.cpuMs < 0.7 * usage.wallMs;
  const about = { mechanism: CPU_SHARE, protects: "the processor for other programs" };
  return limit(about, enforced, holder(backend, held?.includes("cpu") === true), probe);
}

/** Who held a limit; nothing where no supervisor of ours is, and an engine does it in its own way. */
function holder(backend: Backend, isByKernel: boolean): Enforcement["by"] {
  if (backend !== "bwrap" && backend !== "landlock") return undefined;
  return isByKernel ? "cgroup" : "watch";
}

function limit(
  about: Pick<Enforcement, "mechanism" | "protects">,
  enforced: boolean,
  by: Enforcement["by"],
  probe: string,
): Enforcement {
  return { ...about, enforced, ...(enforced && by !== undefined ? { by } : {}), probe };
}

/** Whether runs had cgroups of their own, and what the kernel held by them in the runs that passed limits. */
function describeCgroups(tree: Result<CgroupTree>, limits: readonly Enforcement[], usable: boolean): Enforcement {
  const about = {
    mechanism: "cgroup v2",
    protects: "memory, processes and processor by the kernel, before the supervisor's watch",
  };
  if (!tree.ok) return { ...about, enforced: false, probe: `not used: ${tree.problem.message}` };
  const { folder, controllers } = tree.value;
  const seen = `runs get their own below ${folder} (${controllers.join(", ")})`;
  if (!usable) return { ...about, enforced: false, probe: `${seen}, but no run could be tried` };
  const missed = limits.filter(({ mechanism, by }) => HELD_BY_CGROUPS.has(mechanism) && by !== "cgroup");
  if (missed.length === 0) return { ...about, enforced: true, probe: `${seen}, and the kernel held the limits` };
  const names = missed.map(({ mechanism }) => mechanism).join(", ");
  const missing = controllers.includes("cpu") ? "" : "; the controller cpu is not delegated to this user";
  return { ...about, enforced: false, probe: `${seen}; the watch alone holds: ${names}${missing}` };
}

/** What a person can do when the sandbox does not come up, by what the kernel's settings say. */
async function adviceFor(complaint: string): Promise<string> {
  if (complaint.includes("bubblewrap is not installed")) return "apt-get install bubblewrap";
  if (complaint.includes("Unknown option")) return "bubblewrap is too old: 0.8 or later is needed";
  if (complaint.includes("Landlock of version")) return "a kernel from Linux 6.2 on, with Landlock enabled";
  if (complaint.includes("Not verified on this machine")) return "choose it on the system that it is for";
  if (complaint.includes("podman") || complaint.includes("docker"))
    return "install and start the engine, and pull the image";
  if (process.platform !== "linux") return "look at the message of the system";
  if ((await setting("kernel/unprivileged_userns_clone")) === "0") return "sysctl kernel.unprivileged_userns_clone=1";
  if ((await setting("user/max_user_namespaces")) === "0") return "sysctl user.max_user_namespaces=10000";
  if ((await setting("kernel/apparmor_restrict_unprivileged_userns")) === "1") {
    return "AppArmor forbids user namespaces: install a profile that allows them for bwrap (bwrap-userns-restrict)";
  }
  return "user namespaces must be allowed here; in a container, its seccomp profile must let unshare and mount pass";
}

async function setting(name: string): Promise<string | undefined> {
  return (await readText(join("/proc/sys", name)))?.trim();
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}
