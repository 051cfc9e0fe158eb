import { join } from "node:path";
import { fail, ok, type Result } from "../../model/index.ts";
import type { CgroupFiles } from "./files.ts";
import { CONTROLLERS, type Controller, controllersIn } from "./hierarchy.ts";
import { type CgroupLimits, settingsFor } from "./limits.ts";

/** How long the processes of a run that has ended may take to be gone. */
const LONGEST_END_MS = 5_000;

/** How a tree is used and given back. */
export interface TreeOptions {
  /** Where processes cannot enter the tree by themselves: how they are put into its `supervisors`. */
  readonly attach?: Attach;
  /** A process that is in its own cgroup and stays there. */
  readonly resident?: { readonly folder: string; readonly pid: number };
  /** Called when the tree is no longer needed. */
  readonly release: () => Promise<void>;
}

/** Puts a process into the tree that may not go there by itself. */
export type Attach = (pid: number) => Promise<Result<void>>;

/** One run's own cgroup, made before the run and removed when nothing of it is left. */
export interface RunCgroup {
  readonly folder: string;
  /** For the supervisor: the folder, and the file by which the command enters it. They are closed by `started`. */
  readonly descriptors: readonly [folder: number, entry: number];
  /** Where the supervisor has to be put into the tree before it starts anything. */
  readonly attach?: Attach;
  /** The supervisor has its own copies of the descriptors, or was not started. */
  started(): void;
  /** Ends what is left in it and removes it. Problem: `cgroup-busy`, when that took too long. */
  remove(): Promise<Result<void>>;
}

/**
 * A part of the cgroup hierarchy that is ours: `runs` has the cgroups of runs and nothing else. No cgroup with controllers
 * for its children has processes of its own ("no internal processes", kernel documentation, admin-guide/cgroup-v2).
 */
export class CgroupTree {
  readonly folder: string;
  /** By which limits are held here. */
  readonly controllers: readonly Controller[];
  readonly #files: CgroupFiles;
  readonly #options: TreeOptions;
  #serial = 0;
  /** Runs that have a cgroup here. */
  #active = 0;
  #isReleased: boolean = false;

  private constructor(files: CgroupFiles, folder: string, controllers: readonly Controller[], options: TreeOptions) {
    this.folder = folder;
    this.controllers = controllers;
    this.#files = files;
    this.#options = options;
  }

  /**
   * Lays a tree out in a cgroup without processes of its own.
   * @returns Problem: `cgroup-undelegated`, where not even memory and tasks can be limited in it
   */
  static create(files: CgroupFiles, folder: string, options: TreeOptions): Result<CgroupTree> {
    const runs = join(folder, "runs");
    for (const path of [runs, ...(options.attach ? [join(folder, "supervisors")] : [])]) {
      const made = files.make(path);
      if (!made.ok) return fail("cgroup-undelegated", made.problem.message);
    }
    for (const around of [folder, runs]) enable(files, around);
    const controllers = controllersIn(files.read(join(runs, "cgroup.subtree_control")));
    if (!controllers.includes("memory") || !controllers.includes("pids")) {
      return fail("cgroup-undelegated", `${folder} has not the controllers memory and pids`);
    }
    return ok(new CgroupTree(files, folder, controllers, options));
  }

  /** A cgroup for one run, with its limits. Problems of the file system. */
  make(limits: CgroupLimits): Result<RunCgroup> {
    this.#serial++;
    this.#rouse();
    const folder = join(this.folder, "runs", `run-${this.#serial}`);
    const made = this.#files.make(folder);
    if (!made.ok) return made;
    const opened = this.#prepare(folder, limits);
    if (!opened.ok) {
      this.#files.remove(folder);
      return opened;
    }
    this.#active++;
    let removed: Promise<Result<void>> | undefined;
    let open = true;
    const started = (): void => {
      if (open) this.#files.close(opened.value);
      open = false;
    };
    return ok({
      folder,
      descriptors: opened.value,
      ...(this.#options.attach ? { attach: this.#options.attach } : {}),
      started,
      remove: async () => {
        started();
        removed ??= this.#removeRun(folder);
        return await removed;
      },
    });
  }

  /** Gives it back, once the last run has left it. */
  async release(): Promise<void> {
    this.#isReleased = true;
    if (this.#active === 0) await this.#options.release();
  }

  /**
   * Entering a cgroup takes a lock for which the kernel waits until all processors have looked up (an RCU grace period, 5 to
   * 20 ms), unless somebody has had it right before. So a process is moved to where it is while the supervisor comes up.
   */
  #rouse(): void {
    const { resident } = this.#options;
    if (resident) this.#files.writeLater(join(resident.folder, "cgroup.procs"), String(resident.pid));
  }

  async #removeRun(folder: string): Promise<Result<void>> {
    const removed = await removeCgroup(this.#files, folder);
    this.#active--;
    if (this.#isReleased && this.#active === 0) await this.#options.release();
    return removed;
  }

  #prepare(folder: string, limits: CgroupLimits): Result<readonly [number, number]> {
    for (const { file, value, optional } of settingsFor(limits, this.controllers)) {
      const written = this.#files.write(join(folder, file), value);
      if (!written.ok && optional !== true) return written;
    }
    return this.#files.open(folder);
  }
}

/** Makes the children of a cgroup have what controllers they can have. */
export function enable(files: CgroupFiles, folder: string): void {
  const file = join(folder, "cgroup.subtree_control");
  const enabled = controllersIn(files.read(file));
  const available = controllersIn(files.read(join(folder, "cgroup.controllers")));
  for (const controller of CONTROLLERS) {
    // One by one: a refused one must not keep the others away. What came of it is read by whoever needs it.
    if (available.includes(controller) && !enabled.includes(controller)) files.write(file, `+${controller}`);
  }
}

/** Ends everything in a cgroup and removes it, with the cgroups inside. Problem: `cgroup-busy`. */
export async function removeCgroup(files: CgroupFiles, folder: string): Promise<Result<void>> {
  const end = performance.now() + LONGEST_END_MS;
  for (let wait = 1; ; wait = Math.min(2 * wait, 50)) {
    for (const name of files.children(folder)) files.remove(join(folder, name));
    const removed = files.remove(folder);
    if (removed.ok || removed.problem.code === "ENOENT") return ok(undefined);
    if (performance.now() > end) return fail("cgroup-busy", removed.problem.message);
    killAll(files, folder);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** Ends every process in a cgroup and below at one moment; before Linux 5.14, one after the other. */
function killAll(files: CgroupFiles, folder: string): void {
  if (files.write(join(folder, "cgroup.kill"), "1").ok) return;
  for (const name of files.children(folder)) killAll(files, join(folder, name));
  for (const pid of processesIn(files, folder)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // gone, or not ours to end: whoever waits for the cgroup to be empty sees that
    }
  }
}

/** The processes of a cgroup, without those of cgroups in it; 0 for one that this pid namespace does not have. */
export function processesIn(files: CgroupFiles, folder: string): number[] {
  return (files.read(join(folder, "cgroup.procs")) ?? "").split("\n").filter(Boolean).map(Number);
}
