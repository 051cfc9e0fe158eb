import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { Backend, ExitStatus, type Limits, type SandboxConfig, type SandboxEvent } from "../../src/model/index.ts";
import {
  compileConfig,
  Sandbox,
  type SandboxOptions,
  type SandboxOutcome,
  type SandboxRequest,
} from "../../src/sandbox/index.ts";
import { nativeHelper, PYTHON_HELPER } from "../support/native-helper.ts";

/**
 * Why no sandbox can run here, or nothing. Asked of bubblewrap itself: where it works, our sandbox has to, so that a
 * broken sandbox fails the tests instead of skipping them.
 */
export async function missingMechanism(): Promise<string | undefined> {
  const options = ["--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "--proc", "/proc", "/bin/true"];
  try {
    await promisify(execFile)("bwrap", options);
    return undefined;
  } catch (error) {
    const reason = `bubblewrap does not run on this machine: ${error instanceof Error ? error.message : String(error)}`;
    process.stderr.write(`\n!!! SKIPPED, NOT PASSED: the sandbox tests. ${reason}\n\n`);
    return reason;
  }
}

const Tier = Backend.extract(["bwrap", "landlock"]);

/** The ways of holding a policy; TOKA_TEST_BACKEND names one of them. */
export const TIERS: readonly z.infer<typeof Tier>[] = process.env["TOKA_TEST_BACKEND"]
  ? [Tier.parse(process.env["TOKA_TEST_BACKEND"])]
  : ["bwrap", "landlock"];

const NATIVE_HELPER = await nativeHelper();

const Helper = z.enum(["native", "python"]);

/** The programs that supervise; TOKA_TEST_HELPER names one of them. What compares no two of them is tried with the first. */
const HELPERS: readonly z.infer<typeof Helper>[] = process.env["TOKA_TEST_HELPER"]
  ? [Helper.parse(process.env["TOKA_TEST_HELPER"])]
  : NATIVE_HELPER === undefined
    ? ["python"]
    : ["native", "python"];

/** Where a supervisor lies, and which. */
function helperAt(helper: z.infer<typeof Helper>): Pick<SandboxOptions, "helperPath" | "helper"> {
  return { helperPath: (helper === "native" ? NATIVE_HELPER : undefined) ?? PYTHON_HELPER, helper };
}

const [FIRST_HELPER = "python"] = HELPERS;
/** The supervisor of tests that are not run with both. */
export const HELPER = helperAt(FIRST_HELPER);

/** Every way of holding a policy with every program that supervises. */
export const WAYS = TIERS.flatMap((backend) =>
  HELPERS.map((helper) => ({ name: `${backend}, ${helper}`, backend, options: { backend, ...helperAt(helper) } })),
);

export interface Seen extends SandboxOutcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: number;
  readonly events: readonly SandboxEvent[];
}

export interface RunWish extends Partial<Omit<SandboxRequest, "config">> {
  readonly limits?: Partial<Limits>;
  readonly policy?: Partial<SandboxConfig>;
  readonly signal?: AbortSignal;
  readonly onStdout?: (chunk: Uint8Array) => void | Promise<void>;
}

/** The variables by which `sandbox-child.ts` takes the same way. */
export function childEnvironment({ backend, helperPath }: (typeof WAYS)[number]["options"]): Record<string, string> {
  return { TOKA_TEST_BACKEND: backend, TOKA_TEST_HELPER_PATH: helperPath };
}

/** A workspace of its own under the temporary folder, and a sandbox to run things in it. */
export class Bench {
  readonly sandbox: Sandbox;
  readonly root: string;
  readonly workspace: string;
  readonly results: string;

  private constructor(root: string, options: Partial<SandboxOptions>) {
    this.sandbox = new Sandbox({ ...HELPER, ...options });
    this.root = root;
    this.workspace = join(root, "workspace");
    this.results = join(root, "results");
  }

  static async create(options: Partial<SandboxOptions> = {}): Promise<Bench> {
    const root = await realpath(await mkdtemp(join(tmpdir(), "toka-sandbox-test-")));
    const backend = Backend.optional().parse(process.env["TOKA_TEST_BACKEND"]) ?? "auto";
    const bench = new Bench(root, { backend, ...options });
    await mkdir(bench.workspace);
    await mkdir(bench.results);
    return bench;
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }

  /** Runs a Python program, given as source text, with arguments. */
  python(source: string, wish: RunWish = {}, ...rest: string[]): Promise<Seen> {
    return this.run(["python", "-c", source, ...rest], wish);
  }

  async run(argv: readonly string[], wish: RunWish = {}): Promise<Seen> {
    const { limits, policy, signal, onStdout, ...request } = wish;
    const config = compileConfig({ category: "analysis", workspace: this.workspace, ...(limits ? { limits } : {}) });
    const stdout: Uint8Array[] = [];
    const stderr: Uint8Array[] = [];
    const events: SandboxEvent[] = [];
    const outcome = await this.sandbox.run(
      { cwd: this.workspace, environment: process.env, ...request, argv, config: { ...config, ...policy } },
      {
        signal: signal ?? new AbortController().signal,
        onStdout: onStdout ?? ((chunk) => void stdout.push(chunk)),
        onStderr: (chunk) => void stderr.push(chunk),
        onEvent: (event) => void events.push(event),
      },
    );
    const printed = Buffer.concat(stdout);
    return {
      ...outcome,
      stdout: printed.toString("utf8"),
      stdoutBytes: printed.length,
      stderr: Buffer.concat(stderr).toString("utf8"),
      events,
    };
  }
}

/** Processes of the host whose command line contains a text; what a run left behind is seen here, wherever it hid. */
export async function processesWith(marker: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return pids.filter((_, index) => lines[index]?.includes(marker));
}

/** Whether the kernel is of this version or a later one. */
export function hasLinux(major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = release().split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** A text that occurs in no other command line. */
export function uniqueMarker(): string {
  return `marker-${process.pid}-${Math.random().toString(36).slice(2)}`;
}

/** Waits until something holds, looking often; false when it does not within the time. */
export async function eventually(holds: () => Promise<boolean>, milliseconds = 5_000): Promise<boolean> {
  const end = Date.now() + milliseconds;
  while (Date.now() < end) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return holds();
}

/** What `sandbox-child.ts` prints last. */
export const SandboxOutcomeLine = z.object({ exit: ExitStatus, stdout: z.string(), backend: Backend.optional() });
