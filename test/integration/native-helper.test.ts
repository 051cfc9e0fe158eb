import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileSanitized } from "../../scripts/native.ts";
import { nativeName } from "../../src/sandbox/helper-code.ts";
import { PYTHON_HELPER } from "../support/native-helper.ts";
import { random } from "../support/random.ts";
import { Bench, missingMechanism, type RunWish, TIERS } from "./sandbox-support.ts";

const missing = await missingMechanism();
const folder = await mkdtemp(join(tmpdir(), "toka-sanitized-"));
const program = join(folder, nativeName(process.platform, process.arch));
const isCompiled = await compileSanitized(program);
if (!isCompiled) process.stderr.write("\n!!! SKIPPED, NOT PASSED: no compiler with sanitizers\n\n");
await copyFile(PYTHON_HELPER, join(folder, "helper.py"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a sanitizer says before it ends the program. */
const MISTAKE = /Sanitizer|runtime error/;

/** Uses every kind of call that the gate judges, in a workspace with something kept in it. */
const NAMES = `
import os, signal, socket, stat
def attempt(action):
    try: action()
    except OSError: pass
os.makedirs('a/b/c'); os.rename('a/b', 'a/d'); os.symlink('a/d', 'link'); open('link/../../file', 'w').write('x' * 70000)
os.link('file', 'a/other'); os.truncate('file', 10); os.utime('file', (1, 2)); os.utime('file'); os.chmod('file', 0o600)
fd = os.open('file', os.O_RDWR); os.fchmod(fd, 0o644); os.close(fd)
os.mkfifo('pipe'); os.unlink('pipe'); os.unlink('link'); os.rmdir('a/d/c')
for path in ('Makefile', '.git/hooks', '.vscode/x', '/etc/x', 'a' * 5000, '', '/', '..', 'a//', '/proc/self/mem', '\\udcff'):
    for action in (lambda: open(path, 'w'), lambda: os.mkdir(path), lambda: os.unlink(path), lambda: os.rename(path, 'b'),
                   lambda: os.rename('file', path), lambda: os.symlink(path, 'l'), lambda: os.chmod(path, 0o777),
                   lambda: os.truncate(path, 1), lambda: os.link('file', path), lambda: os.mknod(path, stat.S_IFREG)):
        attempt(action)
for target in (0, 1, -1, 2 ** 31 - 1, -2 ** 31, os.getpid()): attempt(lambda: os.kill(target, 0))
one, other = socket.socketpair()
for address in ('/nowhere', 'file', '\\0abstract'): attempt(lambda: socket.socket(socket.AF_UNIX).connect(address))
if os.fork() == 0: os._exit(0)
os.wait()
print('done')
`;

describe.skipIf(missing !== undefined || !isCompiled).each(TIERS)(
  "native supervisor with sanitizers (%s)",
  (backend) => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await Bench.create({
        backend,
        helperPath: join(folder, "helper.py"),
        helper: "native",
        warm: { ready: 1 },
      });
      await writeFile(join(bench.workspace, "data.txt"), "data");
    });
    afterAll(async () => {
      await bench.sandbox.dispose();
      await bench.remove();
    });

    const run = async (source: string, wish: RunWish = {}): Promise<Awaited<ReturnType<Bench["python"]>>> => {
      const seen = await bench.python(source, wish);
      expect(seen.stderr).not.toMatch(MISTAKE);
      return seen;
    };

    it("does an ordinary run, cold and warm, with input and output", async () => {
      const source = "import sys; text = sys.stdin.read(); print(len(text), 'é', open('data.txt').read()); sys.exit(3)";
      for (const warm of [undefined, true]) {
        const seen = await run(source, { stdin: Readable.from(["x".repeat(300_000)]) });
        expect(seen).toMatchObject({ stdout: "300000 é data\n", exit: { reason: "failed", code: 3 } });
        expect(seen.warm).toBe(warm);
        expect(await bench.sandbox.ready()).toBe(1);
      }
    });

    it("judges calls in a workspace where something is kept", async () => {
      const policy = {
        writablePaths: [bench.workspace],
        keptPaths: ["Makefile", ".git", ".vscode"].map((name) => join(bench.workspace, name)),
      };
      const seen = await run(NAMES, { policy });
      expect(seen).toMatchObject({ stdout: "done\n", exit: { reason: "ok" } });
    });

    it.each([
      // No more of them than the machine bears: with sanitizers and on a busy machine it may take long until they are seen.
      ["processes", "import os, time\nfor _ in range(300):\n  if os.fork() == 0: time.sleep(60); os._exit(0)"],
      ["memory", "hold = []\nwhile True: hold.append(bytearray(1 << 20))"],
      ["output-limit", "while True: print('x' * 1000)"],
      ["timeout", "while True: pass"],
    ])("ends a run by %s", async (reason, source) => {
      const limits = { timeMs: reason === "timeout" ? 500 : 30_000, outputBytes: 100_000 };
      expect((await run(source, { limits })).exit.reason).toBe(reason);
    });
  },
);

