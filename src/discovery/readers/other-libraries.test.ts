import { expect, test } from "vitest";
import { discoverFiles, onlyTool, parameterOf } from "../testing/workspace.ts";

test("absl: flags of all modules, kinds, required ones, booleans with their negation", async () => {
  const { tools } = await discoverFiles({
    "main.py": `
import enum
from absl import app, flags
import shared

class Level(enum.Enum):
    LOW = 1
    HIGH = 2

FLAGS = flags.FLAGS
_NAME = flags.DEFINE_string("name", None, "Your name.", required=True)
flags.DEFINE_integer("age", 20, "Your age in years.", lower_bound=0, short_name="a")
flags.DEFINE_boolean("debug", False, "Produces debugging output.")
flags.DEFINE_enum("job", "running", ["running", "stopped"], "Job status.")
flags.DEFINE_enum_class("level", Level.LOW, Level, "How much.")
flags.DEFINE_list("hosts", ["a", "b"], "Hosts.")
flags.DEFINE_multi_integer("size", [1, 2], "Sizes.")
flags.mark_flag_as_required("output_dir")

def main(argv):
    print(_NAME.value, FLAGS.age)

if __name__ == "__main__":
    app.run(main)
`,
    "shared.py": 'from absl import flags\nflags.DEFINE_string("output_dir", None, "Where to.")\n',
  });
  expect(tools.map(({ id, framework }) => [id, framework])).toEqual([["main.py", "absl"]]);
  const [tool] = tools;
  if (tool === undefined) throw new Error("no tool");
  expect(parameterOf(tool, "--name")).toMatchObject({ type: "string", required: true, help: "Your name." });
  expect(parameterOf(tool, "--age")).toMatchObject({ flags: ["--age", "-a"], type: "integer", default: 20 });
  expect(parameterOf(tool, "--debug")).toMatchObject({
    flags: ["--debug", "--nodebug"],
    type: "boolean",
    default: false,
  });
  expect(parameterOf(tool, "--job")).toMatchObject({ choices: ["running", "stopped"], default: "running" });
  expect(parameterOf(tool, "--level")).toMatchObject({ choices: ["low", "high"], default: "low" });
  expect(parameterOf(tool, "--hosts")).toMatchObject({ type: "string", default: "a,b" });
  expect(parameterOf(tool, "--size")).toMatchObject({ type: "array", items: { type: "integer" }, default: [1, 2] });
  expect(parameterOf(tool, "--output_dir")).toMatchObject({ required: true, isPath: true });
  expect(tool.entry.rest?.name).toBe("args");
});

test("absl by TensorFlow's old names, and a module that only defines flags", async () => {
  const { tools } = await discoverFiles({
    "train.py": `
import tensorflow as tf
flags = tf.flags
flags.DEFINE_bool("do_train", False, "Whether to train.")
if __name__ == "__main__":
    tf.compat.v1.app.run()
`,
    "flags_only.py": 'from absl import flags\nflags.DEFINE_string("x", "", "")\n',
  });
  expect(tools.map(({ id }) => id)).toEqual(["train.py"]);
  expect(tools[0]?.parameters.map(({ flags }) => flags)).toEqual([["--do_train", "--nodo_train"]]);
});

