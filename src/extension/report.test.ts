import { describe, expect, test } from "vitest";
import { type DiscoveryReport, Tool } from "../model/index.ts";
import { changedReport, ReportReader } from "./report.ts";

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

describe("a report that comes in parts", () => {
  test("is put together in their order", () => {
    const reader = new ReportReader("s");
    expect(reader.add({ tools: [tool(1), tool(2)] }).map(({ id }) => id)).toEqual(["t1.py", "t2.py"]);
    reader.add({ tools: [tool(3)] });
    const read = reader.end({ ...(report([tool(4)]) as object), revision: 7 });
    expect(read).toMatchObject({ ok: true, value: { revision: 7, report: { diagnostics: [{ file: "a.py" }] } } });
    const ids = read.ok ? read.value.report.tools.map(({ id }) => id) : [];
    expect(ids).toEqual(["t1.py", "t2.py", "t3.py", "t4.py"]);
    expect(read.ok && "unheardOf" in (read.value.report.tools[0] ?? {})).toBe(false);
  });

  test.each([
    ["no part", null, report([])],
    ["a list that is none", { tools: {} }, report([])],
    ["a tool that is none", { tools: [tool(1), { ...(tool(2) as object), line: "x" }] }, report([])],
    ["no report", { tools: [] }, null],
    ["no counts", { tools: [] }, { ...(report([]) as object), stats: null }],
  ])("is refused where a part is wrong: %s", (_, part, answer) => {
    const reader = new ReportReader("s");
    expect(reader.add(part)).toEqual([]);
    expect(reader.end(answer)).toMatchObject({ ok: false, problem: { message: expect.stringContaining("s") } });
  });
});

test("a changed report has the changed tools, in the order of reports", () => {
  const tools = [1, 2, 3].map((index) => Tool.parse(tool(index)));
  const before: DiscoveryReport = {
    workspace: "/w",
    tools,
    diagnostics: [],
    stats: { filesSeen: 1, filesRead: 1, filesParsed: 1, milliseconds: 1 },
  };
  const [first, , third] = tools;
  if (first === undefined || third === undefined) throw new Error("three tools");
  const changed = [
    { ...third, name: "other" },
    { ...first, id: "t0.py", file: "t0.py" },
  ];
  const after = changedReport(before, changed, ["t2.py", "unheard.py"]);
  expect(after.tools.map(({ id, name }) => [id, name])).toEqual([
    ["t0.py", "t1"],
    ["t1.py", "t1"],
    ["t3.py", "other"],
  ]);
  expect(before.tools).toHaveLength(3);
});
