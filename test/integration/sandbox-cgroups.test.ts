import { type ChildProcess, spawn } from "node:child_process";
import { access, constants, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Bench,
  childEnvironment,
  eventually,
  hasLinux,
  missingMechanism,
  processesWith,
  type Seen,
  uniqueMarker,
  WAYS,
} from "./sandbox-support.ts";

const CHILD = join(import.meta.dirname, "sandbox-child.ts");
const MOUNT = "/sys/fs/cgroup";
const MEBIBYTE = 1024 * 1024;

/**
 * Why no run can have a cgroup of its own here, or nothing. Asked of the machine and not of our own search: where systemd
 * can delegate the controllers, we have to find that, so that a broken search fails the tests instead of skipping them.
 */
async function missingCgroups(): Promise<string | undefined> {
  const controllers = (await readFile(join(MOUNT, "cgroup.controllers"), "utf8").catch(() => "")).split(/\s+/);
  if (!controllers.includes("memory") || !controllers.includes("pids"))
    return `${MOUNT} is not cgroup v2 with controllers`;
  const runtime = process.getuid?.() === 0 ? "/run" : (process.env["XDG_RUNTIME_DIR"] ?? "/nonexistent");
  const manager = await access(join(runtime, "systemd/private"), constants.W_OK).then(
    () => true,
    () => false,
  );
  return manager ? undefined : "there is no systemd manager of this user";
}

const missing = (await missingMechanism()) ?? (await missingCgroups());
if (missing !== undefined) {
  process.stderr.write(`\n!!! SKIPPED, NOT PASSED: the tests of cgroups. ${missing}\n\n`);
}

/** Landlock of version 3 came with Linux 6.2. */
const ways = WAYS.filter(({ backend }) => backend === "bwrap" || hasLinux(6, 2));