test("cyclopts: commands, names, positional and keyword parameters, docstrings", async () => {
  const tool = await onlyTool({
    "app.py": `
from enum import Enum
from typing import Annotated, Literal
from cyclopts import App, Parameter

class Color(Enum):
    DARK_RED = "r"
    BLUE = "b"

app = App(name="demo", help="Shows things.")
app.command(users := App(name="users"))

@app.default
def main(src, /, *others: int, verbose: bool = False):
    """Runs.

    Parameters
    ----------
    src: str
        From where.
    """

@app.command
def deploy_all(env: Literal["dev", "prod"] = "dev", color: Color = Color.BLUE, tags: list[str] | None = None):
    "Deploys."

@users.command(name="add")
def create(name: Annotated[str, Parameter(name=["--name", "-n"], help="Who.")],
           loud: Annotated[bool, Parameter(negative="--quiet")] = True,
           hidden: Annotated[int, Parameter(parse=False)] = 0):
    ...

if __name__ == "__main__":
    app()
`,
  });
  expect(tool).toMatchObject({ framework: "cyclopts", name: "demo", description: "Shows things." });
  expect(tool.subcommands.map(({ path }) => path)).toEqual(["users", "users add", "deploy-all"]);
  expect(parameterOf(tool, "src")).toMatchObject({ required: true, help: "From where." });
  expect(parameterOf(tool, "others")).toMatchObject({ type: "array", items: { type: "integer" }, nargs: "*" });
  expect(parameterOf(tool, "--verbose").flags).toEqual(["--verbose", "--no-verbose"]);
  expect(parameterOf(tool, "--env", "deploy-all")).toMatchObject({ choices: ["dev", "prod"], default: "dev" });
  expect(parameterOf(tool, "--color", "deploy-all")).toMatchObject({ choices: ["dark-red", "blue"], default: "blue" });
  expect(parameterOf(tool, "--tags", "deploy-all")).toMatchObject({ type: "array", action: "append", required: false });
  expect(parameterOf(tool, "-n", "users add")).toMatchObject({ required: true, help: "Who." });
  expect(parameterOf(tool, "--loud", "users add").flags).toEqual(["--loud", "--quiet"]);
  expect(tool.parameters).toHaveLength(8);
});

test("commands that a package's own imports add are there when one of its modules is imported", async () => {
  const { tools } = await discoverFiles({
    "tool/__init__.py": "",
    "tool/__main__.py": "from tool.cli.main import app\napp()\n",
    "tool/cli/__init__.py": "from tool.cli._more import more\n",
    "tool/cli/main.py": "from cyclopts import App\nfrom tool.cli._names import NAME\napp = App(name=NAME)\n",
    "tool/cli/_names.py": '# for cyclopts\nNAME = "tool"\n',
    "tool/cli/_more.py":
      "from cyclopts import Parameter\nfrom tool.cli.main import app\n@app.command\ndef more(size: int = 3): ...\n",
  });
  expect(tools.map(({ id }) => id)).toEqual(["tool/__main__.py"]);
  expect(tools[0]?.subcommands.map(({ path }) => path)).toEqual(["more"]);
});

test("plumbum: switches, attributes, positional words of main, subcommands", async () => {
  const tool = await onlyTool({
    "geet.py": `
from plumbum import cli

class Base(cli.Application):
    verbose = cli.Flag(["v", "verbose"], help="If given, I will be very talkative")

class Geet(Base):
    """The l33t version control"""
    level = cli.SwitchAttr("--level", cli.Set("low", "high"), default="low")
    include = cli.SwitchAttr("-I", str, list=True)
    count = cli.CountOf("-c")

    @cli.switch(["-l", "--log-to-file"], argtype=str, mandatory=True)
    def log(self, filename):
        """Sets the file into which logs will be emitted"""

    @cli.autoswitch(cli.Range(1, 5))
    def log_size(self, size): pass

    def main(self, src, dst=None, *more: cli.ExistingFile): pass

@Geet.subcommand("commit")
class Commit(cli.Application):
    all = cli.Flag("-a", default=True)
    def main(self): pass

if __name__ == "__main__":
    Geet.run()
`,
  });
  expect(tool).toMatchObject({ framework: "plumbum", description: "The l33t version control" });
  expect(parameterOf(tool, "--verbose")).toMatchObject({ flags: ["-v", "--verbose"], action: "store_true" });
  expect(parameterOf(tool, "--level")).toMatchObject({ choices: ["low", "high"], default: "low" });
  expect(parameterOf(tool, "-I")).toMatchObject({ type: "array", action: "append" });
  expect(parameterOf(tool, "-c").action).toBe("count");
  expect(parameterOf(tool, "-l")).toMatchObject({ required: true, type: "string" });
  expect(parameterOf(tool, "--log-size").type).toBe("integer");
  expect(parameterOf(tool, "src").required).toBe(true);
  expect(parameterOf(tool, "dst").required).toBe(false);
  expect(parameterOf(tool, "more")).toMatchObject({ nargs: "*", isPath: true });
  expect(parameterOf(tool, "-a", "commit")).toMatchObject({ action: "store_false", default: true });
});

