import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { fail, type Observed, ok, type Result } from "../../model/index.ts";
import { type ObservationContext, ObservationLog } from "./records.ts";

const MKFIFO_PATHS = ["/usr/bin/mkfifo", "/bin/mkfifo"];
/** How long the end of the pipe may take once nothing of the run is left. */
const END_MS = 1_000;

/**
 * A pipe with a name, by which a run tells what it does. Nothing that is written to it lies on disk, and once it is mounted
 * its name is taken away, so that nothing is left of it when this process is killed.
 */
export class ObservationPipe {
  /** Its name on the host, for the backend to mount or to move to where the run finds it. */
  readonly path: string;
  readonly #folder: string;
  readonly #socket: Socket;
  readonly #log: ObservationLog;
  readonly #ended: Promise<void>;
  /** Held open so that the reader does not see an end between two writers. */
  #writer: number | undefined;

  private constructor(folder: string, path: string, context: ObservationContext) {
    this.path = path;
    this.#folder = folder;
    this.#log = new ObservationLog(context);
    // Neither end waits for the other, and no thread is held by a pipe that stays silent.
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd: reader, readable: true, writable: false });
    this.#ended = new Promise((resolve) => {
      this.#socket.once("close", () => resolve());
    });
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.on("data", (chunk: Uint8Array) => {
      // Without a reader the run's own writes fail, and it stops telling.
      if (!this.#log.push(chunk)) this.#socket.destroy();
    });
  }

  /** Problem: `observe-unavailable`, where no pipe with a name can be made. */
  static async create(context: ObservationContext): Promise<Result<ObservationPipe>> {
    const folder = await mkdtemp(join(tmpdir(), "toka-observed-"));
    const path = join(folder, "pipe");
    let why = "";
    for (const program of MKFIFO_PATHS) {
      const { failed, stderr } = await execa(program, ["-m", "600", path], {
        cwd: "/",
        extendEnv: false,
        reject: false,
      });
      if (!failed) return ok(new ObservationPipe(folder, path, context));
      why ||= String(stderr ?? "").trim();
    }
    await rm(folder, { recursive: true, force: true });
    return fail("observe-unavailable", `A run cannot be observed here: mkfifo does not work. ${why}`.trim());
  }

  /** Takes the name away; whoever has the pipe mounted keeps it. */
  async hide(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Call it when nothing of the run is left: reads what is still in the pipe. Once more changes nothing. */
  async close(sandbox: Observed["sandbox"]): Promise<Observed> {
    if (this.#writer !== undefined) closeSync(this.#writer);
    this.#writer = undefined;
    const timer = setTimeout(() => this.#socket.destroy(), END_MS);
    await this.#ended;
    clearTimeout(timer);
    await this.hide();
    return this.#log.observed(sandbox);
  }
}
