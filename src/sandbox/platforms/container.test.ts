import { describe, expect, it } from "vitest";
import type { SandboxConfig } from "../../model/index.ts";
import { compileConfig } from "../compile-config.ts";
import { type ContainerPlan, compileContainerArguments } from "./container.ts";

const MEBIBYTE = 1024 * 1024;
const config = compileConfig({ category: "general", workspace: "/w" });
const plan: ContainerPlan = {
  engine: "docker",
  name: "toka-1",
  image: "python:3",
  mounts: [],
  environment: {},
  cwd: "/w",
  command: ["python3", "tool.py", "--flag"],
  hasInput: false,
  user: 1000,
  group: 100,
};

describe("compileContainerArguments", () => {
  it.each<[string, Partial<SandboxConfig>, Partial<ContainerPlan>, string[]]>([
    ["no network", {}, {}, ["--network", "none"]],
    ["a read-only image", {}, {}, ["--read-only"]],
    ["no capabilities", {}, {}, ["--cap-drop", "ALL"]],
    ["no new privileges", {}, {}, ["--security-opt", "no-new-privileges"]],
    ["nothing is fetched", {}, {}, ["--pull", "never"]],
    ["nothing is left", {}, {}, ["--rm", "--name", "toka-1"]],
    ["processes, and the one that holds the time", { processes: 5 }, {}, ["--pids-limit", "6"]],
    [
      "memory, and no more of it by swapping",
      { memoryBytes: 9 * MEBIBYTE },
      {},
      ["--memory", "9437184", "--memory-swap", "9437184"],
    ],
    ["a share of the processor", { cpuPercent: 25 }, {}, ["--cpus", "0.25"]],
    ["the caller's own user", {}, {}, ["--user", "1000:100"]],
    ["podman keeps the user's number", {}, { engine: "podman" }, ["--user", "1000:100", "--userns", "keep-id"]],
    [
      "a sized temporary folder",
      { diskBytes: 3 * MEBIBYTE },
      {},
      ["--tmpfs", "/tmp:rw,nosuid,nodev,size=3m,mode=1777"],
    ],
    ["a file size", { diskBytes: 4096 }, {}, ["--ulimit", "fsize=4096:4096"]],
    [
      "a readable path",
      {},
      { mounts: [{ path: "/a", source: "/b", access: "read" }] },
      ["--mount", "type=bind,src=/b,dst=/a,readonly"],
    ],
    [
      "a writable path",
      {},
      { mounts: [{ path: "/a", source: "/b", access: "write" }] },
      ["--mount", "type=bind,src=/b,dst=/a"],
    ],
    [
      "a hidden file",
      {},
      { mounts: [{ path: "/a", source: "/a", access: "hidden-file" }] },
      ["--mount", "type=bind,src=/dev/null,dst=/a,readonly"],
    ],
    [
      "a hidden folder",
      {},
      { mounts: [{ path: "/a", source: "/a", access: "hidden-folder" }] },
      ["--mount", "type=tmpfs,dst=/a,tmpfs-mode=0000"],
    ],
    [
      "a path with a comma stays one field",
      {},
      { mounts: [{ path: "/a,dst=/etc", source: '/b"c', access: "read" }] },
      ["--mount", 'type=bind,"src=/b""c","dst=/a,dst=/etc",readonly'],
    ],
    ["a variable", {}, { environment: { A: "b c" } }, ["--env", "A=b c"]],
    ["input when there is some", {}, { hasInput: true }, ["--interactive"]],
    [
      "the command behind its time limit, at the end",
      { timeMs: 1500 },
      {},
      ["--entrypoint", "timeout", "python:3", "-s", "KILL", "5", "python3", "tool.py", "--flag"],
    ],
  ])("%s", (_, limits, given, wanted) => {
    const argv = compileContainerArguments({ ...config, ...limits }, { ...plan, ...given });
    const at = argv.findIndex((_word, index) => wanted.every((word, offset) => argv[index + offset] === word));
    expect(at, argv.join(" ")).toBeGreaterThan(0);
  });

  it("gives nothing that would open it", () => {
    const text = compileContainerArguments(config, plan).join(" ");
    expect(text).not.toMatch(/privileged|--device|--pid\b(?!s)|\bhost\b|cap-add|docker\.sock|unconfined/);
  });

  it("takes no word of the command for an option", () => {
    const argv = compileContainerArguments(config, { ...plan, command: ["--privileged"] });
    expect(argv.indexOf("--privileged")).toBeGreaterThan(argv.indexOf("python:3"));
  });
});
