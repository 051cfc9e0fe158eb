import { type ChildProcess, spawn } from "node:child_process";
import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Bench,
  childEnvironment,
  eventually,
  missingMechanism,
  processesWith,
  SandboxOutcomeLine,
  TIERS,
  uniqueMarker,
  WAYS,
} from "./sandbox-support.ts";

const missing = await missingMechanism();
const CHILD = join(import.meta.dirname, "sandbox-child.ts");

/** Makes a tree that is hard to end: double forks, own sessions, every signal ignored, a respawner. */
const STUBBORN = `
import os, signal, sys, time
for number in range(1, 32):
    try: signal.signal(number, signal.SIG_IGN)
    except OSError: pass
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        os.setsid()
        while True: time.sleep(60)
print("up", flush=True)
while True:
    child = os.fork()
    if child == 0: time.sleep(0.05); os._exit(0)
    os.waitpid(child, 0)
`;

/** The processes between this one and another, this one's child first. */
async function lineage(pid: string): Promise<number[]> {
  const line: number[] = [];
  for (let at = Number(pid); at > 1 && at !== process.pid; ) {
    line.unshift(at);
    const stat = await readFile(`/proc/${at}/stat`, "utf8").catch(() => ") ? 0");
    at = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  }
  return line;
}

describe.skipIf(missing !== undefined).each(WAYS)("lifetime of a sandboxed run ($name)", ({ backend, options }) => {
  let bench: Bench;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    bench = await Bench.create(options);
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await bench.remove();
  });

  it("ends a whole stubborn tree when it is cancelled, and reports what it used", async () => {
    const marker = uniqueMarker();
    const abort = new AbortController();
    const running = bench.python(STUBBORN, { signal: abort.signal, onStdout: () => abort.abort() }, marker);
    const seen = await running;
    expect(seen.exit).toEqual({ reason: "cancelled", message: "cancelled" });
    expect(seen.usage.wallMs).toBeGreaterThan(0);
    expect(await processesWith(marker)).toEqual([]);
  });

  it("does not start what was cancelled before", async () => {
    const seen = await bench.python("print('ran')", { signal: AbortSignal.abort() });
    expect(seen).toMatchObject({ exit: { reason: "cancelled" }, stdout: "", events: [] });
  });

  it("ends with its main process, whatever holds its output open", async () => {
    const marker = uniqueMarker();
    const source = "import os, time\nif os.fork() == 0:\n  os.setsid(); time.sleep(60)\nprint('done')";
    const seen = await bench.python(source, {}, marker);
    expect(seen).toMatchObject({ exit: { code: 0, reason: "ok" }, stdout: "done\n" });
    expect(seen.usage.wallMs).toBeLessThan(3_000);
    expect(await processesWith(marker)).toEqual([]);
  });

  it("leaves nothing when the process around it is killed", async () => {
    const marker = uniqueMarker();
    // A temporary folder of its own shows what lies about afterwards.
    const temporary = await mkdtemp(join(bench.root, "temporary-"));
    const child = spawn(process.execPath, [CHILD, bench.workspace, STUBBORN, marker], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...childEnvironment(options), TOKA_TEST_OBSERVE: "1", TMPDIR: temporary },
    });
    children.push(child);
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    expect(await eventually(async () => (await processesWith(marker)).length > 5, 20_000)).toBe(true);
    child.kill("SIGKILL");
    expect(await eventually(async () => (await processesWith(marker)).length === 0, 20_000)).toBe(true);
    await eventually(async () => (await readdir(temporary)).length === 0);
    expect(await readdir(temporary)).toEqual([]);
  });

  it.each(["KILL", "TERM"] as const)(
    "leaves nothing when whoever holds it is ended from outside (SIG%s)",
    async (name) => {
      // Its first process on the host, and in tier B also the supervisor, which is that one's child.
      for (const generation of backend === "bwrap" ? [0] : [0, 1]) {
        const marker = uniqueMarker();
        const temporary = await mkdtemp(join(bench.root, "temporary-"));
        const usual = process.env["TMPDIR"];
        process.env["TMPDIR"] = temporary;
        let holder = 0;
        const running = bench.python(
          STUBBORN,
          {
            onStdout: async () => {
              const [marked = ""] = await processesWith(marker);
              holder = (await lineage(marked))[generation] ?? 0;
              process.kill(holder, `SIG${name}`);
            },
          },
          marker,
        );
        const seen = await running.finally(() => {
          if (usual === undefined) delete process.env["TMPDIR"];
          else process.env["TMPDIR"] = usual;
        });
        expect(holder).toBeGreaterThan(0);
        expect(["sandbox-error", "cancelled"]).toContain(seen.exit.reason);
        expect(await eventually(async () => (await processesWith(marker)).length === 0, 20_000)).toBe(true);
        expect(await readdir(temporary)).toEqual([]);
      }
    },
  );

  it("tells while it goes on what it uses, and in the end in all", async () => {
    const own = await Bench.create(options);
    try {
      const source = `import subprocess, sys, time
hold = bytearray(40 << 20)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1.2)"])
end = time.monotonic() + 1
while time.monotonic() < end: sum(range(1000))
child.wait()
`;
      const { events, usage } = await own.python(source);
      const live = events.filter((event) => event.type === "usage");
      expect(live.length).toBeGreaterThan(0);
      expect(live.some(({ processes }) => processes === 2)).toBe(true);
      expect(live.some(({ memoryBytes = 0 }) => memoryBytes > 40 << 20)).toBe(true);
      const told = live.map(({ usage: { wallMs, cpuMs, peakMemoryBytes } }) => [wallMs, cpuMs, peakMemoryBytes]);
      for (const [index, numbers] of told.entries()) {
        const before = told[index - 1] ?? [0, 0, 0];
        expect(numbers.every((number, at) => number >= (before[at] ?? 0))).toBe(true);
      }
      const last = live.at(-1)?.usage;
      expect(usage.wallMs).toBeGreaterThanOrEqual(last?.wallMs ?? Number.POSITIVE_INFINITY);
      expect(usage.cpuMs).toBeGreaterThanOrEqual(last?.cpuMs ?? Number.POSITIVE_INFINITY);
      expect(events.at(-1)).toMatchObject({ type: "exited", usage });
      const gaps = told.slice(1).map(([wall = 0], index) => wall - (told[index]?.[0] ?? 0));
      process.stderr.write(
        `${backend}: ${live.length} usage events, longest gap ${Math.round(Math.max(...gaps))} ms\n`,
      );
    } finally {
      await own.remove();
    }
  });

  it("passes standard input on, and ends it", async () => {
    const input = new PassThrough();
    const running = bench.python("import sys; print(sys.stdin.read().upper())", { stdin: input });
    input.write("hello ");
    input.end("wörld");
    expect((await running).stdout).toBe("HELLO WÖRLD\n");
  });

  it("is not held up by input that nobody reads or nobody ends", async () => {
    const endless = new PassThrough();
    endless.write("x".repeat(200_000));
    expect((await bench.python("print('done')", { stdin: endless })).stdout).toBe("done\n");
    expect((await bench.python("import sys; print(len(sys.stdin.read()))")).stdout).toBe("0\n");
  });

  it("leaves nothing behind when a handler throws", async () => {
    const marker = uniqueMarker();
    const running = bench.python(
      STUBBORN,
      {
        onStdout: () => {
          throw new Error("the view is gone");
        },
      },
      marker,
    );
    await expect(running).rejects.toThrow("the view is gone");
    expect(await processesWith(marker)).toEqual([]);
  });

  it("leaves no file in the temporary folder", async () => {
    const ours = async (): Promise<string[]> => (await readdir(tmpdir())).filter((name) => name.includes("toka-probe"));
    await bench.sandbox.probe(new AbortController().signal);
    await bench.python("import tempfile; tempfile.mkstemp(prefix='toka-probe')");
    expect(await ours()).toEqual([]);
  });

  it("keeps other users' eyes off the environment and the policy", async () => {
    const secret = uniqueMarker();
    const running = bench.python("import time; time.sleep(0.5)", {
      environment: { ...process.env, API_KEY: secret },
      policy: { environment: ["API_KEY"] },
    });
    let seen: string[] = [];
    const watching = eventually(async () => {
      seen = [...seen, ...(await processesWith(secret))];
      return false;
    }, 400);
    await Promise.all([running, watching]);
    expect(seen).toEqual([]);
  });
});

