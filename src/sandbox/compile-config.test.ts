import { describe, expect, it } from "vitest";
import { CATEGORY_LIMITS, SandboxConfig } from "../model/index.ts";
import { compileConfig, type PolicyInput } from "./compile-config.ts";

const MEBIBYTE = 1024 * 1024;

describe("compileConfig", () => {
  const cases: [name: string, input: PolicyInput, expected: Partial<SandboxConfig>][] = [
    [
      "analysis: no network, 512 MB, half a core, ten minutes",
      { category: "analysis", workspace: "/w" },
      {
        memoryBytes: 512 * MEBIBYTE,
        cpuPercent: 50,
        timeMs: 600_000,
        network: { mode: "none" },
        readonlyPaths: ["/w"],
      },
    ],
    [
      "utility: the smallest budget",
      { category: "utility", workspace: "/w" },
      { memoryBytes: 128 * MEBIBYTE, cpuPercent: 10, timeMs: 60_000, processes: 32 },
    ],
    [
      "limits narrow",
      { category: "general", workspace: "/w", limits: { memoryBytes: 1000, timeMs: 5, processes: 2 } },
      { memoryBytes: 1000, timeMs: 5, processes: 2, cpuPercent: 25 },
    ],
    [
      "limits never widen",
      { category: "utility", workspace: "/w", limits: { memoryBytes: 1e12, cpuPercent: 900, outputBytes: 1e12 } },
      { memoryBytes: 128 * MEBIBYTE, cpuPercent: 10, outputBytes: 10 * MEBIBYTE },
    ],
    [
      "output formats are intersected",
      { category: "analysis", workspace: "/w", limits: { outputFormats: ["text", "json"] } },
      { outputFormats: ["json"] },
    ],
    [
      "hosts make a limited network",
      { category: "general", workspace: "/w", hosts: ["example.org", "example.org"] },
      { network: { mode: "hosts", hosts: ["example.org"] } },
    ],
    [
      "an empty list of hosts is no network",
      { category: "general", workspace: "/w", hosts: [] },
      { network: { mode: "none" } },
    ],
    [
      "paths are kept apart, each once",
      {
        category: "general",
        workspace: "/w",
        writablePaths: ["/w/out", "/w/out"],
        readablePaths: ["/d"],
        forbiddenPaths: ["/w/.env"],
      },
      { writablePaths: ["/w/out"], readonlyPaths: ["/w", "/d"], forbiddenPaths: ["/w/.env"] },
    ],
    [
      "variables of the dynamic loader never pass",
      { category: "general", workspace: "/w", environment: ["LD_PRELOAD", "API_URL", "DYLD_INSERT_LIBRARIES"] },
      { environment: ["API_URL"] },
    ],
  ];
  it.each(cases)("%s", (_name, input, expected) => {
    const config = compileConfig(input);
    expect(config).toMatchObject(expected);
    expect(SandboxConfig.parse(config)).toEqual(config);
  });

  describe("what other programs run later", () => {
    const kept = (...writablePaths: string[]): string[] =>
      compileConfig({ category: "general", workspace: "/w", writablePaths }).keptPaths;
    const some = ["/w/.git/hooks", "/w/.git/config", "/w/.vscode", "/w/.envrc", "/w/package.json", "/w/conftest.py"];

    it("is kept where the workspace, or what is around it, is granted", () => {
      expect(kept("/w")).toEqual(expect.arrayContaining(some));
      expect(kept("/")).toEqual(expect.arrayContaining(some));
    });
    it("needs no keeping without a grant, or with one for a folder inside", () => {
      expect(kept()).toEqual([]);
      expect(kept("/w/out", "/elsewhere")).toEqual([]);
    });
    it("is not kept where it is granted by its own name", () => {
      expect(kept("/w", "/w/.vscode")).not.toContain("/w/.vscode");
      expect(kept("/w", "/w/.git")).not.toContain("/w/.git/hooks");
      expect(kept("/w", "/w/.github/workflows")).not.toContain("/w/.github");
      expect(kept("/w", "/w/.vscode")).toContain("/w/.envrc");
    });
  });

  it("unshares every namespace for every category", () => {
    for (const category of Object.keys(CATEGORY_LIMITS) as (keyof typeof CATEGORY_LIMITS)[]) {
      const { namespaces } = compileConfig({ category, workspace: "/w" });
      expect(new Set(namespaces)).toEqual(new Set(["user", "pid", "mount", "ipc", "uts", "net", "cgroup"]));
    }
  });
});
