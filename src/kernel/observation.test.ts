import { describe, expect, it } from "vitest";
import { CATEGORY_LIMITS, type Capability, type CapabilityName, type Observed } from "../model/index.ts";
import { compileConfig } from "../sandbox/index.ts";
import { compareObserved, fewestPaths } from "./observation.ts";

const NOTHING: Observed = {
  pythons: 1,
  files: [],
  temporaryFiles: 0,
  hosts: [],
  programs: [],
  environment: [],
  imports: [],
  actions: [],
  lost: 0,
  sandbox: { traffic: [], refused: [] },
};

function inferred(...names: readonly CapabilityName[]): Capability[] {
  return names.map((name) => ({
    name,
    severity: "low",
    evidence: [{ file: "tool.py", line: 1, text: "x", why: "y" }],
  }));
}

function compare(observed: Partial<Observed>, capabilities: readonly Capability[]) {
  const usage = { wallMs: 1_000, cpuMs: 10, peakMemoryBytes: 20 * 1024 * 1024, writtenBytes: 0 };
  const policy = compileConfig({ category: "general", workspace: "/w" });
  return compareObserved({ ...NOTHING, ...observed }, { capabilities, policy, usage });
}

describe("compareObserved", () => {
  it("tells what matched, what was not seen, and what was not inferred", () => {
    const place = { file: "tool.py", line: 4 };
    const seen = compare(
      {
        files: [
          { path: "data/a.csv", access: ["read"], place },
          { path: "out.txt", access: ["write"] },
        ],
      },
      inferred("filesystem-read", "network-access", "env-read"),
    );
    expect(seen.matched).toEqual([{ capability: "filesystem-read", seen: ["data/a.csv"], place }]);
    expect(seen.unseen).toEqual(["network-access"]);
    expect(seen.unexpected).toEqual([{ capability: "filesystem-write", seen: ["out.txt"] }]);
    expect(seen.unobservable).toEqual(["env-read"]);
  });

  it("says nothing about what was not seen where no Python told anything", () => {
    const seen = compare({ pythons: 0 }, inferred("filesystem-read"));
    expect(seen).toMatchObject({ unseen: [], unobservable: ["filesystem-read"] });
  });

  it("does not take loading its own code for reading files", () => {
    const seen = compare({ files: [{ path: "tool.py", access: ["import"] }] }, []);
    expect(seen.unexpected).toEqual([]);
    expect(seen.tighter).toMatchObject({ readable: [], code: ["tool.py"] });
  });

  it.each<[Partial<Observed>, CapabilityName]>([
    [{ files: [{ path: "a", access: ["list"] }] }, "filesystem-read"],
    [{ files: [{ path: "a", access: ["delete"] }] }, "filesystem-delete"],
    [{ files: [{ path: "a", access: ["attributes"] }] }, "file-permissions"],
    [{ hosts: [{ host: "example.org", how: "lookup" }] }, "network-access"],
    [{ hosts: [{ host: "0.0.0.0", port: 80, how: "listen" }] }, "network-listen"],
    [{ sandbox: { traffic: [], refused: [{ host: "a.b", port: 1, message: "" }] } }, "network-access"],
    [
      { sandbox: { traffic: [{ host: "a.b", port: 1, sentBytes: 1, receivedBytes: 1 }], refused: [] } },
      "network-access",
    ],
    [{ programs: [{ argv: ["git", "status"] }] }, "process-spawn"],
    [{ programs: [{ argv: ["/usr/bin/python3", "-m", "pip", "install", "x"] }] }, "package-install"],
    [{ environment: [{ name: "A", change: "set" }] }, "env-write"],
    [{ actions: [{ capability: "native-code", what: "loads libc" }] }, "native-code"],
  ])("knows what each observation needs (%j)", (observed, name) => {
    expect(compare(observed, []).unexpected.map(({ capability }) => capability)).toContain(name);
  });

  it("keeps local sockets apart from the network", () => {
    expect(compare({ hosts: [{ host: "unix:/run/x", how: "connect" }] }, []).unexpected).toEqual([]);
  });

  it("proposes rules for hosts that the sandbox understands, and limits below those that held", () => {
    const { tighter } = compare(
      {
        hosts: [
          { host: "example.org", port: 443, how: "connect" },
          { host: "example.org", how: "lookup" },
          { host: "db.example.org", port: 5432, how: "connect" },
          { host: "not a host\\u001b", how: "lookup" },
          { host: "localhost", port: 80, how: "connect" },
        ],
      },
      [],
    );
    expect(tighter.hosts).toEqual(["example.org", "db.example.org:5432"]);
    expect(tighter.limits).toEqual({ memoryMB: 48, timeSeconds: 10 });
    expect(48 * 1024 * 1024).toBeLessThan(CATEGORY_LIMITS.general.memoryBytes);
  });
});

describe("fewestPaths", () => {
  it.each<[string[], string[], string[]]>([
    [["data/a", "data/b"], [], ["data/"]],
    [["data/a"], [], ["data/a"]],
    [["data", "data/a"], ["data"], ["data/"]],
    [["data", "data/x/y"], ["data"], ["data/"]],
    [["a", "b", "c"], [], ["a", "b", "c"]],
    [[".", "a"], ["."], ["a"]],
    [["/etc/hosts", "data/a"], [], ["/etc/hosts", "data/a"]],
    [Array.from({ length: 20 }, (_, n) => `f${n}`), [], ["./"]],
    [Array.from({ length: 20 }, (_, n) => `d/${n}/x`), [], ["d/"]],
  ])("%j with the listed folders %j", (paths, folders, expected) => {
    expect(fewestPaths(paths, new Set(folders))).toEqual(expected);
  });
});
