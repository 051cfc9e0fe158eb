import { describe, expect, it } from "vitest";
import { commonFolder, controllersIn, findHierarchy, folderOf } from "./hierarchy.ts";

const PROC = "22 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw";
const V1 = "33 31 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory";
const line = (root: string, mount: string): string =>
  `35 31 0:29 ${root} ${mount} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate`;

describe("finding the unified hierarchy", () => {
  it.each([
    ["a system of today", [PROC, line("/", "/sys/fs/cgroup")], { root: "/", mount: "/sys/fs/cgroup" }],
    ["beside cgroup v1", [V1, line("/", "/sys/fs/cgroup/unified")], { root: "/", mount: "/sys/fs/cgroup/unified" }],
    ["a container's part", [line("/machine/a1", "/sys/fs/cgroup")], { root: "/machine/a1", mount: "/sys/fs/cgroup" }],
    ["a mount point with a blank", [line("/", "/mnt/my\\040groups")], { root: "/", mount: "/mnt/my groups" }],
    ["cgroup v1 alone", [PROC, V1], undefined],
    ["nothing", [""], undefined],
  ])("%s", (_name, lines, expected) => {
    expect(findHierarchy(lines.join("\n"))).toEqual(expected);
  });
});

describe("the folder of a process' cgroup", () => {
  const whole = { root: "/", mount: "/sys/fs/cgroup" };
  const part = { root: "/machine/a1", mount: "/sys/fs/cgroup" };
  it.each([
    ["the root", whole, "0::/\n", "/sys/fs/cgroup"],
    ["a scope", whole, "0::/user.slice/a b.scope\n", "/sys/fs/cgroup/user.slice/a b.scope"],
    ["beside cgroup v1", whole, "9:memory:/x\n1:name=systemd:/y\n0::/z\n", "/sys/fs/cgroup/z"],
    ["in the part that is mounted", part, "0::/machine/a1/init\n", "/sys/fs/cgroup/init"],
    ["the part itself", part, "0::/machine/a1\n", "/sys/fs/cgroup"],
    ["beside the part", part, "0::/machine/a11\n", undefined],
    ["outside of the namespace", whole, "0::/../other\n", undefined],
    ["removed", whole, "0::/gone (deleted)\n", undefined],
    ["cgroup v1 alone", whole, "9:memory:/x\n", undefined],
  ])("%s", (_name, hierarchy, text, expected) => {
    expect(folderOf(hierarchy, text)).toBe(expected);
  });
});

it.each([
  ["/g/a/b", "/g/a/c/d", "/g/a"],
  ["/g/a", "/g/a/b", "/g/a"],
  ["/g/a/b", "/g/a", "/g/a"],
  ["/g/ab", "/g/a", "/g"],
  ["/g", "/g", "/g"],
])("a process that moves from %s to %s passes %s", (from, to, around) => {
  expect(commonFolder(from, to)).toBe(around);
});

it("knows controllers by their whole names", () => {
  expect(controllersIn("cpuset cpu io memory hugetlb pids rdma\n")).toEqual(["memory", "pids", "cpu"]);
  expect(controllersIn("cpuset io\n")).toEqual([]);
  expect(controllersIn("")).toEqual([]);
  expect(controllersIn(undefined)).toEqual([]);
});
