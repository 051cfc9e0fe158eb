import { describe, expect, test } from "vitest";
import { discoverFiles, onlyTool, parameterOf } from "../testing/workspace.ts";

const ARGUMENTS = `
from dataclasses import dataclass, field
from enum import Enum
from typing import List, Literal, Optional

class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"

@dataclass
class Base:
    name: str = field(metadata={"help": "who"})

@dataclass
class Arguments(Base):
    rate: float = field(default=1e-3, metadata={"help": "how quick", "aliases": ["-r"]})
    count: Optional[int] = None
    mode: Mode = Mode.FAST
    kind: Literal["a", "b"] = "b"
    items: List[int] = field(default_factory=lambda: [1, 2])
    resume: bool = False
    shuffle: bool = True
    maybe: Optional[bool] = None
    cache: "str | None" = None
`;

describe("HfArgumentParser", () => {
  test("fields become options by the library's rules", async () => {
    const tool = await onlyTool({
      "train.py": `${ARGUMENTS}
from transformers import HfArgumentParser
if __name__ == "__main__":
    parser = HfArgumentParser((Arguments,), description="Trains.")
    (args,) = parser.parse_args_into_dataclasses()
`,
    });
    expect(tool).toMatchObject({ framework: "argparse", description: "Trains." });
    expect(tool.parameters.map((parameter) => parameter.flags.join(" "))).toEqual([
      "--name",
      "--rate -r",
      "--count",
      "--mode",
      "--kind",
      "--items",
      "--resume",
      "--shuffle",
      "--no_shuffle --no-shuffle",
      "--maybe",
      "--cache",
    ]);
    expect(parameterOf(tool, "--name")).toMatchObject({ type: "string", required: true, help: "who" });
    expect(parameterOf(tool, "--rate")).toMatchObject({ type: "number", default: 0.001, required: false });
    expect(parameterOf(tool, "--count")).toMatchObject({ type: "integer", required: false });
    expect(parameterOf(tool, "--mode")).toMatchObject({ choices: ["fast", "slow"], default: "fast" });
    expect(parameterOf(tool, "--kind")).toMatchObject({ choices: ["a", "b"], default: "b" });
    expect(parameterOf(tool, "--items")).toMatchObject({ type: "array", items: { type: "integer" }, default: [1, 2] });
    expect(parameterOf(tool, "--resume")).toMatchObject({ nargs: "?", default: false });
    expect(parameterOf(tool, "--no_shuffle")).toMatchObject({ name: "shuffle", action: "store_false" });
    expect(parameterOf(tool, "--maybe").nargs).toBeUndefined();
    expect(parameterOf(tool, "--cache")).toMatchObject({ type: "string", required: false });
  });

  test("what a library's dataclass adds is said to be missing", async () => {
    const { tools, diagnostics } = await discoverFiles({
      "train.py": `
from dataclasses import dataclass
from transformers import HfArgumentParser, TrainingArguments
@dataclass
class Config(TrainingArguments):
    beta: float = 0.1
parser = HfArgumentParser(Config)
parser.parse_args_into_dataclasses()
`,
    });
    expect(tools[0]?.parameters.map((parameter) => parameter.name)).toEqual(["beta"]);
    expect(diagnostics).toMatchObject([{ code: "not-known-before-run", message: expect.stringContaining("Config") }]);
  });
});

test("a program that makes options of dataclass fields itself", async () => {
  const tool = await onlyTool({
    "run.py": `
import argparse, dataclasses, inspect
from enum import Enum
from typing import Union, get_type_hints
from config import Arguments
def unwrap(type_):
    if getattr(type_, "__origin__", None) is Union:
        return [a for a in type_.__args__ if a is not type(None)][0]
    return type_
parser = argparse.ArgumentParser()
hints = get_type_hints(Arguments)
for f in dataclasses.fields(Arguments):
    kind = unwrap(hints[f.name])
    options = dict(f.metadata)
    options.pop("aliases", None)
    if f.default is not dataclasses.MISSING:
        options["default"] = f.default
    elif f.default_factory is not dataclasses.MISSING:
        options["default"] = f.default_factory()
    else:
        options["required"] = True
    if inspect.isclass(kind) and issubclass(kind, Enum):
        options["choices"] = [m.value for m in kind]
    elif kind is bool:
        options["action"] = argparse.BooleanOptionalAction
    elif isinstance(kind, type):
        options["type"] = kind
    if not hasattr(Arguments, "hide_" + f.name):
        parser.add_argument("--" + f.name.replace("_", "-"), **options)
parser.parse_args()
`,
    "config.py": ARGUMENTS,
  });
  expect(tool.parameters).toHaveLength(10);
  expect(parameterOf(tool, "--name")).toMatchObject({ type: "string", required: true, help: "who" });
  expect(parameterOf(tool, "--count").type).toBe("integer");
  expect(parameterOf(tool, "--mode").choices).toEqual(["fast", "slow"]);
  expect(parameterOf(tool, "--shuffle")).toMatchObject({ flags: ["--shuffle", "--no-shuffle"], default: true });
  expect(parameterOf(tool, "--items").default).toEqual([1, 2]);
});

test.each([
  ["tyro", "import tyro\ntyro.cli(Settings)", ["--out-dir", "--dry-run", "--no-dry-run", "--net.depth"]],
  [
    "simple_parsing",
    'from simple_parsing import ArgumentParser\np = ArgumentParser()\np.add_arguments(Settings, dest="s")\np.parse_args()',
    ["--out_dir", "--dry_run", "--depth"],
  ],
])("%s", async (_name, end, expected) => {
  const tool = await onlyTool({
    "run.py": `
from dataclasses import dataclass, field
@dataclass
class Net:
    depth: int = 3
@dataclass
class Settings:
    out_dir: str
    dry_run: bool = False
    net: Net = field(default_factory=Net)
${end}
`,
  });
  expect(tool.parameters.flatMap((parameter) => parameter.flags)).toEqual(expected);
  expect(tool.parameters[0]?.required).toBe(true);
});