describe.skipIf(missing !== undefined)("what this machine enforces", () => {
  it.each(TIERS)("is found by trying, and kept (%s)", async (backend) => {
    const bench = await Bench.create({ backend });
    try {
      const signal = new AbortController().signal;
      const report = await bench.sandbox.probe(signal);
      expect(report.backend).toBe(backend);
      const failed = report.mechanisms
        .filter((mechanism) => !mechanism.enforced)
        .map((mechanism) => mechanism.mechanism);
      expect(failed.filter((name) => name !== "cgroup v2" && name !== "Landlock")).toEqual([]);
      expect(await bench.sandbox.probe(signal)).toBe(report);
    } finally {
      await bench.remove();
    }
  });

  /** A run where user namespaces are forbidden; nothing when this machine cannot forbid them for a test. */
  const withoutNamespaces = async (bench: Bench, backend: string): Promise<unknown> => {
    const command = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
    const child = [process.execPath, CHILD, bench.workspace, "print('ran')"];
    const test = ["env", `TOKA_TEST_BACKEND=${backend}`, ...child];
    const seen = await output("unshare", ["-Ur", "sh", "-c", command, "sh", ...(backend === "" ? child : test)]);
    if (seen.code === 0) return JSON.parse(seen.stdout.split("\n").findLast((line) => line.startsWith("{")) ?? "");
    process.stderr.write(`!!! SKIPPED, NOT PASSED: forbidden user namespaces (${seen.stderr.trim()})\n`);
    return undefined;
  };

  it("is refused with the missing mechanism's name where user namespaces are forbidden", async ({ skip }) => {
    const bench = await Bench.create();
    try {
      const seen = await withoutNamespaces(bench, "bwrap");
      if (seen === undefined) skip("unshare does not work here");
      const outcome = SandboxOutcomeLine.parse(seen);
      expect(outcome.exit.reason).toBe("not-enforceable");
      expect(outcome.exit.message).toContain("max_user_namespaces");
      expect(outcome.stdout).toBe("");
    } finally {
      await bench.remove();
    }
  });

  it("is held without namespaces where they are forbidden, and the outcome says so", async ({ skip }) => {
    const bench = await Bench.create();
    try {
      const seen = await withoutNamespaces(bench, "");
      if (seen === undefined) skip("unshare does not work here");
      expect(SandboxOutcomeLine.parse(seen)).toMatchObject({
        exit: { reason: "ok" },
        backend: "landlock",
        stdout: "ran\n",
      });
    } finally {
      await bench.remove();
    }
  });
});

