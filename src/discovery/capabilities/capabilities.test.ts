import { describe, expect, test } from "vitest";
import type { Capability, CapabilityName, Tool } from "../../model/index.ts";
import { discoverFiles, onlyTool } from "../testing/workspace.ts";

/** A program of the lines, run under a guard. */
async function toolOf(imports: string, ...body: string[]): Promise<Tool> {
  const main = body.map((line) => `    ${line}`).join("\n");
  return await onlyTool({
    "t.py": `${imports}\n\ndef main(arg=None):\n${main}\n\nif __name__ == "__main__":\n    main()\n`,
  });
}

function namesOf(tool: Tool): CapabilityName[] {
  return tool.capabilities.map((capability) => capability.name);
}

function capability(tool: Tool, name: CapabilityName): Capability {
  const found = tool.capabilities.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is not among ${namesOf(tool).join(", ") || "no capabilities"}`);
  return found;
}

describe("single calls", () => {
  test.each<[string, string, CapabilityName[]]>([
    ["", "open('a.txt')", ["filesystem-read"]],
    ["", "open('a.txt', 'w')", ["filesystem-write"]],
    ["", "open('a.txt', mode='r+b')", ["filesystem-read", "filesystem-write"]],
    ["", "open('a.txt', arg)", ["filesystem-read", "filesystem-write"]],
    ["from pathlib import Path", "Path('a').write_text('x')", ["filesystem-write"]],
    ["from pathlib import Path", "(Path.home() / 'x').unlink()", ["filesystem-delete"]],
    ["from pathlib import Path as P", "p = P(arg); p.parent.mkdir(parents=True)", ["filesystem-write"]],
    ["from pathlib import Path", "[x.read_text() for x in Path('.').rglob('*')]", ["filesystem-read"]],
    ["import os as system", "system.remove('a')", ["filesystem-delete"]],
    ["from os import remove as gone", "gone('a')", ["filesystem-delete"]],
    ["import shutil", "shutil.rmtree(arg)", ["filesystem-delete"]],
    ["import os", "os.chmod(arg, 0o755)", ["file-permissions"]],
    ["import urllib.request", "urllib.request.urlopen('https://example.org/x')", ["network-access"]],
    ["import requests", "s = requests.Session(); s.get(arg)", ["network-access"]],
    ["import http.server", "http.server.HTTPServer(('', 80), None).serve_forever()", ["network-listen"]],
    ["import subprocess", "subprocess.run(['ls', '-l'])", ["filesystem-read", "process-spawn"]],
    [
      "import subprocess, sys",
      "subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])",
      ["network-access", "process-spawn", "package-install"],
    ],
    ["import os", "os.system('sudo reboot')", ["process-spawn", "privileged"]],
    ["import os", "os.kill(1, 9)", ["process-signal"]],
    ["import os", "print(os.environ['HOME'])", ["env-read"]],
    ["import os", "os.environ['A'] = 'b'", ["env-write"]],
    ["from os import environ", "environ.get('API_TOKEN')", ["env-read", "secrets"]],
    ["", "eval(arg)", ["dynamic-code"]],
    ["import re", "re.compile(arg)", []],
    ["import pickle", "pickle.loads(arg)", ["deserialization"]],
    ["import yaml", "yaml.load(arg, Loader=yaml.SafeLoader)", []],
    ["import yaml", "yaml.load(arg)", ["deserialization"]],
    ["import ctypes", "ctypes.CDLL('libc.so.6')", ["native-code"]],
    ["", "input('?')", ["stdin"]],
    ["import sys", "sys.stdin.read()", ["stdin"]],
    ["import getpass", "getpass.getpass()", ["secrets", "stdin"]],
    ["import tkinter", "tkinter.Tk()", ["gui"]],
    ["import torch", "torch.cuda.is_available()", ["gpu"]],
    ["import json, math, re", "json.dumps(math.sqrt(2))", []],
  ])("%s: %s", async (imports, line, expected) => {
    const tool = await toolOf(imports, line);
    expect(new Set(namesOf(tool))).toEqual(new Set(expected));
  });
});

describe("what counts", () => {
  test.each([
    "self.made = Maker()",
    "self . made = \\\n            Maker()",
    "(self.made) = Maker()",
    "x = self.made = Maker()",
  ])("an attribute is known that a method sets: %j", async (assignment) => {
    const tool = await onlyTool({
      "run.py": `
import os
class Maker:
    def go(self, a, b): os.remove("x")
class Other:
    def go(self, a, b): os.kill(1, 9)
class Main:
    def other(self):
        if self.made == 3: return self
    def __init__(self):
        ${assignment}
    def run(self):
        self.made.go(1, 2)
if __name__ == "__main__":
    Main().run()
    print(Other())
`,
    });
    expect(namesOf(tool)).toEqual(["filesystem-delete"]);
  });

  test("calls are followed through functions, methods and modules; evidence tells the way", async () => {
    const tool = await onlyTool({
      "run.py": `
from work.store import Store
def main():
    Store("x").save()
if __name__ == "__main__":
    main()
`,
      "work/__init__.py": "",
      "work/store.py": `
from .net import send
import os
class Store:
    def __init__(self, path):
        self.path = path
    def save(self):
        self._write()
    def _write(self):
        with open("data/out.json", "w") as f:
            f.write("x")
    def never_called(self):
        os.remove(self.path)
def also_never():
    send()
`,
      "work/net.py": "import requests\ndef send():\n    requests.post('https://example.org')\n",
    });
    expect(namesOf(tool)).toEqual(["filesystem-write"]);
    expect(capability(tool, "filesystem-write")).toEqual({
      name: "filesystem-write",
      severity: "medium",
      evidence: [
        {
          file: "work/store.py",
          line: 10,
          text: 'with open("data/out.json", "w") as f:',
          why: "This line opens a file for writing.",
          chain: ["main", "Store.save", "Store._write"],
        },
      ],
      scope: { paths: ["data/out.json"] },
    });
  });

  test("dead code, type checking and other files' main parts do not", async () => {
    const { tools } = await discoverFiles({
      "run.py": `
from typing import TYPE_CHECKING
import helper
if TYPE_CHECKING:
    import os
    os.remove("a")
def main():
    return helper.f()
    import shutil
    shutil.rmtree("b")
if False:
    eval("1")
if __name__ == "__main__":
    main()
`,
      "helper.py": "import os\ndef f(): return 1\nif __name__ == '__main__':\n    os.system('ls')\n",
    });
    const found = new Map(tools.map((tool) => [tool.file, namesOf(tool)]));
    expect(found.get("run.py")).toEqual([]);
    expect(found.get("helper.py")).toEqual(["filesystem-read", "process-spawn"]);
  });

  test("functions handed to others count as called", async () => {
    const tool = await toolOf(
      "import argparse, os, threading\ndef clean(): os.remove('x')\ndef work(): os.mkdir('y')",
      "threading.Thread(target=work).start()",
      "p = argparse.ArgumentParser()",
      "p.set_defaults(func=clean)",
    );
    expect(namesOf(tool)).toEqual(["filesystem-write", "filesystem-delete"]);
  });

  test("methods that a library calls count once there is an object", async () => {
    const tool = await toolOf(
      "import ast, os\nclass V(ast.NodeVisitor):\n    def visit_Name(self, node): os.remove('x')\nclass Unused(ast.NodeVisitor):\n    def visit_Name(self, node): eval('1')",
      "V().visit(None)",
    );
    expect(namesOf(tool)).toEqual(["filesystem-delete"]);
  });

  test("scopes: hosts, paths and programs that the code names", async () => {
    const tool = await toolOf(
      "import requests, subprocess\nBASE = 'https://api.example.org'",
      "requests.get(f'{BASE}/v1/{arg}')",
      "requests.get('http://user@other.net:8080/x')",
      "subprocess.run('git status', shell=True)",
      "open('data/in.csv')",
    );
    expect(capability(tool, "network-access").scope?.hosts).toEqual(["api.example.org", "other.net"]);
    expect(capability(tool, "process-spawn").scope?.programs).toEqual(["git"]);
    expect(capability(tool, "filesystem-read").scope?.paths).toEqual(["data/in.csv"]);
  });

  test("recursion and import cycles end", async () => {
    const tool = await onlyTool({
      "a.py": "import b\nimport os\ndef f():\n    b.g()\nif __name__ == '__main__':\n    f()\n",
      "b.py": "import a\nimport os\nfrom a import *\ndef g():\n    a.f()\n    os.remove('x')\n    g()\n",
    });
    expect(namesOf(tool)).toEqual(["filesystem-delete"]);
  });
});

describe("categories", () => {
  test.each([
    ["import requests", "requests.get('http://x.org')", "general"],
    ["", "open('out', 'w')", "utility"],
    ["", "print(1)", "utility"],
  ])("%s %s: %s", async (imports, line, expected) => {
    expect((await toolOf(imports, line)).category).toBe(expected);
  });

  test("a tool that only reads and says that it reports is for analysis", async () => {
    const tool = await onlyTool({
      "t.py": '"""Reports statistics."""\nif __name__ == "__main__":\n    print(open("x").read())\n',
    });
    expect(tool.category).toBe("analysis");
  });
});

describe("what objects do", () => {
  test("a method is reached through its base once there is an object, not by naming the class", async () => {
    const files = (made: string) => ({
      "t.py": `
import os
class Base:
    def run(self):
        self.work()
    def work(self):
        pass
class Used(Base):
    def work(self):
        os.mkdir("x")
class Named(Base):
    def work(self):
        os.remove("x")
def main(thing: Base):
    if isinstance(thing, Named) or Named.__name__ == "x":
        return
    thing.run()
if __name__ == "__main__":
    main(${made})
`,
    });
    expect(namesOf(await onlyTool(files("Used()")))).toEqual(["filesystem-write"]);
    expect(namesOf(await onlyTool(files("Named()")))).toEqual(["filesystem-delete"]);
  });

  test("what functions of the workspace return, functions handed over, iteration", async () => {
    const tool = await toolOf(
      `import functools, requests, threading, os
def session():
    made = requests.Session()
    return made
class Lines:
    def __iter__(self):
        return iter(open("x"))
def save(opener, path): return opener(path, "wb")`,
      "session().get(arg)",
      "threading.Thread(target=os.remove, args=(arg,))",
      "list(Lines())",
      "save(open, 'y', 'w')",
    );
    expect(namesOf(tool)).toEqual(["filesystem-read", "filesystem-write", "filesystem-delete", "network-access"]);
  });

  test.each<[string, string, CapabilityName[]]>([
    ["import pandas as pd", "pd.read_csv('https://example.org/x.csv')", ["network-access"]],
    ["import pandas as pd", "pd.read_csv(arg).to_csv()", ["filesystem-read"]],
    ["import pandas as pd", "pd.read_csv(arg).to_csv('y')", ["filesystem-read", "filesystem-write"]],
    ["import torch", "torch.load(arg, weights_only=True)", ["filesystem-read"]],
    ["import torch", "torch.load(arg)", ["filesystem-read", "deserialization"]],
    ["import numpy as np", "np.load(arg, allow_pickle=True)", ["filesystem-read", "deserialization"]],
    ["import yaml", "yaml.load(arg, Loader=yaml.CSafeLoader)", []],
    ["import sqlalchemy", "sqlalchemy.__version__", []],
    ["", "arg.target.open('w')", ["filesystem-write"]],
    ["", "arg.door.open()", []],
    ["import argparse", "argparse.FileType('w')", ["filesystem-write"]],
    ["import os", "os.open(arg, os.O_WRONLY | os.O_CREAT)", ["filesystem-write"]],
    ["from sklearn import datasets", "datasets.fetch_openml('x')", ["network-access"]],
    ["import rich, tqdm", "tqdm.tqdm(arg); rich.print(arg)", []],
  ])("%s: %s", async (imports, line, expected) => {
    expect(new Set(namesOf(await toolOf(imports, line)))).toEqual(new Set(expected));
  });
});

describe("settings", () => {
  test("add calls to the table", async () => {
    const text =
      "import acme\n\nif __name__ == '__main__':\n    acme.Client().send('x')\n    acme.Client().x.upload('y')\n";
    const files = { "t.py": text };
    const known = await discoverFiles(files);
    expect(known.tools[0]?.capabilities).toEqual([]);
    const { tools } = await discoverFiles(files, {
      capabilities: [
        { calls: ["acme.Client.send"], capability: "network-access", why: "sends mail" },
        { calls: [".upload"], capability: "secrets" },
      ],
    });
    expect(tools[0]?.capabilities.map(({ name, evidence }) => [name, evidence[0]?.line, evidence[0]?.why])).toEqual([
      ["network-access", 4, "This line sends mail."],
      ["secrets", 5, "This line calls what the settings name."],
    ]);
  });
});
