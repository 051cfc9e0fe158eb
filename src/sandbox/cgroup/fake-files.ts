import { dirname } from "node:path";
import { fail, ok, type Result } from "../../model/index.ts";
import type { CgroupFiles } from "./files.ts";
import { commonFolder, controllersIn } from "./hierarchy.ts";

interface Group {
  readonly files: Map<string, string>;
  readonly processes: Set<number>;
}

/** For tests: a hierarchy in memory that keeps the kernel's rules (kernel documentation, admin-guide/cgroup-v2). */
export class FakeCgroups implements CgroupFiles {
  /** Files beside the hierarchy. */
  readonly others = new Map<string, string>();
  readonly opened: number[] = [];
  /** What is not writable for this user. */
  readonly readOnly = new Set<string>();
  readonly #groups = new Map<string, Group>();
  readonly #mount: string;
  readonly #isRoot: boolean;
  #descriptor = 100;

  /** @param isRoot the mount is the real root, which may have both processes and children with controllers */
  constructor(mount: string, controllers: string, isRoot: boolean) {
    this.#mount = mount;
    this.#isRoot = isRoot;
    this.#groups.set(mount, { files: new Map([["cgroup.controllers", controllers]]), processes: new Set() });
  }

  get folders(): string[] {
    return [...this.#groups.keys()];
  }

  enter(folder: string, ...pids: number[]): void {
    for (const pid of pids) this.#move(folder, pid);
  }

  read(path: string): string | undefined {
    const group = this.#groups.get(dirname(path));
    if (group === undefined) return this.others.get(path);
    const name = path.slice(dirname(path).length + 1);
    if (name === "cgroup.procs") return [...group.processes].map((pid) => `${pid}\n`).join("");
    if (name === "cgroup.controllers" && dirname(path) !== this.#mount) {
      return this.#groups.get(dirname(dirname(path)))?.files.get("cgroup.subtree_control") ?? "";
    }
    return group.files.get(name);
  }

  write(path: string, text: string): Result<void> {
    const folder = dirname(path);
    const group = this.#groups.get(folder);
    if (group === undefined) return fail("ENOENT", path);
    if (this.readOnly.has(folder)) return fail("EACCES", path);
    const name = path.slice(folder.length + 1);
    if (name === "cgroup.procs") return this.#move(folder, Number(text));
    if (name === "cgroup.kill") {
      for (const [other, { processes }] of this.#groups) if (commonFolder(other, folder) === folder) processes.clear();
      return ok(undefined);
    }
    if (name === "cgroup.subtree_control") return this.#enable(folder, group, text);
    const [controller = ""] = name.split(".");
    if (!controllersIn(this.read(`${folder}/cgroup.controllers`)).some((one) => one === controller)) {
      return fail("ENOENT", path);
    }
    group.files.set(name, text);
    return ok(undefined);
  }

  writeLater(path: string, text: string): void {
    this.write(path, text);
  }

  #enable(folder: string, group: Group, text: string): Result<void> {
    const isTop = this.#isRoot && folder === this.#mount;
    if (!isTop && group.processes.size > 0) return fail("EBUSY", "no internal processes");
    const name = text.slice(1);
    if (!this.read(`${folder}/cgroup.controllers`)?.split(" ").includes(name)) return fail("ENOENT", name);
    const before = group.files.get("cgroup.subtree_control");
    group.files.set("cgroup.subtree_control", before ? `${before} ${name}` : name);
    return ok(undefined);
  }

  #move(folder: string, pid: number): Result<void> {
    const group = this.#groups.get(folder);
    if (group === undefined) return fail("ENOENT", folder);
    const isTop = this.#isRoot && folder === this.#mount;
    if (!isTop && group.files.get("cgroup.subtree_control")) return fail("EBUSY", "no internal processes");
    for (const { processes } of this.#groups.values()) processes.delete(pid);
    group.processes.add(pid);
    return ok(undefined);
  }

  canWrite(path: string): boolean {
    const folder = this.#groups.has(path) ? path : dirname(path);
    return this.#groups.has(folder) ? !this.readOnly.has(folder) : this.others.has(path);
  }

  make(folder: string): Result<void> {
    if (this.#groups.has(folder)) return fail("EEXIST", folder);
    if (!this.#groups.has(dirname(folder))) return fail("ENOENT", folder);
    if (this.readOnly.has(dirname(folder))) return fail("EACCES", folder);
    this.#groups.set(folder, { files: new Map(), processes: new Set() });
    return ok(undefined);
  }

  remove(folder: string): Result<void> {
    const group = this.#groups.get(folder);
    if (group === undefined) return fail("ENOENT", folder);
    if (group.processes.size > 0 || this.children(folder).length > 0) return fail("EBUSY", folder);
    this.#groups.delete(folder);
    return ok(undefined);
  }

  children(folder: string): string[] {
    return this.folders
      .filter((other) => other !== folder && dirname(other) === folder)
      .map((other) => other.slice(folder.length + 1));
  }

  open(folder: string): Result<readonly [number, number]> {
    if (!this.#groups.has(folder)) return fail("ENOENT", folder);
    this.#descriptor += 2;
    this.opened.push(this.#descriptor, this.#descriptor + 1);
    return ok([this.#descriptor, this.#descriptor + 1]);
  }

  close(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) this.opened.splice(this.opened.indexOf(descriptor), 1);
  }
}
