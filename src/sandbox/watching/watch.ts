import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { execa } from "execa";
import type { ExitReason, ExitStatus, Usage } from "../../model/index.ts";
import type { WatchedCommand } from "../backend.ts";
import { NO_USAGE, type RunHandlers, type SupervisedOutcome } from "../supervise.ts";
import { PS_ARGUMENTS, sampleTree, type TreeSample } from "./process-table.ts";

/** Between two looks at the processes; each is an event for those who watch. */
const LOOK_EVERY_MS = 200;
/** How long streams may stay open once the command is gone: who left its group may hold them. */
const STREAMS_MS = 500;
const PS_PATHS = ["/bin/ps", "/usr/bin/ps"];
const MEBIBYTE = 1024 * 1024;
/** What is kept of the complaints of a launcher that does not come up. */
const COMPLAINT_BYTES = 4_096;

/**
 * Runs a command that no supervisor of ours holds from within, and holds from here what can be held: wall time and output
 * always; memory, the number of processes and the share of the processor by looking at the process table, where the
 * command says so. Between two looks a limit can be passed by much, and who leaves both the process group and its parent
 * is lost: this is less than a supervisor inside.
 */
export async function watchCommand(
  command: WatchedCommand,
  input: Readable | "none",
  handlers: RunHandlers,
  signal: AbortSignal,
): Promise<SupervisedOutcome> {
  const started = performance.now();
  const child = spawn(command.file, command.arguments, {
    cwd: command.cwd,
    env: { ...command.environment },
    detached: process.platform !== "win32",
    windowsHide: true,
    // Descriptor 3 ends when this process does, however it ends.
    stdio: [
      input === "none" ? "ignore" : "pipe",
      "pipe",
      "pipe",
      ...(process.platform === "win32" ? [] : ["pipe" as const]),
    ],
  });
  const exited = new Promise<{ code: number | null; name: NodeJS.Signals | null } | Error>((resolve) => {
    child.once("error", resolve);
    child.once("exit", (code, name) => resolve({ code, name }));
  });
  const { pid, stdin, stdout, stderr } = child;
  const lifeline = child.stdio[3];
  lifeline?.on("error", () => undefined); // whoever waits for its end is gone
  if (pid === undefined || stdout === null || stderr === null) {
    const problem = await exited;
    const message = problem instanceof Error ? problem.message : "the command's streams could not be opened";
    return { started: false, exit: { reason: "sandbox-error", message }, usage: NO_USAGE };
  }
  handlers.onEvent({ type: "started", pid });
  const run = new Watch(command, pid, started, handlers);
  const cancel = (): void => run.end("cancelled", "cancelled");
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  stdin?.on("error", () => undefined); // the command need not read what it is given
  if (input !== "none" && stdin) input.pipe(stdin);
  let problem: { code: number | null; name: NodeJS.Signals | null } | Error | undefined;
  try {
    const streams = Promise.all([run.forward(stdout, handlers.onStdout), run.forward(stderr, handlers.onStderr)]);
    const looking = run.look();
    problem = await Promise.race([exited, streams.then(() => exited)]);
    run.over();
    await looking;
    await run.kill();
    const late = setTimeout(() => {
      stdout.destroy();
      stderr.destroy();
    }, STREAMS_MS);
    await streams;
    clearTimeout(late);
  } catch (error) {
    run.over();
    await run.kill(); // a handler threw: nothing may be left of the run when that is told
    throw error;
  } finally {
    signal.removeEventListener("abort", cancel);
    lifeline?.destroy();
    if (input !== "none" && stdin) input.unpipe(stdin);
  }
  return await run.outcome(problem);
}

class Watch {
  readonly #command: WatchedCommand;
  readonly #pid: number;
  readonly #started: number;
  readonly #handlers: RunHandlers;
  readonly #timer: NodeJS.Timeout;
  readonly #over = Promise.withResolvers<void>();
  #isOver: boolean = false;
  #printed = 0;
  #complaint = "";
  #usage: Usage = NO_USAGE;
  #ended: { reason: ExitReason; message: string } | undefined;
  #stopped: boolean = false;

  constructor(command: WatchedCommand, pid: number, started: number, handlers: RunHandlers) {
    this.#command = command;
    this.#pid = pid;
    this.#started = started;
    this.#handlers = handlers;
    const { timeMs } = command.limits;
    const sentence = `ran longer than ${timeMs / 1000} s`;
    this.#timer = setTimeout(() => this.end("timeout", sentence), Math.min(timeMs, 2 ** 31 - 1));
  }

