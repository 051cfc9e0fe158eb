import { describe, expect, it } from "vitest";
import { sampleTool } from "../testing/sample.ts";
import { groupTools } from "./group.ts";

const at = (file: string) => sampleTool({ id: file, name: file.slice(file.lastIndexOf("/") + 1), file });

describe("groupTools", () => {
  it("groups by folder, those at the top apart", () => {
    const { groups, loose } = groupTools([at("b/z.py"), at("a/c/y.py"), at("x.py"), at("b/a.py")]);
    expect(groups.map(({ path, tools }) => [path, tools.map(({ name }) => name)])).toEqual([
      ["a/c", ["y.py"]],
      ["b", ["a.py", "z.py"]],
    ]);
    expect(loose.map(({ name }) => name)).toEqual(["x.py"]);
  });

  it("makes no group where all tools share a folder", () => {
    const { groups, loose } = groupTools([at("a/y.py"), at("a/x.py")]);
    expect(groups).toEqual([]);
    expect(loose.map(({ name }) => name)).toEqual(["x.py", "y.py"]);
  });

  it("copes with none", () => {
    expect(groupTools([])).toEqual({ groups: [], loose: [] });
  });
});
