import { afterEach, describe, expect, it } from "vitest";
import { Cgroups } from "./cgroups.ts";
import { FakeCgroups } from "./fake-files.ts";
import { thisOwner, treeName } from "./names.ts";

const MOUNTINFO = "35 31 0:29 / /cg rw - cgroup2 cgroup2 rw,nsdelegate\n";
const PID = process.pid;
const open: Cgroups[] = [];

afterEach(async () => {
  for (const cgroups of open.splice(0)) await cgroups.dispose();
});

interface Machine {
  readonly controllers?: string;
  readonly isRoot?: boolean;
  /** Cgroups, each after the one around it. */
  readonly groups?: readonly string[];
  /** Processes by cgroup. */
  readonly processes?: Readonly<Record<string, readonly number[]>>;
  /** What of the hierarchy this user cannot write to. */
  readonly readOnly?: readonly string[];
  readonly own?: string;
  readonly mountinfo?: string;
  /** Parents by process. */
  readonly parents?: Readonly<Record<number, number>>;
}

/** A machine without systemd. */
function machine(about: Machine): { readonly files: FakeCgroups; readonly cgroups: Cgroups; readonly log: string[] } {
  const files = new FakeCgroups("/cg", about.controllers ?? "cpu io memory pids", about.isRoot ?? false);
  for (const folder of about.groups ?? []) files.make(folder);
  for (const [folder, pids] of Object.entries(about.processes ?? {})) files.enter(folder, ...pids);
  for (const folder of about.readOnly ?? []) files.readOnly.add(folder);
  files.others.set("/proc/self/mountinfo", about.mountinfo ?? MOUNTINFO);
  files.others.set("/proc/self/cgroup", `0::${about.own ?? "/"}\n`);
  for (const [pid, parent] of Object.entries(about.parents ?? {}))
    files.others.set(`/proc/${pid}/stat`, `${pid} (x y) S ${parent} 1`);
  const log: string[] = [];
  const cgroups = new Cgroups((line) => log.push(line), { uid: 0, environment: {}, files });
  open.push(cgroups);
  return { files, cgroups, log };
}

const why = async (about: Machine): Promise<string> => {
  const tree = await machine(about).cgroups.tree();
  return tree.ok ? "found" : `${tree.problem.code}: ${tree.problem.message}`;
};

describe("where there are none", () => {
  it("says why", async () => {
    expect(await why({ mountinfo: "" })).toBe("cgroup-undelegated: cgroup v2 is not mounted");
    expect(await why({ controllers: "" })).toContain(
      "/cg has not the controllers memory and pids (cgroup v1 may have them)",
    );
    expect(await why({ own: "/../elsewhere" })).toContain("the cgroup of this process is not in /cg");
    expect(await why({ readOnly: ["/cg"] })).toContain("/cg is not writable");
    expect(await why({ processes: { "/cg": [PID, 77] }, parents: { [PID]: 1 } })).toContain("/cg has processes");
  });

  it("makes nothing", async () => {
    const { files, cgroups } = machine({ processes: { "/cg": [PID, 77] }, parents: { [PID]: 1 } });
    await cgroups.tree();
    expect(files.folders).toEqual(["/cg"]);
  });
});