  /** Ends the run for a reason; the first one counts. */
  end(reason: ExitReason, message: string): void {
    if (this.#ended !== undefined || this.#isOver) return;
    this.#ended = { reason, message };
    if (reason !== "cancelled") this.#handlers.onEvent({ type: "limit", reason, message });
    void this.kill();
  }

  /** The command itself has ended. */
  over(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#over.resolve();
  }

  /** Ends every process that is known to belong to the run. */
  async kill(): Promise<void> {
    const members = this.#command.watchesProcesses ? await this.#sample() : undefined;
    const targets = process.platform === "win32" ? [this.#pid] : [-this.#pid, ...(members?.pids ?? [])];
    for (const target of targets) {
      try {
        process.kill(target, "SIGKILL");
      } catch (error) {
        // Gone since it was listed.
        if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
      }
    }
    await this.#command.end?.();
  }

  async forward(stream: Readable, take: (chunk: Uint8Array) => void | Promise<void>): Promise<void> {
    const { outputBytes } = this.#command.limits;
    try {
      for await (const chunk of stream) {
        const bytes: Uint8Array = chunk;
        if (this.#complaint.length < COMPLAINT_BYTES) this.#complaint += Buffer.from(bytes).toString("utf8");
        const room = outputBytes - this.#printed;
        this.#printed += bytes.length;
        if (room > 0) await take(bytes.subarray(0, room));
        if (bytes.length > room) this.end("output-limit", `printed more than ${megabytes(outputBytes)} MB`);
      }
    } catch (error) {
      // A stream that was closed from here has nothing more to say; what a handler throws is its caller's.
      if (!stream.destroyed || !(error instanceof Error && "code" in error)) throw error;
    }
  }

  /** Looks at the processes again and again until the command has ended. */
  async look(): Promise<void> {
    while (!this.#isOver) {
      const sample = this.#command.watchesProcesses ? await this.#sample() : undefined;
      if (this.#isOver) return;
      this.#note(sample);
      const pause = Promise.withResolvers<void>();
      const timer = setTimeout(pause.resolve, LOOK_EVERY_MS);
      await Promise.race([pause.promise, this.#over.promise]);
      clearTimeout(timer);
    }
  }

  #note(sample: TreeSample | undefined): void {
    const wallMs = performance.now() - this.#started;
    this.#usage = {
      wallMs,
      cpuMs: Math.max(this.#usage.cpuMs, sample?.cpuMs ?? 0),
      peakMemoryBytes: Math.max(this.#usage.peakMemoryBytes, sample?.memoryBytes ?? 0),
      writtenBytes: 0,
    };
    const memory = sample === undefined ? {} : { memoryBytes: sample.memoryBytes };
    const processes = sample === undefined ? 1 : sample.pids.length - (this.#command.ownProcesses ?? 0);
    this.#handlers.onEvent({ type: "usage", usage: this.#usage, processes, ...memory });
    if (sample !== undefined) this.#hold(sample, processes, wallMs);
  }

  #hold(sample: TreeSample, processes: number, wallMs: number): void {
    const { memoryBytes, processes: most } = this.#command.limits;
    if (sample.memoryBytes > memoryBytes) this.end("memory", `used more than ${megabytes(memoryBytes)} MB of memory`);
    if (processes > most) this.end("processes", `started more than ${most} processes`);
    this.#holdShare(sample, wallMs);
  }

  /** Stops the whole group while it has used more than its share, with half a second to start up in. */
  #holdShare(sample: TreeSample, wallMs: number): void {
    const isOver = sample.cpuMs > 500 + (this.#command.limits.cpuPercent / 100) * wallMs;
    if (isOver === this.#stopped || process.platform === "win32") return;
    this.#stopped = isOver;
    try {
      process.kill(-this.#pid, isOver ? "SIGSTOP" : "SIGCONT");
    } catch {
      this.#stopped = false; // it has just ended, which its exit tells
    }
  }

  async #sample(): Promise<TreeSample | undefined> {
    for (const program of PS_PATHS) {
      const { stdout, failed } = await execa(program, PS_ARGUMENTS, { cwd: "/", extendEnv: false, reject: false });
      if (!failed) return sampleTree(stdout, this.#pid);
    }
    return undefined;
  }

  async outcome(end: { code: number | null; name: NodeJS.Signals | null } | Error): Promise<SupervisedOutcome> {
    const told = await this.#command.readUsage?.();
    const usage = { ...this.#usage, ...told, wallMs: performance.now() - this.#started };
    if (end instanceof Error) {
      return { started: false, exit: { reason: "sandbox-error", message: end.message }, usage: NO_USAGE };
    }
    if (this.#ended === undefined && end.code !== null && this.#command.launcherFailed?.(end.code) === true) {
      const message = this.#complaint.trim() || `the launcher ended with code ${end.code}`;
      return { started: false, exit: { reason: "sandbox-error", message }, usage: NO_USAGE };
    }
    const exit = this.#ended ?? exitOf(end);
    this.#handlers.onEvent({ type: "exited", exit, usage });
    return { started: true, exit, usage };
  }
}

/** With at most four digits, as the supervisor inside writes it. */
function megabytes(bytes: number): number {
  return Number((bytes / MEBIBYTE).toPrecision(4));
}

function exitOf({ code, name }: { code: number | null; name: NodeJS.Signals | null }): ExitStatus {
  if (name === "SIGXFSZ") return { reason: "disk-limit", message: "wrote a file larger than the disk limit" };
  if (name !== null) return { reason: "failed", message: `ended by signal ${name}` };
  return { code: code ?? 1, reason: code === 0 ? "ok" : "failed" };
}
