import { realpath } from "node:fs/promises";
import { fail, ok, type Result } from "../../model/index.ts";
import type { PreparedRun, SandboxBackend, WatchedCommand } from "../backend.ts";
import { environmentIn, makeScratch } from "../landlock.ts";
import { planMounts } from "../mounts.ts";
import { isInside } from "../paths.ts";
import { LIMITED_OWN_PROCESSES, limitedCommand, watchedLimits } from "./limited.ts";

const SANDBOX_EXEC = "/usr/bin/sandbox-exec";

/** Programs, libraries and data of the system, and where Homebrew and Apple's tools put theirs. */
const SYSTEM = [
  "/bin",
  "/sbin",
  "/usr",
  "/System",
  "/Library/Apple",
  "/Library/Developer/CommandLineTools",
  "/Library/Frameworks",
  "/opt/homebrew",
  "/Applications/Xcode.app/Contents/Developer",
  "/private/etc/localtime",
  "/private/etc/hosts",
  "/private/etc/passwd",
  "/private/etc/services",
  "/private/etc/ssl",
  "/private/var/db/timezone",
];

/** Kernel parameters and services without which no program starts or knows its user; none reaches another program. */
const SERVICES = [
  "com.apple.system.logger",
  "com.apple.system.notification_center",
  "com.apple.system.opendirectoryd.libinfo",
  "com.apple.trustd.agent",
];

const DEVICES = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/dtracehelper", "/dev/tty"];

/** What a profile allows. All paths absolute and real. */
export interface SeatbeltPlan {
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  /** Wins over all that is allowed. */
  readonly forbidden: readonly string[];
}

/** A string of the profile language, a dialect of Scheme. */
function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** A file or folder with all below it. */
function tree(path: string): string {
  return `(subpath ${quoted(path)})`;
}

/**
 * The profile for `sandbox-exec`: everything is denied that is not named, of several rules that fit the last one holds, and
 * whatever the command starts is under it, too. There is no network for anyone, and nothing that belongs to the machine's
 * own user interface can be spoken to.
 */
export function compileProfile(plan: SeatbeltPlan): string {
  const reading = [...SYSTEM, ...plan.readable, ...plan.writable].map(tree);
  return [
    "(version 1)",
    "(deny default)",
    "(allow process-exec process-fork)",
    "(allow signal process-info* (target same-sandbox))",
    "(allow sysctl-read)",
    `(allow mach-lookup ${SERVICES.map((name) => `(global-name ${quoted(name)})`).join(" ")})`,
    // Names and sizes of files can be found out, as the way to every allowed path leads through its folders.
    "(allow file-read-metadata)",
    '(allow file-read* (literal "/"))',
    `(allow file-read* ${reading.join(" ")})`,
    `(allow file-read* file-write-data file-ioctl ${DEVICES.map((path) => `(literal ${quoted(path)})`).join(" ")})`,
    ...(plan.writable.length > 0 ? [`(allow file-write* ${plan.writable.map(tree).join(" ")})`] : []),
    "(deny file-write-setugid)",
    ...(plan.forbidden.length > 0
      ? [`(deny file-read* file-write* process-exec ${plan.forbidden.map(tree).join(" ")})`]
      : []),
    "(deny network*)",
    "",
  ].join("\n");
}

/** macOS: a deny-default profile by `sandbox-exec`, and limits that are watched from outside. */
export class SeatbeltBackend implements SandboxBackend {
  readonly name = "seatbelt";
  readonly isolates = true;
  readonly reachesHosts = false;

  async missing(): Promise<string | undefined> {
    if (process.platform === "darwin") return undefined;
    return `sandbox-exec is a part of macOS. Not verified on this machine (${process.platform}/${process.arch}).`;
  }

  async command(run: PreparedRun): Promise<Result<WatchedCommand>> {
    const missing = await this.missing();
    if (missing !== undefined) return fail("platform-unsupported", missing);
    const { config, resultFolder, interpreter } = run;
    const mounts = await planMounts({
      readable: [...(interpreter?.paths ?? []), ...config.readonlyPaths],
      writable: [...config.writablePaths, ...(resultFolder ? [resultFolder] : [])],
      forbidden: config.forbiddenPaths,
    });
    if (!mounts.ok) return mounts;
    const scratch = makeScratch(run.observationPipe);
    const cwd = run.cwd === "/tmp" ? scratch.temporary : run.cwd;
    const sources = (...kinds: readonly string[]): string[] =>
      mounts.value.filter(({ access }) => kinds.includes(access)).map(({ source }) => source);
    const own = await realpath(scratch.folder);
    const readable = [...sources("read"), own];
    const writable = [
      ...sources("write"),
      ...(await Promise.all([scratch.temporary, scratch.home].map((path) => realpath(path)))),
    ];
    if (scratch.pipe !== undefined) writable.push(await realpath(scratch.pipe));
    const place = await realpath(cwd);
    if (![...readable, ...writable].some((path) => isInside(place, path))) {
      await scratch.remove();
      return fail("cwd-invisible", `The working directory ${run.cwd} is not readable under this policy.`);
    }
    const profile = compileProfile({ readable, writable, forbidden: sources("hidden-file", "hidden-folder") });
    return ok({
      file: SANDBOX_EXEC,
      arguments: ["-p", profile, ...limitedCommand(config, run.command)],
      cwd,
      environment: environmentIn(run.environment, scratch),
      limits: watchedLimits(config),
      watchesProcesses: true,
      ownProcesses: LIMITED_OWN_PROCESSES,
      // EX_USAGE, EX_DATAERR, EX_OSERR of sandbox-exec itself: the profile was refused.
      launcherFailed: (code) => code === 64 || code === 65 || code === 71,
      cleanUp: scratch.remove,
    });
  }
}
