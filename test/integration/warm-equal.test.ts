import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Bench, missingMechanism, type RunWish, type Seen, TIERS } from "./sandbox-support.ts";

const missing = await missingMechanism();

/** Files of a workspace; those named like a case are run. */
const FILES: Readonly<Record<string, string>> = {
  "plain.py": "print('hello')\n",
  "state.py": `import sys, os
print(sys.argv, sys.path, sys.flags, sys._xoptions, sys.warnoptions)
print(getattr(sys, "orig_argv", None), sys.executable, sys.prefix)
print(__name__, __file__, __package__, __spec__, __doc__, type(__loader__).__name__, sorted(globals()))
print(__loader__ and (__loader__.name, __loader__.path), __builtins__)
print(os.getcwd(), sorted(os.environ.items()), os.getuid(), os.umask(0o22))
print(sys.stdin.encoding, sys.stdout.encoding, sys.stderr.errors, sys.getfilesystemencoding())
print(sys.stdout.line_buffering, sys.stderr.line_buffering, sys.getrecursionlimit())
print(sorted(sys.modules), sys.meta_path, len(sys.path_hooks), sorted(sys.path_importer_cache))
`,
  "limits.py": `import os, resource, signal, threading
for name in sorted(name for name in dir(resource) if name.startswith("RLIMIT")):
    if name != "RLIMIT_NPROC":
        print(name, resource.getrlimit(getattr(resource, name)))
print([line for line in open("/proc/self/status") if line.startswith(("SigI", "SigB", "SigC", "Cap", "NoNew", "Seccomp", "Threads"))])
print(sorted(os.listdir("/proc/self/fd")), os.nice(0), os.getpid() == os.getsid(0))
print({number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGCHLD)})
print(threading.active_count(), sum(1 for _ in os.scandir("/proc/self/task")))
`,
  "frames.py": `import sys, traceback, inspect
print(sys._getframe().f_back, len(inspect.stack()))
traceback.print_stack()
`,
  "raises.py": "def f(x):\n    return 1 / x\n\nf(0)\n",
  "chained.py": "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError('ünicode ☃') from error\n",
  "syntax.py": "print('never')\nif True\n    pass\n",
  "indent.py": "def f():\n  a\n    b\n",
  "unicode-error.py": "print('\\ud800')\n",
  "recursion.py": "def f(): f()\nf()\n",
  "exit-none.py": "import sys; sys.exit()\n",
  "exit-3.py": "import sys; sys.exit(3)\n",
  "exit-300.py": "raise SystemExit(300)\n",
  "exit-text.py": "import sys; sys.exit('bye ☃')\n",
  "exit-tuple.py": "import sys; sys.exit((1, 'x'))\n",
  "exit-true.py": "import sys; sys.exit(True)\n",
  "os-exit.py": "import os; print('lost', end=''); os._exit(7)\n",
  "interrupted.py": "raise KeyboardInterrupt\n",
  "interrupt.py": "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(1)\n",
  "terminated.py": "import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(1)\n",
  "aborts.py": "import os; os.abort()\n",
  "atexit.py": `import atexit, sys
atexit.register(lambda: print("second", sys.modules["__main__"].__dict__.get("__name__")))
atexit.register(print, "first")
print("now")
`,
  "atexit-file.py": "import atexit\natexit.register(lambda: print('__file__' in globals()))\n",
  "atexit-raises.py": "import atexit\natexit.register(lambda: 1 / 0)\n",
  "hook.py": "import sys\nsys.excepthook = lambda *what: print(what[0], what[2].tb_next, what[2].tb_lineno)\n1 / 0\n",
  "hook-raises.py": "import sys\ndef hook(*what):\n    raise TypeError('in hook')\nsys.excepthook = hook\n1 / 0\n",
  "last.py": `import atexit, sys
atexit.register(lambda: print(sys.last_type, sys.last_value, sys.last_traceback.tb_lineno, sys.last_traceback.tb_next))
1 / 0
`,
  "del.py": "class A:\n    def __del__(self): print('gone')\na = A()\n",
  "threads.py": `import threading
def work():
    threading.main_thread().join()
    print("late", threading.main_thread().is_alive())
threading.Thread(target=work).start()
print(threading.current_thread() is threading.main_thread())
`,
  "thread-raises.py": "import threading\nthreading.Thread(target=lambda: 1 / 0, name='one').start()\n",
  "warns.py":
    "import warnings\ndef f(): warnings.warn('careful', stacklevel=2)\nf()\nwarnings.warn('top', stacklevel=5)\n",
  "fork.py":
    "import os, sys\npid = os.fork()\nif pid == 0:\n    print('child'); sys.exit(5)\nprint(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if hasattr(os, 'waitstatus_to_exitcode') else 5)\n",
  "pool-fork.py": `import multiprocessing
def square(x): return x * x
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(square, range(5)))
`,
  "pool-spawn.py": `import multiprocessing, sys
def name(x): return x, __name__, sys.argv, sys.modules["__main__"].__file__
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool: print(pool.map(name, range(2)))
`,
  "again.py":
    "import os, sys\nif len(sys.argv) == 1:\n    os.execv(sys.executable, [sys.executable, __file__, 'x'])\nprint(sys.argv)\n",
  "child.py": `import subprocess, sys
print(subprocess.run([sys.executable, "-c", "import sys; print(sys.argv, sys.flags, sys.path)"], capture_output=True, text=True).stdout)
print(subprocess.run([sys.executable, "-m", "package.inner", "x"], capture_output=True, text=True))
`,
  "input.py": "import sys\nprint(repr(sys.stdin.read()), sys.stdin.isatty())\n",
  "input-line.py": "print(repr(input()))\nprint(repr(input()))\n",
  "write.py":
    "import os\nprint(sorted(os.listdir(os.environ['TOKA_RESULTS'])))\nopen(os.path.join(os.environ['TOKA_RESULTS'], 'a'), 'w').write('x')\n",
  "big.py": "import sys\nsys.stdout.write('x' * 300000 + '\\n')\nsys.stderr.write('y' * 100000)\n",
  "bytes.py": "import sys\nsys.stdout.buffer.write(bytes(range(256)))\n",
  "closes.py": "import sys, os\nos.close(1)\nprint('lost')\n",
  "reads-self.py": "print(open(__file__).read())\n",
  "imports.py":
    "import package, package.inner as inner, json, runpy, functools, itertools\nprint(package.__file__, inner.VALUE, runpy.run_path('plain.py')['__name__'], functools.partial, list(itertools.chain([1], [2])))\n",
  "pickles.py": "import pickle\nclass A: pass\nprint(pickle.loads(pickle.dumps(A())).__class__ is A)\n",
  "main-again.py": "import importlib, sys\nprint(sys.modules['__main__'].__file__)\nimport plain\n",
  "dataclass.py":
    "import dataclasses, typing\n@dataclasses.dataclass\nclass A:\n    b: 'int'\nprint(A(1), typing.get_type_hints(A), __annotations__ if '__annotations__' in globals() else None)\nx: int = 1\nprint(__annotations__)\n",
  "latin.py": "# just ascii\nprint('é'.encode())\n",
  "bom.py": "\ufeffprint('bom')\n",
  "crlf.py": "print('a')\r\nprint('''b\r\nc''')\r\n",
  "no-newline.py": "print('x')",
  "empty.py": "",
  "docstring.py": "'''About.'''\nprint(__doc__)\n",
  "future.py": "from __future__ import annotations\nprint(__import__('sys')._getframe().f_code.co_flags)\n",
  "async.py": "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    print('done')\nasyncio.run(main())\n",
  "profile.py":
    "import sys\nprint(sys.getprofile(), sys.gettrace(), __import__('gc').get_threshold(), __import__('gc').isenabled())\n",
  "fault.py": "import faulthandler, sys\nfaulthandler.dump_traceback(file=sys.stdout)\n",
  "package/__init__.py": "print('package', __name__)\n",
  "package/__main__.py":
    "import sys\nprint(__name__, __package__, __spec__.name, sys.argv, sys.path[0], 'runpy' in sys.modules)\n",
  "package/inner.py":
    "import sys\nVALUE = 4\nprint(__name__, __package__, __file__, sys.argv, sys._getframe().f_back is not None)\n",
  "package/broken.py": "1 / 0\n",
  "archive/__main__.py": "print('in folder', __file__)\n",
  "deep/er/script.py": "import sys\nprint(sys.path[0], __file__)\nimport neighbour\n",
  "deep/er/neighbour.py": "print('neighbour')\n",
};

