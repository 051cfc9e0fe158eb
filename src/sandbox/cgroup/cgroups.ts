import { dirname, join } from "node:path";
import { fail, ok, type Result } from "../../model/index.ts";
import { isInside } from "../paths.ts";
import { ManagerBus } from "./bus.ts";
import { type CgroupFiles, cgroupFiles } from "./files.ts";
import { commonFolder, controllersIn, findHierarchy, folderOf, type Hierarchy } from "./hierarchy.ts";
import { type Keeper, startKeeper } from "./keeper.ts";
import { isGone, ownerOf, thisOwner, treeName } from "./names.ts";
import { type Attach, CgroupTree, enable, processesIn, removeCgroup } from "./tree.ts";

const DESCRIPTION = "Toka Tools: limits of running tools";
/** How long a manager may take to have a process in its scope, once it has said that it will. */
const LONGEST_SCOPE_MS = 3_000;

/** What is looked up about this process and its machine. */
export interface CgroupSurroundings {
  readonly uid: number;
  readonly pid: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly files: CgroupFiles;
}

/** A place for a tree, before anything is laid out in it. */
interface Place {
  readonly folder: string;
  readonly attach?: Attach;
  readonly keeper: Keeper;
  /** The keeper's own cgroup. */
  readonly kept?: string;
  readonly close: () => void;
}

/**
 * Finds where this process may have cgroups of its own, and keeps one tree there for as long as it runs.
 *
 * Where systemd manages the hierarchy nobody else may make cgroups but below what it has delegated. So a scope is asked
 * for, once: a start of some milliseconds for all runs. A scope for each run would cost every start that much, and a
 * service of ours would outlive the editor. The scope holds a process that does nothing until the editor is gone, however
 * that goes, and then cleans up; the editor itself stays where it is.
 *
 * A process may move itself only within what belongs to its user. An editor that the user's own systemd started (from a
 * desktop) is there, and so are its children. One that was started by a login (ssh, a terminal, many window managers) is in
 * a session that belongs to root: there the systemd manager moves each supervisor on request.
 */
export class Cgroups {
  readonly #about: CgroupSurroundings;
  readonly #log: (line: string) => void;
  #tree: Promise<Result<CgroupTree>> | undefined;
  /** All that were found: runs go on in one that was given up. */
  readonly #trees: CgroupTree[] = [];
  /** Of all objects of this process: a name says the process, and no two trees may have the same. */
  static #serial = 0;

