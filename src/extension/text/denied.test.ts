import { expect, it } from "vitest";
import type { Capability, WorkflowPlan } from "../../model/index.ts";
import { deniedOfStep, deniedText, whyDenied } from "./denied.ts";
import { english } from "./translate.ts";

const MESSAGE = "workflow:a may not use “filesystem-delete” of prune: it has no grant for it.";
const denied = { capability: "filesystem-delete", message: MESSAGE };
const evidence = { file: "tools/prune.py", line: 12, text: "page.unlink()", why: "This line deletes files." };
const deletes: Capability = {
  name: "filesystem-delete",
  severity: "high",

  evidence: [evidence],
};
const common = { line: 1, tool: "t", toolName: "t", wave: 0, needs: [], skipped: false, arguments: {}, unknown: [] };
const PLAN: Pick<WorkflowPlan, "steps"> = {
  steps: [
    { id: "x", ...common, asked: { writablePaths: [], hosts: [] }, capabilities: [deletes], denied },
    { id: "y", ...common, asked: { writablePaths: [], hosts: [] }, capabilities: [] },
  ],
};

it("names what was not allowed by its title and line, not by its id", () => {
  expect(deniedText({ ...denied, evidence }, english)).toBe("deletes files (tools/prune.py:12)");
});

it("passes on what the gate says where there is no such line", () => {
  expect(deniedText(denied, english)).toBe(MESSAGE);
  expect(deniedText({ capability: "unprotected", message: "Only the user can.", evidence }, english)).toBe(
    "Only the user can.",
  );
});

it("tells what a step of a plan will be denied, and was", () => {
  expect(deniedOfStep(PLAN, "x", english)).toBe("deletes files (tools/prune.py:12)");
  expect(deniedOfStep(PLAN, "y", english)).toBeUndefined();
  const usage = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, writtenBytes: 0 };
  const run = (reason: "denied" | "failed") => [
    { execution: "1", attempt: 1, reason, reused: false, cached: false, usage },
  ];
  expect(whyDenied(PLAN, { id: "x", runs: run("denied") }, english)).toBe("deletes files (tools/prune.py:12)");
  expect(whyDenied(PLAN, { id: "x", runs: run("failed") }, english)).toBeUndefined();
});