const INPUT = "first\nsecond\nthird";
const NOT_UTF8 = "print('caf\u00e9')\n";

/** Runs that must look the same whichever way they start: the words behind `python`, and what else. */
const COMMANDS: readonly (readonly [name: string, words: readonly string[], hasInput?: true])[] = [
  ...Object.keys(FILES)
    .filter((name) => /^[\w-]+\.py$/.test(name) && !name.startsWith("input"))
    .map((name) => [name, [name]] as const),
  ["arguments", ["state.py", "a b", "", "-c", "--x=é☃", "-m", "\n", "'\""]],
  ["an absolute path", ["@/state.py", "x"]],
  ["a path with a dot", ["./state.py"]],
  ["a path with two dots", ["package/../state.py"]],
  ["below", ["deep/er/script.py"]],
  ["a symbolic link", ["link.py"]],
  ["a folder", ["archive"]],
  ["nothing there", ["missing.py"]],
  ["a file that may not be read", ["/etc/shadow"]],
  ["latin-1 without a declaration", ["not-utf8.py"]],
  ["latin-1", ["latin1.py"]],
  ["a null byte", ["null.py"]],
  ["a module", ["-m", "package.inner", "a", "b"]],
  ["a package", ["-m", "package", "-x"]],
  ["a module that raises", ["-m", "package.broken"]],
  ["a module that is not there", ["-m", "package.missing"]],
  ["a module of the library", ["-m", "json.tool", "--help"]],
  ["a script as a module", ["-m", "state"]],
  ["code", ["-c", "import sys; print(sys.argv, sys.path, sorted(globals()), __name__)", "x"]],
  ["code that raises", ["-c", "def f():\n  1 / 0\nf()"]],
  ["code that is none", ["-c", "1 +"]],
  ["code that exits", ["-c", "raise SystemExit('no')"]],
  ["-u", ["-u", "state.py"]],
  ["-O", ["-O", "-c", "assert False; print(__debug__)"]],
  ["-X utf8", ["-X", "utf8", "state.py"]],
  ["-X dev", ["-X", "dev", "state.py"]],
  ["-W error", ["-W", "error", "warns.py"]],
  ["-B -s", ["-B", "-s", "state.py"]],
  ["-I", ["-I", "state.py"]],
  ["-V", ["-V"]],
  ["input", ["input.py"], true],
  ["input by lines", ["input-line.py"], true],
  ["input that nobody reads", ["plain.py"], true],
];

