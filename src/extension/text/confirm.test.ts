import { describe, expect, it } from "vitest";
import type { Capability, Grant, ToolChanges } from "../../model/index.ts";
import { SAMPLE_POLICY, sampleTool } from "../testing/sample.ts";
import {
  type Confirmation,
  confirmationDetail,
  confirmationQuestion,
  shownCommand,
  unprotectedDetail,
} from "./confirm.ts";
import { english } from "./translate.ts";

const evidence = [{ file: "a.py", line: 1, text: "urlopen(x)", why: "connects" }];
const network: Capability = { name: "network-access", severity: "high", evidence };
const writes: Capability = { name: "filesystem-write", severity: "medium", evidence };
const reads: Capability = { name: "filesystem-read", severity: "low", evidence };

function confirmation(given: Partial<Confirmation["plan"]> = {}, more: Partial<Confirmation> = {}): Confirmation {
  const tool = sampleTool();
  return {
    plan: {
      tool,
      fingerprint: "f",
      changed: false,
      arguments: {},
      argv: ["python", "tools/prune.py", "--name", "old tree"],
      policy: SAMPLE_POLICY,
      capabilities: [reads, writes, network],
      parts: { fingerprint: "f", description: "d", files: new Map(), isComplete: true },
      effective: [],
      grants: [],
      modulePath: undefined,
      asked: { hosts: ["api.example.com"], writablePaths: ["out"] },
      hostile: [],
      ...given,
    },
    folderName: "orchard",
    ...more,
  };
}

describe("confirmation", () => {
  it("asks for the tool by name", () => {
    expect(confirmationQuestion(confirmation(), english)).toBe("Run prune?");
  });

  it("shows command, capabilities, paths, network and limits", () => {
    expect(confirmationDetail(confirmation(), english)).toBe(
      [
        "python tools/prune.py --name 'old tree'",
        "",
        "What it does: reads files",
        "Blocked, though its code does it: connects to the network, writes files",
        "Named in its code: api.example.com, out",
        "Files: orchard can be read; nothing in it can be changed",
        "Network: none",
        "Limits: 256 MB of memory, 25 % of a core, 5 min, 64 processes, 100 MB written",
      ].join("\n"),
    );
  });

  it("tells what is granted", () => {
    const policy = {
      ...SAMPLE_POLICY,
      writablePaths: ["/orchard"],
      network: { mode: "hosts", hosts: ["a.b"] } as const,
    };
    const detail = confirmationDetail(
      confirmation({ policy: { ...policy, network: { mode: "hosts", hosts: ["a.b"] } } }),
      english,
    );
    expect(detail).toContain("Files: orchard can be read; can be changed: /orchard");
    expect(detail).toContain("Network: only a.b");
    expect(detail).not.toContain("Blocked");
  });

  it("warns of values that look hostile and of a tool that changed", () => {
    const hostile = [{ parameter: "path", value: "../x", reason: "climbs out of a folder with “..”" }];
    const changes: ToolChanges = {
      ...{ tool: "tools/prune.py", approvedAt: "2026-01-01T00:00:00.000Z", description: true },
      files: [
        { file: "a.py", change: "changed", hasText: true },
        { file: "b.py", change: "added", hasText: true },
      ],
    };
    const detail = confirmationDetail(confirmation({ hostile, changed: true, changes }), english);
    expect(detail).toContain("Look twice: “path” climbs out of a folder");
    expect(detail).toContain("The tool changed since it was approved: a.py, b.py (new), its command or parameters");
  });

  it("tells what was granted before", () => {
    const grant: Grant = {
      ...{ id: "g", tool: "t", fingerprint: "f", principal: "user", capability: "network-access", duration: "always" },
      ...{ paths: [], hosts: ["a.org"], grantedAt: "2026-01-01T00:00:00.000Z", grantedBy: "user", evidence: [] },
    };
    const detail = confirmationDetail(confirmation({ grants: [grant] }), english);
    expect(detail).toContain("Granted (until revoked): connects to the network a.org");
  });

  it("tells where each argument comes from", () => {
    const provenance = { month: { from: "model" }, year: { from: "words", text: "2026" } } as const;
    const detail = confirmationDetail(
      confirmation({ arguments: { month: "May", year: 2026 } }, { provenance }),
      english,
    );
    expect(detail).toContain("  month = May (by the language model)");
    expect(detail).toContain("  year = 2026 (from your words)");
  });
});

describe("shownCommand", () => {
  it("quotes blanks and shows control and reordering characters", () => {
    expect(shownCommand(["a", "b c", "", "it's"])).toBe("a 'b c' '' 'it'\\''s'");
    expect(shownCommand(["x\u001b[2J\ny\u202e"])).toBe("'x\\u001b[2J\\u000ay\\u202e'");
  });

  it("tells what is open before a run that nothing isolates", () => {
    const mechanism = { mechanism: "no network", protects: "the network", enforced: false, probe: "was possible" };
    const report = {
      platform: "win32/x64",
      mechanisms: [mechanism, { ...mechanism, protects: "time", enforced: true }],
    };
    expect(unprotectedDetail(report, "Windows does not isolate.", english).split("\n")).toEqual([
      "This machine cannot keep the tool from your files, the network and other programs.",
      "Not protected: the network",
      "Still limited: its time, its output, its environment.",
      "",
      "Windows does not isolate.",
    ]);
  });
});
