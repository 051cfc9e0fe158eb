import { Socket } from "node:net";
import type { Readable } from "node:stream";
import * as z from "zod";
import { fail, ok, parseBoundary, parseJson, type Result } from "../../model/index.ts";
import type { SandboxBackend, SupervisedCommand } from "../backend.ts";
import {
  followRun,
  NO_USAGE,
  type RunHandlers,
  type StartedProcess,
  type SupervisedOutcome,
  startSupervisor,
} from "../supervise.ts";
import { encodeWords } from "./command.ts";

/** What a supervisor says before a run has begun. `started` is the first event of the run itself. */
const WaitingEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), memoryBytes: z.number() }),
  z.object({ type: z.literal("declined"), message: z.string() }),
  z.looseObject({ type: z.literal(["started", "usage", "limit", "exited"]) }),
]);

/** How long an interpreter may take to come up, and a waiting one to take on its work (the supervisor gives up before). */
const LONGEST_START_MS = 20_000;
const LONGEST_ANSWER_MS = 60_000;
/** How long one may take to end by itself. */
const GRACE_MS = 1_000;

/** One sandbox with an interpreter that waits inside, with all restrictions of its policy on. It is used once. */
export class WaitingSandbox {
  readonly backend: SandboxBackend;
  /** What it was started with. */
  readonly command: SupervisedCommand;
  /** The proportional share of its processes when it had come up. */
  readonly memoryBytes: number;
  readonly #process: StartedProcess;
  #state: "waiting" | "left" = "waiting";

  private constructor(
    backend: SandboxBackend,
    command: SupervisedCommand,
    process: StartedProcess,
    memoryBytes: number,
  ) {
    this.backend = backend;
    this.command = command;
    this.#process = process;
    this.memoryBytes = memoryBytes;
    this.#hold(false);
  }

  /** Problem: `not-waiting`, when the interpreter does not come up to wait; nothing of it is left then. */
  static async start(
    backend: SandboxBackend,
    command: SupervisedCommand,
    hasInput: boolean,
  ): Promise<Result<WaitingSandbox>> {
    const started = await startSupervisor(command, hasInput);
    if (!started.ok) {
      await command.cleanUp?.();
      return started;
    }
    const event = await nextEvent(started.value, LONGEST_START_MS);
    if (event?.type === "ready") {
      return ok(new WaitingSandbox(backend, command, started.value, event.memoryBytes));
    }
    await end(started.value, command);
    return fail("not-waiting", event?.type === "declined" ? event.message : "the interpreter did not come up to wait");
  }

  /** Whether its processes are still there. */
  get alive(): boolean {
    const { child, control } = this.#process;
    return child.exitCode === null && child.signalCode === null && !control.readableEnded && !control.destroyed;
  }

  /** Settled when it is gone. */
  get closed(): Promise<void> {
    return this.#process.closed;
  }

  /**
   * Runs the command of these words. Problem: `declined`, when it was not taken on and nothing of it has been run: what
   * the waiting one was made from has changed, or it could not do the same as a start.
   */
  async run(
    words: readonly string[],
    input: Readable | "none",
    timeMs: number,
    handlers: RunHandlers,
    signal: AbortSignal,
  ): Promise<Result<SupervisedOutcome>> {
    this.#state = "left";
    this.#hold(true);
    const { control } = this.#process;
    control.write(encodeWords(words));
    const event = await nextEvent(this.#process, LONGEST_ANSWER_MS);
    if (event === undefined || event.type === "declined") {
      await end(this.#process, this.command);
      if (event?.type === "declined") return fail("declined", event.message);
      // Without an answer it may have begun: it must not be run a second time.
      const message = "the sandbox that was ready ended without an answer";
      return ok({ started: true, exit: { reason: "sandbox-error", message }, usage: NO_USAGE });
    }
    try {
      return ok(await followRun(this.#process, input, timeMs, handlers, signal));
    } finally {
      await this.command.cleanUp?.();
    }
  }

  /** Ends one that was not used. */
  async dispose(): Promise<void> {
    if (this.#state === "left") return;
    this.#state = "left";
    await end(this.#process, this.command);
  }

  /** Whether this process stays for it. */
  #hold(stays: boolean): void {
    const { child, ...streams } = this.#process;
    if (stays) child.ref();
    else child.unref();
    for (const stream of [streams.stdin, streams.stdout, streams.stderr, streams.control]) {
      if (!(stream instanceof Socket)) continue;
      if (stays) stream.ref();
      else stream.unref();
    }
  }
}

async function end(
  { control, stdout, stderr, end: kill, closed }: StartedProcess,
  command: SupervisedCommand,
): Promise<void> {
  control.end();
  for (const stream of [control, stdout, stderr]) stream.resume();
  const timer = setTimeout(kill, GRACE_MS);
  await closed;
  clearTimeout(timer);
  await command.cleanUp?.();
}

/** The first line that comes; one that belongs to the run stays in the stream. Nothing when none comes in time. */
async function nextEvent(
  { control }: StartedProcess,
  mostMs: number,
): Promise<z.infer<typeof WaitingEvent> | undefined> {
  const text = await firstLine(control, mostMs);
  if (text === undefined) return undefined;
  const event = parseBoundary(WaitingEvent, parseJson(text.line), "supervisor event");
  if (!event.ok) return undefined;
  const belongs = event.value.type === "ready" || event.value.type === "declined" ? "" : `${text.line}\n`;
  const rest = belongs + text.rest;
  if (rest !== "") control.unshift(Buffer.from(rest, "latin1"));
  return event.value;
}

function firstLine(
  stream: Readable,
  mostMs: number,
): Promise<{ readonly line: string; readonly rest: string } | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const settle = (): void => {
      clearTimeout(timer);
      stream.off("readable", look).off("end", settle).off("close", settle);
      const at = text.indexOf("\n");
      resolve(at < 0 ? undefined : { line: text.slice(0, at), rest: text.slice(at + 1) });
    };
    const look = (): void => {
      for (let chunk = stream.read(); chunk !== null; chunk = stream.read())
        text += Buffer.from(chunk).toString("latin1");
      if (text.includes("\n")) settle();
    };
    const timer = setTimeout(settle, mostMs);
    stream.on("readable", look).on("end", settle).on("close", settle);
    look();
  });
}