/** The trees of cgroups that a process has made. */
async function treesOf(pid: number | undefined): Promise<string[]> {
  const folders = await readdir(MOUNT, { recursive: true, withFileTypes: true }).catch(() => []);
  const isTree = new RegExp(`^toka-${pid}-\\d+-\\d+-\\d+(\\.scope)?$`);
  return folders
    .filter((entry) => entry.isDirectory() && isTree.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

const runsIn = async (tree: string): Promise<string[]> =>
  (await readdir(join(tree, "runs"), { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

describe.skipIf(missing !== undefined).each(ways)("a run in a cgroup of its own ($name)", ({ options }) => {
  let bench: Bench;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    bench = await Bench.create(options);
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await bench.sandbox.dispose();
    await bench.remove();
    expect(await treesOf(process.pid)).toEqual([]);
  });

  it("has its limits there before it begins, and nothing is left of it", async () => {
    let limits: string[] = [];
    let text = "";
    const input = new PassThrough(); // it goes on until its cgroup was looked at
    const seen = await bench.python(
      "print(open('/proc/self/cgroup').read(), flush=True); import sys; sys.stdin.read()",
      {
        limits: { memoryBytes: 64 * MEBIBYTE, processes: 24 },
        stdin: input,
        onStdout: async (chunk) => {
          text += Buffer.from(chunk).toString("utf8");
          const [, run] = /^0::\/.*\/runs\/(run-\d+)$/m.exec(text) ?? [];
          if (run === undefined || limits.length > 0) return; // what it prints may come in parts
          const [tree = ""] = await treesOf(process.pid);
          const files = ["memory.max", "pids.max", "memory.swap.max"];
          limits = await Promise.all(
            files.map((name) => readFile(join(tree, "runs", run, name), "utf8").catch(() => "none")),
          );
          input.end();
        },
      },
    );
    expect(seen).toMatchObject({ exit: { reason: "ok" }, limitsBy: "cgroup" });
    const [memory, tasks, swap] = limits;
    expect([memory, tasks]).toEqual([`${64 * MEBIBYTE}\n`, "24\n"]);
    expect(["0\n", "none"]).toContain(swap);
    for (const tree of await treesOf(process.pid)) expect(await runsIn(tree)).toEqual([]);
  });

  it("is ended by the kernel when it has too much memory, all of it at once", async () => {
    const source = `import os, time
for _ in range(3):
    if os.fork() == 0: time.sleep(60)
hold = []
while True: hold.append(bytearray(1 << 20))`;
    const marker = uniqueMarker();
    const seen = await bench.python(source, { limits: { memoryBytes: 64 * MEBIBYTE } }, marker);
    expect(seen.exit).toEqual({ reason: "memory", message: "used more than 64 MB of memory" });
    expect(seen.held).toContain("memory");
    expect(await processesWith(marker)).toEqual([]);
  });

  it("cannot start more tasks than it may", async () => {
    const source = "import os, time\nfor _ in range(40):\n  if os.fork() == 0: time.sleep(60)\ntime.sleep(60)";
    const seen = await bench.python(source, { limits: { processes: 24 } });
    expect(seen.exit).toEqual({ reason: "processes", message: "started more than 24 processes and threads" });
    expect(seen.held).toContain("processes");
    // Kernels before 6.1 do not know.
    expect(seen.usage.peakProcesses ?? 24).toBe(24);
  });

  it("gets its share of the processor, also by children that nobody waits for", async ({ skip }) => {
    const source = `import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
end = time.monotonic() + 5.5
while time.monotonic() < end:
    if os.fork() == 0:
        until = time.monotonic() + 0.05
        while time.monotonic() < until: pass
        os._exit(0)
    time.sleep(0.05)`;
    await bench.python("pass");
    const [tree = ""] = await treesOf(process.pid);
    if (!(await readFile(join(tree, "cgroup.controllers"), "utf8")).split(/\s+/).includes("cpu")) {
      process.stderr.write("!!! SKIPPED, NOT PASSED: the controller cpu is not delegated here\n");
      skip("the controller cpu is not delegated here");
    }
    const { usage, held } = await bench.python(source, { limits: { cpuPercent: 20 } });
    expect(held).toContain("cpu");
    expect(usage.cpuMs / usage.wallMs).toBeLessThan(0.3);
  });

  it("goes on where another one is ended", async () => {
    const hog = bench.python("hold = []\nwhile True: hold.append(bytearray(1 << 20))", {
      limits: { memoryBytes: 64 * MEBIBYTE },
    });
    const calm = [1, 2].map(() => bench.python("import time; time.sleep(1); print('done')"));
    expect((await hog).exit.reason).toBe("memory");
    for (const run of calm)
      expect(await run).toMatchObject({ exit: { reason: "ok" }, stdout: "done\n", limitsBy: "cgroup" });
  });

  it("cannot reach its cgroup", async () => {
    const source = `import os
tried = []
for folder, _, names in os.walk("/sys/fs/cgroup"): tried += [os.path.join(folder, name) for name in names]
tried += ["/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory.max"]
for path in tried:
    try:
        os.close(os.open(path, os.O_WRONLY)); print("opened", path)
    except OSError: pass
try: os.mkdir("/sys/fs/cgroup/toka-test"); print("made one")
except OSError: pass
for name in os.listdir("/proc/self/fd") if os.access("/proc/self/fd", os.R_OK) else []:
    try: target = os.readlink("/proc/self/fd/" + name)
    except OSError: continue
    if "cgroup" in target: print("holds", target)
print("tried")`;
    expect((await bench.python(source)).stdout).toBe("tried\n");
  });

  it("is put into another tree when somebody has removed the one that was", async () => {
    await bench.python("pass");
    const [tree = ""] = await treesOf(process.pid);
    await rmdir(join(tree, "runs"));
    expect(await bench.python("print('ran')")).toMatchObject({ stdout: "ran\n", limitsBy: "cgroup" });
    expect(await treesOf(process.pid)).toHaveLength(2);
  });

  /** A process of its own with a run in its sandbox, which has begun when this is settled. */
  const startElsewhere = async (marker: string): Promise<ChildProcess> => {
    const source = "import os, time\nfor _ in range(3): os.fork()\nprint('up', flush=True); time.sleep(600)";
    const child = spawn(process.execPath, [CHILD, bench.workspace, source, marker], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...childEnvironment(options) },
    });
    children.push(child);
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    expect(await treesOf(child.pid)).toHaveLength(1);
    return child;
  };
  const isGone = async (child: ChildProcess, marker: string): Promise<boolean> =>
    (await treesOf(child.pid)).length + (await processesWith(marker)).length === 0;

  it("leaves no cgroup when the process around it is killed", async () => {
    const marker = uniqueMarker();
    const child = await startElsewhere(marker);
    child.kill("SIGKILL");
    expect(await eventually(() => isGone(child, marker), 60_000)).toBe(true);
  });

  it("leaves no cgroup when whoever was to clean up is killed, too, once another sandbox has come up", async () => {
    const marker = uniqueMarker();
    const child = await startElsewhere(marker);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const [tree = ""] = await treesOf(child.pid);
    const keepers = (await readFile(join(tree, "keeper/cgroup.procs"), "utf8")).split("\n").filter(Boolean);
    expect(keepers).toHaveLength(1);
    for (const keeper of keepers) process.kill(Number(keeper), "SIGKILL");
    child.kill("SIGKILL");
    await ended;
    const other = await Bench.create(options);
    try {
      expect((await other.python("pass")).limitsBy).toBe("cgroup");
      expect(await eventually(() => isGone(child, marker), 60_000)).toBe(true);
    } finally {
      await other.sandbox.dispose();
      await other.remove();
    }
  });

  it("is told by the probe, limit by limit", async () => {
    const { mechanisms } = await bench.sandbox.probe(new AbortController().signal);
    const by = Object.fromEntries(mechanisms.map((one) => [one.mechanism, one.by]));
    expect(by).toMatchObject({ "memory limit": "cgroup", "process limit": "cgroup", "time limit": "watch" });
    const cgroups = mechanisms.find(({ mechanism }) => mechanism === "cgroup v2");
    expect(cgroups?.enforced).toBe(by["CPU share"] === "cgroup");
  });
});

describe.skipIf(missing !== undefined).each(ways)("a sandbox that was kept ready ($name)", ({ options }) => {
  it("waits in a cgroup of its own, which ends with it", async () => {
    const bench = await Bench.create({ ...options, warm: { ready: 1 } });
    try {
      const script = join(bench.workspace, "hog.py");
      await writeFile(script, "import sys\nhold = bytearray(int(sys.argv[1]) << 20)");
      const run = (megabytes: number): Promise<Seen> =>
        bench.run(["python", script, String(megabytes)], { limits: { memoryBytes: 64 * MEBIBYTE } });
      await run(0);
      expect(await bench.sandbox.ready()).toBe(1);
      const [tree = ""] = await treesOf(process.pid);
      expect(await runsIn(tree)).toHaveLength(1);
      const seen = await run(100);
      expect(seen).toMatchObject({ exit: { reason: "memory" }, limitsBy: "cgroup", warm: true });
      expect(seen.held).toContain("memory");
    } finally {
      await bench.sandbox.dispose();
      await bench.remove();
    }
    expect(await treesOf(process.pid)).toEqual([]);
  });
});

describe.skipIf(missing !== undefined)("without cgroups", () => {
  it.each(ways)("the watch holds the same limits ($name)", async ({ options }) => {
    const bench = await Bench.create({ ...options, cgroups: false });
    try {
      const seen = await bench.python("hold = []\nwhile True: hold.append(bytearray(1 << 20))", {
        limits: { memoryBytes: 64 * MEBIBYTE },
      });
      expect(seen).toMatchObject({ exit: { reason: "memory" }, limitsBy: "watch" });
      expect(await treesOf(process.pid)).toEqual([]);
    } finally {
      await bench.remove();
    }
  });
});