/**
 * Runs a supervisor where it is not the first process, so that it has to refuse whatever it is asked; what it says. It is in
 * a namespace all the same, as one that did not refuse would end all that it sees.
 */
async function refuse(command: readonly string[]): Promise<string> {
  const apart = ["--unshare-pid", "--die-with-parent", "--dev-bind", "/", "/", "--proc", "/proc", "--", ...command];
  const child = spawn("bwrap", apart, {
    env: { PATH: process.env["PATH"] },
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdio[2]?.on("data", (chunk) => {
    text += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect([code, text]).toEqual([1, expect.stringMatching(/./)]);
  expect(text).not.toMatch(MISTAKE);
  return text.trim();
}

describe.skipIf(missing !== undefined || !isCompiled)("arguments of the native supervisor", () => {
  it.each([
    [[], "there is no command"],
    [["memory=1"], "there is no command"],
    [["--"], "there is no command"],
    [["memory=x", "--", "true"], "not a number that can be used: x"],
    [["memory=-1", "--", "true"], "not a number that can be used: -1"],
    [["memory=99999999999999999999", "--", "true"], "not a number that can be used: 99999999999999999999"],
    [["cpu=nan", "--", "true"], "not a number that can be used: nan"],
    [["gate=1:none", "--", "true"], "unknown kind of system call: none"],
    [["gate=1:open@9", "--", "true"], "not a number that can be used: 9"],
    [Array(200).fill("gate=1:kill").concat("--", "true"), "too many system calls are judged"],
    [["filter=99", "--", "true"], "[Errno 9] Bad file descriptor"],
    [["env=NAME", "--", "true"], "an environment variable without a value: NAME"],
    [["surprise=1", "--", "true"], "unknown option surprise"],
    [["memory=1000000", "--", "true"], "not the first process of a namespace"],
  ] as [string[], string][])("%j are refused", async (args, said) => {
    expect(await refuse([program, ...args])).toBe(said);
  });

  it("are refused whatever they are", async () => {
    const next = random(20_260_711);
    const names = [
      "memory",
      "cpu",
      "time",
      "gate",
      "filter",
      "env",
      "stdin",
      "warm",
      "relay",
      "keep",
      "write",
      "",
      "cgroup",
    ];
    const parts = ["1", "-", ":", "@", "=", "open", "999", "\u{e9}", "%s", " ", "kill", "4294967296"];
    const pick = (from: readonly string[]): string => from[Math.floor(next() * from.length)] ?? "";
    for (let round = 0; round < 40; round++) {
      const args = Array.from({ length: 1 + Math.floor(next() * 4) }, () => {
        return `${pick(names)}=${Array.from({ length: Math.floor(next() * 5) }, () => pick(parts)).join("")}`;
      });
      await refuse([program, ...args, "--", "true"]);
    }
  });
});
