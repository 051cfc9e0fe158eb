import { describe, expect, test } from "vitest";
import { discoverFiles, onlyTool, parameterOf } from "../testing/workspace.ts";

describe("click", () => {
  test("a command with options and arguments", async () => {
    const tool = await onlyTool({
      "hello.py": `
import click

@click.command()
@click.option("--count", "-c", default=1, show_default=True, help="Number of greetings.")
@click.option("--name", prompt="Your name", required=True)
@click.option("--shout/--no-shout", " /-S", default=False)
@click.option("-v", "--verbose", count=True)
@click.option("--tag", multiple=True)
@click.option("--kind", type=click.Choice(["a", "b"]))
@click.option("--size", "width", type=click.IntRange(0, 10))
@click.option("--out", type=click.Path(exists=True))
@click.argument("files", nargs=-1, type=click.File("r"))
@click.argument("where", required=False)
def hello_world(**kwargs):
    """Greets people.

    More words.
    """
    click.echo("hi")

if __name__ == "__main__":
    hello_world()
`,
    });
    expect(tool).toMatchObject({
      name: "hello-world",
      framework: "click",
      line: 15,
      description: "Greets people.\n\nMore words.",
    });
    expect(tool.parameters.map((parameter) => parameter.name)).toEqual([
      "count",
      "name",
      "shout",
      "verbose",
      "tag",
      "kind",
      "width",
      "out",
      "files",
      "where",
    ]);
    expect(parameterOf(tool, "--count")).toMatchObject({ type: "integer", default: 1, help: "Number of greetings." });
    expect(parameterOf(tool, "--name").required).toBe(true);
    expect(parameterOf(tool, "--shout")).toMatchObject({
      type: "boolean",
      default: false,
      flags: ["--shout", "--no-shout", "-S"],
    });
    expect(parameterOf(tool, "-v")).toMatchObject({ type: "integer", action: "count" });
    expect(parameterOf(tool, "--tag")).toMatchObject({ type: "array", items: { type: "string" } });
    expect(parameterOf(tool, "--kind").choices).toEqual(["a", "b"]);
    expect(parameterOf(tool, "--out").isPath).toBe(true);
    expect(parameterOf(tool, "files")).toMatchObject({ type: "array", nargs: "*", required: false, isPath: true });
    expect(parameterOf(tool, "where").required).toBe(false);
  });

  test("groups across modules, decorators of the program's own, add_command", async () => {
    const tool = await onlyTool({
      "app/__init__.py": "",
      "app/__main__.py": "from app.cli import cli\n\nif __name__ == '__main__':\n    cli(obj={})\n",
      "app/cli.py": `
import functools
import click
from .more import extra

def common(function):
    @click.option("--dry-run", is_flag=True)
    @click.option("--limit", default=5)
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

@click.group()
@click.option("--debug", is_flag=True)
@click.pass_context
def cli(ctx, debug):
    """The app."""

@cli.command("sync", short_help="syncs")
@common
@click.argument("source")
def sync_everything(source, **kwargs):
    """Synchronises."""

@cli.group()
def db():
    pass

@db.command()
@click.argument("name")
def create_table(name):
    pass

cli.add_command(extra)
`,
      "app/more.py":
        "import click\n@click.command(name='more')\n@click.option('--x', type=float)\ndef extra(x):\n    pass\n",
    });
    expect(tool.subcommands.map((item) => item.path)).toEqual(["sync", "db", "db create-table", "more"]);
    expect(parameterOf(tool, "--debug").type).toBe("boolean");
    expect(parameterOf(tool, "--dry-run", "sync").type).toBe("boolean");
    expect(parameterOf(tool, "--limit", "sync").default).toBe(5);
    expect(parameterOf(tool, "source", "sync").required).toBe(true);
    expect(parameterOf(tool, "name", "db create-table").required).toBe(true);
    expect(parameterOf(tool, "--x", "more").type).toBe("number");
    expect(tool.entry.argv).toEqual(["python", "-m", "app"]);
  });
});

