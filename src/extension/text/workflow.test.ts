import { describe, expect, it } from "vitest";
import type { WorkflowPlan, WorkflowReport, WorkflowRunRecord, WorkflowRunStatus } from "../../model/index.ts";
import { english } from "./translate.ts";
import {
  outputsPage,
  resumableRuns,
  runChoice,
  stepIcon,
  stepStatusText,
  workflowDetail,
  workflowSentence,
} from "./workflow.ts";

const step = (id: string, given: Partial<WorkflowPlan["steps"][number]> = {}): WorkflowPlan["steps"][number] => ({
  ...{ id, line: 1, tool: `${id}.py`, toolName: id, wave: 0, needs: [], skipped: false, arguments: {}, unknown: [] },
  ...{ capabilities: [], asked: { writablePaths: [], hosts: [] } },
  ...given,
});

const PLAN: WorkflowPlan = {
  ...{
    file: "a.workflow.yaml",
    workflow: "a",
    principal: "workflow:a",
    inputs: {},
    waves: [["x"], ["y"]],
    mermaid: "",
  },
  ...{ hosts: [], askedHosts: [], writablePaths: [], askedPaths: [], capabilities: [], denied: [], problems: [] },
  steps: [step("x", { argv: ["python", "x.py", "two words\u001b"] }), step("y", { wave: 1 })],
  limits: { memoryBytes: 1024 ** 2, timeMs: 90_000, cpuPercent: 25, processes: 8 },
};

const report = (given: Partial<WorkflowReport>): WorkflowReport => ({
  ...{ id: "1", workflow: "a", file: "a", status: "ok", startedAt: "2026-01-01T00:00:00.000Z", resumed: false },
  ...{ inputs: {}, outputs: {}, steps: [] },
  ...given,
});

const run = (status: WorkflowRunStatus, given: Partial<WorkflowRunRecord> = {}): WorkflowRunRecord => ({
  ...{ id: status, workflow: "a", file: "a", status, inputs: {}, steps: [] },
  ...{ startedAt: "2026-01-01T00:00:00.000Z", updatedAt: "2026-01-01T00:00:00.000Z" },
  ...given,
});

describe("runs to go on with", () => {
  it("are those that ended before their steps did", () => {
    const all = (["running", "ok", "failed", "cancelled", "interrupted"] as const).map((status) => run(status));
    expect(resumableRuns(all).map(({ status }) => status)).toEqual(["failed", "cancelled", "interrupted"]);
  });

  it("are told apart by when they began, how far they came, and their inputs", () => {
    const step = { id: "x", item: 0, status: "ok" } as const;
    const choice = runChoice(
      run("failed", {
        inputs: { field: "north", days: 3, none: null },
        steps: [step, { ...step, item: 1 }, { id: "y", status: "failed" }],
      }),
      Date.parse("2026-01-01T00:05:00.000Z"),
      english,
    );
    expect(choice).toEqual({
      ...{ label: "5 min ago", description: "failed · 1 step finished", detail: "field = north, days = 3" },
    });
  });
});

describe("outputsPage", () => {
  it("shows texts as they are and the rest as JSON, and nothing of it acts", () => {
    const page = outputsPage({ workflow: "a", outputs: { note: "<b>\nline", sums: { north: 1 } } }, english);
    expect(page).toContain("<dt>note</dt><dd><pre>&lt;b&gt;\nline</pre></dd>");
    expect(page).toContain("<dt>sums</dt><dd><pre>{\n  &quot;north&quot;: 1\n}</pre></dd>");
  });
});

describe("workflowDetail", () => {
  it("tells what would run, for whom, inside which limits", () => {
    const text = workflowDetail(PLAN, english);
    expect(text).toContain("2 steps in 2 waves:\n  1. x: python x.py 'two words\\u001b'\n  2. y: y\n");
    expect(text).toContain("nothing was seen in their code");
    expect(text).toContain("Network: none");
    expect(text).toContain("Limits of a step: 1 MB of memory, 25 % of a core, 8 processes; 1 min 30 s for all steps");
    expect(text).toContain("Grants that count: those of the workflow a, and none of yours");
  });

  it("tells what will be denied, what is skipped, and that there is more", () => {
    const many = Array.from({ length: 10 }, (_, index) => step(`s${index}`, { skipped: index === 0 }));
    const denied = [{ step: "s1", capability: "network-access", message: "no grant" }];
    const text = workflowDetail({ ...PLAN, steps: many, denied, hosts: ["example.org"] }, english);
    expect(text).toContain("1. s0: skipped");
    expect(text).toContain("and 2 more");
    expect(text).toContain("Will be denied: s1: no grant");
    expect(text).toContain("Network: only example.org");
  });
});

describe("workflowSentence", () => {
  it("says how it ended, and why", () => {
    expect(workflowSentence(report({}), PLAN, english)).toBe("a: all 0 steps ended well");
    expect(workflowSentence(report({ status: "cancelled" }), PLAN, english)).toBe("a: stopped");
    const bad: WorkflowReport["steps"][number] = {
      id: "x",
      tool: "x.py",
      status: "failed",
      reused: false,
      message: "exit code 3",
      runs: [],
    };
    expect(workflowSentence(report({ status: "failed", steps: [bad] }), PLAN, english)).toBe(
      "a: x failed: exit code 3",
    );
    expect(workflowSentence(report({ status: "failed", message: "no output" }), PLAN, english)).toBe(
      "a: failed: no output",
    );
  });
});

describe("a step's state", () => {
  it("has a word and a picture", () => {
    expect(stepStatusText("ok", true, english)).toBe("finished before");
    expect(stepStatusText("skipped", false, english)).toBe("skipped");
    expect(stepIcon("running").icon).toBe("loading~spin");
  });
});
