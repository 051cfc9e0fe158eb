import { existsSync } from "node:fs";
import { link, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { SandboxOptions } from "../../src/sandbox/index.ts";
import {
  Bench,
  eventually,
  missingMechanism,
  processesWith,
  type RunWish,
  type Seen,
  TIERS,
} from "./sandbox-support.ts";

const missing = await missingMechanism();
const PRINT = "print('ran')";

describe.skipIf(missing !== undefined).each(TIERS)("sandboxes that are kept ready under %s", (backend) => {
  let bench: Bench;

  afterEach(async () => {
    await bench.sandbox.dispose();
    await bench.remove();
  });

  const create = async (warm: SandboxOptions["warm"] = { ready: 2 }, options: Partial<SandboxOptions> = {}) => {
    bench = await Bench.create({ backend, ...(warm ? { warm } : {}), ...options });
  };

  /** Runs once, so that one is ready; then again after something was done. */
  const runAgain = async (between: () => Promise<void>, wish: RunWish = {}, after: RunWish = wish): Promise<Seen> => {
    expect(await bench.python(PRINT, wish)).toMatchObject({ exit: { reason: "ok" }, stdout: "ran\n" });
    expect(await bench.sandbox.ready()).toBe(1);
    await between();
    const seen = await bench.python(PRINT, after);
    expect(seen).toMatchObject({ exit: { reason: "ok" }, stdout: "ran\n" });
    return seen;
  };
  const nothing = async (): Promise<void> => undefined;

  test("one is used by the next run, and says so", async () => {
    await create();
    const seen = await runAgain(nothing);
    expect(seen.warm).toBe(true);
    expect(seen.events[0]).toMatchObject({ type: "started", warm: true });
    expect(seen.events.at(-1)).toMatchObject({ type: "exited" });
  });

  test("there is none before a first run, and none at all when it is off", async () => {
    await create();
    expect(await bench.sandbox.ready()).toBe(0);
    await bench.sandbox.dispose();
    await bench.remove();
    await create({ ready: 0 });
    await bench.python(PRINT);
    expect(await bench.sandbox.ready()).toBe(0);
    expect((await bench.python(PRINT)).warm).toBeUndefined();
  });

  test("each is used once: nothing of a run is there in the next", async () => {
    await create();
    const leave =
      "import os\nopen('/tmp/left', 'w') if os.access('/tmp', os.W_OK) else None\nopen(os.environ['TMPDIR'] + '/left', 'w')\nopen(os.environ['HOME'] + '/left', 'w')\nif os.fork() == 0:\n    import time; time.sleep(30)";
    const look =
      "import os\nprint(os.listdir(os.environ['TMPDIR']), os.path.exists(os.environ['HOME'] + '/left'), os.path.exists('/tmp/left'))";
    const marker = "30) # left";
    for (let round = 0; round < 2; round++) {
      await bench.python(leave.replace("/tmp/left", "/dev/null"));
      await bench.sandbox.ready();
      const seen = await bench.python(look);
      expect(seen).toMatchObject({ warm: true, stdout: expect.stringContaining("False False") });
      await bench.sandbox.ready();
    }
    expect(await processesWith(marker)).toEqual([]);
  });

  test("limits count from the run's start, and hold", async () => {
    await create();
    await runAgain(nothing, { limits: { timeMs: 2_000 } });
    await bench.sandbox.ready();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const seen = await bench.python("import time; time.sleep(1)\nprint('slept')", { limits: { timeMs: 2_000 } });
    expect(seen).toMatchObject({ warm: true, stdout: "slept\n", exit: { reason: "ok" } });
    await bench.sandbox.ready();
    const late = await bench.python("import time; time.sleep(20)", { limits: { timeMs: 2_000 } });
    expect(late).toMatchObject({ warm: true, exit: { reason: "timeout" } });
    await bench.sandbox.ready();
    const memory = await bench.python("a = bytearray(400_000_000)", { limits: { timeMs: 2_000 } });
    expect(memory.warm).toBe(true);
  });

  test.each<[string, RunWish, RunWish]>([
    ["limits", {}, { limits: { memoryBytes: 100_000_000 } }],
    [
      "an environment",
      { policy: { environment: ["MINE"] }, environment: { ...process.env, MINE: "a" } },
      { policy: { environment: ["MINE"] }, environment: { ...process.env, MINE: "b" } },
    ],
    ["a folder to start in", { cwd: "/tmp" }, {}],
  ])("is not used by a run of other %s", async (_name, first, second) => {
    await create();
    expect((await runAgain(nothing, first, second)).warm).toBeUndefined();
  });

  test("is not used by a run that may write where it may not", async () => {
    await create();
    const granted = { policy: { writablePaths: [bench.results] } };
    expect((await runAgain(nothing, {}, granted)).warm).toBeUndefined();
  });

  describe("is thrown away when something that isolation depends on has changed:", () => {
    test("a forbidden file was replaced", async () => {
      await create();
      const secret = join(bench.workspace, "secret");
      await writeFile(secret, "old");
      const wish = { policy: { forbiddenPaths: [secret] } };
      await bench.python(PRINT, wish);
      await bench.sandbox.ready();
      await writeFile(`${secret}.new`, "new");
      await rename(`${secret}.new`, secret);
      const seen = await bench.python("try:\n    print(open('secret').read())\nexcept OSError: print('refused')", wish);
      expect(seen.stdout.trim()).not.toBe("new");
      expect(seen.stdout.trim()).not.toBe("old");
    });

    test("a forbidden file has another name now", async () => {
      await create();
      const secret = join(bench.workspace, "secret");
      await writeFile(secret, "old");
      const wish = { policy: { forbiddenPaths: [secret] } };
      await bench.python(PRINT, wish);
      await bench.sandbox.ready();
      await link(secret, join(bench.workspace, "other"));
      // Without namespaces a name that came later is in no rule: there the one that waits may be used as well.
      const seen = await bench.python("try:\n    print(open('other').read())\nexcept OSError: print('refused')", wish);
      expect(seen.exit.reason).toBe("ok");
      expect(seen.stdout.trim()).not.toBe("old");
    });

    test("the workspace is another folder", async () => {
      await create();
      const seen = await runAgain(async () => {
        await rename(bench.workspace, `${bench.workspace}.old`);
        await mkdir(bench.workspace);
      });
      expect(seen.warm).toBeUndefined();
    });

    test("what is kept was replaced", async () => {
      await create();
      const settings = join(bench.workspace, ".envrc");
      await writeFile(settings, "mine");
      const wish = {
        policy: { writablePaths: [bench.workspace], keptPaths: [settings, join(bench.workspace, ".vscode")] },
      };
      const seen = await runAgain(async () => {
        await writeFile(`${settings}.new`, "new");
        await rename(`${settings}.new`, settings);
        await mkdir(join(bench.workspace, ".vscode"));
      }, wish);
      expect(seen.warm).toBeUndefined();
      const harm = await bench.python("open('.envrc', 'w').write('x')", wish);
      expect(harm.exit.reason).toBe("failed");
    });

    test("a program listens in the workspace", async () => {
      await create();
      const server = createServer();
      try {
        const seen = await runAgain(async () => {
          await new Promise<void>((resolve) => server.listen(join(bench.workspace, "socket"), resolve));
        });
        expect(seen.warm).toBeUndefined();
      } finally {
        server.close();
      }
    });

    test("a start would read another sitecustomize", async () => {
      await create();
      const environment = { ...process.env, PYTHONPATH: bench.workspace };
      const wish = { policy: { environment: ["PYTHONPATH"] }, environment };
      await bench.python(PRINT, wish);
      expect(await bench.sandbox.ready()).toBe(1);
      await writeFile(join(bench.workspace, "sitecustomize.py"), "print('custom')");
      const seen = await bench.python(PRINT, wish);
      expect(seen.stdout).toBe("custom\nran\n");
      expect(seen.warm).toBeUndefined();
    });
  });

  test("a changed script is what runs", async () => {
    await create();
    const script = join(bench.workspace, "a.py");
    await writeFile(script, "import b; print('old', b.x)");
    await writeFile(join(bench.workspace, "b.py"), "x = 1");
    await bench.run(["python", script]);
    await bench.sandbox.ready();
    await writeFile(script, "import b, c; print('new', b.x, c.x)");
    await writeFile(join(bench.workspace, "b.py"), "x = 22");
    await writeFile(join(bench.workspace, "c.py"), "x = 3");
    expect(await bench.run(["python", script])).toMatchObject({ warm: true, stdout: "new 22 3\n" });
  });

  test("no more wait than are wanted, and none for too long", async () => {
    await create({ ready: 2, idleMs: 3_000 });
    for (const bytes of [1, 2, 3]) await bench.python(PRINT, { limits: { diskBytes: bytes * 1_000_000 } });
    expect(await bench.sandbox.ready()).toBe(2);
    bench.sandbox.keepReady(1);
    expect(await bench.sandbox.ready()).toBe(1);
    expect(await eventually(async () => (await bench.sandbox.ready()) === 0, 15_000)).toBe(true);
  });

  test("they hold no more memory than they may", async () => {
    await create({ ready: 2, memoryBytes: 1_000_000 });
    await bench.python(PRINT);
    await bench.sandbox.ready();
    expect(await bench.sandbox.ready()).toBe(0);
    expect((await bench.python(PRINT)).warm).toBeUndefined();
  });

  test("nothing is left once they are disposed of", async () => {
    const before = new Set((await readdir(tmpdir())).filter((name) => name.startsWith("toka-")));
    await create();
    await bench.python(PRINT, { observe: true });
    expect(await bench.sandbox.ready()).toBe(1);
    const waiting = await processesWith("-m\0toka-");
    expect(waiting.length).toBeGreaterThan(0);
    await bench.sandbox.dispose();
    expect(
      await eventually(async () => (await processesWith("-m\0toka-")).every((pid) => !waiting.includes(pid))),
    ).toBe(true);
    const left = (await readdir(tmpdir())).filter((name) => /^toka-(run|observed)/.test(name) && !before.has(name));
    expect(left).toEqual([]);
  });

  test("a result folder that was made ahead is the next run's own", async () => {
    await create();
    const [first, second] = [join(bench.root, "first"), join(bench.root, "second")];
    await mkdir(first);
    const discarded: string[] = [];
    const spareFolders = {
      make: () => second,
      discard: (path: string) => void discarded.push(path),
    };
    await mkdir(second);
    const write = "import os; p = os.environ['TOKA_RESULTS']; open(p + '/x', 'w').write(p)";
    await bench.python(write, { resultFolder: first, spareFolders });
    await bench.sandbox.ready();
    const seen = await bench.python(write, {
      resultFolder: second,
      spareFolders: { ...spareFolders, make: () => undefined },
    });
    expect(seen).toMatchObject({ warm: true, exit: { reason: "ok" } });
    expect(existsSync(join(second, "x"))).toBe(true);
    expect(discarded).toEqual([]);
  });

  test("a run can be cancelled", async () => {
    await create();
    await runAgain(nothing);
    await bench.sandbox.ready();
    const abort = new AbortController();
    const onStdout = (): void => abort.abort();
    const seen = await bench.python("print(1, flush=True)\nimport time; time.sleep(30)", {
      signal: abort.signal,
      onStdout,
    });
    expect(seen).toMatchObject({ warm: true, exit: { reason: "cancelled" } });
  });

  test("other programs start as ever", async () => {
    await create();
    await bench.run(["sh", "-c", "true"]);
    expect(await bench.sandbox.ready()).toBe(0);
    await symlink("/usr/bin/true", join(bench.workspace, "x"));
    expect((await bench.run(["true"])).warm).toBeUndefined();
    await rm(join(bench.workspace, "x"));
  });
});
