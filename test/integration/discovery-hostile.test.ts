import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, open, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { discover, WorkspaceIndex } from "../../src/discovery/index.ts";
import { DiscoveryReport } from "../../src/model/index.ts";

const { signal } = new AbortController();
const TOOL = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--x')\np.parse_args()\n";

/** Each of these, together with a good tool, must leave that tool found. */
const FILES: Readonly<Record<string, string>> = {
  "a number with a billion digits": `x = 10 ** 10 ** 10\ny = 7 ** 7 ** 7 ** 7\nz = 1 << 10 ** 12\nw = -(2 ** 63) ** 99999\n`,
  "a text of a gigabyte":
    'x = "a" * 10 ** 9\ny = x * 10 ** 9\nz = b"b" * (1 << 60)\nw = ("ab" * 10**8)[::-1].upper() + x\n',
  "lists of lists": `x = [0] * 10 ** 9\n${"x = [x] * 1000\n".repeat(30)}y = [x for _ in range(10 ** 12)]\n`,
  doubling: `x = "ab"\nl = [1]\nd = {}\n${"x = x + x\nl = l + l\nl += l\nd = {**d, len(d): d}\n".repeat(80)}`,
  "format bombs": `x = "a"\n${'x = f"{x}{x}{x}{x}"\n'.repeat(40)}y = "{:>999999999}".format(1)\nz = "%999999999d" % 1\nw = f"{1:>{10**9}}"\nv = "x".ljust(10**10)\n`,
  "joins and replacements": `x = ",".join(["a" * 1000] * 10**6)\ny = ("a" * 10**5).replace("a", "b" * 10**5)\nz = "\\t".expandtabs(10**10)\nw = "7".zfill(10**10)\n`,
  "endless loops": `while True:\n    pass\n`,
  "endless generator": `def g():\n    i = 0\n    while True:\n        yield i\n        i += 1\nx = list(g())\nfor i in g():\n    for j in g():\n        x.append(i)\nimport itertools\ny = list(itertools.count())\nz = list(itertools.product(range(10**6), repeat=9))\n`,
  ranges: `for i in range(10 ** 15):\n    for j in range(10 ** 15):\n        x = i * j\ny = list(range(10**15))\nz = sorted(range(10**12), key=lambda v: -v)\n`,
  recursion: `def f(n):\n    return f(n + 1) + f(n + 2)\nf(0)\ng = lambda h: h(h)\ng(g)\n`,
  "decorators that recurse": `def d(f):\n    @d\n    def g(*a):\n        return d(f)(*a)\n    return d(g)\n@d\n@d\ndef h():\n    pass\nh()\n`,
  "classes that recurse": `class A:\n    def __getattr__(self, name):\n        return getattr(self, name)\n    def __init__(self):\n        self.me = A()\n    @property\n    def p(self):\n        return self.p\na = A()\na.x.y.z\na.p\nclass B(B):\n    pass\nclass C(type(C)):\n    pass\n`,
  "lists that hold themselves": `l = []\nl.append(l)\nd = {}\nd["d"] = d\nx = str(l) + repr(d)\ny = l == l\nimport copy\ncopy.deepcopy(l)\nprint(f"{l}{d}", sorted(l))\nimport argparse\nq = argparse.ArgumentParser()\nq.add_argument("--l", default=l, choices=d)\n`,
  "a large dictionary": `D = {${Array.from({ length: 40_000 }, (_, i) => `"k${i}": [${i}, {"a": ${i}}]`).join(", ")}}\nfor k, v in D.items():\n    for kk, vv in D.items():\n        D[k + kk] = v\n`,
  "expressions deep in parentheses": `x = ${"(".repeat(50_000)}1${")".repeat(50_000)}\n`,
  "expressions deep in brackets": `x = ${"[".repeat(50_000)}\n`,
  chains: `x = ${"a.b".repeat(30_000)}\ny = ${"1+".repeat(50_000)}1\nz = ${"not ".repeat(50_000)}x\nw = ${"f(".repeat(20_000)}${")".repeat(20_000)}\nv = x${"[0]".repeat(50_000)}\nu = ${"-".repeat(50_000)}1\nt = ${"lambda: ".repeat(20_000)}1\ns = ${"1 if x else ".repeat(20_000)}0\n`,
  "nested blocks": `${Array.from({ length: 900 }, (_, i) => `${" ".repeat(i)}if x:\n`).join("")}${" ".repeat(900)}pass\n`,
  "nested functions": `${Array.from({ length: 200 }, (_, i) => `${" ".repeat(i)}def f${i}():\n`).join("")}${" ".repeat(200)}pass\n`,
  "nested f-strings": `x = ${"f'{".repeat(150)}1${"}'".repeat(150)}\n`,
  "regular expressions": `import re\nre.match("(a+)+$", "a" * 100 + "b")\nre.sub("(x+x+)+y", "", "x" * 10000)\n`,
  "many names": Array.from({ length: 30_000 }, (_, i) => `v${i} = ${i}\n`).join(""),
  "many branches": `${Array.from({ length: 60 }, (_, i) => `if unknown${i}():\n    x${i} = 1\nelse:\n    x${i} = 2\n`).join("")}`,
  "branches in branches": `def f(n):\n    if unknown():\n        f(n)\n    else:\n        f(n)\n    if unknown():\n        f(n)\n    else:\n        f(n)\nf(1)\n`,
  "imports of itself": `import hostile, hostile as h\nfrom hostile import *\nfrom . import hostile\nfrom .hostile import hostile\nfrom ........ import x\nimport hostile.hostile.hostile\n__import__("hostile")\n`,
  "surrogates and noncharacters": `x = "\\ud800" + "\\N{NOT A NAME}" + "\\U0011ffff" + "\\x"\ny = "\\udc00" * 3\n`,
  "control characters": `import argparse\nq = argparse.ArgumentParser(prog="\\x1b]0;evil\\x07", description="\\u202egnp.exe\\u2066\\x00\\x1b[2J")\nq.add_argument("--a\\u202eb", help="\\x1b[31m\\u2028\\u2029\\x9b", choices=["\\x00", "\\u200f"])\nq.parse_args()\n`,
  "names that are paths": `import argparse\nq = argparse.ArgumentParser(prog="../../../etc/passwd")\nq.add_argument("--../x", dest="__proto__")\nq.add_argument("constructor")\nq.add_argument("--toString")\nq.add_argument("--", dest="")\ns = q.add_subparsers(dest="../../x")\ns.add_parser("; rm -rf /")\ns.add_parser("__proto__").add_argument("hasOwnProperty")\nq.parse_args()\n`,
  "attributes of every object": `class A: pass\na = A()\nfor n in ("__class__", "__dict__", "__proto__", "constructor", "__subclasses__", "__globals__"):\n    x = getattr(a, n)\n    setattr(A, n, x)\n    x = getattr(getattr(a, n), n)()\nx = {"__proto__": 1}["__proto__"]\n`,
  "Python 2": `print "hello %s" % name\nexec "x = 1"\nraise ValueError, "no"\nx = 0777 + 10L\nprint >>f, \`x\`\n`,
  "nothing but quotes": `"""${'"'.repeat(4_000)}\n'''${"'".repeat(4_001)}`,
  "no line ends": `${"x=1;".repeat(100_000)}`,
};

