import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Task } from "./lane.ts";
import type { HonestVerdict, Verdict } from "./suite.ts";

export interface LaneSettings {
  /** A folder with `node`, `lane.mjs` and `helper.py`, which everyone may read. */
  readonly folder: string;
  /** Whom a lane belongs to: the unprivileged user of each lane is another, as limits count by user. */
  readonly user: "root" | "nobody" | "caller";
  readonly secret: string;
  /** The program that supervises. */
  readonly helper: "native" | "python";
}

export type Reply = readonly Verdict[] | readonly HonestVerdict[];

/** The highest number of an unprivileged user; lanes count down from it. */
const NOBODY = 65_534;

/** A process that tries one task after the other. */
export class Lane {
  readonly #start: () => ChildProcess;
  #child: ChildProcess;

  constructor(index: number, { folder, user, secret, helper }: LaneSettings) {
    const number = user === "nobody" ? NOBODY - index : undefined;
    // A temporary folder of its own, so that what is left there was left by this lane's runs.
    const temporary = join(folder, `tmp-${user}-${index}`);
    mkdirSync(temporary);
    chmodSync(temporary, 0o700);
    if (number !== undefined) chownSync(temporary, number, number);
    // Nothing of the caller's own environment: attacks print what they find.
    const env = {
      PATH: process.env["PATH"],
      LANG: "C.UTF-8",
      HOME: temporary,
      TMPDIR: temporary,
      ATTACK_SECRET: secret,
    };
    this.#start = () =>
      fork(join(folder, "lane.mjs"), [join(folder, "helper.py"), helper], {
        ...(number === undefined ? {} : { uid: number, gid: number }),
        execPath: join(folder, "node"),
        execArgv: [],
        cwd: folder,
        env,
      });
    this.#child = this.#start();
  }

  /** @throws when the lane ended before it answered; the next task finds a new one */
  async try(task: Task): Promise<Reply> {
    const child = this.#child;
    const over = new AbortController();
    try {
      child.send(task);
      const ended = once(child, "exit", { signal: over.signal }).then(([code, signal]) => {
        this.#child = this.#start();
        throw new Error(`the lane ended with ${signal ?? code}`);
      });
      const [reply] = await Promise.race([once(child, "message", { signal: over.signal }), ended]);
      return reply as Reply; // the program that is at the other end is this one's own
    } finally {
      over.abort();
    }
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}
