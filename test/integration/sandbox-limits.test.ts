import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, eventually, hasLinux, missingMechanism, processesWith, uniqueMarker, WAYS } from "./sandbox-support.ts";

const MEBIBYTE = 1024 * 1024;
const missing = await missingMechanism();
const inMemory = {
  possible: process.getuid?.() === 0,
  mount: (folder: string) => promisify(execFile)("mount", ["-t", "tmpfs", "-o", "size=100m,mode=755", "tmpfs", folder]),
  unmount: (folder: string) => promisify(execFile)("umount", [folder]),
};
if (!inMemory.possible)
  process.stderr.write("!!! SKIPPED, NOT PASSED: limits in folders in memory; only root mounts one\n");

/** How long the scheduler lets a process run at a time, in milliseconds, where the kernel tells. */
async function turnOf(pid: string): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/sched`, "utf8").catch(() => "");
  const [nanoseconds] = /(?<=^se\.slice\s*:\s*)\d+/m.exec(text) ?? [];
  return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e6;
}

async function parentOf(pid: string): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return /(?<=^PPid:\s*)\d+/m.exec(status)?.[0] ?? "";
}

describe.skipIf(missing !== undefined).each(WAYS)("limits of a sandboxed run ($name)", ({ backend, options }) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.create(options);
  });
  afterAll(() => bench.remove());

  it("tells success, failure, a signal and a missing program apart", async () => {
    expect((await bench.python("pass")).exit).toEqual({ code: 0, reason: "ok" });
    expect((await bench.python("raise SystemExit(3)")).exit).toEqual({ code: 3, reason: "failed" });
    expect((await bench.python("import os; os.kill(os.getpid(), 11)")).exit).toMatchObject({
      code: 139,
      reason: "failed",
    });
    expect((await bench.run(["no-such-program"])).exit).toMatchObject({ code: 127, reason: "failed" });
  });

  it("asks for short turns of the processor for the supervisor alone, so that limits are held in time", async ({
    skip,
  }) => {
    const usual = await turnOf("self");
    if (!hasLinux(6, 12) || usual === undefined) skip("before Linux 6.12 the scheduler gives turns of one length");
    const marker = uniqueMarker();
    const turns: (number | undefined)[] = [];
    const source = "import sys, time\nprint('up', flush=True)\ntime.sleep(60)";
    const abort = new AbortController();
    const onStdout = (): void => {
      void (async () => {
        const pids = await processesWith(marker);
        const parents = await Promise.all(pids.map(parentOf));
        // What starts and supervises the run may have its words on the command line, too.
        const run = pids.findIndex((pid) => !parents.includes(pid));
        turns.push(await turnOf(pids[run] ?? ""), await turnOf(parents[run] ?? ""));
      })().finally(() => abort.abort());
    };
    await bench.python(source, { signal: abort.signal, onStdout }, marker);
    expect(turns).toEqual([usual, 0.1]);
  });

  it("ends a run at its wall time", async () => {
    const started = performance.now();
    const { exit } = await bench.python("import time; time.sleep(60)", { limits: { timeMs: 500 } });
    expect(exit).toMatchObject({ reason: "timeout" });
    expect(exit).not.toHaveProperty("code");
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it("ends a process that ignores every signal and stops itself", async () => {
    const source = `
import signal, os
for number in range(1, 32):
    try: signal.signal(number, signal.SIG_IGN)
    except OSError: pass
