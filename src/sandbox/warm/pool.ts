import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fail, type Observed, ok, type Result } from "../../model/index.ts";
import type { PreparedRun, SandboxBackend, SupervisedCommand } from "../backend.ts";
import { observationContext } from "../observing/context.ts";
import { ObservationPipe } from "../observing/pipe.ts";
import type { RunHandlers, SupervisedOutcome } from "../supervise.ts";
import { type PythonCommand, readPythonCommand } from "./command.ts";
import { WaitingSandbox } from "./waiting.ts";

/** How many sandboxes wait, and for how long. */
export interface WarmOptions {
  /** The most that wait at once; 0 keeps none. */
  readonly ready: number;
  /** The most memory that they hold together, by their proportional shares; 64 MB. */
  readonly memoryBytes?: number;
  /** How long one waits until it is thrown away; 5 minutes. */
  readonly idleMs?: number;
}

/** Makes result folders for runs that may come. */
export interface SpareFolders {
  /** Absolute path of a new, empty folder; nothing when there can be none. */
  make(): string | undefined;
  /** Removes one that no run came for. */
  discard(path: string): void;
}

const MEMORY_BYTES = 64 * 1024 * 1024;
const IDLE_MS = 5 * 60_000;
/** After so many failures nothing is tried for a shape any more. */
const MOST_FAILURES = 3;
/** The most shapes that are remembered for not coming up. */
const MOST_REMEMBERED = 200;

/** A run that a waiting interpreter could do, apart from the words of its command. */
interface Shape {
  readonly key: string;
  readonly backend: SandboxBackend;
  readonly run: PreparedRun;
  readonly python: PythonCommand;
}

interface Waiting {
  readonly shape: Shape;
  readonly token: string;
  readonly resultFolder: string | undefined;
  readonly discardFolder: () => void;
  readonly started: Promise<Result<Started>>;
  readonly expiry: NodeJS.Timeout;
  /** 0 until it has come up. */
  memoryBytes: number;
}

interface Started {
  readonly sandbox: WaitingSandbox;
  readonly surroundings: string;
  /** By which an observed run tells what it does. */
  readonly pipe: ObservationPipe | undefined;
}

/** How a run ended, and what it did where it was observed. */
export interface WarmOutcome extends SupervisedOutcome {
  readonly observed?: Observed;
}

/** No host is reached from a sandbox that waited. */
const NOTHING_SEEN: Observed["sandbox"] = { traffic: [], refused: [] };

/**
 * Sandboxes with an interpreter that was started inside before it is known what it is to run. Each is a cold start of its
 * own that stands still after the interpreter came up: nothing that isolates is put on later. It is used once, by a run
 * whose policy, folder, environment and flags are the same, and only if the whole command line that a cold start would
 * have now is the same, byte by byte, too; its supervisor looks at mounts and files, and the interpreter at what it has
 * read, before they take the work on.
 */
export class WarmPool {
  readonly #options: WarmOptions;
  readonly #log: (line: string) => void;
  #ready: number;
  /** The oldest first. */
  readonly #waiting: Waiting[] = [];
  /** How often in turn no sandbox came up for a shape. */
  readonly #failures = new Map<string, number>();
  readonly #ending = new Set<Promise<void>>();

  constructor(options: WarmOptions, onLog: (line: string) => void = () => undefined) {
    this.#options = options;
    this.#ready = options.ready;
    this.#log = onLog;
  }

  /** Changes how many wait; what is too many is ended. */
  keep(ready: number): void {
    this.#ready = ready;
    this.#shrink();
  }

