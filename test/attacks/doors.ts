import { execFileSync, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { TerminalSanitizer } from "../../src/kernel/terminal.ts";
import { compileConfig, Sandbox, type SandboxOptions } from "../../src/sandbox/index.ts";
import { type Door, MEMORY_LIMIT, type Seen, type Setting } from "./attack.ts";
import type { Host } from "./host.ts";
import { PRELUDE } from "./prelude.ts";
import { Stage } from "./stage.ts";
import { eventually } from "./wait.ts";
import { processesWith, Watch } from "./watch.ts";

/** The program that supervises, and where it lies. */
export type Supervisor = Pick<SandboxOptions, "helperPath" | "helper">;

const TIME_MS = 10_000;
/** How long a run's last process may take to go after the run's end. */
const GRACE_MS = 5_000;
/** The same for a plain run, of which something may well be left. */
const PLAIN_GRACE_MS = 200;
/** What was sent at last needs a moment to arrive. */
const ARRIVAL_MS = 40;
/** A plain run has no limits of its own: it is ended well past those that the sandbox would have held. */
const PLAIN_TIME_FACTOR = 2.5;
/** So many times in a row a process has to be out of sight before it counts as gone. */
const LOOKS = 4;
const KEPT_BYTES = 4 << 20;
/** An attack's program where it is a file of the workspace. */
const PROGRAM = "program.py";
/** What it holds. Processes that multiprocessing starts anew read it, too: they are not to begin another attack. */
const AS_FILE = `if __name__ == "__main__":\n    exec(${JSON.stringify(PRELUDE)}, globals())\n`;

interface Outcome {
  readonly reason: string;
  readonly message: string;
  readonly code: number | undefined;
  /** Where more was done than the run itself. */
  readonly wallMs?: number;
  /** By the supervisor's clock. */
  readonly usedMs: number;
}

class Printed {
  #parts: Uint8Array[] = [];
  #kept = 0;
  bytes = 0;

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    if (this.#kept < KEPT_BYTES) this.#parts.push(chunk);
    this.#kept += chunk.length;
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString("utf8");
  }
}

/** Runs programs in one way, on a stage of their own each. */
export class Runs {
  readonly #door: Door;
  readonly #root: string;
  readonly #host: Host;
  readonly #sandbox: Sandbox | undefined;
  readonly #isWarm: boolean = false;
  #number = 0;

  constructor(door: Door, root: string, host: Host, supervisor: Supervisor) {
    this.#door = door;
    this.#root = root;
    this.#host = host;
    if (door === "plain") return;
    this.#isWarm = door === "warm-bwrap" || door === "warm-landlock";
    const backend = door === "bwrap" || door === "warm-bwrap" ? "bwrap" : "landlock";
    this.#sandbox = new Sandbox({ ...supervisor, backend, warm: { ready: this.#isWarm ? 1 : 0 } });
  }

  /** Runs a program and hands what was seen to `judge` before the stage is taken down. */
  async run<T>(body: string, setting: Setting, judge: (seen: Seen, stage: Stage) => Promise<T>): Promise<T> {
    const marker = `attack-${process.pid}-${this.#door}-${++this.#number}`;
    const stage = new Stage(this.#root, this.#host);
    const temporary = new Set(readdirSync(tmpdir()));
    try {
      if (setting.inheritSecret) stage.openSecret();
      if (setting.victim) await stage.startVictim();
      await setting.before?.(stage);
      await this.#host.settle();
      if (this.#isWarm) stage.plant(join(stage.workspace, PROGRAM), AS_FILE);
      stage.remember();
      return await judge(await this.#observe(marker, body, setting, stage, temporary), stage);
    } finally {
      for (const pid of processesWith(marker)) end(pid);
      for (const name of leftIn(temporary)) removeTree(join(tmpdir(), name));
      await stage.remove();
    }
  }

  /** @param temporary what lay in the temporary folder before */
  async #observe(
    marker: string,
    body: string,
    setting: Setting,
    stage: Stage,
    temporary: ReadonlySet<string>,
  ): Promise<Seen> {
    const over = new AbortController();
    const witness = setting.during?.(stage, over.signal);
    const watch = new Watch(marker);
    const printed = { stdout: new Printed(), stderr: new Printed() };
    const started = performance.now();
    const argv = [
      "python3",
      // One that waits has no words of the attack on its command line yet, and from Python 3.13 on `-c` starts cold.
      ...(this.#isWarm ? ["-X", marker, join(stage.workspace, PROGRAM)] : ["-c", PRELUDE]),
      JSON.stringify({ ...stage.facts, body, plain: this.#door === "plain" }),
      marker,
    ];
    const run =
      this.#sandbox === undefined
        ? this.#plain(argv, setting, stage, printed)
        : this.#sandboxed(this.#sandbox, argv, setting, stage, printed, watch);
    const outcome = await run;
    watch.look();
    const wallMs = performance.now() - started;
    watch.stop();
    over.abort();
    await pause(ARRIVAL_MS);
    const survivors = await survivorsOf(marker, this.#sandbox ? GRACE_MS : PLAIN_GRACE_MS);
    // Through the door by which output comes to people.
    const sanitizer = new TerminalSanitizer();
    const { text } = printed.stdout;
    return {
      door: this.#door,
      stdout: this.#sandbox ? sanitizer.push(text) : text,
      stderr: printed.stderr.text,
      printedBytes: printed.stdout.bytes + printed.stderr.bytes,
      wallMs,
      ...outcome,
      ...{ peakMemory: watch.peakMemory, peakTasks: watch.peakTasks, cpuSeconds: watch.cpuSeconds },
      survivors,
      leftovers: leftIn(temporary),
      witness: await witness,
    };
  }

  async #sandboxed(
    sandbox: Sandbox,
    argv: readonly string[],
    setting: Setting,
    stage: Stage,
    printed: { stdout: Printed; stderr: Printed },
    watch: Watch,
  ): Promise<Outcome> {
    const { environment = [], ...limits } = setting.limits ?? {};
    const config = compileConfig({
      category: "analysis",
      workspace: stage.workspace,
      limits: { memoryBytes: MEMORY_LIMIT * 2, timeMs: TIME_MS, ...limits },
      writablePaths: setting.writable?.(stage) ?? [],
      forbiddenPaths: setting.forbidden?.(stage) ?? [],
      hosts: setting.hosts ?? [],
      environment,
    });
    const request = {
      cwd: stage.workspace,
      config: { ...config, cpuPercent: setting.limits?.cpuPercent ?? 100 },
      resultFolder: stage.results,
      spareFolders: { make: () => stage.results, discard: () => undefined },
      environment: callerEnvironment(setting, stage),
    };
    const input = (): PassThrough | "none" => (setting.openInput ? new PassThrough() : "none");
    const options = { signal: new AbortController().signal, onEvent: () => undefined };
    if (this.#isWarm) {
      sandbox.keepReady(1);
      const quiet = { onStdout: () => undefined, onStderr: () => undefined };
      const stdin = setting.openInput ? new PassThrough().end() : "none";
      await sandbox.run({ ...request, argv: [...argv.slice(0, 3), "-c", ""], stdin }, { ...options, ...quiet });
      await sandbox.ready();
      watch.begin();
    }
    const begun = performance.now();
    const { exit, usage, warm } = await sandbox.run(
      { ...request, argv, stdin: input() },
      {
        ...options,
        onStdout: (chunk) => printed.stdout.push(chunk),
        onStderr: (chunk) => printed.stderr.push(chunk),
      },
    );
    const wallMs = performance.now() - begun;
    await sandbox.dispose();
    // Runs that may reach hosts always start cold, and those whose interpreter prints or fails at its start.
    const mayBeCold = setting.hosts !== undefined || environment.includes("PYTHONPATH");
    if (this.#isWarm && warm !== true && !mayBeCold) {
      return {
        reason: "sandbox-error",
        message: `it did not start warm: ${exit.message ?? exit.reason}`,
        code: undefined,
        usedMs: 0,
      };
    }
    return { reason: exit.reason, message: exit.message ?? "", code: exit.code, wallMs, usedMs: usage.wallMs };
  }

  async #plain(
    [file = "", ...rest]: readonly string[],
    setting: Setting,
    stage: Stage,
    printed: { stdout: Printed; stderr: Printed },
  ): Promise<Outcome> {
    const child = spawn(file, rest, {
      cwd: stage.workspace,
      env: { ...callerEnvironment(setting, stage), TOKA_RESULTS: stage.results },
      stdio: [
        setting.openInput ? "pipe" : "ignore",
        "pipe",
        "pipe",
        ...(setting.inheritSecret ? [stage.openSecret()] : []),
      ],
      detached: true,
    });
    child.stdout?.on("data", (chunk) => printed.stdout.push(chunk));
    child.stderr?.on("data", (chunk) => printed.stderr.push(chunk));
    const closed = new Promise<number | undefined>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code ?? undefined));
    });
    const late = new AbortController();
    const code = await Promise.race([
      closed,
      pause((setting.limits?.timeMs ?? TIME_MS) * PLAIN_TIME_FACTOR, "late" as const, { signal: late.signal }).catch(
        () => "late" as const,
      ),
    ]);
    late.abort();
    if (code !== "late") return { reason: code === 0 ? "ok" : "failed", message: "", code, usedMs: 0 };
    child.kill("SIGKILL");
    await closed;
    return { reason: "ended by the suite", message: "", code: undefined, usedMs: 0 };
  }
}

/** What an editor's environment looks like, with secrets in it. */
function callerEnvironment(setting: Setting, stage: Stage): NodeJS.ProcessEnv {
  const { run } = stage.facts as { run: string };
  return {
    PATH: process.env["PATH"],
    LANG: "C.UTF-8",
    HOME: stage.home,
    TMPDIR: tmpdir(),
    API_TOKEN: stage.secret,
    AWS_SECRET_ACCESS_KEY: stage.secret,
    SSH_AUTH_SOCK: `${run}/agent.sock`,
    DOCKER_HOST: `unix://${run}/docker.sock`,
    VSCODE_IPC_HOOK_CLI: `${run}/editor.sock`,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${run}/bus.sock`,
    DISPLAY: ":7",
    ...setting.environment?.(stage),
  };
}

/** Processes that are there although the run is over. Who forks and ends again and again is not in sight at every look. */
async function survivorsOf(marker: string, milliseconds: number): Promise<string[]> {
  let seen: string[] = [];
  let absent = 0;
  const gone = (): boolean => {
    const now = processesWith(marker);
    seen = now.length > 0 ? now : seen;
    absent = now.length > 0 ? 0 : absent + 1;
    return absent >= LOOKS;
  };
  return (await eventually(gone, milliseconds)) ? [] : seen;
}

/** What runs left in the machine's temporary folder. */
function leftIn(before: ReadonlySet<string>): string[] {
  return readdirSync(tmpdir()).filter((name) => !before.has(name) && /toka-run|attack/.test(name));
}

/** Removes what an attack made to resist that: folders without rights, and paths longer than the system takes. */
function removeTree(path: string): void {
  execFileSync("chmod", ["-R", "u+rwx", path]);
  execFileSync("rm", ["-rf", path]);
}

/** Ends one process that a run left; by its number, which was just looked up by the run's own marker. */
function end(pid: string): void {
  try {
    process.kill(Number(pid), "SIGKILL");
  } catch {
    // It has ended since.
  }
}
