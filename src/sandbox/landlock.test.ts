import { chmod, mkdir, mkdtemp, realpath, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeCgroups } from "./cgroup/fake-files.ts";
import { CgroupTree } from "./cgroup/tree.ts";
import { compileConfig } from "./compile-config.ts";
import { HelperSource, nativeName } from "./helper-code.ts";
import { LandlockBackend, pathRules } from "./landlock.ts";
import type { Mount } from "./mounts.ts";

describe("pathRules", () => {
  let root: string;
  const at = (...names: string[]): string => join(root, ...names);
  const mount = (access: Mount["access"], ...names: string[]): Mount => ({
    path: at(...names),
    source: at(...names),
    access,
  });

  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), "toka-rules-")));
    await mkdir(at("a/deep"), { recursive: true });
    await mkdir(at("b"));
    for (const name of ["file", "a/key", "a/deep/data", "b/other"]) await writeFile(at(name), "");
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it("gives a folder without anything forbidden one rule", async () => {
    expect(await pathRules([mount("read"), mount("write", "b")])).toEqual({
      read: [root],
      write: [at("b")],
      list: [],
    });
  });

  it("gives rules to what lies around a forbidden file, and lets the names be listed", async () => {
    const rules = await pathRules([mount("read"), mount("hidden-file", "a/key")]);
    expect(rules.read.toSorted()).toEqual([at("a/deep"), at("b"), at("file")]);
    expect(rules.list.toSorted()).toEqual([root, at("a")]);
  });

  it("lets no names be listed above a forbidden folder, since that would list its own", async () => {
    const rules = await pathRules([mount("read"), mount("hidden-folder", "a/deep")]);
    expect(rules.read.toSorted()).toEqual([at("a/key"), at("b"), at("file")]);
    expect(rules.list).toEqual([]);
  });

  it("gives a folder with something kept in it no rule for writing, but what lies beside, and all of it for reading", async () => {
    const rules = await pathRules([mount("write")], [at("a/key")]);
    expect(rules.write.toSorted()).toEqual([at("a/deep"), at("b"), at("file")]);
    expect(rules.read).toEqual([root]);
    expect(rules.list.toSorted()).toEqual([root, at("a")]);
  });

  it("keeps a name where nothing is yet: the folder that would get it has no rule", async () => {
    const rules = await pathRules([mount("write", "b")], [at("b/new")]);
    expect(rules.write).toEqual([at("b/other")]);
  });

  it("gives nothing for writing inside a kept folder", async () => {
    const rules = await pathRules([mount("write")], [at("a")]);
    expect(rules.write.toSorted()).toEqual([at("b"), at("file")]);
  });

  it("gives a link no rule, which would be one for what it leads to", async () => {
    await symlink(at("a"), at("b/link"));
    try {
      const rules = await pathRules([mount("write", "b")], [at("b/new")]);
      expect(rules.write).toEqual([at("b/other")]);
    } finally {
      await unlink(at("b/link"));
    }
  });

  it("gives nothing inside a forbidden folder a rule, not even what is writable by name", async () => {
    const rules = await pathRules([mount("read"), mount("write", "a/deep"), mount("hidden-folder", "a")]);
    expect(rules).toEqual({ read: [at("b"), at("file")], write: [], list: [] });
  });
});

describe.skipIf(process.platform !== "linux")("the command of a run with a cgroup", () => {
  let root: string;
  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), "toka-landlock-")));
    await writeFile(join(root, "helper.py"), "pass");
    const native = join(root, nativeName(process.platform, process.arch));
    await writeFile(native, "#!/bin/sh\necho toka-helper\n");
    await chmod(native, 0o755);
    await mkdir(join(root, "workspace"));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  /** They follow what is handed over from descriptor 4 on (`supervise.ts`), of which the one in Python has one more. */
  it.each(["native", "python"] as const)("names the cgroup's descriptors for the supervisor in %s", async (helper) => {
    const files = new FakeCgroups("/cg", "cpu memory pids", true);
    files.make("/cg/tree");
    for (const name of ["cpu", "memory", "pids"]) files.write("/cg/cgroup.subtree_control", `+${name}`);
    const tree = CgroupTree.create(files, "/cg/tree", { release: async () => undefined });
    if (!tree.ok) throw new Error(tree.problem.message);
    const workspace = join(root, "workspace");
    const command = await new LandlockBackend(new HelperSource(join(root, "helper.py"), helper)).command({
      command: ["true"],
      cwd: workspace,
      config: compileConfig({ category: "utility", workspace }),
      environment: {},
      hasInput: false,
      cgroups: tree.value,
    });
    if (!command.ok) throw new Error(command.problem.message);
    const { descriptors, cleanUp } = command.value;
    try {
      const words = Buffer.from(descriptors[0] ?? []).toString("utf8");
      expect(words.split("\0")[0]).toBe(`cgroup=${4 + descriptors.length}:memory,pids,cpu`);
    } finally {
      await cleanUp?.();
    }
  });
});