describe("typer", () => {
  test("one function, default and Annotated style", async () => {
    const tool = await onlyTool({
      "main.py": `
from enum import Enum
from pathlib import Path
from typing import Annotated, List, Optional
import typer

class Colour(str, Enum):
    red = "red"
    blue = "blue"

def main(
    name: str,
    files: List[Path],
    last: Annotated[str, typer.Option("--last", "-l", help="Last name.")] = "",
    formal: bool = False,
    colour: Colour = Colour.red,
    count: int = typer.Option(..., help="How many"),
    rate: Optional[float] = None,
    tags: Annotated[Optional[list[str]], typer.Option()] = None,
    where: Path = typer.Argument(Path("."), help="A place"),
    force: bool = typer.Option(False, "--force"),
):
    """Says hello."""

if __name__ == "__main__":
    typer.run(main)
`,
    });
    expect(tool).toMatchObject({ framework: "typer", description: "Says hello.", subcommands: [] });
    expect(parameterOf(tool, "name")).toMatchObject({ type: "string", required: true });
    expect(parameterOf(tool, "files")).toMatchObject({
      type: "array",
      items: { type: "string" },
      required: true,
      isPath: true,
    });
    expect(parameterOf(tool, "--last")).toMatchObject({ flags: ["--last", "-l"], default: "", help: "Last name." });
    expect(parameterOf(tool, "--formal")).toMatchObject({
      flags: ["--formal", "--no-formal"],
      type: "boolean",
      default: false,
    });
    expect(parameterOf(tool, "--colour")).toMatchObject({ choices: ["red", "blue"], default: "red", type: "string" });
    expect(parameterOf(tool, "--count")).toMatchObject({ type: "integer", required: true, help: "How many" });
    expect(parameterOf(tool, "--rate")).toMatchObject({ type: "number", required: false });
    expect(parameterOf(tool, "--tags")).toMatchObject({ type: "array", required: false });
    expect(parameterOf(tool, "where")).toMatchObject({ default: ".", required: false, isPath: true });
    expect(parameterOf(tool, "--force").flags).toEqual(["--force"]);
  });

  test("apps with commands, callback and sub-apps", async () => {
    const tool = await onlyTool({
      "cli.py": `
import typer
from users import app as users
app = typer.Typer(help="An app.")
app.add_typer(users, name="users", help="People")

@app.callback()
def options(verbose: bool = False, ctx: typer.Context = None):
    pass

@app.command()
def build_all(target: str = "x"):
    """Builds."""

if __name__ == "__main__":
    app()
`,
      "users.py":
        "import typer\napp = typer.Typer()\n@app.command('make')\ndef create(name: 'str'):\n    pass\n@app.command()\ndef drop(name: str):\n    pass\n",
    });
    expect(tool.description).toBe("An app.");
    expect(tool.subcommands.map((item) => item.path)).toEqual(["build-all", "users", "users make", "users drop"]);
    expect(parameterOf(tool, "--verbose").subcommand).toBeUndefined();
    expect(parameterOf(tool, "--target", "build-all").default).toBe("x");
    expect(parameterOf(tool, "name", "users make").type).toBe("string");
    expect(tool.parameters.some((parameter) => parameter.name === "ctx")).toBe(false);
  });
});

