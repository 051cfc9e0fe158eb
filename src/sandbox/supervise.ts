import { type ChildProcess, spawn } from "node:child_process";
import { Duplex, type Readable } from "node:stream";
import {
  type ExitStatus,
  fail,
  ok,
  parseBoundary,
  parseJson,
  type Result,
  SandboxEvent,
  type Usage,
} from "../model/index.ts";
import type { SupervisedCommand } from "./backend.ts";
import type { RunCgroup } from "./cgroup/tree.ts";

/** Where a run's output and events go. A handler that returns a promise holds its stream back until that is settled. */
export interface RunHandlers {
  readonly onStdout: (chunk: Uint8Array) => void | Promise<void>;
  readonly onStderr: (chunk: Uint8Array) => void | Promise<void>;
  readonly onEvent: (event: SandboxEvent) => void;
}

/** How a run ended; `started` is false when the supervisor never came up, and `exit.message` then says what it said. */
export interface SupervisedOutcome {
  readonly started: boolean;
  readonly exit: ExitStatus;
  readonly usage: Usage;
  /** What the kernel itself kept within its limit. */
  readonly held?: readonly HeldLimit[];
}

/** A limit that a cgroup can hold. */
export type HeldLimit = NonNullable<Extract<SandboxEvent, { type: "exited" }>["held"]>[number];

export const NO_USAGE: Usage = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, writtenBytes: 0 };

/** How long the supervisor may take to end everything, past a cancellation or the wall time. */
const GRACE_MS = 3_000;
/** How long it may take to come up, which is no time of the command's: on a machine with too much to do that is seconds. */
const LONGEST_START_MS = 30_000;
/** Node fires timers beyond this at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** What is kept of the complaints of a supervisor that does not come up. */
const COMPLAINT_BYTES = 4_096;

/** What a start says that failed on the run's cgroup alone; the supervisor uses the same words. */
export const NOT_IN_CGROUP = "the run could not be put into its cgroup";

/** A supervisor that was started, with the ends of its descriptors that are held here. */
export interface StartedProcess {
  readonly child: ChildProcess;
  /** Where the command has an input. */
  readonly stdin: Duplex | undefined;
  readonly stdout: Duplex;
  readonly stderr: Duplex;
  /** Events come from here; its end means: cancel. */
  readonly control: Duplex;
  /** Ends it where it does not do so by itself. */
  readonly end: () => void;
  /** Settled when it has ended and all its descriptors are closed. */
  readonly closed: Promise<void>;
}

/** Starts a supervisor and hands over what it is to read at first. Problem: `sandbox-error`. */
export async function startSupervisor(command: SupervisedCommand, hasInput: boolean): Promise<Result<StartedProcess>> {
  const cgroup = command.cgroup?.();
  if (cgroup && !cgroup.ok) return fail("sandbox-error", `${NOT_IN_CGROUP}: ${cgroup.problem.message}`);
  // Not through execa, which costs 1.4 ms more of a start of about 20: this is the hot path of every run.
  const child = spawn(command.file, command.arguments, {
    cwd: "/",
    env: {},
    stdio: [
      hasInput ? "pipe" : "ignore",
      ...Array<"pipe">(3 + command.descriptors.length).fill("pipe"),
      ...(cgroup?.value.descriptors ?? []),
    ],
  });
  cgroup?.value.started();
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve())).then(
    async () => void (await cgroup?.value.remove()), // what is left then is ended and removed by the tree's keeper
  );
  const problem = new Promise<Error | undefined>((resolve) => {
    child.once("error", resolve);
    child.once("spawn", () => resolve(undefined));
  });
  const [stdin, stdout, stderr, control, ...descriptors] = sockets(child.stdio);
  const error = await problem;
  if (error || !(stdout && stderr && control)) {
    await cgroup?.value.remove();
    return fail("sandbox-error", error?.message ?? "the sandbox's streams could not be opened");
  }
  // It reads its options first, so that it has started nothing yet.
  const attached = await attach(child, cgroup?.value);
  if (!attached.ok) {
    child.kill("SIGKILL");
    await closed;
    return fail("sandbox-error", `${NOT_IN_CGROUP}: ${attached.problem.message}`);
  }
  for (const [index, bytes] of command.descriptors.entries()) descriptors[index]?.end(bytes);
  const end = (): void => void child.kill(command.endSignal ?? "SIGKILL");
  return ok({ child, stdin, stdout, stderr, control, end, closed });
}

/** Puts a supervisor where it can reach the run's cgroup from, if that has to be done. */
async function attach({ pid }: ChildProcess, cgroup: RunCgroup | undefined): Promise<Result<void>> {
  return pid === undefined || cgroup?.attach === undefined ? ok(undefined) : await cgroup.attach(pid);
}

/** Starts a supervised command and stays until nothing of it is left. */
export async function supervise(
  command: SupervisedCommand,
  input: Readable | "none",
  timeMs: number,
  handlers: RunHandlers,
  signal: AbortSignal,
): Promise<SupervisedOutcome> {
  const started = await startSupervisor(command, input !== "none");
  if (started.ok) return await followRun(started.value, input, timeMs, handlers, signal);
  const { message } = started.problem;
  return { started: false, exit: { reason: "sandbox-error", message }, usage: NO_USAGE };
}