test("argh: functions with what decorators refine, commands, options that share a letter", async () => {
  const { tools } = await discoverFiles({
    "one.py": `
import argh
@argh.arg("--patterns", "-p", help="which")
@argh.arg("target", choices=["a", "b"])
def echo(target, *rest, patterns="*", count=3, verbose=False, vary=True):
    "Echoes things."
argh.dispatch_command(echo)
`,
    "many.py": `
import argparse, argh
def load(path, format="json", force=False): "Loads."
@argh.named("rm")
def remove(name, host="h"): pass
parser = argparse.ArgumentParser()
argh.add_commands(parser, [load, remove], namespace="files")
argh.dispatch(parser)
`,
  });
  const [many, one] = [...tools].sort((a, b) => a.id.localeCompare(b.id));
  if (one === undefined || many === undefined) throw new Error("two tools expected");
  expect([one.framework, one.description]).toEqual(["argh", "Echoes things."]);
  expect(parameterOf(one, "-p")).toMatchObject({ default: "*", help: "which" });
  expect(parameterOf(one, "target").choices).toEqual(["a", "b"]);
  expect(parameterOf(one, "--count")).toMatchObject({ flags: ["-c", "--count"], type: "integer", default: 3 });
  expect(parameterOf(one, "--verbose")).toMatchObject({ flags: ["--verbose"], action: "store_true" });
  expect(parameterOf(one, "--vary")).toMatchObject({ flags: ["--vary"], action: "store_false" });
  expect(many.subcommands.map(({ path }) => path)).toEqual(["files", "files load", "files rm"]);
  expect(parameterOf(many, "--force", "files load").flags).toEqual(["--force"]);
  expect(parameterOf(many, "--host", "files rm").flags).toEqual(["--host"]);
});

test("cleo: commands with arguments and options, loaded by name, and what the application adds to all", async () => {
  const { tools } = await discoverFiles({
    "app.py": `
from importlib import import_module
from cleo.application import Application as Base
from cleo.commands.command import Command
from cleo.helpers import argument, option
from cleo.io.inputs.option import Option
from cleo.loaders.factory_command_loader import FactoryCommandLoader

class GreetCommand(Command):
    name = "greet"
    description = "Greets someone"
    arguments = [argument("name", description="Who?", optional=True)]
    options = [option("yell", "y", description="Loud", flag=True),
               option("times", None, "How often", flag=False, default=1),
               option("to", "t", flag=False, multiple=True)]

class Application(Base):
    def __init__(self):
        super().__init__("poet", "1.0")
        self.set_command_loader(FactoryCommandLoader({name: self.load(name) for name in ["env use"]}))
    def load(self, name):
        def factory():
            return import_module("orders." + name.replace(" ", ".")).UseCommand()
        return factory
    @property
    def _default_definition(self):
        definition = super()._default_definition
        definition.add_option(Option("--no-cache", flag=True, description="Without cache"))
        return definition

if __name__ == "__main__":
    application = Application()
    application.add(GreetCommand())
    application.run()
`,
    "orders/__init__.py": "",
    "orders/env/__init__.py": "",
    "orders/env/use.py": `
from cleo.commands.command import Command
from cleo.helpers import argument
class UseCommand(Command):
    name = "env use"
    description = "Uses one"
    arguments = [argument("python", "Which", multiple=True)]
`,
  });
  const tool = tools.find(({ id }) => id === "app.py");
  if (tool === undefined) throw new Error("no tool");
  expect(tool).toMatchObject({ framework: "cleo", name: "poet" });
  expect(tool.subcommands).toMatchObject([{ path: "greet", help: "Greets someone" }, { path: "env use" }]);
  expect(parameterOf(tool, "--no-cache")).toMatchObject({ action: "store_true", help: "Without cache" });
  expect(parameterOf(tool, "--no-interaction").flags).toEqual(["--no-interaction", "-n"]);
  expect(parameterOf(tool, "name", "greet")).toMatchObject({ required: false, help: "Who?" });
  expect(parameterOf(tool, "-y", "greet").type).toBe("boolean");
  expect(parameterOf(tool, "--times", "greet")).toMatchObject({ type: "string", default: 1 });
  expect(parameterOf(tool, "--to", "greet").action).toBe("append");
  expect(parameterOf(tool, "python", "env use")).toMatchObject({ nargs: "+", required: true });
});

