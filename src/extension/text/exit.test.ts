import { describe, expect, it } from "vitest";
import { ExitReason } from "../../model/index.ts";
import { SAMPLE_POLICY } from "../testing/sample.ts";
import { exitIcon, exitSentence, failureHints, hostsBeyond, refusedHostLines, usageText } from "./exit.ts";
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
    expect(ended("failed", { code: 3 })).toBe("failed: exit code 3");
    expect(ended("failed", { message: "killed by signal 11" })).toBe("failed: killed by signal 11");
  });

  it("prefers what was denied over the exit's message", () => {
    const denied = { capability: "network-access", message: "it may not connect" };
    const exit = { reason: "denied", message: "other" } as const;
    expect(exitSentence({ exit, policy: SAMPLE_POLICY, denied }, english)).toBe("not allowed: it may not connect");
    const evidence = { file: "a.py", line: 3 };
    expect(exitSentence({ exit, policy: SAMPLE_POLICY, denied: { ...denied, evidence } }, english)).toBe(
      "not allowed: connects to the network (a.py:3)",
    );
  });

  it("has a sentence and an icon for every reason", () => {
    for (const reason of ExitReason.options) {
      expect(ended(reason)).not.toBe("");
      expect(exitIcon(reason).icon).not.toBe("");
    }
  });
});

describe("failureHints", () => {
  const blocked = ["writes files"];
  const hints = (code: number, stderr = "", titles: readonly string[] = blocked): string[] =>
    failureHints({ exit: { reason: "failed", code }, stderr }, titles, english);

  it("names what was not allowed, and the way out", () => {
    const [what, how] = hints(1);
    expect(what).toContain("not allowed in this run: writes files");
    expect(how).toContain("run it again");
    expect(hints(1, "", [])).toEqual([]);
  });

  it("does not blame the sandbox for a call that the tool did not understand", () => {
    expect(hints(2)).toEqual([]);
    expect(hints(64)).toEqual([]);
  });

  it("says how a missing module is had", () => {
    const [only, ...more] = hints(1, "Traceback…\nModuleNotFoundError: No module named 'numpy.linalg'\n");
    expect(only).toContain("“numpy.linalg”");
    expect(only).toContain("toka.python.interpreterPath");
    expect(more).toEqual([]);
  });

  it("has nothing to say of a run that went well", () => {
    expect(failureHints({ exit: { reason: "ok", code: 0 }, stderr: "" }, blocked, english)).toEqual([]);
  });
});

describe("hostsBeyond", () => {
  it("leaves out the hosts that were allowed, and were not reached for another reason", () => {
    const refused = ["a.org", "b.org", "x.c.org", "b.org"].map((host) => ({ host, port: 443 }));
    const hosts = (rules: string[]): string[] =>
      hostsBeyond(refused, { ...SAMPLE_POLICY, network: { mode: "hosts", hosts: rules } });
    expect(hosts(["a.org", "*.c.org"])).toEqual(["b.org:443"]);
    expect(hosts(["b.org:443", "a.org:8443"])).toEqual(["a.org:443", "x.c.org:443"]);
    expect(hostsBeyond(refused.slice(0, 1), { ...SAMPLE_POLICY, network: { mode: "none" } })).toEqual(["a.org:443"]);
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