/** Where something had to be left out, the author of the file is told: by these codes. */
const TOLD: Readonly<Record<string, string>> = {
  "joins and replacements": "reading-cut-short",
  "lists that hold themselves": "reading-cut-short",
  "no line ends": "reading-cut-short",
  "expressions deep in parentheses": "syntax-error",
  "expressions deep in brackets": "syntax-error",
  chains: "analysis-failed",
  "nested blocks": "syntax-error",
  "nested functions": "syntax-error",
  "surrogates and noncharacters": "syntax-error",
  "names that are paths": "not-describable",
  "Python 2": "syntax-error",
  "nothing but quotes": "syntax-error",
};

/** Whose command line is read in spite of what stands before it. */
const READ: ReadonlySet<string> = new Set(["ranges", "a large dictionary", "many names"]);

describe("hostile files", () => {
  let folder = "";
  const write = async (path: string, content: string | Uint8Array): Promise<string> => {
    const full = join(folder, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, content);
    return full;
  };
  const read = async (): Promise<DiscoveryReport> => {
    const report = await discover(folder, { signal });
    DiscoveryReport.parse(report);
    return report;
  };
  const codes = ({ diagnostics }: DiscoveryReport): Record<string, string> =>
    Object.fromEntries(diagnostics.map(({ file, code }) => [file, code]));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "toka-hostile-"));
    await write("good.py", TOOL);
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const guard = "\nif __name__ == '__main__':\n    import argparse\n    argparse.ArgumentParser().parse_args()\n";
  test.each(Object.entries(FILES))("%s", async (name, text) => {
    await write("hostile.py", `${text}${guard}`);
    await write("user.py", `import argparse\nimport hostile\nfrom hostile import x, y, z, f, h, A, D\n${TOOL}`);
    const { tools, diagnostics } = await read();
    const found = tools.find(({ file }) => file === "good.py");
    expect(found?.parameters.map(({ name }) => name)).toEqual(["x"]);
    // Nobody stores what cannot be stored.
    for (const tool of tools) expect(JSON.parse(JSON.stringify(tool))).toEqual(tool);
    const told = diagnostics.filter(({ file }) => file === "hostile.py").map(({ code }) => code);
    if (TOLD[name] !== undefined) expect(told).toContain(TOLD[name]);
    // What was read in full is a tool with nothing said against it; what was not is told.
    const hostile = tools.find(({ file }) => file === "hostile.py");
    if (READ.has(name)) expect(hostile?.framework).toBe("argparse");
    if (hostile?.framework !== "argparse") expect(told).not.toEqual([]);
  });

  test("a line of 100 MB, and a file that is larger than it says", async () => {
    const handle = await open(join(folder, "line.py"), "w");
    const piece = Buffer.alloc(1024 * 1024, "x");
    for (let megabyte = 0; megabyte < 100; megabyte++) await handle.write(piece);
    await handle.close();
    await write("sparse.py", "");
    const sparse = await open(join(folder, "sparse.py"), "r+");
    await sparse.truncate(1024 ** 4);
    await sparse.close();
    const report = await read();
    expect(codes(report)).toEqual({ "line.py": "file-too-large", "sparse.py": "file-too-large" });
    expect(report.tools).toHaveLength(1);
  });

  test("binary files, whatever their names", async () => {
    await write(
      "binary.py",
      new Uint8Array(200_000).map((_, index) => index * 7),
    );
    await write("elf.sh", Buffer.concat([Buffer.from("\x7fELF"), Buffer.alloc(1000)]));
    await write("image", Buffer.concat([Buffer.from("#!/bin/sh\n"), Buffer.alloc(1000)]));
    const report = await read();
    expect(codes(report)).toEqual({ "binary.py": "binary-file", "elf.sh": "binary-file", image: "binary-file" });
  });

  test("encodings by PEP 263, byte order marks, and encodings that lie", async () => {
    const tool = (help: string): string => TOOL.replace("'--x'", `'--x', help='${help}'`);
    await write("latin.py", Buffer.from(`# vim: set fileencoding=latin-1 :\n${tool("grün")}`, "latin1"));
    await write("utf8bom.py", `\ufeff${tool("grün")}`);
    await write("lies.py", Buffer.concat([Buffer.from("# coding: utf-8\n"), Buffer.from(tool("gr\xfcn"), "latin1")]));
    await write("unknown.py", `# coding: klingon\n${tool("grün")}`);
    await write("utf16.py", Buffer.from(`\ufeff${tool("grün")}`, "utf16le"));
    const { tools } = await read();
    const help = Object.fromEntries(tools.map((one) => [one.file, one.parameters[0]?.help]));
    expect(help).toMatchObject({ "latin.py": "grün", "utf8bom.py": "grün", "lies.py": "grün" });
    expect(Object.keys(help)).toContain("unknown.py");
  });

  test("Python 2 is read as far as it goes, with one diagnostic", async () => {
    await write(
      "old.py",
      `import optparse\nprint "x"\nparser = optparse.OptionParser()\nparser.add_option("--y")\nparser.parse_args()\nprint "y"\n`,
    );
    const report = await read();
    expect(report.tools.map(({ file }) => file)).toContain("old.py");
    expect(report.diagnostics.filter(({ file }) => file === "old.py")).toMatchObject([{ code: "syntax-error" }]);
  });

  test("pipes, sockets, devices and links lead nowhere and hold nothing up", async ({ skip }) => {
    if (process.platform === "win32") skip("there are no pipes and sockets in folders on Windows");
    execFileSync("mkfifo", [join(folder, "pipe.py"), join(folder, "pipe")]);
    await symlink("/dev/zero", join(folder, "zero.py"));
    await symlink("/dev/stdin", join(folder, "stdin"));
    await symlink("/etc", join(folder, "etc"));
    await symlink(".", join(folder, "loop"));
    await symlink("b", join(folder, "a"));
    await symlink("a", join(folder, "b"));
    await symlink("/etc/passwd", join(folder, "passwd.py"));
    await symlink("good.py", join(folder, "link.py"));
    await symlink("nowhere", join(folder, "dangling.py"));
    const socket = createServer();
    await new Promise<void>((resolve) => socket.listen(join(folder, "socket.py"), resolve));
    try {
      await write("user.py", `import zero, pipe, passwd, loop.good, etc.x, dangling\n${TOOL}`);
      const { tools } = await read();
      expect(tools.map(({ file }) => file)).toEqual(["good.py", "user.py"]);
    } finally {
      socket.close();
    }
  });

  test("files and folders that must not be read", async ({ skip }) => {
    if (process.getuid?.() === 0) skip("root may read everything");
    await chmod(await write("secret.py", TOOL), 0);
    await write("closed/tool.py", TOOL);
    await chmod(join(folder, "closed"), 0);
    try {
      const report = await read();
      expect(report.tools).toHaveLength(1);
      expect(codes(report)).toEqual({ closed: "unreadable-folder" });
    } finally {
      await chmod(join(folder, "closed"), 0o700);
    }
  });

  test("names that are no names", async ({ skip }) => {
    if (process.platform === "win32") skip("Windows has no such names");
    const names = [
      "-rf.py",
      "a b;$(x).py",
      "\x1b[31m.py",
      "line\nbreak.py",
      "\u202egnp.py",
      "__proto__.py",
      "..py",
      "*.py",
      "'\".py",
      `${"x".repeat(240)}.py`,
    ];
    for (const name of names) await write(name, TOOL);
    for (const name of ["constructor", "__proto__", "%2e%2e"]) await write(join(name, "t.py"), `import good\n${TOOL}`);
    const raw = Buffer.concat([Buffer.from(join(folder, "raw")), Buffer.from([0xff, 0xfe]), Buffer.from(".py")]);
    await writeFile(raw, TOOL);
    const index = new WorkspaceIndex(folder);
    await index.scan({ signal });
    const { tools } = index.report();
    expect(tools.map(({ file }) => file)).toEqual(expect.arrayContaining(names));
    await index.update([...names, "../outside.py", "/etc/passwd", "a/../../b.py", ""], signal);
    expect(index.report().tools).toEqual(tools);
  });

  test("modules that import each other in a ring, and star imports of it", async () => {
    for (let number = 0; number < 200; number++) {
      const others = [1, 7, 50].map((step) => `m${(number + step) % 200}`);
      const lines = others.map(
        (other) => `import ${other}\nfrom ${other} import *\nfrom ${other} import value as v_${other}`,
      );
      await write(`m${number}.py`, `${lines.join("\n")}\nvalue = v_${others[0]}\nimport argparse\n${guard}`);
    }
    const { tools } = await read();
    expect(tools).toHaveLength(201);
  });
});

test("100 000 files", { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "toka-many-"));
  try {
    for (let outer = 0; outer < 100; outer++) {
      const inner = join(folder, `d${outer}`, "deep", "deeper");
      await mkdir(inner, { recursive: true });
      const writes = Array.from({ length: 1000 }, (_, index) => {
        const isTool = index === 0;
        return writeFile(join(inner, index % 2 === 0 ? `f${index}.py` : `f${index}.txt`), isTool ? TOOL : "x = 1\n");
      });
      await Promise.all(writes);
    }
    const report = await discover(folder, { signal });
    expect(report.stats.filesSeen).toBe(100_000);
    expect(report.tools).toHaveLength(100);
    expect(report.stats.filesParsed).toBe(100);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
