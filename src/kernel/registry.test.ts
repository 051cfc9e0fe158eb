import { describe, expect, it } from "vitest";
import { Registry } from "./registry.ts";
import { tool, value } from "./testing/scripted.ts";

describe("Registry", () => {
  it("keeps same-named tools of all sources and kinds, and asks for an id", () => {
    const registry = new Registry();
    registry.register([tool({ id: "builtin:report", kind: "external" })], "builtin");
    registry.register([tool({ id: "a.py" }), tool({ id: "b.sh", kind: "shell" })], "workspace");
    registry.register([tool({ id: "plugin:x/report", kind: "external" })], "plugin:x");
    const found = registry.find("report");
    expect(found.ok ? "" : found.problem.message).toContain("builtin:report, a.py, b.sh, plugin:x/report");
    expect(value(registry.find("b.sh")).kind).toBe("shell");
  });

  it("puts what is built in before the workspace, and that before plugins, whoever came first", () => {
    const registry = new Registry();
    const by = (name: string) => tool({ id: "same", name });
    registry.register([by("plugin")], "plugin:x");
    registry.register([by("workspace")], "workspace");
    expect(value(registry.find("same")).name).toBe("workspace");
    registry.register([by("builtin")], "builtin");
    expect(value(registry.find("same")).name).toBe("builtin");
    expect(registry.shadowed().map(({ source, by: first }) => [source, first])).toEqual([
      ["workspace", "builtin"],
      ["plugin:x", "builtin"],
    ]);
    registry.register([], "builtin");
    registry.register([], "workspace");
    expect(value(registry.find("same")).name).toBe("plugin");
    expect(registry.shadowed()).toEqual([]);
  });

  it("replaces a source's tools as they change, and tells", () => {
    const registry = new Registry();
    let told = 0;
    const stop = registry.onDidChange(() => told++);
    registry.register([tool({ id: "a" }), tool({ id: "b" })], "workspace");
    registry.register([tool({ id: "b", description: "new" })], "workspace");
    expect(registry.all().map(({ id, description }) => [id, description])).toEqual([["b", "new"]]);
    stop();
    registry.register([], "workspace");
    expect(told).toBe(2);
  });
});
