import { describe, expect, it } from "vitest";
import type { Result } from "../../model/index.ts";
import { FakeCgroups } from "./fake-files.ts";
import { CgroupTree, removeCgroup } from "./tree.ts";

const LIMITS = { memoryBytes: 64 << 20, processes: 24, cpuPercent: 20 };
const ALL = "cpuset cpu io memory pids";

function machine(controllers = ALL): FakeCgroups {
  const files = new FakeCgroups("/cg", controllers, false);
  value(files.make("/cg/scope"));
  for (const name of controllers.split(" ")) files.write("/cg/cgroup.subtree_control", `+${name}`);
  return files;
}

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problem.message);
  return result.value;
}

const nothing = async (): Promise<void> => undefined;
const create = (files: FakeCgroups, released = nothing): CgroupTree =>
  value(CgroupTree.create(files, "/cg/scope", { release: released }));

describe("a tree", () => {
  it("has no processes where its children have controllers, and its runs have limits", () => {
    const files = machine();
    const tree = create(files);
    expect(tree.controllers).toEqual(["memory", "pids", "cpu"]);
    const run = value(tree.make(LIMITS));
    expect(run.folder).toBe("/cg/scope/runs/run-1");
    expect(files.read(`${run.folder}/memory.max`)).toBe("67108864");
    expect(files.read(`${run.folder}/pids.max`)).toBe("24");
    expect(files.write("/cg/scope/cgroup.procs", "7")).toMatchObject({ problem: { code: "EBUSY" } });
    expect(files.write(`${run.folder}/cgroup.procs`, "7").ok).toBe(true);
  });

  it("does without the processor's controller", () => {
    const files = machine("memory pids");
    const tree = create(files);
    expect(tree.controllers).toEqual(["memory", "pids"]);
    const run = value(tree.make(LIMITS));
    expect(files.read(`${run.folder}/cpu.max`)).toBeUndefined();
  });

  it.each(["cpu pids", "memory cpu", "io"])("is none where only %s are delegated", (controllers) => {
    const made = CgroupTree.create(machine(controllers), "/cg/scope", { release: nothing });
    expect(made).toMatchObject({ problem: { code: "cgroup-undelegated" } });
  });

  it("is none where somebody is in it", () => {
    const files = machine();
    files.enter("/cg/scope", 5);
    expect(CgroupTree.create(files, "/cg/scope", { release: nothing }).ok).toBe(false);
  });

  it("has a place for supervisors only where they are put into it", () => {
    const files = machine();
    create(files);
    expect(files.children("/cg/scope")).toEqual(["runs"]);
    const other = machine();
    const attach = async (): Promise<Result<void>> => ({ ok: true, value: undefined });
    const tree = value(CgroupTree.create(other, "/cg/scope", { attach, release: nothing }));
    expect(other.children("/cg/scope")).toEqual(["runs", "supervisors"]);
    expect(value(tree.make(LIMITS)).attach).toBe(attach);
  });

  it("leaves neither descriptors nor cgroups of a run that could not be set up", () => {
    const files = machine();
    const tree = create(files);
    const write = files.write.bind(files);
    files.write = (path, text) =>
      path.endsWith("pids.max") ? { ok: false, problem: { code: "EINVAL", message: "" } } : write(path, text);
    expect(tree.make(LIMITS)).toMatchObject({ problem: { code: "EINVAL" } });
    expect(files.children("/cg/scope/runs")).toEqual([]);
    expect(files.opened).toEqual([]);
  });

  it("says so where it was removed from outside", () => {
    const files = machine();
    const tree = create(files);
    value(files.remove("/cg/scope/runs"));
    expect(tree.make(LIMITS)).toMatchObject({ problem: { code: "ENOENT" } });
  });

  it("is given back once, after the last run has left it", async () => {
    let released = 0;
    const tree = create(machine(), async () => {
      released++;
    });
    const [first, second] = [value(tree.make(LIMITS)), value(tree.make(LIMITS))];
    await tree.release();
    await first.remove();
    expect(released).toBe(0);
    await second.remove();
    expect(released).toBe(1);
    await second.remove();
    expect(released).toBe(1);
  });
});

describe("the cgroup of a run", () => {
  it("closes its descriptors once, and is removed with everything that is left in it", async () => {
    const files = machine();
    const run = value(create(files).make(LIMITS));
    expect(files.opened).toHaveLength(2);
    run.started();
    expect(files.opened).toEqual([]);
    files.enter(run.folder, 41, 42);
    expect(await run.remove()).toEqual({ ok: true, value: undefined });
    expect(files.children("/cg/scope/runs")).toEqual([]);
    expect(files.opened).toEqual([]);
  });

  it("may be gone already", async () => {
    const files = machine();
    const run = value(create(files).make(LIMITS));
    value(files.remove(run.folder));
    expect(await run.remove()).toEqual({ ok: true, value: undefined });
  });

  it("is removed with cgroups that are in it", async () => {
    const files = machine();
    const run = value(create(files).make(LIMITS));
    value(files.make(`${run.folder}/inner`));
    files.enter(`${run.folder}/inner`, 43);
    await removeCgroup(files, run.folder);
    expect(files.folders).not.toContain(run.folder);
  });
});
