import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join, win32 } from "node:path";
import * as z from "zod";
import { fail, ok, parseBoundary, type Result, type SandboxConfig, type Usage } from "../../model/index.ts";
import type { PreparedRun, SandboxBackend, WatchedCommand } from "../backend.ts";
import { SITE_FOLDER, siteCustomize } from "../python-start.ts";
import { JOB_FAILED, JOB_SCRIPT } from "./job-script.ts";
import { watchedLimits } from "./limited.ts";

/** What the script writes when the command has ended. The command could write it, too: nothing isolates here. */
const JobReport = z.object({
  cpuMs: z.number().nonnegative(),
  peakMemoryBytes: z.number().nonnegative(),
  writtenBytes: z.number().nonnegative(),
});

/** Everything that {@link compileJob} needs besides the policy. */
export interface JobPlan {
  /** The folder of Windows, such as `C:\Windows`. */
  readonly systemRoot: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly report: string;
  /** Processors of the machine: the job's share is one of all of them. */
  readonly processors: number;
}

/**
 * One command line of Windows for an argv, so that `CommandLineToArgvW` and the C library read the same words again:
 * backslashes count only before a quotation mark, where each needs another.
 */
export function quoteCommandLine(argv: readonly string[]): string {
  return argv
    .map((word) => {
      if (/^[^\s"]+$/.test(word)) return word;
      const doubled = word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1");
      return `"${doubled}"`;
    })
    .join(" ");
}

/** The call that holds a policy by a Job Object: PowerShell by its absolute path, its script encoded, its settings beside. */
export function compileJob(
  config: SandboxConfig,
  plan: JobPlan,
): Pick<WatchedCommand, "file" | "arguments" | "environment"> {
  const settings = {
    command: quoteCommandLine(plan.command),
    folder: plan.cwd,
    // The system wants a sorted block.
    environment: Object.entries(plan.environment)
      .map(([name, value]) => `${name}=${value}`)
      .toSorted((a, b) => (a.toUpperCase() < b.toUpperCase() ? -1 : 1)),
    memory: config.memoryBytes,
    processes: config.processes,
    // Of 10 000 for all processors.
    rate: Math.max(1, Math.min(10_000, Math.round((config.cpuPercent * 100) / plan.processors))),
    report: plan.report,
  };
  return {
    file: win32.join(plan.systemRoot, "System32", "WindowsPowerShell", "v1.0", "powershell.exe"),
    arguments: [
      ...["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass"],
      ...["-EncodedCommand", Buffer.from(JOB_SCRIPT, "utf16le").toString("base64")],
    ],
    environment: { SystemRoot: plan.systemRoot, TOKA_JOB: JSON.stringify(settings) },
  };
}

/**
 * Windows: a Job Object limits memory, processes and processor share and ends everything together; time and output are
 * limited from here. Files, network and other programs stay within reach, so that every run needs consent.
 */
export class JobBackend implements SandboxBackend {
  readonly name = "job";
  readonly isolates = false;
  readonly reachesHosts = false;

  async missing(): Promise<string | undefined> {
    if (process.platform === "win32") return undefined;
    return `Job Objects are a part of Windows. Not verified on this machine (${process.platform}/${process.arch}).`;
  }

  async command(run: PreparedRun): Promise<Result<WatchedCommand>> {
    const missing = await this.missing();
    if (missing !== undefined) return fail("platform-unsupported", missing);
    if ([...run.command, run.cwd].some((word) => word.includes("\0"))) {
      return fail("nul-byte", "A command, path or environment variable contains a NUL character.");
    }
    const systemRoot = process.env["SystemRoot"] ?? "C:\\Windows";
    const folder = await mkdtemp(join(tmpdir(), "toka-run-"));
    const [temporary, home, site] = [join(folder, "tmp"), join(folder, "home"), join(folder, "python")];
    const report = join(folder, "usage.json");
    await Promise.all([temporary, home, site].map((path) => mkdir(path)));
    await writeFile(join(site, "sitecustomize.py"), siteCustomize(site, "system"));
    const { PYTHONPATH = "", XDG_CACHE_HOME: _none, HOME: _posix, ...rest } = run.environment;
    const python = run.interpreter === undefined ? [] : [win32.dirname(run.interpreter.executable)];
    const environment = {
      ...rest,
      SystemRoot: systemRoot,
      PATH: [...python, win32.join(systemRoot, "System32"), systemRoot].join(";"),
      USERPROFILE: home,
      TEMP: temporary,
      TMP: temporary,
      TMPDIR: temporary,
      PYTHONUTF8: "1",
      // The policy's own entries, if any, follow the folder of the sandbox, in the form of this system already.
      PYTHONPATH: PYTHONPATH.replace(`${SITE_FOLDER}:`, `${site};`).replace(SITE_FOLDER, site),
    };
    const plan = { systemRoot, command: run.command, cwd: run.cwd, environment, report, processors: cpus().length };
    return ok({
      ...compileJob(run.config, plan),
      cwd: run.cwd,
      limits: watchedLimits(run.config),
      watchesProcesses: false,
      readUsage: () => readReport(report),
      launcherFailed: (code) => code === JOB_FAILED,
      cleanUp: () => rm(folder, { recursive: true, force: true }),
    });
  }
}

async function readReport(file: string): Promise<Partial<Usage>> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (!exists) return {}; // the run was ended before the job could tell
  const text = await readFile(file, "utf8");
  try {
    const report = parseBoundary(JobReport, JSON.parse(text), "job report");
    return report.ok ? report.value : {};
  } catch {
    return {}; // whoever wrote this was not the script: then nothing is known
  }
}