test("tyro: functions, dataclasses in them, unions of classes as commands", async () => {
  const { tools } = await discoverFiles({
    "main.py": `
import tyro
from dataclasses import dataclass
from typing import Literal
@dataclass
class Optimizer:
    lr: float = 1e-3
    kind: Literal["adam", "sgd"] = "adam"
def main(path: str, optimizer: Optimizer, size: tuple[int, int] = (1, 2), deep: bool = False) -> None:
    """Trains.

    Args:
        path: Where.
    """
if __name__ == "__main__":
    tyro.cli(main)
`,
    "choice.py": `
import tyro
from dataclasses import dataclass
from typing import Annotated, Union
@dataclass
class Checkout:
    branch: str
@dataclass
class CommitAll:
    message: str
Commands = tyro.conf.FlagConversionOff[Union[Annotated[Checkout, tyro.conf.subcommand(name="co")], CommitAll]]
tyro.cli(Commands)
`,
  });
  const [choice, main] = [...tools].sort((a, b) => a.id.localeCompare(b.id));
  if (choice === undefined || main === undefined) throw new Error("two tools expected");
  expect(main).toMatchObject({ framework: "tyro", description: "Trains." });
  expect(parameterOf(main, "--path")).toMatchObject({ required: true, help: "Where." });
  expect(parameterOf(main, "--optimizer.lr")).toMatchObject({ type: "number", default: 0.001 });
  expect(parameterOf(main, "--size")).toMatchObject({ nargs: 2, items: { type: "integer" } });
  expect(parameterOf(main, "--deep").flags).toEqual(["--deep", "--no-deep"]);
  expect(choice.subcommands.map(({ path }) => path)).toEqual(["co", "commit-all"]);
  expect(parameterOf(choice, "--message", "commit-all").required).toBe(true);
});

test("jsonargparse: a function, a class with its methods, the functions of the module", async () => {
  const { tools } = await discoverFiles({
    "a.py": `
from jsonargparse import CLI
def command(name: str, prize: int = 100):
    """Prints the prize won by a person.

    Args:
        name: Name of winner.
    """
CLI(command)
`,
    "b.py": `
from jsonargparse import auto_cli
class Main:
    def __init__(self, max_prize: int = 100): ...
    def person(self, name: str, additional: bool = False): "Who wins."
    def _own(self): ...
auto_cli(Main, as_positional=False)
`,
    "c.py":
      'from jsonargparse import CLI\ndef fit(epochs: int = 3): ...\ndef test(path: str): ...\nif __name__ == "__main__":\n    CLI()\n',
  });
  const [a, b, c] = [...tools].sort((x, y) => x.id.localeCompare(y.id));
  if (a === undefined || b === undefined || c === undefined) throw new Error("three tools expected");
  expect(a).toMatchObject({ framework: "jsonargparse", description: "Prints the prize won by a person." });
  expect(parameterOf(a, "name")).toMatchObject({ required: true, help: "Name of winner." });
  expect(parameterOf(a, "--prize")).toMatchObject({ type: "integer", default: 100 });
  expect(parameterOf(b, "--max_prize").default).toBe(100);
  expect(b.subcommands.map(({ path }) => path)).toEqual(["person"]);
  expect(parameterOf(b, "--name", "person").required).toBe(true);
  expect(c.subcommands.map(({ path }) => path)).toEqual(["fit", "test"]);
});

test("openai-agents: functions given by its decorator, without the context", async () => {
  const { tools } = await discoverFiles({
    "tools.py": `
from typing import Annotated
from agents import Agent, RunContextWrapper, function_tool

@function_tool
async def fetch_weather(location: Annotated[str, "Where to look."], days: int = 1) -> str:
    """Fetch the weather for a given location.

    Args:
        days: How many days.
    """
    return "sunny"

@function_tool(name_override="fetch_data", description_override="Reads a file.")
def read_file(ctx: RunContextWrapper[None], path: str) -> str:
    return path
`,
  });
  expect(tools).toMatchObject([
    {
      id: "tools.py#fetch_weather",
      framework: "openai-agents",
      description: "Fetch the weather for a given location.",
    },
    { id: "tools.py#read_file", name: "fetch_data", description: "Reads a file." },
  ]);
  expect(tools[0]?.parameters).toMatchObject([
    { name: "location", help: "Where to look.", required: true },
    { name: "days", help: "How many days.", default: 1 },
  ]);
  expect(tools[1]?.parameters.map(({ name }) => name)).toEqual(["path"]);
});