/** Passes on what a run says until nothing of it is left. */
export async function followRun(
  { stdin, stdout, stderr, control, end, closed }: StartedProcess,
  input: Readable | "none",
  timeMs: number,
  handlers: RunHandlers,
  signal: AbortSignal,
): Promise<SupervisedOutcome> {
  using deadline = new Deadline(timeMs, control, end, signal);
  const watch = new EventWatch((event) => {
    if (event.type === "started") deadline.begin();
    handlers.onEvent(event);
  });
  if (input !== "none" && stdin) input.pipe(stdin);
  try {
    await Promise.all([
      watch.read(control),
      forward(stdout, watch, handlers.onStdout),
      forward(stderr, watch, handlers.onStderr),
      closed,
    ]);
  } catch (error) {
    deadline.cancel(); // a handler threw: nothing may be left of the run when that is told
    await closed;
    throw error;
  } finally {
    if (input !== "none" && stdin) input.unpipe(stdin);
  }
  return watch.outcome(signal.aborted, deadline.passed);
}

/** A started process' ends of its descriptors; none where there is no pipe, or where the process could not be started. */
function sockets(stdio: readonly unknown[]): (Duplex | undefined)[] {
  return stdio.map((stream) => {
    if (!(stream instanceof Duplex)) return undefined;
    // A broken pipe means that the supervisor is gone; how it ended is told by its events and its exit.
    return stream.on("error", () => undefined);
  });
}

/**
 * Ends a run that is cancelled: the end of the control stream asks the supervisor to end everything and report. One that
 * does not in time, that does not come up, or that outlives its own time limit, is killed with bwrap, and the namespace
 * goes with it.
 */
class Deadline {
  readonly #timeMs: number;
  readonly #control: Duplex;
  readonly #kill: () => void;
  readonly #signal: AbortSignal;
  readonly #timers: NodeJS.Timeout[];
  #passed: string | undefined;

  constructor(timeMs: number, control: Duplex, kill: () => void, signal: AbortSignal) {
    this.#timeMs = timeMs;
    this.#control = control;
    this.#kill = kill;
    this.#signal = signal;
    this.#timers = [
      setTimeout(this.#pass, LONGEST_START_MS, `the sandbox did not come up in ${LONGEST_START_MS / 1000} s`),
    ];
    signal.addEventListener("abort", this.cancel, { once: true });
    if (signal.aborted) this.cancel();
  }

  /** What was not done in time when the supervisor was killed for it, in words. */
  get passed(): string | undefined {
    return this.#passed;
  }

  /** The command was started: from now on its own time counts. */
  begin(): void {
    for (const timer of this.#timers.splice(0, 1)) clearTimeout(timer);
    const longest = Math.min(this.#timeMs + GRACE_MS, LONGEST_TIMER_MS);
    this.#timers.unshift(
      setTimeout(this.#pass, longest, `ran longer than ${this.#timeMs} ms, and was not ended by its supervisor`),
    );
  }

  readonly #pass = (what: string): void => {
    this.#passed = what;
    this.#kill();
  };

  readonly cancel = (): void => {
    this.#control.end();
    this.#timers.push(setTimeout(this.#kill, GRACE_MS));
  };

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.cancel);
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

/** Follows the supervisor's events; what is printed before it has started is a complaint, not the command's output. */
class EventWatch {
  readonly #onEvent: (event: SandboxEvent) => void;
  readonly #begun = Promise.withResolvers<boolean>();
  #complaint = "";
  #exited: Extract<SandboxEvent, { type: "exited" }> | undefined;
  #usage = NO_USAGE;

  constructor(onEvent: (event: SandboxEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Whether the command was started; settled by the first event, or by their end. */
  get begun(): Promise<boolean> {
    return this.#begun.promise;
  }

  async read(control: Readable): Promise<void> {
    let rest = "";
    try {
      for await (const chunk of control) {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#take(line);
      }
    } finally {
      this.#begun.resolve(false);
    }
  }

  #take(line: string): void {
    const event = parseBoundary(SandboxEvent, parseJson(line), "supervisor event");
    if (!event.ok) {
      this.complain(new TextEncoder().encode(`${event.problem.message}\n`));
      return;
    }
    if (event.value.type === "started") this.#begun.resolve(true);
    if (event.value.type === "usage") this.#usage = event.value.usage;
    if (event.value.type === "exited") this.#exited = event.value;
    this.#onEvent(event.value);
  }

  complain(chunk: Uint8Array): void {
    if (this.#complaint.length < COMPLAINT_BYTES) this.#complaint += Buffer.from(chunk).toString("utf8");
  }

  /** @param passed what the supervisor was killed for, when it was */
  async outcome(cancelled: boolean, passed: string | undefined): Promise<SupervisedOutcome> {
    const started = await this.#begun.promise;
    if (this.#exited) {
      const { exit, usage, held } = this.#exited;
      return { started, exit, usage, ...(held ? { held } : {}) };
    }
    if (cancelled) return { started, exit: { reason: "cancelled", message: "cancelled" }, usage: this.#usage };
    if (passed !== undefined && started)
      return { started, exit: { reason: "timeout", message: passed }, usage: this.#usage };
    const message = this.#complaint.trim() || passed || "the sandbox's supervisor ended without a report";
    return { started, exit: { reason: "sandbox-error", message }, usage: this.#usage };
  }
}

async function forward(
  stream: Readable,
  watch: EventWatch,
  take: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  const early: Uint8Array[] = [];
  for await (const chunk of stream) {
    if (await watch.begun) await take(chunk);
    else early.push(chunk);
  }
  for (const chunk of early) watch.complain(chunk);
}
