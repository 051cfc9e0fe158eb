import { describe, expect, it } from "vitest";
import type { Execution, Observed } from "../../model/index.ts";
import { SAMPLE_POLICY } from "../testing/sample.ts";
import { observedLines, observedPage } from "./observed.ts";
import { english } from "./translate.ts";

const observed: Observed = {
  pythons: 1,
  files: [{ path: "data/<b>.csv", access: ["read"], place: { file: "tool.py", line: 3 } }],
  temporaryFiles: 0,
  hosts: [{ host: "example.org", port: 443, how: "lookup" }],
  programs: [{ argv: ["git", "status"] }, { argv: ["/usr/bin/python3.12", "-V"] }],
  environment: [{ name: "A", change: "set" }],
  imports: ["yaml"],
  actions: [],
  lost: 2,
  sandbox: {
    traffic: [{ host: "example.org", port: 443, sentBytes: 2048, receivedBytes: 10 }],
    refused: [{ host: "evil.example", port: 80, message: "evil.example:80 is not among the allowed hosts" }],
  },
  comparison: {
    matched: [{ capability: "filesystem-read", seen: ["data/<b>.csv"] }],
    unseen: ["env-write"],
    unexpected: [{ capability: "process-spawn", seen: ["git status"], place: { file: "tool.py", line: 9 } }],
    unobservable: ["secrets"],
    tighter: {
      readable: ["data/<b>.csv"],
      code: ["tool.py"],
      writable: [],
      hosts: ["example.org"],
      programs: ["git"],
      limits: { memoryMB: 48 },
    },
  },
};

const execution: Execution & { observed: Observed } = {
  id: "1",
  tool: "tool.py",
  arguments: {},
  argv: ["python", "tool.py"],
  principal: "user",
  startedAt: "2026-01-02T03:04:05.000Z",
  policy: SAMPLE_POLICY,
  exit: { reason: "ok", code: 0 },
  stdout: "",
  stderr: "",
  results: [],
  usage: { wallMs: 100, cpuMs: 50, peakMemoryBytes: 1024, writtenBytes: 0 },
  cached: false,
  observed,
};

describe("what an observed run did", () => {
  it("is told in lines, what was not inferred first", () => {
    expect(observedLines(observed, [], english)).toEqual([
      "Done, though not seen in its code: starts other programs: git status (at tool.py:9)",
      "Seen in its code, not done in this run: changes the environment",
      "It only ever read data/<b>.csv",
      "It only ever asked for example.org",
      "What these programs did was not seen: git",
      "Observations that are missing or made no sense: 2",
    ]);
  });

  it("says so when nothing was observed", () => {
    const { comparison: _none, ...rest } = observed;
    const lines = observedLines({ ...rest, pythons: 0, programs: [], lost: 0 }, [], english);
    expect(lines).toEqual(["Nothing was observed: no Python of the run told what it did."]);
  });

  it("is a page that shows everything and obeys nothing", () => {
    const page = observedPage(execution, english);
    expect(page).toContain("data/&lt;b&gt;.csv");
    expect(page).not.toContain("<b>");
    for (const text of ["cannot be observed", "2 KB sent, 10 B received", "evil.example:80", "memoryMB: 48", "yaml"]) {
      expect(page).toContain(text);
    }
  });
});