  /** How many wait, once all that were started have come up or have not. */
  async settled(): Promise<number> {
    const started = await Promise.all(this.#waiting.map((one) => one.started));
    return started.filter((one) => one.ok && one.value.sandbox.alive).length;
  }

  /** Ends all that wait, and keeps none from now on. */
  async dispose(): Promise<void> {
    this.keep(0);
    await Promise.all(this.#ending);
  }

  /** The result folder of one that waits for such a run, whatever the run's own is. */
  readyFolder(backend: SandboxBackend, run: PreparedRun): string | undefined {
    const key = shapeOf(backend, run)?.key;
    return this.#waiting.find(({ shape }) => shape.key === key)?.resultFolder;
  }

  /** Runs a command in a sandbox that waits for it. Nothing when there is none, and nothing was run. */
  async run(
    backend: SandboxBackend,
    run: PreparedRun,
    input: Readable | "none",
    handlers: RunHandlers,
    signal: AbortSignal,
  ): Promise<WarmOutcome | undefined> {
    const shape = shapeOf(backend, run);
    const fits = (one: Waiting): boolean => one.shape.key === shape?.key && one.resultFolder === run.resultFolder;
    const waiting = this.#waiting.find(fits);
    if (shape === undefined || waiting === undefined) {
      // One that has the folder of this run mounted is for no other.
      const other = this.#waiting.find(
        (one) => run.resultFolder !== undefined && one.resultFolder === run.resultFolder,
      );
      if (other) this.#discard(other);
      return undefined;
    }
    this.#take(waiting);
    const started = await waiting.started;
    if (!started.ok) return undefined;
    const { sandbox, pipe } = started.value;
    if (signal.aborted || !sandbox.alive || !(await this.#isSame(waiting, started.value, run))) {
      this.#log("a waiting sandbox is not what a start would make now, and is thrown away");
      this.#end(dispose(started.value));
      return undefined;
    }
    const outcome = await sandbox.run(shape.python.words, input, run.config.timeMs, handlers, signal);
    const observed = await pipe?.close(NOTHING_SEEN);
    if (outcome.ok) return { ...outcome.value, ...(observed ? { observed } : {}) };
    this.#log(`not taken on by a waiting sandbox: ${outcome.problem.message}`);
    return undefined;
  }

  /** Starts one that waits for another run like this one. */
  refill(backend: SandboxBackend, run: PreparedRun, spare?: SpareFolders): void {
    const shape = this.#ready > 0 ? shapeOf(backend, run) : undefined;
    if (shape === undefined || (this.#failures.get(shape.key) ?? 0) >= MOST_FAILURES) return;
    const resultFolder = run.resultFolder === undefined ? undefined : spare?.make();
    if (run.resultFolder !== undefined && resultFolder === undefined) return;
    const token = `toka-${randomBytes(8).toString("hex")}`;
    const started = start(shape, token, resultFolder);
    const waiting: Waiting = {
      shape,
      token,
      resultFolder,
      discardFolder: () => resultFolder !== undefined && spare?.discard(resultFolder),
      started,
      memoryBytes: 0,
      expiry: setTimeout(() => this.#discard(waiting), this.#options.idleMs ?? IDLE_MS).unref(),
    };
    this.#waiting.push(waiting);
    this.#shrink();
    void started.then((one) => {
      if (!one.ok) {
        this.#log(`no sandbox waits: ${one.problem.message}`);
        if (this.#failures.size >= MOST_REMEMBERED) this.#failures.clear();
        this.#failures.set(shape.key, (this.#failures.get(shape.key) ?? 0) + 1);
        this.#discard(waiting);
        return;
      }
      this.#failures.delete(shape.key);
      waiting.memoryBytes = one.value.sandbox.memoryBytes;
      void one.value.sandbox.closed.then(() => this.#discard(waiting));
      this.#shrink();
    });
  }

  /** Whether a cold start would have the same command line, in the same surroundings. */
  async #isSame({ token }: Waiting, { sandbox, surroundings, pipe }: Started, run: PreparedRun): Promise<boolean> {
    const { command: before } = sandbox;
    const shape = shapeOf(sandbox.backend, run);
    if (shape === undefined) return false;
    const scratch = before.scratch;
    const [now, around] = await Promise.all([
      sandbox.backend.command(
        waitingRun(shape, { token, ...(scratch ? { scratch } : {}) }, run.resultFolder, pipe?.path),
      ),
      look(run),
    ]);
    return now.ok && "descriptors" in now.value && around === surroundings && areEqual(before, now.value);
  }

  /** Ends the oldest until number and memory are within their bounds. */
  #shrink(): void {
    const most = this.#options.memoryBytes ?? MEMORY_BYTES;
    const held = (): number => this.#waiting.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    while (this.#waiting.length > this.#ready || held() > most) {
      const [oldest] = this.#waiting;
      if (oldest === undefined) return;
      this.#discard(oldest);
    }
  }

  #discard(waiting: Waiting): void {
    if (!this.#take(waiting)) return;
    this.#end(
      waiting.started.then(async (one) => {
        if (one.ok) await dispose(one.value);
        waiting.discardFolder();
      }),
    );
  }

  #take(waiting: Waiting): boolean {
    const at = this.#waiting.indexOf(waiting);
    if (at < 0) return false;
    this.#waiting.splice(at, 1);
    clearTimeout(waiting.expiry);
    return true;
  }

  #end(ending: Promise<void>): void {
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }
}

/** What a waiting interpreter must have been started with to do a run; nothing when none can. */
function shapeOf(backend: SandboxBackend, run: PreparedRun): Shape | undefined {
  const [program, ...rest] = run.command;
  const { config, cwd, hasInput, interpreter, environment } = run;
  if (interpreter === undefined || program !== interpreter.executable) return undefined;
  // The proxy's socket is made for one run.
  if (config.network.mode !== "none") return undefined;
  const python = readPythonCommand(rest);
  if (python === undefined) return undefined;
  const { TOKA_RESULTS: _ownOfEach, ...common } = environment;
  const kinds = [hasInput, run.resultFolder !== undefined, run.isObserved === true];
  const parts = [backend.name, interpreter, python.flags, config, cwd, common, kinds];
  return { key: JSON.stringify(parts), backend, run, python };
}

function waitingRun(
  { run, python }: Shape,
  waiting: NonNullable<PreparedRun["waiting"]>,
  resultFolder: string | undefined,
  observationPipe: string | undefined,
): PreparedRun {
  const [program = ""] = run.command;
  const { resultFolder: _folder, observationPipe: _pipe, ...rest } = run;
  return {
    ...rest,
    ...(observationPipe === undefined ? {} : { observationPipe }),
    command: [program, ...python.flags, "-m", waiting.token],
    waiting,
    ...(resultFolder === undefined
      ? {}
      : { resultFolder, environment: { ...run.environment, TOKA_RESULTS: resultFolder } }),
  };
}

async function start(shape: Shape, token: string, resultFolder: string | undefined): Promise<Result<Started>> {
  const unobserved = waitingRun(shape, { token }, resultFolder, undefined);
  if (unobserved.isObserved !== true) return await startWith(shape, unobserved, undefined);
  const pipe = await ObservationPipe.create(observationContext(unobserved));
  if (!pipe.ok) return pipe;
  const run = waitingRun(shape, { token }, resultFolder, pipe.value.path);
  const started = await startWith(shape, run, pipe.value);
  // It is mounted now, or nobody needs it.
  if (started.ok) await pipe.value.hide();
  else await pipe.value.close(NOTHING_SEEN);
  return started;
}

async function startWith(
  { backend }: Shape,
  run: PreparedRun,
  pipe: ObservationPipe | undefined,
): Promise<Result<Started>> {
  const surroundings = await look(run);
  const command = await backend.command(run);
  if (!command.ok) return command;
  if (!("descriptors" in command.value)) return fail("not-waiting", `${backend.name} has no supervisor of ours`);
  const sandbox = await WaitingSandbox.start(backend, command.value, run.hasInput);
  return sandbox.ok ? ok({ sandbox: sandbox.value, surroundings, pipe }) : sandbox;
}

/** The machine's mounts and the interpreter's program, as far as a start depends on them beside its command line. */
async function look({ interpreter }: PreparedRun): Promise<string> {
  const [mounts, program] = await Promise.all([
    readFile("/proc/self/mountinfo", "latin1"),
    interpreter && stat(interpreter.program, { bigint: true }).catch(() => undefined),
  ]);
  return `${program?.dev}:${program?.ino}:${program?.mtimeNs}:${program?.size}\n${mounts}`;
}

async function dispose({ sandbox, pipe }: Started): Promise<void> {
  await sandbox.dispose();
  await pipe?.close(NOTHING_SEEN);
}

function areEqual(a: SupervisedCommand, b: SupervisedCommand): boolean {
  return (
    a.file === b.file &&
    a.arguments.length === b.arguments.length &&
    a.arguments.every((word, index) => word === b.arguments[index]) &&
    a.descriptors.length === b.descriptors.length &&
    a.descriptors.every((bytes, index) => Buffer.compare(bytes, b.descriptors[index] ?? new Uint8Array()) === 0)
  );
}
