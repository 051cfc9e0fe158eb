import { describe, expect, it } from "vitest";
import { ExitReason } from "../../model/index.ts";
import { SAMPLE_POLICY } from "../testing/sample.ts";
import { exitIcon, exitSentence, refusedHostLines, usageText } from "./exit.ts";
import { english } from "./translate.ts";

const ended = (reason: ExitReason, more: { code?: number; message?: string } = {}): string =>
  exitSentence({ exit: { reason, ...more }, policy: SAMPLE_POLICY }, english);

describe("exitSentence", () => {
  it.each<[ExitReason, string]>([
    ["ok", "finished"],
    ["timeout", "stopped: it ran longer than 5 min"],
    ["memory", "stopped: it used more than 256 MB of memory"],
    ["cpu", "stopped: it used more processor time than 25 % of a core allow"],
    ["processes", "stopped: it started more than 64 processes"],
    ["disk-limit", "stopped: it wrote more than 100 MB"],
    ["output-limit", "stopped: it printed more than 10 MB"],
    ["cancelled", "cancelled"],
  ])("tells %s in plain words", (reason, sentence) => {
    expect(ended(reason)).toBe(sentence);
  });

  it("tells the exit code of a tool that failed", () => {
    expect(ended("failed", { code: 3 })).toBe("failed: the tool ended with exit code 3");
    expect(ended("failed", { message: "killed by signal 11" })).toBe("failed: killed by signal 11");
  });

  it("prefers what was denied over the exit's message", () => {
    const denied = { capability: "network-access", message: "it may not connect" };
    const exit = { reason: "denied", message: "other" } as const;
    expect(exitSentence({ exit, policy: SAMPLE_POLICY, denied }, english)).toBe("not allowed: it may not connect");
  });

  it("has a sentence and an icon for every reason", () => {
    for (const reason of ExitReason.options) {
      expect(ended(reason)).not.toBe("");
      expect(exitIcon(reason).icon).not.toBe("");
    }
  });
});

describe("refusedHostLines", () => {
  const evidence = [{ file: "a.py", line: 7, text: 'get("https://api.example.org")', why: "connects" }];
  const capabilities = [{ name: "network-access", severity: "medium", evidence } as const].map((capability) => ({
    ...capability,
    evidence: [...capability.evidence],
  }));
  const denied = { capability: "network-access", message: "api.example.org:443 is not allowed; other.test:80 is not" };

  it("tells each host, and where the tool names it", () => {
    expect(refusedHostLines({ denied, exit: { reason: "failed" } }, { capabilities }, english)).toEqual([
      "Not reached: api.example.org:443 is not allowed (named at a.py:7)",
      "Not reached: other.test:80 is not",
    ]);
  });

  it("is silent about a run that was not allowed at all", () => {
    expect(refusedHostLines({ denied, exit: { reason: "denied" } }, { capabilities }, english)).toEqual([]);
  });
});

describe("usageText", () => {
  it("leaves out what was not written", () => {
    const usage = { wallMs: 1234, cpuMs: 85, peakMemoryBytes: 24 * 1024 * 1024, writtenBytes: 0 };
    expect(usageText(usage, english)).toBe("1.2 s, 85 ms of processor time, 24 MB of memory");
    expect(usageText({ ...usage, writtenBytes: 3072 }, english)).toMatch(/, 3 KB written$/);
  });
});
