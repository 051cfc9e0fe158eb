import { describe, expect, it } from "vitest";
import type { SandboxConfig } from "../model/index.ts";
import { type BubblewrapPlan, compileArguments } from "./bubblewrap.ts";
import { compileConfig } from "./compile-config.ts";
import { helperOptions } from "./supervisor-options.ts";

const config = compileConfig({ category: "utility", workspace: "/w" });
const plan: BubblewrapPlan = {
  system: [{ path: "/usr" }, { path: "/bin", link: "usr/bin" }],
  mounts: [],
  environment: { HOME: "/home/sandbox" },
  cwd: "/w",
  hiddenProc: [],
  helperName: "helper.py",
};

/** Where a run of arguments begins, or -1. */
function find(options: readonly string[], ...wanted: readonly string[]): number {
  return options.findIndex((_, index) => wanted.every((word, offset) => options[index + offset] === word));
}

describe("compileArguments", () => {
  const cases: [name: string, config: Partial<SandboxConfig>, plan: Partial<BubblewrapPlan>, wanted: string[]][] = [
    ["network is unshared", {}, {}, ["--unshare-net"]],
    ["the user namespace is not optional", {}, {}, ["--unshare-user"]],
    ["dies with its parent", {}, {}, ["--die-with-parent"]],
    ["has a session of its own", {}, {}, ["--new-session"]],
    ["has no capability", {}, {}, ["--cap-drop", "ALL"]],
    ["starts from an empty environment", {}, {}, ["--clearenv"]],
    ["sets what is given", {}, { environment: { A: "b c" } }, ["--setenv", "A", "b c"]],
    ["a system folder is read-only", {}, {}, ["--ro-bind", "/usr", "/usr"]],
    ["a system link stays a link", {}, {}, ["--symlink", "usr/bin", "/bin"]],
    [
      "/tmp is sized by the smaller of disk and memory",
      { diskBytes: 1, memoryBytes: 9 },
      {},
      ["--size", "8388609", "--tmpfs", "/tmp"],
    ],
    ["its supervisor is a file that is read", {}, {}, ["--perms", "0444", "--file", "6", "/run/toka/helper.py"]],
    ["or a program", {}, { helperName: "helper" }, ["--perms", "0555", "--file", "6", "/run/toka/helper"]],
    ["a readable path", {}, { mounts: [{ path: "/a", source: "/b", access: "read" }] }, ["--ro-bind", "/b", "/a"]],
    ["a writable path", {}, { mounts: [{ path: "/a", source: "/b", access: "write" }] }, ["--bind", "/b", "/a"]],
    [
      "a hidden file",
      {},
      { mounts: [{ path: "/a", source: "/a", access: "hidden-file" }] },
      ["--ro-bind", "/dev/null", "/a"],
    ],
    [
      "a hidden folder",
      {},
      { mounts: [{ path: "/a", source: "/a", access: "hidden-folder" }] },
      ["--perms", "0000", "--tmpfs", "/a", "--remount-ro", "/a"],
    ],
    ["the tree is sealed", {}, {}, ["--remount-ro", "/"]],
    ["/proc is sealed", {}, {}, ["--remount-ro", "/proc"]],
    ["what /proc tells root is hidden", {}, { hiddenProc: ["keys"] }, ["--ro-bind", "/dev/null", "/proc/keys"]],
    ["system calls are filtered", {}, {}, ["--seccomp", "5"]],
    ["starts in the working directory", {}, {}, ["--chdir", "/w"]],
  ];
  it.each(cases)("%s", (_name, policy, changed, wanted) => {
    const options = compileArguments({ ...config, ...policy }, { ...plan, ...changed });
    expect(find(options, ...wanted)).toBeGreaterThanOrEqual(0);
  });

  it("mounts in the order given, after /tmp and before the tree is sealed", () => {
    const options = compileArguments(config, {
      ...plan,
      mounts: [
        { path: "/tmp/w", source: "/tmp/w", access: "read" },
        { path: "/tmp/w/out", source: "/tmp/w/out", access: "write" },
      ],
    });
    const order = [
      find(options, "--tmpfs", "/tmp"),
      find(options, "--ro-bind", "/tmp/w"),
      find(options, "--bind", "/tmp/w/out"),
      find(options, "--remount-ro", "/"),
    ];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
  });

  it("never shares anything again", () => {
    expect(compileArguments(config, plan).filter((option) => /share-net|^--dev-bind|-try$/.test(option))).toEqual([
      "--unshare-net",
    ]);
  });
});

describe("helperOptions", () => {
  it("names every limit of the policy and every writable place", () => {
    expect(helperOptions({ config, hasInput: true }, ["/w/out"])).toEqual([
      "memory=134217728",
      "cpu=10",
      "time=60000",
      "processes=32",
      "disk=52428800",
      "files=10000",
      "output=10485760",
      "stdin=pipe",
      "write=/w/out",
    ]);
  });
});
