import { mkdir, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend, Observed } from "../../src/model/index.ts";
import { Bench, missingMechanism, processesWith, type RunWish, uniqueMarker } from "./sandbox-support.ts";

const missing = await missingMechanism();
const TIERS = ["bwrap", "landlock"] as const satisfies Backend[];

describe.skipIf(missing !== undefined).each(TIERS)("observed runs (%s)", (backend) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.create({ backend });
    await mkdir(join(bench.workspace, "data"));
    await writeFile(join(bench.workspace, "data/a.csv"), "1,2,3");
    await writeFile(join(bench.workspace, "data/b.csv"), "4");
    await writeFile(join(bench.workspace, "helper_module.py"), "VALUE = 1\n");
  });
  afterAll(() => bench.remove());

  async function script(
    name: string,
    source: string,
    wish: RunWish = {},
  ): Promise<{ observed: Observed; stdout: string }> {
    await writeFile(join(bench.workspace, name), source);
    const { observed, stdout, stderr, exit } = await bench.run(["python", name], { observe: true, ...wish });
    expect({ exit, stderr }).toMatchObject({ exit: { reason: "ok" }, stderr: "" });
    if (observed === undefined) throw new Error("the run was not observed");
    return { observed, stdout };
  }

  const file = (observed: Observed, path: string): readonly string[] =>
    observed.files.find((one) => one.path === path)?.access ?? [];

  it("tell which files were read, listed, written, changed and deleted, and at which line", async () => {
    const { observed } = await script(
      "files.py",
      `import os, pathlib
import helper_module
pathlib.Path("data/a.csv").read_text()
os.listdir("data")
for action in (lambda: open("out.txt", "w"), lambda: os.remove("data/b.csv"), lambda: os.chmod("data", 0o700),
               lambda: os.rename("data/a.csv", "data/c.csv"), lambda: os.mkdir("new")):
    try: action()
    except OSError: pass
`,
    );
    expect(observed.lost).toBe(0);
    expect(file(observed, "data/a.csv")).toEqual(["read", "delete"]);
    expect(file(observed, "data")).toEqual(["list", "attributes"]);
    expect(file(observed, "out.txt")).toEqual(["write"]);
    expect(file(observed, "data/b.csv")).toEqual(["delete"]);
    expect(file(observed, "data/c.csv")).toEqual(["write"]);
    expect(file(observed, "new")).toEqual(["write"]);
    expect(file(observed, "helper_module.py")).toEqual(["import"]);
    expect(file(observed, "files.py")).toEqual(["import"]);
    expect(observed.files.find(({ path }) => path === "data/a.csv")?.place).toEqual({ file: "files.py", line: 3 });
    expect(observed.imports).toEqual(["helper_module"]);
  });

  it("tell names looked up, addresses connected to, and what was started", async () => {
    const { observed } = await script(
      "network.py",
      `import socket, subprocess, sys
def attempt(action):
    try: action()
    except OSError: pass
attempt(lambda: socket.create_connection(("example.org", 80), 1))
attempt(lambda: socket.socket().connect(("192.0.2.1", 8080)))
subprocess.run(["true", "and", "more"])
subprocess.run("exit 0", shell=True)
`,
    );
    expect(observed.hosts).toContainEqual({
      host: "example.org",
      port: 80,
      how: "lookup",
      place: { file: "network.py", line: 5 },
    });
    // Without namespaces there is not even a socket to connect with.
    if (backend === "bwrap") {
      expect(observed.hosts).toContainEqual(expect.objectContaining({ host: "192.0.2.1", port: 8080, how: "connect" }));
    }
    expect(observed.programs.map(({ argv }) => argv)).toEqual([
      ["true", "and", "more"],
      ["/bin/sh", "-c", "exit 0"],
    ]);
  });

  it("tell what their Python children do, and forked ones, and threads", async () => {
    const { observed } = await script(
      "children.py",
      `import os, subprocess, sys, threading
subprocess.run([sys.executable, "-c", "open('data/a.csv').read(); import os; os.environ['CHILD'] = 'x'"])
if os.fork() == 0:
    open("data/b.csv").read()
    os._exit(0)
os.wait()
thread = threading.Thread(target=lambda: os.environ.pop("HOME"))
thread.start(); thread.join()
`,
    );
    expect(observed.pythons).toBe(2);
    expect(file(observed, "data/a.csv")).toEqual(["read"]);
    expect(file(observed, "data/b.csv")).toEqual(["read"]);
    expect(observed.environment).toEqual([
      { name: "CHILD", change: "set" },
      { name: "HOME", change: "unset" },
    ]);
    expect(observed.actions.map(({ capability }) => capability)).toContain("process-spawn");
  });

  it("tell of code made at run time, unpickling and native code, and not of what the library does for itself", async () => {
    const { observed } = await script(
      "dynamic.py",
      `import collections, ctypes, dataclasses, json, pickle, tempfile
collections.namedtuple("P", "x y")
@dataclasses.dataclass
class D: x: int
with tempfile.TemporaryDirectory() as folder: open(folder + "/x", "w").close()
eval("1 + 1")
pickle.loads(pickle.dumps(collections.OrderedDict()))
try: ctypes.CDLL("libm.so.6")
except OSError: pass
`,
    );
    const kinds = observed.actions.map(({ capability, place }) => [capability, place?.line]);
    expect(kinds).toEqual([
      ["dynamic-code", 6],
      ["deserialization", 7],
      ["native-code", 8],
    ]);
    expect(observed.files.map(({ path }) => path).filter((path) => path !== "dynamic.py")).toEqual([]);
    expect(observed.temporaryFiles).toBeGreaterThan(0);
  });

  it("are not changed by being observed: exit code, output, arguments, closed and reused descriptors", async () => {
    const source = `import os, sys
os.closerange(3, 200)
own = [os.open("data/a.csv", os.O_RDONLY) for _ in range(20)]
print(sys.argv[1:], "sitecustomize" in sys.modules, sorted(sys.path[1:])[:0], os.read(own[-1], 3))
open("data/b.csv").read()
sys.exit(7)
`;
    await writeFile(join(bench.workspace, "same.py"), source);
    const argv = ["python", "same.py", "ü", "--flag"];
    const [plain, seen] = [await bench.run(argv), await bench.run(argv, { observe: true })];
    expect([seen.stdout, seen.stderr, seen.exit]).toEqual([plain.stdout, plain.stderr, plain.exit]);
    expect(plain.observed).toBeUndefined();
    expect(seen.observed).toBeDefined();
  });

  it("say that nothing was observed where no Python told anything", async () => {
    const shell = await bench.run(["sh", "-c", "cat data/a.csv"], { observe: true });
    expect(shell.observed).toMatchObject({ pythons: 0, files: [] });
    const isolated = await bench.run(["python", "-I", "-S", "-c", "open('data/a.csv')"], { observe: true });
    expect(isolated.observed).toMatchObject({ pythons: 0, files: [] });
  });

  it("are not ended, and end nothing, by a program that writes rubbish or a flood into the pipe", async () => {
    const source = `import os, re
text = open("/proc/self/mountinfo").read()
pipe = "/run/toka/observed" if "/run/toka/observed" in text else os.path.join(os.environ["TMPDIR"], "..", "observed")
out = os.open(pipe, os.O_WRONLY)
os.write(out, b'\\xff\\xfe{"kind":"file","access":"own"}\\n{"kind":"import","name":"\\x1b]0;x"}\\n')
try:
    for n in range(200000): os.write(out, b'{"kind":"file","access":"read","path":"/etc/%d"}\\n' % n)
except OSError as error: print(type(error).__name__)
print("done")
`;
    const { observed, stdout } = await script("flood.py", source);
    expect(stdout).toBe("BrokenPipeError\ndone\n");
    expect(observed.files.length).toBeLessThanOrEqual(2_000);
    expect(observed.lost).toBeGreaterThan(0);
    expect(JSON.stringify(observed)).not.toContain("\u001b");
  });

  it("leave no pipe behind, also when they are cancelled", async () => {
    const ours = async (): Promise<string[]> =>
      (await readdir(tmpdir())).filter((name) => name.startsWith("toka-observed-"));
    const before = await ours();
    const marker = uniqueMarker();
    const abort = new AbortController();
    const wish = { observe: true, signal: abort.signal, onStdout: () => abort.abort() };
    const seen = await bench.python(
      "import time; open('data/a.csv'); print(1, flush=True); time.sleep(60)",
      wish,
      marker,
    );
    expect(seen.exit.reason).toBe("cancelled");
    expect(file(seen.observed ?? expect.fail("not observed"), "data/a.csv")).toEqual(["read"]);
    expect(await processesWith(marker)).toEqual([]);
    expect((await ours()).filter((name) => !before.includes(name))).toEqual([]);
  });
});
