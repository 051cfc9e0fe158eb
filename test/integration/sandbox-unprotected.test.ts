import { spawn } from "node:child_process";
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, eventually, processesWith, type RunWish, type Seen, uniqueMarker } from "./sandbox-support.ts";

const CHILD = join(import.meta.dirname, "sandbox-child.ts");

/** Tier C on a system that has better: the same code, chosen by name. */
describe.skipIf(process.platform === "win32")("runs where nothing isolates", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.create({ backend: "none" });
    await writeFile(join(bench.workspace, "data.txt"), "data");
  });
  afterAll(() => bench.remove());

  const agreed = (source: string, wish: RunWish = {}, ...rest: string[]): Promise<Seen> =>
    bench.python(source, { unprotected: true, ...wish }, ...rest);

  it("are refused without consent, with what is missing", async () => {
    const marker = join(bench.workspace, "ran");
    const seen = await bench.python(`open(${JSON.stringify(marker)}, "w")`);
    expect(seen.exit.reason).toBe("not-enforceable");
    expect(seen.exit.message).toMatch(/file reads, file writes, no network/);
    expect(
      await access(marker).then(
        () => "ran",
        () => "not run",
      ),
    ).toBe("not run");
  });

  it("are refused again after one was agreed to", async () => {
    expect((await agreed("print(1)")).exit.reason).toBe("ok");
    expect((await bench.python("print(2)")).exit.reason).toBe("not-enforceable");
  });

  it("have the environment of their policy, folders of their own, their exit code and Unicode output", async () => {
    const source = `import os, sys
print(sorted(name for name in os.environ if name.startswith("SECRET")), open("data.txt").read(), "naïve")
print(os.environ["HOME"] == os.path.expanduser("~"), os.listdir(os.environ["TMPDIR"]))
sys.exit(3)`;
    const seen = await agreed(source, { environment: { ...process.env, SECRET_KEY: "s" } });
    expect(seen).toMatchObject({
      stdout: "[] data naïve\nTrue []\n",
      exit: { code: 3, reason: "failed" },
      backend: "none",
    });
  });

  it.each<[string, string, RunWish, string]>([
    ["time", "import time; time.sleep(60)", { limits: { timeMs: 300 } }, "timeout"],
    ["output", "while True: print('x' * 1000)", { limits: { outputBytes: 100_000 } }, "output-limit"],
    [
      "memory",
      "import time\nhold = bytearray(200 << 20)\ntime.sleep(60)",
      { limits: { memoryBytes: 100 << 20 } },
      "memory",
    ],
    [
      "processes",
      "import os, time\nfor _ in range(20):\n  if os.fork() == 0: time.sleep(60)\ntime.sleep(60)",
      { limits: { processes: 8 } },
      "processes",
    ],
  ])("keep their limit of %s", async (_, source, wish, reason) => {
    const marker = uniqueMarker();
    const seen = await agreed(source, wish, marker);
    expect(seen.exit.reason).toBe(reason);
    expect(seen.stdoutBytes).toBeLessThanOrEqual(10 << 20);
    expect(await processesWith(marker)).toEqual([]);
  });

  it("print no more than their limit", async () => {
    const seen = await agreed("while True: print('x' * 1000)", { limits: { outputBytes: 100_000 } });
    expect(seen.stdoutBytes).toBe(100_000);
  });

  it("end with their main process and when they are cancelled", async () => {
    const marker = uniqueMarker();
    const source = "import os, time\nif os.fork() == 0: time.sleep(60)\nprint('done')";
    expect((await agreed(source, {}, marker)).stdout).toBe("done\n");
    const abort = new AbortController();
    const endless = "import os, time\nif os.fork() == 0: os.setsid()\nprint('up', flush=True)\ntime.sleep(60)";
    const seen = await agreed(endless, { signal: abort.signal, onStdout: () => abort.abort() }, marker);
    expect(seen.exit.reason).toBe("cancelled");
    expect(await processesWith(marker)).toEqual([]);
  });

  it("end when the process around them is killed", async () => {
    const marker = uniqueMarker();
    const source =
      "import os, time\nfor _ in range(3):\n  if os.fork() == 0: break\nprint('up', flush=True)\ntime.sleep(60)";
    const child = spawn(process.execPath, [CHILD, bench.workspace, source, marker], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TOKA_TEST_BACKEND: "none", TOKA_TEST_UNPROTECTED: "1", TMPDIR: bench.root },
    });
    expect(await eventually(async () => (await processesWith(marker)).length > 4, 20_000)).toBe(true);
    child.kill("SIGKILL");
    expect(await eventually(async () => (await processesWith(marker)).length === 0, 20_000)).toBe(true);
  });

  it("tell what they use, and what they do", async () => {
    const seen = await agreed("import time\nopen('data.txt').read()\ntime.sleep(0.6)", { observe: true });
    expect(seen.events.map(({ type }) => type).slice(0, 2)).toEqual(["started", "usage"]);
    expect(seen.usage.peakMemoryBytes).toBeGreaterThan(1_000_000);
    expect(seen.observed?.files.find(({ path }) => path === "data.txt")?.access).toEqual(["read"]);
  });

  it("report that nothing isolates, by trying it", async () => {
    const report = await bench.sandbox.probe(new AbortController().signal);
    expect(report.backend).toBeUndefined();
    const enforced = (name: string): boolean | undefined =>
      report.mechanisms.find(({ mechanism }) => mechanism === name)?.enforced;
    expect([enforced("file reads"), enforced("file writes"), enforced("no network")]).toEqual([false, false, false]);
    expect([enforced("clean environment"), enforced("time limit"), enforced("output limit")]).toEqual([
      true,
      true,
      true,
    ]);
    const others = Object.fromEntries((report.others ?? []).map(({ backend, about }) => [backend, about]));
    expect(Object.keys(others)).toContain("bwrap");
    if (process.platform === "linux") {
      expect(others["seatbelt"]).toMatch(/Not verified on this machine/);
      expect(others["job"]).toMatch(/Not verified on this machine/);
    }
  });
});
