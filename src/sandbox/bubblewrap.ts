import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { fail, ok, type Result, type SandboxConfig } from "../model/index.ts";
import type { PreparedRun, SandboxBackend, SupervisedCommand } from "./backend.ts";
import { cgroupPart } from "./cgroup/start.ts";
import { RELAY_PORT, SANDBOX_HOME } from "./environment.ts";
import type { Helper, HelperName, HelperSource } from "./helper-code.ts";
import { pathRules } from "./landlock.ts";
import { checkFolder, checkWords, planOnLinux } from "./linux-run.ts";
import { locateKept, type Mount, type SystemPath, systemPaths } from "./mounts.ts";
import { SITE_FOLDER, siteCustomize } from "./python-start.ts";
import { compileFilter, encodeFilter } from "./seccomp.ts";
import { helperOptions } from "./supervisor-options.ts";
import { gateOptions, NAMING_CALLS } from "./syscalls.ts";

const BWRAP_PATHS = ["/usr/bin/bwrap", "/usr/local/bin/bwrap"];
const BWRAP_MISSING = "bubblewrap is not installed. Install it: apt-get install bubblewrap";
const MEBIBYTE = 1024 * 1024;

/** The folder of the supervisor's program inside. */
const HELPER_FOLDER = "/run/toka";
/** The proxy's socket inside. */
const PROXY_SOCKET = `${HELPER_FOLDER}/proxy`;

/** The pipe of an observed run inside. */
const OBSERVATION_PIPE = `${HELPER_FOLDER}/observed`;

/** Descriptors of the bwrap process: the supervisor's events are on 3. */
const ARGUMENTS_FD = 4;
const SECCOMP_FD = 5;
const HELPER_FD = 6;
const SITE_FD = 7;
const CGROUP_FD = 8;

const NAMESPACE_OPTIONS = {
  user: "--unshare-user",
  pid: "--unshare-pid",
  mount: undefined, // bwrap always makes one
  ipc: "--unshare-ipc",
  uts: "--unshare-uts",
  net: "--unshare-net",
  cgroup: "--unshare-cgroup",
} as const;

/** What {@link compileArguments} needs besides the policy; all looked up before. */
export interface BubblewrapPlan {
  readonly system: readonly SystemPath[];
  readonly mounts: readonly Mount[];
  /** Files of /proc that tell the machine's root too much. */
  readonly hiddenProc: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The file name of the supervisor's program; its bytes are read from {@link HELPER_FD}. */
  readonly helperName: "helper" | "helper.py" | "helper.pyc";
  readonly proxySocket?: string;
  readonly observationPipe?: string;
}

/** The places where a command may write without leaving anything behind. */
const TEMPORARY_FOLDERS = ["/tmp", "/dev/shm", SANDBOX_HOME] as const;

/**
 * The options of bwrap for a policy, without the command. Namespaces are unshared or bwrap fails; the tree is an empty
 * tmpfs with the system's folders and the policy's paths mounted in, a folder before what lies in it.
 */
