import { expect, it } from "vitest";
import { discoverFiles, onlyTool, parameterOf } from "../testing/workspace.ts";

it("invoke: tasks of a file and of collections, arguments from signatures", async () => {
  const tool = await onlyTool({
    "tasks.py": `
from invoke import task, Collection
import docs_tasks
@task(help={"out-dir": "Where to."}, iterable=["only"], incrementable=["verbose"])
def build_all(c, out_dir="dist", only=None, verbose=0, clean=False, color=True, jobs=1):
    "Builds all."
    c.run("rm -rf x")
@task(pre=[build_all], name="ship")
def release(ctx, version): "Releases."
ns = Collection(build_all, release)
ns.add_collection(docs_tasks, name="docs")
`,
    "docs_tasks.py": "from invoke import task\n@task\ndef serve(c, port=8000): 'Serves.'\n",
  });
  expect(tool).toMatchObject({
    id: "tasks.py",
    framework: "invoke",
    entry: { argv: ["python", "-m", "invoke", "--search-root", ".", "--collection", "tasks"] },
  });
  expect(tool.subcommands.map(({ path, help }) => [path, help])).toEqual([
    ["build-all", "Builds all."],
    ["ship", "Releases."],
    ["docs.serve", "Serves."],
  ]);
  expect(parameterOf(tool, "--out-dir", "build-all")).toMatchObject({
    name: "out_dir",
    default: "dist",
    help: "Where to.",
    isPath: true,
  });
  expect(parameterOf(tool, "--only", "build-all")).toMatchObject({ type: "array", action: "append" });
  expect(parameterOf(tool, "--verbose", "build-all")).toMatchObject({ type: "integer", action: "count" });
  expect(parameterOf(tool, "--clean", "build-all").flags).toEqual(["--clean"]);
  expect(parameterOf(tool, "--color", "build-all").flags).toEqual(["--color", "--no-color"]);
  expect(parameterOf(tool, "--version", "ship")).toMatchObject({ type: "string", required: true });
  expect(parameterOf(tool, "--port", "docs.serve")).toMatchObject({ type: "integer", default: 8000 });
});

it("nox: one tool for each session", async () => {
  const { tools } = await discoverFiles({
    "noxfile.py": `
import nox
@nox.session(python=["3.11", "3.12"])
def tests(session):
    "Runs the tests."
    session.run("pytest", *session.posargs)
@nox.session(name="style-check")
def lint(session): "Lints."
def helper(session): pass
`,
  });
  expect(tools.map(({ id, name, description }) => [id, name, description])).toEqual([
    ["noxfile.py#tests", "tests", "Runs the tests."],
    ["noxfile.py#style-check", "style-check", "Lints."],
  ]);
  expect(tools[0]?.entry.argv).toEqual(["python", "-m", "nox", "--noxfile", "noxfile.py", "--session", "tests", "--"]);
  expect(tools[0]?.parameters).toMatchObject([{ name: "posargs", nargs: "*" }]);
  expect(tools[1]?.parameters).toEqual([]);
});

it("doit: task functions with their parameters", async () => {
  const tool = await onlyTool({
    "dodo.py": `
def task_hello():
    """Says hello."""
    return {
        "actions": ["echo %(who)s"],
        "params": [
            {"name": "who", "short": "w", "long": "who", "default": "you", "help": "Whom."},
            {"name": "times", "long": "times", "type": int, "default": 1},
            {"name": "how", "long": "how", "choices": (("loud", "x"), ("soft", "y")), "default": "soft"},
        ],
    }
def task_many():
    for name in ["a", "b"]:
        yield {"name": name, "actions": []}
def helper(): pass
`,
  });
  expect(tool).toMatchObject({ framework: "doit", name: "dodo" });
  expect(tool.subcommands.map(({ path, help }) => [path, help])).toEqual([
    ["hello", "Says hello."],
    ["many", undefined],
  ]);
  expect(parameterOf(tool, "-w", "hello")).toMatchObject({ flags: ["-w", "--who"], default: "you", help: "Whom." });
  expect(parameterOf(tool, "--times", "hello")).toMatchObject({ type: "integer", default: 1 });
  expect(parameterOf(tool, "--how", "hello").choices).toEqual(["loud", "soft"]);
});

it("files of these names without tasks are nothing", async () => {
  const { tools } = await discoverFiles({
    "tasks.py": "from celery import task\n# invoke\n@task\ndef x(): pass\n",
    "noxfile.py": "# nox\n",
    "other/tasks.py": "def invoke(): pass\n",
  });
  expect(tools).toEqual([]);
});

it("tasks run programs through what their runner gives them", async () => {
  const { tools } = await discoverFiles({
    "tasks.py": "from invoke import task\n@task\ndef drop(c, path):\n    c.run('rm -rf ' + path)\n",
    "noxfile.py":
      "import nox\n@nox.session(python=['3.12'])\ndef tests(session):\n    session.install('x')\n    session.run('pytest')\n",
  });
  const found = tools.map(({ name, capabilities }) => [name, capabilities.map((one) => one.name)]);
  expect(Object.fromEntries(found)).toEqual({
    tasks: ["filesystem-delete", "process-spawn"],
    tests: ["process-spawn", "package-install"],
  });
});
