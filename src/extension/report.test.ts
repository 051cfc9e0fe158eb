import { expect, test } from "vitest";
import { DiscoveryReport, parseBoundary } from "../model/index.ts";
import { parseReport } from "./report.ts";

const tool = (index: number): unknown => ({
  id: `t${index}.py`,
  name: `t${index}`,
  kind: "python",
  file: `t${index}.py`,
  line: 1,
  framework: "main",
  description: "",
  category: "utility",
  source: "inferred",
  entry: { argv: ["python3", `t${index}.py`] },
  parameters: [],
  subcommands: [],
  schema: { type: "object" },
  capabilities: [],
  unheardOf: true,
});

const report = (tools: readonly unknown[]): unknown => ({
  workspace: "/w",
  tools,
  diagnostics: [{ file: "a.py", line: 1, severity: "warning", code: "c", message: "m" }],
  stats: { filesSeen: 1, filesRead: 1, filesParsed: 1, milliseconds: 1 },
});

test("gives what checking it in one piece gives", async () => {
  const value = report([tool(1), tool(2)]);
  const whole = parseBoundary(DiscoveryReport, value, "s");
  expect(whole.ok).toBe(true);
  expect(await parseReport(value, "s")).toEqual(whole);
});

test.each([
  ["no report", null],
  ["a list that is none", report({} as readonly unknown[])],
  ["a tool that is none", report([tool(1), { ...(tool(2) as object), line: "x" }])],
  ["no counts", { ...(report([]) as object), stats: null }],
])("refuses as one piece does: %s", async (_, value) => {
  const whole = parseBoundary(DiscoveryReport, value, "s");
  expect(whole.ok).toBe(false);
  expect(await parseReport(value, "s")).toEqual(whole);
});

test("others get their turns", async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  });
  const parsed = await parseReport(report(Array.from({ length: 20_000 }, (_, index) => tool(index))), "s");
  clearInterval(timer);
  expect(parsed.ok).toBe(true);
  expect(turns).toBeGreaterThan(2);
});
