import { describe, expect, test } from "vitest";
import { discoverFiles, onlyTool, parameterOf, temporaryWorkspace } from "../testing/workspace.ts";
import { WorkspaceIndex } from "../workspace-index.ts";

const maker = (flag: string): string => `
import argparse
class Maker:
    def main(self):
        parser = argparse.ArgumentParser()
        parser.add_argument("--${flag}")
        self.extend(parser)
        parser.parse_args()
    def extend(self, parser):
        pass
`;

const user = (setting: string): string => `
import os
import sys
from pathlib import Path
${setting}
import maker
class Mine(maker.Maker):
    def extend(self, parser):
        parser.add_argument("--mine")
if __name__ == "__main__":
    Mine().main()
`;

describe("folders that a program adds to sys.path", () => {
  for (const [title, setting] of [
    ["insert", 'sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../tools"))'],
    ["append", 'sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))'],
    [
      "assignment",
      'sys.path = [os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "tools"))] + sys.path',
    ],
    ["addition", 'sys.path += [os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, "tools")]'],
    [
      "unless there",
      'HERE = os.path.dirname(__file__) + "/../../tools"\nif HERE not in sys.path: sys.path.append(HERE)',
    ],
    ["unknown", 'sys.path.insert(0, os.path.join(os.environ["TOP"], "tools"))'],
  ] as const) {
    test(title, async () => {
      const { tools } = await discoverFiles({
        "ports/one/make.py": user(setting),
        "tools/maker.py": maker("output"),
      });
      const tool = tools.find(({ file }) => file === "ports/one/make.py");
      expect(tool?.parameters.map(({ flags }) => flags[0])).toEqual(["--output", "--mine"]);
    });
  }

  test("come before what merely lies above, after what lies beside", async () => {
    const add = 'sys.path.append(os.path.join(os.path.dirname(__file__), "..", "tools"))';
    const flagsIn = async (files: Record<string, string>): Promise<readonly string[]> => {
      const { tools } = await discoverFiles({ "one/make.py": user(add), "tools/maker.py": maker("added"), ...files });
      const tool = tools.find(({ file }) => file === "one/make.py");
      return tool?.parameters.flatMap(({ flags }) => flags) ?? [];
    };
    expect(await flagsIn({ "maker.py": maker("above") })).toEqual(["--added", "--mine"]);
    expect(await flagsIn({ "one/maker.py": maker("beside") })).toEqual(["--beside", "--mine"]);
  });

  test("where one is not known, a name that several folders have stands for none of them", async () => {
    const { tools } = await discoverFiles({
      "one/make.py": user('sys.path.insert(0, os.environ["TOOLS"])'),
      "two/maker.py": maker("two"),
      "three/maker.py": maker("three"),
    });
    expect(tools.find(({ file }) => file === "one/make.py")?.framework).toBe("main");
  });

  test("are looked at again when something appears in them", async () => {
    await using workspace = await temporaryWorkspace({
      "one/make.py": user('sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../tools"))'),
      "tools/other.py": "",
    });
    const index = new WorkspaceIndex(workspace.folder);
    const { signal } = new AbortController();
    await index.scan({ signal });
    const flags = (): readonly string[] =>
      index
        .report()
        .tools.find(({ file }) => file === "one/make.py")
        ?.parameters.flatMap((one) => one.flags) ?? [];
    expect(flags()).toEqual([]);
    await workspace.write("tools/maker.py", maker("output"));
    await index.update(["tools/maker.py"], signal);
    expect(flags()).toEqual(["--output", "--mine"]);
  });
});

const checks = `
import argparse, inspect, sys
from abc import ABCMeta, abstractmethod
class Check(metaclass=ABCMeta):
    @abstractmethod
    def run(self): pass
class Half(Check):
    pass
class Tabs(Check):
    def run(self): pass
class Lines(Half):
    def run(self): pass
`;

describe("classes that a program looks for", () => {
  test("by what they extend", async () => {
    const tool = await onlyTool({
      "run.py": `${checks}
p = argparse.ArgumentParser()
p.add_argument("--check", choices=[c.__name__ for c in Check.__subclasses__()])
p.parse_args()
`,
    });
    expect(parameterOf(tool, "--check").choices).toEqual(["Half", "Tabs"]);
  });

  test("among the members of a module", async () => {
    const tool = await onlyTool({
      "run.py": `${checks}
def is_check(one):
    return inspect.isclass(one) and issubclass(one, Check) and not inspect.isabstract(one)
found = [made for name, made in inspect.getmembers(sys.modules[__name__], is_check)]
p = argparse.ArgumentParser()
p.add_argument("--check", choices=[c.__name__ for c in found])
p.parse_args()
`,
    });
    expect(parameterOf(tool, "--check").choices).toEqual(["Lines", "Tabs"]);
  });
});