os.kill(os.getpid(), signal.SIGSTOP)
while True: signal.pause()`;
    expect((await bench.python(source, { limits: { timeMs: 400 } })).exit.reason).toBe("timeout");
  });

  const memory: [name: string, source: string][] = [
    ["growing step by step", "hold = []\nwhile True: hold.append(bytearray(1 << 20))"],
    ["in one piece", "hold = bytearray(500 << 20)\nimport time; time.sleep(30)"],
    [
      "spread over children",
      "import os, time\nfor _ in range(8):\n  if os.fork() == 0:\n    hold = bytearray(20 << 20); time.sleep(30)\ntime.sleep(30)",
    ],
    [
      "in a mapped file",
      "import mmap, os, time\nf = os.open('/dev/shm/a', os.O_CREAT | os.O_RDWR); os.ftruncate(f, 60 << 20)\nhold = mmap.mmap(f, 60 << 20); os.unlink('/dev/shm/a')\nfor at in range(0, len(hold), 4096): hold[at] = 1\ntime.sleep(30)",
    ],
    [
      "in socket buffers",
      "import socket, time\nhold = []\nfor _ in range(450):\n  a, b = socket.socketpair(); a.setblocking(False); hold.append((a, b))\n  try:\n    while True: a.send(bytes(1 << 16))\n  except BlockingIOError: pass\ntime.sleep(30)",
    ],
    [
      "in the temporary folder",
      "import time\nwith open('/dev/shm/a', 'wb') as a:\n  while True: a.write(bytes(1 << 20))\n",
    ],
  ];
  // Without namespaces the temporary folder is on disk.
  const alone = backend === "bwrap";
  it.each(memory.filter(([, source]) => alone || !source.includes("/dev/shm")))(
    "ends a run that uses too much memory, %s",
    async (_name, source) => {
      const { exit, usage } = await bench.python(source, { limits: { memoryBytes: 64 * MEBIBYTE } });
      expect(exit.reason).toBe("memory");
      // How far the fastest of them got before it was seen.
      expect(usage.peakMemoryBytes).toBeLessThan(700 * MEBIBYTE);
    },
  );

  it("counts memory that forked processes share only once", async () => {
    const source =
      "import os, time\nhold = bytearray(30 << 20)\nfor _ in range(6):\n  if os.fork() == 0: time.sleep(0.5); os._exit(0)\ntime.sleep(0.6)";
    expect((await bench.python(source, { limits: { memoryBytes: 64 * MEBIBYTE } })).exit.reason).toBe("ok");
  });

  it("lets a program use half of its memory and most of its threads", async () => {
    const source =
      "import threading, time\nhold = bytearray(32 << 20)\nthreads = [threading.Thread(target=time.sleep, args=(0.2,)) for _ in range(20)]\n[t.start() for t in threads]; [t.join() for t in threads]; print(len(hold))";
    const seen = await bench.python(source, { limits: { memoryBytes: 64 * MEBIBYTE } });
    expect(seen).toMatchObject({ exit: { reason: "ok" }, stdout: `${32 << 20}\n` });
  });

  // Each ends after some 4 000 tasks of its own accord: one that were not stopped must not take the machine along.
  const bombs: [name: string, source: string][] = [
    ["processes", "import os\nn = 0\nwhile n < 12:\n  try: os.fork(); n += 1\n  except OSError: pass"],
    [
      "processes that leave their session and parent",
      "import os\nn = 0\nwhile n < 12:\n  try:\n    if os.fork() == 0:\n      os.setsid()\n      if os.fork(): os._exit(0)\n    n += 1\n  except OSError: pass",
    ],
    [
      "threads",
      "import threading, time\nn = 0\nwhile n < 4000:\n  try: threading.Thread(target=time.sleep, args=(60,)).start(); n += 1\n  except RuntimeError: pass",
    ],
  ];
  it.each(bombs)("ends a bomb of %s and leaves nothing of it", async (_name, source) => {
    const marker = uniqueMarker();
    const { exit } = await bench.python(source, { limits: { processes: 24 } }, marker);
    expect(exit.reason).toBe("processes");
    expect(await processesWith(marker)).toEqual([]);
  });

  it("holds the share of one core, averaged over the run", async () => {
    const { usage } = await bench.python("while True: pass", { limits: { timeMs: 6_000, cpuPercent: 20 } });
    expect(usage.cpuMs / usage.wallMs).toBeGreaterThan(0.05);
    expect(usage.cpuMs / usage.wallMs).toBeLessThan(0.23);
  });

  it("holds the share over a whole tree of processes", async () => {
    const source = "import os\nfor _ in range(3): os.fork()\nwhile True: pass";
    const { usage } = await bench.python(source, { limits: { timeMs: 6_000, cpuPercent: 25 } });
    expect(usage.cpuMs / usage.wallMs).toBeLessThan(0.29);
  });

  const disk: [name: string, source: string][] = [
    [
      "one file in /tmp",
      "import tempfile\nwith open(tempfile.gettempdir() + '/a', 'wb') as a:\n  while True: a.write(bytes(1 << 16))",
    ],
    [
      "many files",
      "import tempfile\nn = 0\nwhile True:\n  n += 1\n  open(tempfile.gettempdir() + '/%d' % n, 'wb').close()",
    ],
    [
      "one file in the result folder",
      "import os\nwith open(os.environ['TOKA_RESULTS'] + '/a', 'wb') as a:\n  while True: a.write(bytes(1 << 16))",
    ],
    [
      "files that are deleted while open",
      "import os\nhold = []\nwhile True:\n  p = os.environ['TOKA_RESULTS'] + '/b'\n  f = open(p, 'wb'); os.unlink(p); f.write(bytes(1 << 20)); f.flush(); hold.append(f)",
    ],
  ];
  it.each(disk)("ends a run that fills the disk with %s", async (_name, source) => {
    const { exit, usage } = await bench.python(source, {
      limits: { diskBytes: 8 * MEBIBYTE },
      resultFolder: bench.results,
    });
    expect(exit.reason).toBe("disk-limit");
    expect(usage.writtenBytes).toBeGreaterThan(8 * MEBIBYTE);
    let left = 0;
    for (const name of await readdir(bench.results)) left += (await stat(join(bench.results, name))).size;
    expect(left).toBeLessThan(10 * MEBIBYTE);
  });

  // Where a folder is kept in memory, what is written there goes to no storage: only the open files tell of it.
  it.skipIf(!inMemory.possible)(
    "ends a run that fills a folder in memory with files that are deleted while open",
    async () => {
      const source =
        "import os, time\nhold = []\nfor _ in range(60):\n  f = open('b', 'wb'); os.unlink('b'); f.write(bytes(1 << 20)); f.flush(); hold.append(f)\ntime.sleep(60)";
      const folder = join(bench.root, "in-memory");
      await mkdir(folder);
      await inMemory.mount(folder);
      try {
        const { exit } = await bench.python(source, {
          cwd: folder,
          limits: { diskBytes: 8 * MEBIBYTE, timeMs: 30_000 },
          policy: { writablePaths: [folder] },
        });
        expect(exit.reason).toBe("disk-limit");
      } finally {
        await inMemory.unmount(folder);
      }
    },
  );

  const makers: [name: string, source: string][] = [
    ["files", "open(str(n), 'w').close()"],
    ["folders", "os.mkdir(str(n))"],
    ["links", "os.symlink('x', str(n))"],
    ["files in folders", "n % 100 or (os.mkdir('d%d' % n), os.chdir('d%d' % n)); open(str(n), 'w').close()"],
    [
      "files in a folder that nobody may list",
      "n or (os.mkdir('d'), os.chmod('d', 0o300), os.chdir('d')); open(str(n), 'w').close()",
    ],
  ];
  it.each(makers)("ends a run that makes too many %s", async (_name, make) => {
    const source = `import os\nos.chdir(os.environ['TOKA_RESULTS'])\nfor n in range(100000):\n  ${make}`;
    const own = await Bench.create(options);
    try {
      const { exit } = await own.python(source, { limits: { files: 500 }, resultFolder: own.results });
      expect(exit).toEqual({ reason: "disk-limit", message: "made more than 500 files, folders and links" });
    } finally {
      await own.remove();
    }
  });

  it("ends a run that makes too many files in its temporary folder", async () => {
    const source = "import tempfile\nfor n in range(100000): open('%s/%d' % (tempfile.gettempdir(), n), 'w').close()";
    expect((await bench.python(source, { limits: { files: 500 } })).exit.reason).toBe("disk-limit");
  });

  it("counts files that are there, not files that were made and removed, nor those of before", async () => {
    const own = await Bench.create(options);
    try {
      for (let n = 0; n < 40; n++) await writeFile(join(own.results, `old-${n}`), "");
      const source =
        "import os\np = os.environ['TOKA_RESULTS'] + '/x'\nfor n in range(400): open(p, 'w').close(); os.unlink(p)\nfor n in range(20): open(p + str(n), 'w').close()";
      const { exit } = await own.python(source, { limits: { files: 30 }, resultFolder: own.results });
      expect(exit.reason).toBe("ok");
    } finally {
      await own.remove();
    }
  });

  it("forks as often as a shell script likes", async () => {
    const script =
      "i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo $i | cat | tail -1 > /dev/null; (true & true &); done";
    const seen = await bench.run(["sh", "-c", `${script}; echo done`]);
    expect(seen).toMatchObject({ stdout: "done\n", stderr: "", exit: { reason: "ok" } });
  });

  it("ends a run that prints too much, and passes on exactly what was allowed", async () => {
    const source = "import sys\nwhile True: sys.stdout.write('x' * 50000)";
    const { exit, stdoutBytes } = await bench.python(source, { limits: { outputBytes: 100_000 } });
    expect(exit.reason).toBe("output-limit");
    expect(stdoutBytes).toBe(100_000);
  });

  it("counts standard output and standard error together, and lets exactly the limit pass", async () => {
    const source = "import sys\nsys.stdout.write('x' * 600); sys.stderr.write('y' * 400)";
    expect((await bench.python(source, { limits: { outputBytes: 1000 } })).exit.reason).toBe("ok");
    expect((await bench.python(source, { limits: { outputBytes: 999 } })).exit.reason).toBe("output-limit");
  });

  it("makes a fast writer wait for a slow reader", async () => {
    let bytes = 0;
    let pausedAt = 0;
    const { exit } = await bench.python("import sys\nfor _ in range(100): sys.stdout.write('x' * 50000)", {
      onStdout: async (chunk) => {
        if (bytes === 0) {
          await new Promise((resolve) => setTimeout(resolve, 300));
          pausedAt = performance.now();
        }
        bytes += chunk.length;
      },
    });
    expect(pausedAt).toBeGreaterThan(0);
    expect(bytes).toBe(5_000_000);
    expect(exit.reason).toBe("ok");
  });

  it("tells usage at least four times a second, and totals at the end", async () => {
    const source =
      "import time\nhold = bytearray(20 << 20)\nend = time.time() + 1.2\nwhile time.time() < end: sum(range(1000))\nprint(time.process_time())";
    const { events, usage, stdout } = await bench.python(source, { policy: { cpuPercent: 100 } });
    expect(events[0]?.type).toBe("started");
    expect(events.at(-1)?.type).toBe("exited");
    expect(events.filter((event) => event.type === "usage").length).toBeGreaterThanOrEqual(4);
    // As the program measured itself; the supervisor adds its start.
    const own = Number(stdout) * 1000;
    expect(usage.cpuMs).toBeGreaterThan(own * 0.95);
    expect(usage.cpuMs).toBeLessThan(own + 200);
    expect(usage.peakMemoryBytes).toBeGreaterThan(20 * MEBIBYTE);
    expect(usage.wallMs).toBeGreaterThan(1_200);
  });

  it("names the passed limit in an event, too", async () => {
    const { events } = await bench.python("import time; time.sleep(9)", { limits: { timeMs: 200 } });
    expect(events).toContainEqual({ type: "limit", reason: "timeout", message: "ran longer than 0.2 s" });
  });

  it("keeps concurrent runs apart", async () => {
    const hog = bench.python("hold = []\nwhile True: hold.append(bytearray(1 << 20))", {
      limits: { memoryBytes: 64 * MEBIBYTE },
    });
    const marker = uniqueMarker();
    const calm = [1, 2, 3].map((number) =>
      bench.python(
        "import os, sys, time\nmine = os.environ['TMPDIR'] + '/mine'\nopen(mine, 'w').write(sys.argv[1]); time.sleep(0.4)\nothers = [name for name in os.listdir(os.environ['TMPDIR']) if not name.startswith('toka-sandbox-test-')]\nprint(open(mine).read(), others)",
        {},
        `${marker}-${number}`,
      ),
    );
    expect((await hog).exit.reason).toBe("memory");
    for (const [index, run] of calm.entries()) {
      expect(await run).toMatchObject({ exit: { reason: "ok" }, stdout: `${marker}-${index + 1} ['mine']\n` });
    }
    expect(await eventually(async () => (await processesWith(marker)).length === 0)).toBe(true);
  });
});
