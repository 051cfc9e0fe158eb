import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeBundle } from "../../scripts/bundle.ts";
import { AnalysisReport } from "../../src/model/index.ts";

/* Analyses of the command line that run out of memory or are cancelled: real processes of the bundle. */

const ROOT = join(import.meta.dirname, "../..");

let base: string;
let cli: string;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Code that keeps an analysis busy: calls in circles, all over the files. */
function source(functions: number): string {
  const lines = Array.from({ length: functions }, (_, i) => {
    return `def function_${i}(argument):\n    return function_${(i * 7 + 1) % functions}(argument.attribute_${i}(other_${i}))\n`;
  });
  return lines.join("");
}

beforeAll(async () => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "toka-limits-")));
  cli = join(base, "cli.cjs");
  await build({ ...nodeBundle, absWorkingDir: ROOT, entryPoints: ["src/cli/main.ts"], outfile: cli, outExtension: {} });
  mkdirSync(join(base, "many"));
  for (let i = 0; i < 60; i++) writeFileSync(join(base, "many", `m${i}.py`), source(500));
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

function start(words: readonly string[]): Child {
  return spawn(process.execPath, [cli, "analyze", ...words, `--cache=${join(base, "cache")}`], {
    cwd: base,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function end(child: Child): Promise<number | null> {
  return new Promise((resolve) => child.on("close", resolve));
}

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return text;
}

/** The process that works for another one, as soon as it is there. */
async function workerOf(child: Child): Promise<number> {
  const list = `/proc/${child.pid}/task/${child.pid}/children`;
  for (;;) {
    const [worker = ""] = readFileSync(list, "utf8").split(" ");
    if (worker !== "") return Number(worker);
    await sleep(10);
  }
}

describe("analyses that run out of memory", () => {
  it.each(["20MB", "30MB"])("say so in one sentence with a way out (%s)", async (memory) => {
    const child = start(["call-graph", "many", `--memory=${memory}`]);
    const [code, stdout, stderr] = await Promise.all([end(child), textOf(child.stdout), textOf(child.stderr)]);
    expect(code, stderr).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/too large for the memory.*name folders or files.*--memory/);
    expect(stderr).not.toMatch(/FATAL|heap|stack trace/);
  });

  it("do what they can where it is enough", async () => {
    const child = start(["call-graph", "many", "--memory=300MB"]);
    const [code, stdout, stderr] = await Promise.all([end(child), textOf(child.stdout), textOf(child.stderr)]);
    expect(code, stderr).toBe(0);
    const report = AnalysisReport.parse(JSON.parse(stdout));
    expect(report).toMatchObject({ analysis: "call-graph", files: 60, problems: [], leftOut: {} });
    expect(report.analysis === "call-graph" && report.edges.length).toBe(60 * 500);
  });

  it("pass on what the analysis says, and its exit code", async () => {
    const child = start(["call-graph", "nowhere"]);
    const [code, stderr] = await Promise.all([end(child), textOf(child.stderr), textOf(child.stdout)]);
    expect(code).toBe(2);
    expect(stderr).toBe("toka: nowhere does not exist\n");
  });
});

describe("analyses that are cancelled", () => {
  it("end while they write what nobody reads", async () => {
    const child = start(["call-graph", "many"]);
    await new Promise((resolve) => child.stdout.once("readable", resolve));
    child.kill("SIGINT");
    // Only now is the rest taken: so long as nobody does, the analysis waits.
    const ended = new Promise((resolve) => child.on("exit", resolve));
    expect(await ended).toBe(130);
    child.stdout.resume();
  });

  it.each([0, 300, 600, 900, 1200])("end whatever they do after %s ms", async (delay) => {
    const child = start(["dead-code", "many", "--format=html"]);
    // From the start: a process that ends by itself lets go of what nobody has read.
    const ended = end(child);
    await workerOf(child);
    await sleep(delay);
    child.kill("SIGINT");
    child.stdout.resume();
    child.stderr.resume();
    // A faster machine may be through by then.
    expect([130, 0]).toContain(await ended);
  });

  it("end where they hear nothing", async (context) => {
    context.skip(!existsSync("/proc/self/task"), "There is no /proc here to find the process that works");
    const child = start(["call-graph", "many"]);
    const worker = await workerOf(child);
    process.kill(worker, "SIGSTOP");
    child.kill("SIGINT");
    child.stdout.resume();
    expect(await end(child)).toBe(130);
    expect(existsSync(`/proc/${worker}`)).toBe(false);
  });
});