describe("without systemd", () => {
  it("takes the real root, which may have processes", async () => {
    const { files, cgroups } = machine({ isRoot: true, processes: { "/cg": [1, 2, PID] } });
    const tree = await cgroups.tree();
    expect(tree).toMatchObject({ ok: true, value: { controllers: ["memory", "pids", "cpu"] } });
    const folder = tree.ok ? tree.value.folder : "";
    expect(folder).toBe(`/cg/${treeName(thisOwner(), Number(/\d+$/.exec(folder)?.[0]))}`);
    expect(files.read("/cg/cgroup.procs")?.split("\n")).toContain("2");
  });

  it("takes the nearest cgroup around that has controllers for its children", async () => {
    const groups = ["/cg/init", "/cg/init/shell"];
    const { cgroups } = machine({
      groups,
      own: "/init/shell",
      processes: { "/cg/init/shell": [PID, 8], "/cg/init": [] },
    });
    const tree = await cgroups.tree();
    // `/cg/init` has no processes of its own, and gets its controllers from `/cg` only when that can have them.
    expect(tree.ok && tree.value.folder.startsWith("/cg/toka-")).toBe(true);
  });

  it("has a name of its own for each sandbox of a process", async () => {
    const [one, other] = [machine({ isRoot: true }), machine({ isRoot: true })];
    const folders = (await Promise.all([one.cgroups.tree(), other.cgroups.tree()])).map((tree) =>
      tree.ok ? tree.value.folder : tree.problem.message,
    );
    expect(folders.every((folder) => folder.startsWith("/cg/toka-"))).toBe(true);
    expect(folders[0]).not.toBe(folders[1]);
  });

  it("goes no further than it may write", async () => {
    const about = { groups: ["/cg/mine"], own: "/mine", processes: { "/cg/mine": [PID, 8] }, readOnly: ["/cg"] };
    expect(await why(about)).toMatch(/mine has processes, or has not the controllers/);
  });

  it("makes place in a container's root that has nobody but this process and those that led to it", async () => {
    const { files, cgroups } = machine({ processes: { "/cg": [1, 5, PID] }, parents: { [PID]: 5, 5: 1, 1: 0 } });
    const tree = await cgroups.tree();
    expect(tree.ok).toBe(true);
    const folder = tree.ok ? tree.value.folder : "";
    expect(files.read("/cg/cgroup.procs")).toBe("");
    expect(files.read(`${folder}/host/cgroup.procs`)).toBe(`1\n5\n${PID}\n`);
  });

  it("is found once, and looked for again once it does not hold", async () => {
    const { cgroups, log } = machine({ isRoot: true });
    const first = await cgroups.tree();
    expect(await cgroups.tree()).toBe(first);
    if (!first.ok) throw new Error(first.problem.message);
    await cgroups.replace(first.value, "it was removed");
    const second = await cgroups.tree();
    expect(second.ok && second.value.folder).not.toBe(first.value.folder);
    if (!second.ok) throw new Error(second.problem.message);
    // Two runs may find that at once.
    await cgroups.replace(first.value, "it was removed");
    expect(await cgroups.tree()).toBe(second);
    await cgroups.replace(second.value, "not this one either");
    expect(await cgroups.tree()).toMatchObject({ ok: false, problem: { message: "not this one either" } });
    expect(log.filter((line) => line.includes("cannot be used"))).toHaveLength(2);
  });
});

describe("what others have left", () => {
  const gone = treeName({ ...thisOwner(), pid: 2 ** 22 + 1 }, 1);
  const alive = treeName(thisOwner(), 900);
  const elsewhere = treeName({ pid: 2 ** 22 + 1, started: 1, namespace: 1 }, 1);

  it("is ended and removed, but for what may be in use", async () => {
    const trees = [gone, alive, elsewhere, "someone.slice"].map((name) => `/cg/${name}`);
    const groups = trees.flatMap((tree) => [tree, `${tree}/runs`, `${tree}/runs/run-1`]);
    const processes = Object.fromEntries(trees.map((tree, index) => [`${tree}/runs/run-1`, [900 + index]]));
    const { files, cgroups, log } = machine({ isRoot: true, groups, processes });
    await cgroups.tree();
    await expect.poll(() => files.folders.filter((folder) => folder.includes(gone))).toEqual([]);
    for (const [index, tree] of trees.entries()) {
      if (index > 0) expect(files.read(`${tree}/runs/run-1/cgroup.procs`)).toBe(`${900 + index}\n`);
    }
    expect(log.filter((line) => line.includes("left by"))).toHaveLength(1);
  });

  it("is not ended where it is not a run", async () => {
    const host = `/cg/${gone}/host`;
    const { files, cgroups } = machine({
      isRoot: true,
      groups: [`/cg/${gone}`, `/cg/${gone}/runs`, host],
      processes: { [host]: [1] },
    });
    await cgroups.tree();
    await expect.poll(() => files.folders.includes(`/cg/${gone}/runs`)).toBe(false);
    expect(files.read(`${host}/cgroup.procs`)).toBe("1\n");
  });
});
