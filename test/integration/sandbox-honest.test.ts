import { execFile } from "node:child_process";
import { access, chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, missingMechanism, WAYS } from "./sandbox-support.ts";

const missing = await missingMechanism();

describe.skipIf(missing !== undefined).each(WAYS)("honest programs ($name)", ({ backend, options }) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.create(options);
  });
  afterAll(() => bench.remove());

  // Debian keeps compiled forms of its own start files, but none for `-O`: their sources must be readable then.
  it("start the system's Python without compiled files", async () => {
    const { exit, stdout, stderr } = await bench.run(["/usr/bin/python3", "-O", "-c", "print(__debug__)"]);
    expect({ exit, stdout, stderr }).toEqual({ exit: { reason: "ok", code: 0 }, stdout: "False\n", stderr: "" });
  });

  const programs: [name: string, source: string, printed: string][] = [
    ["start programs", "import subprocess; print(subprocess.run(['ls', '.'], capture_output=True).returncode)", "0\n"],
    [
      "pipe through a shell",
      "import subprocess; print(subprocess.check_output('seq 3 | wc -l', shell=True, text=True).strip())",
      "3\n",
    ],
    [
      "use threads",
      "import threading as t\nout = []\nall = [t.Thread(target=out.append, args=(n,)) for n in range(16)]\n[x.start() for x in all]; [x.join() for x in all]; print(sorted(out) == list(range(16)))",
      "True\n",
    ],
    [
      "make temporary files",
      "import os, tempfile\nwith tempfile.TemporaryDirectory() as d: print(d.startswith(os.environ['TMPDIR']))",
      "True\n",
    ],
    ["print Unicode", "print('naïve 中文 😀')", "naïve 中文 😀\n"],
    ["know a locale", "import locale; print(locale.getpreferredencoding(False).upper())", "UTF-8\n"],
    [
      "sleep for as long as they say",
      "import time; a = time.monotonic(); time.sleep(0.3); print(round(time.monotonic() - a, 1))",
      "0.3\n",
    ],
    [
      "import large parts of the library",
      "import asyncio, concurrent.futures, ctypes, decimal, email, http.client, json, logging.config, sqlite3, ssl, unittest, urllib.request, xml.dom.minidom\nprint(ssl.create_default_context() is not None)",
      "True\n",
    ],
    [
      "use asyncio with a child process",
      "import asyncio\nasync def main():\n  p = await asyncio.create_subprocess_exec('echo', 'hi', stdout=-1)\n  print((await p.communicate())[0].decode().strip())\nasyncio.run(main())",
      "hi\n",
    ],
    [
      "open a pseudoterminal",
      "import os, pty\na, b = pty.openpty(); os.write(b, b'x'); print(os.read(a, 1))",
      "b'x'\n",
    ],
    [
      "know who they are",
      "import getpass, pathlib; home = pathlib.Path.home(); (home / 'x').write_text('x'); print(bool(getpass.getuser()), (home / 'x').exists())",
      "True True\n",
    ],
    [
      "use a database file in memory and on disk",
      "import sqlite3, tempfile; c = sqlite3.connect(tempfile.gettempdir() + '/a.db'); c.execute('create table t (a)'); c.commit(); print('ok')",
      "ok\n",
    ],
    ["write to standard error", "import sys; sys.stderr.write('no harm'); print('ok')", "ok\n"],
  ];
  // Terminals of their own and POSIX shared memory are shared with the whole machine where there are no namespaces.
  const alone = backend === "bwrap";
  it.each(programs.filter(([name]) => alone || name !== "open a pseudoterminal"))(
    "%s",
    async (_name, source, printed) => {
      expect(await bench.python(source)).toMatchObject({ stdout: printed, exit: { code: 0, reason: "ok" } });
    },
  );

  it("use multiprocessing: pools, locks, queues, managers", async () => {
    await writeFile(
      join(bench.workspace, "many.py"),
      `import multiprocessing as mp
def square(n): return n * n

if __name__ == "__main__":
    with mp.Pool(2) as pool: print(pool.map(square, [1, 2, 3]))
    lock, queue = mp.Lock(), mp.Queue()
    with lock:
        child = mp.Process(target=queue.put, args=(5,)); child.start(); print(queue.get()); child.join()
    with mp.Manager() as manager: print(dict(manager.dict(a=1)))
`,
    );
    const seen = await bench.run(["python", "many.py"]);
    expect(seen).toMatchObject({ stdout: "[1, 4, 9]\n5\n{'a': 1}\n", exit: { reason: "ok" } });
  });

  it.runIf(alone)("use shared memory", async () => {
    const source =
      "from multiprocessing import shared_memory as m; b = m.SharedMemory(create=True, size=64); b.buf[0] = 7; print(b.buf[0]); b.close(); b.unlink()";
    expect(await bench.python(source)).toMatchObject({ stdout: "7\n", exit: { reason: "ok" } });
  });

  it("show their output while they run, line by line", async () => {
    let seenAt = 0;
    const started = performance.now();
    await bench.python("import time; print('first'); time.sleep(1)", {
      onStdout: () => {
        seenAt ||= performance.now() - started;
      },
    });
    expect(seenAt).toBeGreaterThan(0);
    expect(seenAt).toBeLessThan(900);
  });

  it("lose no output, however slowly it is read and however often they are stopped", async () => {
    let bytes = 0;
    const seen = await bench.python(
      "import sys\nfor n in range(60):\n  sys.stdout.write('x' * 50000)\n  sum(range(300000))",
      {
        limits: { cpuPercent: 40 },
        onStdout: async (chunk) => {
          bytes += chunk.length;
          await new Promise((resolve) => setTimeout(resolve, 20));
        },
      },
    );
    expect(seen.exit.reason).toBe("ok");
    expect(bytes).toBe(3_000_000);
  });

  it("are shell scripts with programs, redirections and substitutions", async () => {
    const script = join(bench.workspace, "tool.sh");
    await writeFile(
      script,
      "#!/usr/bin/env bash\nset -eu\necho \"$1\" > /dev/stderr\ncat <<< here\ndiff <(seq 2) <(seq 2) && echo same\npython3 -c 'print(6 * 7)'\n",
    );
    await chmod(script, 0o755);
    const seen = await bench.run([script, "two words"]);
    expect(seen).toMatchObject({ stdout: "here\nsame\n42\n", stderr: "two words\n", exit: { reason: "ok" } });
  });

  it("run in a virtual environment with its own packages", async () => {
    const folder = join(bench.root, "venv");
    await promisify(execFile)("python3", ["-m", "venv", "--without-pip", folder], { cwd: "/" });
    const { stdout } = await promisify(execFile)(join(folder, "bin/python"), [
      "-c",
      "import sysconfig; print(sysconfig.get_path('purelib'))",
    ]);
    await writeFile(join(stdout.trim(), "only_here.py"), "WHERE = 'in the environment'\n");
    const seen = await bench.python("import only_here, sys; print(only_here.WHERE, sys.prefix != sys.base_prefix)", {
      interpreter: join(folder, "bin/python"),
    });
    expect(seen).toMatchObject({ stdout: "in the environment True\n", exit: { reason: "ok" } });
  });

  it("run with the system's Python when that is what is given", async ({ skip }) => {
    const there = await access("/usr/bin/python3").then(
      () => true,
      () => false,
    );
    if (!there) skip("no /usr/bin/python3 here");
    const seen = await bench.python("import sys; print(sys.executable)", { interpreter: "/usr/bin/python3" });
    expect(seen.stdout).toBe("/usr/bin/python3\n");
  });
});