test("click: groups that look their commands up, in tables and in modules", async () => {
  const { tools } = await discoverFiles({
    "lazy.py": `
import importlib
import click
class LazyGroup(click.Group):
    def __init__(self, *args, lazy_subcommands=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.lazy_subcommands = lazy_subcommands or {}
    def list_commands(self, ctx):
        base = super().list_commands(ctx)
        return base + sorted(self.lazy_subcommands.keys())
    def get_command(self, ctx, cmd_name):
        if cmd_name in self.lazy_subcommands:
            return self._lazy_load(cmd_name)
        return super().get_command(ctx, cmd_name)
    def _lazy_load(self, cmd_name):
        modname, cmd_object_name = self.lazy_subcommands[cmd_name].rsplit(".", 1)
        mod = importlib.import_module(modname)
        return getattr(mod, cmd_object_name)
@click.group(cls=LazyGroup, lazy_subcommands={"foo": "foo.cli"}, help="All.")
@click.option("--deep", is_flag=True, hidden=True)
def cli(deep): pass
@cli.command()
def near(): "Near."
if __name__ == "__main__":
    cli()
`,
    "foo.py": "import click\n@click.command()\n@click.argument('name')\ndef cli(name): 'Foo.'\n",
    "table.py": `
import click
@click.command()
@click.option("--a")
def one(a): pass
COMMANDS = {"one": one}
class Table(click.MultiCommand):
    def list_commands(self, ctx): return sorted(COMMANDS)
    def get_command(self, ctx, name): return COMMANDS.get(name)
main = Table(help="By table.")
if __name__ == "__main__":
    main()
`,
  });
  const lazy = tools.find((tool) => tool.file === "lazy.py");
  const table = tools.find((tool) => tool.file === "table.py");
  if (lazy === undefined || table === undefined) throw new Error("not found");
  expect(lazy).toMatchObject({ description: "All.", framework: "click" });
  expect(lazy.subcommands.map((one) => one.path)).toEqual(["near", "foo"]);
  expect(parameterOf(lazy, "name", "foo").required).toBe(true);
  expect(parameterOf(lazy, "--deep").hidden).toBe(true);
  expect(parameterOf(table, "--a", "one").type).toBe("string");
});

test("click: parameters changed afterwards, groups of options, groups of other libraries", async () => {
  const tool = await onlyTool({
    "c.py": `
import functools
import click
import cloup
from flask.cli import AppGroup
from click_option_group import optgroup
OPTIONS = [click.option("--x", type=int), click.option("--y")]
def add_options(options):
    def wrap(func):
        for option in reversed(options):
            func = option(func)
        return func
    return wrap
def stacked(f):
    return functools.reduce(lambda g, option: option(g), OPTIONS, f)
cli = AppGroup("cli", help="App.")
@cli.command("run-it")
@add_options(OPTIONS)
@cloup.option_group("More", cloup.option("--z"), cloup.option("--w", is_flag=True))
@optgroup.group("Others")
@optgroup.option("--v", default=3)
def run(**kwargs): pass
@cli.command()
@stacked
def other_cmd(**kwargs): pass
run.params.insert(0, click.Option(["--late"], help="Late."))
if __name__ == "__main__":
    cli()
`,
  });
  expect(tool.subcommands.map((one) => one.path)).toEqual(["run-it", "other"]);
  const own = (path: string): string[] =>
    tool.parameters.filter((one) => one.subcommand === path).flatMap((one) => one.flags);
  expect(own("run-it")).toEqual(["--late", "--x", "--y", "--z", "--w", "--v"]);
  expect(own("other")).toEqual(["--y", "--x"]);
});

test("typer: a callback given to the app, factories, an app as a click command", async () => {
  const tool = await onlyTool({
    "t.py": `
from typing import Annotated
import click
import typer
def callback(verbose: bool = False): "All."
app = typer.Typer(callback=callback)
@app.command()
def create(name: Annotated[str, typer.Argument(default_factory=input)]): "Makes."
@click.command()
@click.option("--size", type=int)
def extra(size): "More."
command = typer.main.get_command(app)
command.add_command(extra, "extra")
if __name__ == "__main__":
    command()
`,
  });
  expect(tool.framework).toBe("typer");
  expect(tool.subcommands.map((one) => one.path)).toEqual(["create", "extra"]);
  expect(parameterOf(tool, "--verbose").type).toBe("boolean");
  expect(parameterOf(tool, "name", "create").required).toBe(false);
  expect(parameterOf(tool, "--size", "extra").type).toBe("integer");
});

test("options put on by a decorator of the program's own, click's version option among them", async () => {
  const tool = await onlyTool({
    "run.py": `
import click
def common(f):
    config = click.option("--config", "-c")
    version = click.version_option(version="1.0")
    return config(version(f))
@click.command()
@common
def main(config): pass
if __name__ == "__main__":
    main()
`,
  });
  expect(tool.parameters.map(({ flags }) => flags)).toEqual([["--config", "-c"]]);
});
