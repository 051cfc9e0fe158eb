import { expect, it } from "vitest";
import { providedTool } from "./provided.ts";

it("makes a tool of what another extension describes", () => {
  const made = providedTool("acme.lint", {
    name: "lint",
    command: ["ruff", "check"],
    description: "Finds mistakes.",
    capabilities: ["filesystem-read"],
    parameters: [{ name: "paths", type: "array", items: { type: "string" }, nargs: "*" }],
    limits: { memoryMB: 64 },
  });
  expect(made).toMatchObject({
    ok: true,
    value: {
      id: "plugin:acme.lint/lint",
      name: "lint",
      file: "plugin:acme.lint/lint",
      kind: "external",
      framework: "plugin",
      source: "plugin",
      entry: { argv: ["ruff", "check"] },
      limits: { memoryMB: 64 },
    },
  });
  // It starts a program, whatever it says.
  expect(made.ok ? made.value.capabilities.map(({ name }) => name) : []).toEqual(["filesystem-read", "process-spawn"]);
});

it("knows the file of the workspace that a command runs", () => {
  const made = providedTool("acme", { name: "x", command: ["python", "tools/x.py"], file: "tools/x.py" });
  expect(made).toMatchObject({ ok: true, value: { file: "tools/x.py", id: "plugin:acme/x" } });
});

it.each([
  ["acme", { command: ["x"] }, "name"],
  ["acme", { name: "x" }, "command"],
  ["acme", { name: "x", command: [] }, "command"],
  ["acme", { name: "x", command: ["x"], limits: { memoryMB: "much" } }, "limits.memoryMB"],
  ["acme", { name: "x", command: ["x"], capabilities: ["everything"] }, "capabilities.0"],
  ["acme", { name: "x", command: ["python", "y.py"], file: "x.py" }, "file"],
  ["acme", { name: "x", command: ["../x.py"], file: "../x.py" }, "file"],
])("refuses what is wrong and names the field: %s %j", (provider, described, field) => {
  expect(providedTool(provider, described)).toMatchObject({ ok: false, problem: { place: { field } } });
});

it("refuses a provider with a name that could pass for a path", () => {
  expect(providedTool("../evil", { name: "x", command: ["x"] }).ok).toBe(false);
});