describe.skipIf(missing !== undefined).each(TIERS)("a warm start under %s", (backend) => {
  let cold: Bench;
  let warm: Bench;
  let root: string;

  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), "toka-warm-test-")));
    for (const [name, text] of Object.entries(FILES)) {
      const path = join(root, name);
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, text);
    }
    await writeFile(join(root, "not-utf8.py"), NOT_UTF8, "latin1");
    await writeFile(join(root, "latin1.py"), `# coding: latin-1\n${NOT_UTF8}`, "latin1");
    await writeFile(join(root, "null.py"), "print('a')\0\n");
    await symlink("deep/er/script.py", join(root, "link.py"));
    cold = await Bench.create({ backend });
    warm = await Bench.create({ backend, warm: { ready: 2 } });
  });

  afterAll(async () => {
    await warm.sandbox.dispose();
    await Promise.all([cold.remove(), warm.remove(), rm(root, { recursive: true, force: true })]);
  });

  const run = async (bench: Bench, words: readonly string[], wish: RunWish, hasInput: boolean): Promise<Seen> =>
    await bench.run(["python", ...words.map((word) => word.replace(/^@/, root))], {
      cwd: root,
      policy: { readonlyPaths: [root] },
      ...wish,
      ...(hasInput ? { stdin: Readable.from([Buffer.from(INPUT)]) } : {}),
    });

  const look = ({ exit, stdout, stderr }: Seen): object => ({
    exit,
    stdout: anonymous(stdout),
    stderr: anonymous(stderr),
  });
  // Where recursion ends may differ by the few C calls below the program.
  const anonymous = (text: string): string =>
    text
      .replace(/repeated 9\d\d more/, "repeated … more")
      .replace(/0x[0-9a-f]+/g, "0x…")
      .replace(/toka-run-\w+/g, "toka-run-…")
      .replace(/Thread-\d+/g, "Thread");

  /** What goes cold because an interpreter that waits could not do the same. */
  const GOES_COLD = new Set([
    "a folder",
    "nothing there",
    "a file that may not be read",
    "latin-1 without a declaration",
    "latin-1",
    "a null byte",
    "-I",
    "-V",
  ]);

  test.for(COMMANDS)("looks like a cold one: %s", async ([name, words, hasInput]) => {
    const wish = (bench: Bench): RunWish => ({
      ...(words[0] === "write.py" ? { resultFolder: bench.results } : {}),
      spareFolders: { make: () => bench.results, discard: () => undefined },
    });
    const expected = await run(cold, words, wish(cold), hasInput === true);
    // The first one leaves a sandbox ready.
    await run(warm, words, wish(warm), hasInput === true);
    await warm.sandbox.ready();
    await rm(join(warm.results, "a"), { force: true });
    const seen = await run(warm, words, wish(warm), hasInput === true);
    expect(look(seen)).toEqual(look(expected));
    expect(seen.warm).toBe(GOES_COLD.has(name) ? undefined : true);
  });
});