const isRoot = process.getuid?.() === 0;

describe.skipIf(missing !== undefined || !isRoot).each(WAYS)(
  "a sandboxed run of an unprivileged user ($name)",
  ({ options }) => {
    const NOBODY = 65_534;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "toka-nobody-"));
      await chmod(folder, 0o755);
      await cp(process.execPath, join(folder, "node"));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it.for([
      ["an honest program", "print(open('data.txt').read())", "ok"],
      ["a memory hog", "hold = []\nwhile True: hold.append(bytearray(1 << 20))", "memory"],
      ["a fork bomb", "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", "processes"],
    ] as const)("holds for %s", async ([, source, reason], { skip }) => {
      await writeFile(join(folder, "data.txt"), "data");
      const environment = { PATH: "/usr/bin:/bin", HOME: folder, ...childEnvironment(options) };
      const seen = await output(join(folder, "node"), [CHILD, folder, source], {
        uid: NOBODY,
        gid: NOBODY,
        env: environment,
      });
      if (seen.code !== 0 && seen.stderr.includes("EACCES")) {
        process.stderr.write("!!! SKIPPED, NOT PASSED: an unprivileged user may not read this checkout\n");
        skip("an unprivileged user may not read this checkout");
      }
      const line = seen.stdout.trim().split("\n").at(-1) ?? "";
      const outcome = SandboxOutcomeLine.parse(JSON.parse(line));
      expect(outcome.exit.reason).toBe(reason);
      if (reason === "ok") expect(outcome.stdout).toBe("data\n");
      expect(await readFile(join(folder, "data.txt"), "utf8")).toBe("data");
    });
  },
);

async function output(
  file: string,
  args: readonly string[],
  options: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    text.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    text.stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, ...text };
}