export function compileArguments(config: SandboxConfig, plan: BubblewrapPlan): string[] {
  // More than the limit, so that the supervisor sees a fast writer pass it and names the reason.
  const size = String(Math.min(config.diskBytes, config.memoryBytes) + 8 * MEBIBYTE);
  return [
    ...config.namespaces.flatMap((namespace) => NAMESPACE_OPTIONS[namespace] ?? []),
    "--die-with-parent",
    "--new-session",
    "--as-pid-1",
    // As root, bwrap would otherwise leave the command every capability inside its user namespace.
    ...["--cap-drop", "ALL"],
    ...["--hostname", "sandbox"],
    "--clearenv",
    ...Object.entries(plan.environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ...plan.system.flatMap(({ path, link }) => (link ? ["--symlink", link, path] : ["--ro-bind", path, path])),
    ...["--proc", "/proc"],
    ...["--dev", "/dev"],
    ...TEMPORARY_FOLDERS.flatMap((path) => ["--size", size, "--tmpfs", path]),
    ...["--perms", plan.helperName === "helper" ? "0555" : "0444"],
    ...["--file", String(HELPER_FD), `${HELPER_FOLDER}/${plan.helperName}`],
    ...["--perms", "0444", "--file", String(SITE_FD), `${SITE_FOLDER}/sitecustomize.py`],
    ...plan.mounts.flatMap(mountOptions),
    ...(plan.proxySocket ? ["--ro-bind", plan.proxySocket, PROXY_SOCKET] : []),
    // A read-only mount does not keep from writing to a pipe, only from changing its name and mode.
    ...(plan.observationPipe ? ["--ro-bind", plan.observationPipe, OBSERVATION_PIPE] : []),
    ...plan.hiddenProc.flatMap((name) => ["--ro-bind", "/dev/null", `/proc/${name}`]),
    // Under root, /proc/sys and /proc/sysrq-trigger ask for the user's number only, not for a capability.
    ...["--remount-ro", "/proc"],
    ...["--remount-ro", "/dev"],
    ...["--remount-ro", "/"],
    ...["--chdir", plan.cwd],
    ...["--seccomp", String(SECCOMP_FD)],
  ];
}

function mountOptions(mount: Mount): string[] {
  switch (mount.access) {
    case "read":
      return ["--ro-bind", mount.source, mount.path];
    case "write":
      return ["--bind", mount.source, mount.path];
    case "hidden-file":
      return ["--ro-bind", "/dev/null", mount.path];
    case "hidden-folder":
      return ["--perms", "0000", "--tmpfs", mount.path, "--remount-ro", mount.path];
  }
}

/** Tier A: all namespaces by the system's bubblewrap, the supervisor as pid 1 inside. */
export class BubblewrapBackend implements SandboxBackend {
  readonly name = "bwrap";
  readonly isolates = true;
  readonly reachesHosts = true;
  readonly #helper: HelperSource;
  #machine: Promise<Machine> | undefined;

  constructor(helper: HelperSource) {
    this.#helper = helper;
  }

  supervisor(): Promise<HelperName> {
    return this.#helper.name();
  }

  async missing(): Promise<string | undefined> {
    if (process.platform !== "linux") return "Namespaces are a part of Linux.";
    return (await findBwrap()) === undefined ? BWRAP_MISSING : undefined;
  }

  async command(run: PreparedRun): Promise<Result<SupervisedCommand>> {
    const planned = await planOnLinux(run);
    if (!planned.ok) return planned;
    const { architecture, writable, mounts } = planned.value;
    this.#machine ??= examineMachine();
    const { bwrap, system, hiddenProc } = await this.#machine;
    if (bwrap === undefined) {
      this.#machine = undefined; // it may be installed later
      return fail("bwrap-missing", BWRAP_MISSING);
    }
    const starts = checkFolder(run.cwd, [...mounts, ...system, ...TEMPORARY_FOLDERS.map((path) => ({ path }))]);
    if (!starts.ok) return starts;
    const found = await this.#helper.helperFor(run);
    if (!found.ok) return found;
    const helper = insideOf(found.value);
    const options = compileArguments(run.config, {
      system,
      hiddenProc,
      mounts,
      environment: run.environment,
      cwd: run.cwd,
      helperName: helper.name,
      ...(run.proxySocket ? { proxySocket: run.proxySocket } : {}),
      ...(run.observationPipe ? { observationPipe: run.observationPipe } : {}),
    });
    const words = checkWords([...options, ...run.command]);
    if (!words.ok) return words;
    const kept = await locateKept(run.config.keptPaths, mounts);
    const rules = kept.length > 0 ? (await pathRules(mounts, kept)).write : writable;
    const cgroup = cgroupPart(run, CGROUP_FD);
    const supervised = [
      ...helperOptions(run, writable, { rules, paths: kept }),
      ...cgroup.options,
      ...TEMPORARY_FOLDERS.map((path) => `tmpfs=${path}`),
      ...(run.observationPipe ? [`write=${OBSERVATION_PIPE}`] : []),
      ...(run.proxySocket ? [`relay=${RELAY_PORT}:${PROXY_SOCKET}`] : []),
      // Not the calls that start tasks: one that waits to be judged can be interrupted, and then `sh` cannot fork. Here
      // the watch ends a fork bomb at one moment.
      ...(kept.length > 0 ? gateOptions(NAMING_CALLS, architecture) : []),
    ];
    return ok({
      ...cgroup.command,
      file: bwrap,
      arguments: [
        ...["--args", String(ARGUMENTS_FD), "--", ...helper.interpreter, `${HELPER_FOLDER}/${helper.name}`],
        ...[...supervised, "--", ...run.command],
      ],
      // Through a descriptor, so that other users of the machine see neither the paths nor the environment.
      descriptors: [
        new TextEncoder().encode(options.map((option) => `${option}\0`).join("")),
        encodeFilter(compileFilter(run.config.syscalls, architecture)),
        helper.bytes,
        new TextEncoder().encode(
          siteCustomize(SITE_FOLDER, "system", {
            observed: run.observationPipe && OBSERVATION_PIPE,
            waiting: run.waiting?.token,
          }),
        ),
      ],
    });
  }
}

/** The supervisor's program as a file of the sandbox, and what runs it. */
function insideOf(helper: Helper): {
  readonly name: BubblewrapPlan["helperName"];
  readonly bytes: Uint8Array;
  readonly interpreter: readonly string[];
} {
  if (helper.kind === "native") return { name: "helper", bytes: helper.bytes, interpreter: [] };
  return { ...helper.code, interpreter: [helper.python, "-I", "-S"] };
}

/** Files of /proc that root reads without any capability; for others the kernel refuses them itself. */
const ROOT_ONLY_PROC = ["keys", "kpagecgroup", "kpagecount", "kpageflags"];

/** What does not change while the machine runs. */
interface Machine {
  readonly bwrap: string | undefined;
  readonly system: readonly SystemPath[];
  readonly hiddenProc: readonly string[];
}

async function examineMachine(): Promise<Machine> {
  const [bwrap, system, hiddenProc] = await Promise.all([findBwrap(), systemPaths(), rootOnlyProc()]);
  return { bwrap, system, hiddenProc };
}

async function rootOnlyProc(): Promise<string[]> {
  if (process.getuid?.() !== 0) return [];
  const found = await Promise.all(ROOT_ONLY_PROC.map((name) => can(`/proc/${name}`, constants.F_OK)));
  return ROOT_ONLY_PROC.filter((_, index) => found[index]);
}

async function findBwrap(): Promise<string | undefined> {
  for (const path of BWRAP_PATHS) if (await can(path, constants.X_OK)) return path;
  return undefined;
}

async function can(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