  constructor(log: (line: string) => void = () => undefined, about: Partial<CgroupSurroundings> = {}) {
    this.#log = log;
    this.#about = {
      uid: process.getuid?.() ?? -1,
      pid: process.pid,
      environment: process.env,
      files: cgroupFiles(),
      ...about,
    };
  }

  /** The tree for the runs of this process, found once. Problem: `cgroup-undelegated`, with the reason. */
  tree(): Promise<Result<CgroupTree>> {
    // Whatever goes wrong in here, runs do not need it: the watch holds, and the reason is told.
    this.#tree ??= this.#find().catch((error: unknown) => fail("cgroup-undelegated", String(error)));
    return this.#tree;
  }

  /** A run could not be put into a tree: another one is looked for, once; after that, none. @param why in words */
  async replace(tree: CgroupTree, why: string): Promise<void> {
    const current = await this.#tree;
    if (!current?.ok || current.value !== tree) return; // somebody else has seen it before
    this.#log(`cgroups in ${tree.folder} cannot be used: ${why}`);
    this.#tree = this.#trees.length < 2 ? undefined : Promise.resolve(fail("cgroup-undelegated", why));
  }

  /** Gives everything back, once the runs in it have ended. */
  async dispose(): Promise<void> {
    await this.#tree;
    this.#tree = undefined;
    await Promise.all(this.#trees.splice(0).map((tree) => tree.release()));
  }

  async #find(): Promise<Result<CgroupTree>> {
    const { files } = this.#about;
    const hierarchy = findHierarchy(files.read("/proc/self/mountinfo") ?? "");
    if (hierarchy === undefined) return fail("cgroup-undelegated", "cgroup v2 is not mounted");
    const available = controllersIn(files.read(join(hierarchy.mount, "cgroup.controllers")));
    if (!available.includes("memory") || !available.includes("pids")) {
      return fail(
        "cgroup-undelegated",
        `${hierarchy.mount} has not the controllers memory and pids (cgroup v1 may have them)`,
      );
    }
    const own = folderOf(hierarchy, files.read("/proc/self/cgroup") ?? "");
    if (own === undefined) return fail("cgroup-undelegated", `the cgroup of this process is not in ${hierarchy.mount}`);
    const socket = this.#managerSocket();
    const place =
      socket === undefined ? await this.#besides(hierarchy, own) : await this.#scope(hierarchy, own, socket);
    if (!place.ok) return place;
    const { folder, attach, keeper, kept, close } = place.value;
    const release = async (): Promise<void> => {
      await keeper.end();
      close();
    };
    const tree = CgroupTree.create(files, folder, {
      release,
      ...(attach ? { attach } : {}),
      ...(kept === undefined ? {} : { resident: { folder: kept, pid: keeper.pid } }),
    });
    if (!tree.ok) {
      await release();
      return tree;
    }
    this.#trees.push(tree.value);
    keeper.keep(folder);
    void keeper.ended.then(close);
    this.#log(`cgroups in ${folder}: ${tree.value.controllers.join(", ")}${attach ? ", by the systemd manager" : ""}`);
    return tree;
  }

  /** Where a systemd manager of this user listens. */
  #managerSocket(): string | undefined {
    const { uid, environment, files } = this.#about;
    const folder = uid === 0 ? "/run" : (environment["XDG_RUNTIME_DIR"] ?? `/run/user/${uid}`);
    const path = join(folder, "systemd/private");
    return files.canWrite(path) ? path : undefined;
  }

  async #scope(hierarchy: Hierarchy, own: string, socket: string): Promise<Result<Place>> {
    const { files, uid } = this.#about;
    const bus = await ManagerBus.open(socket, uid);
    if (!bus.ok) return fail("cgroup-undelegated", bus.problem.message);
    const keeper = await startKeeper();
    if (keeper === undefined) {
      bus.value.close();
      return fail("cgroup-undelegated", "/bin/sh cannot be started");
    }
    const giveUp = async (why: string): Promise<Result<never>> => {
      bus.value.close();
      await keeper.end();
      return fail("cgroup-undelegated", why);
    };
    const unit = `${this.#nextName()}.scope`;
    const started = await bus.value.startScope(unit, DESCRIPTION, keeper.pid);
    if (!started.ok) return await giveUp(started.problem.message);
    const folder = await this.#arrival(hierarchy, keeper.pid, unit);
    if (folder === undefined) return await giveUp(`the systemd manager did not put a process into ${unit}`);
    // The scope itself must be empty, and must not be: without a process it ends.
    const inside = join(folder, "keeper");
    const made = files.make(inside);
    if (!made.ok) return await giveUp(made.problem.message);
    const moved = files.write(join(inside, "cgroup.procs"), String(keeper.pid));
    if (!moved.ok) return await giveUp(moved.problem.message);
    this.#sweep(dirname(folder));
    const reachable = files.canWrite(join(commonFolder(own, folder), "cgroup.procs"));
    if (reachable) bus.value.close();
    return ok({
      folder,
      keeper,
      kept: inside,
      close: () => bus.value.close(),
      ...(reachable ? {} : { attach: (pid: number) => bus.value.attach(unit, "/supervisors", pid) }),
    });
  }

  /** Waits until a process is in a scope; the scope's folder. */
  async #arrival(hierarchy: Hierarchy, pid: number, unit: string): Promise<string | undefined> {
    const end = performance.now() + LONGEST_SCOPE_MS;
    do {
      const folder = folderOf(hierarchy, this.#about.files.read(`/proc/${pid}/cgroup`) ?? "");
      if (folder?.endsWith(`/${unit}`)) return folder;
      await new Promise((resolve) => setTimeout(resolve, 1));
    } while (performance.now() < end);
    return undefined;
  }

  /**
   * Without systemd: the nearest cgroup around this process that children with controllers can be made in. The root of a
   * container's cgroup namespace has processes, which keeps it from that; where they are this process and those that led
   * to it, they make place.
   */
  async #besides(hierarchy: Hierarchy, own: string): Promise<Result<Place>> {
    const { files } = this.#about;
    let why = `${own} is not writable`;
    for (let around = own; isInside(around, hierarchy.mount); around = dirname(around)) {
      if (!files.canWrite(around) || !files.canWrite(join(around, "cgroup.procs"))) break;
      this.#sweep(around);
      const made = this.#makeIn(around, own);
      if (made.ok) {
        const keeper = await startKeeper();
        if (keeper) return ok({ folder: made.value, keeper, close: () => undefined });
        removeEmpty(files, made.value);
        return fail("cgroup-undelegated", "/bin/sh cannot be started");
      }
      why = made.problem.message;
    }
    return fail("cgroup-undelegated", why);
  }

  /** A new cgroup with controllers in another one. */
  #makeIn(around: string, own: string): Result<string> {
    const { files } = this.#about;
    const folder = join(around, this.#nextName());
    const made = files.make(folder);
    if (!made.ok) return made;
    enable(files, around);
    if (!this.#hasControllers(folder) && around === own && this.#makePlace(own, folder)) enable(files, around);
    if (this.#hasControllers(folder)) return ok(folder);
    removeEmpty(files, folder);
    return fail("cgroup-undelegated", `${around} has processes, or has not the controllers memory and pids`);
  }

  #hasControllers(folder: string): boolean {
    const list = controllersIn(this.#about.files.read(join(folder, "cgroup.controllers")));
    return list.includes("memory") && list.includes("pids");
  }

  /** Moves this process and its ancestors out of a cgroup, when there is nobody else in it. */
  #makePlace(own: string, tree: string): boolean {
    const { files, pid } = this.#about;
    const members = processesIn(files, own);
    const line = new Set(this.#lineage(pid));
    if (members.some((member) => !line.has(member))) return false;
    const leaf = join(tree, "host");
    return files.make(leaf).ok && members.every((member) => files.write(join(leaf, "cgroup.procs"), String(member)).ok);
  }

  #lineage(pid: number): number[] {
    const line: number[] = [];
    for (let at = pid; at > 0 && !line.includes(at); ) {
      line.push(at);
      const stat = this.#about.files.read(`/proc/${at}/stat`) ?? ") ? 0";
      at = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    }
    return line;
  }

  #nextName(): string {
    Cgroups.#serial++;
    return treeName(thisOwner(), Cgroups.#serial);
  }

  /** Ends and removes what processes left that were killed together with what was to clean up after them. */
  #sweep(around: string): void {
    const { files } = this.#about;
    for (const name of files.children(around)) {
      const owner = ownerOf(name);
      if (owner === undefined || !isGone(owner)) continue;
      const tree = join(around, name);
      this.#log(`left by a process that is gone: ${tree}`);
      // Only what ran tools is ended: a container's own processes may be in the tree, too. A scope goes by itself.
      void removeCgroup(files, join(tree, "runs")).then((removed) => {
        if (!removed.ok) this.#log(removed.problem.message);
        else if (!name.endsWith(".scope")) removeEmpty(files, tree);
      });
    }
  }
}

/** Removes a tree that no process is in. */
function removeEmpty(files: CgroupFiles, tree: string): void {
  for (const name of files.children(tree)) files.remove(join(tree, name));
  files.remove(tree);
}
