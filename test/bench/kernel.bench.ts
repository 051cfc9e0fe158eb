import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { discover } from "../../src/discovery/index.ts";
import { Kernel, RunQueue } from "../../src/kernel/index.ts";
import type { Result, Tool } from "../../src/model/index.ts";
import { Sandbox, type SandboxRequest } from "../../src/sandbox/index.ts";
import { fillHistory } from "./kernel-history.ts";
import { interleave, table } from "./measure.ts";

const ROUNDS = 25;
const HISTORY = 100_000;
const CROWD = 1_000;
const signal = new AbortController().signal;
const SCRIPT = 'import argparse\nargparse.ArgumentParser(description="Does nothing.").parse_args()\n';

/** What the gate costs beside the sandbox, what a long history costs when it is opened, and what a crowd of runs holds. */
export default async function kernelOverhead(): Promise<string> {
  const base = await realpath(await mkdtemp(join(tmpdir(), "toka-bench-kernel-")));
  try {
    const workspace = join(base, "workspace");
    await mkdir(workspace);
    await writeFile(join(workspace, "nothing.py"), SCRIPT);
    const { tools } = await discover(workspace, { signal: AbortSignal.timeout(60_000) });
    return [
      `### one run\n${await gate(base, workspace, tools)}`,
      `### opening a history of ${HISTORY} runs\n${await longHistory(base, workspace, tools)}`,
      `### ${CROWD} runs at once\n${await crowd(base, workspace, tools)}`,
    ].join("\n\n");
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problem.message);
  return result.value;
}

/** The gate over the bare sandbox: the same request, with and without the kernel around it. */
async function gate(base: string, workspace: string, tools: readonly Tool[]): Promise<string> {
  const sandbox = new Sandbox({ helperPath: new URL("../../src/sandbox/helper.py", import.meta.url).pathname });
  const report = await sandbox.probe(signal);
  if (!report.backend) return "skipped: this machine has no sandbox backend (see `toka doctor`)";
  let bare: SandboxRequest | undefined;
  using kernel = value(
    Kernel.open({
      workspace,
      stateFolder: join(base, "gate"),
      sandbox: {
        run: (request, options) => {
          bare ??= request;
          return sandbox.run(request, options);
        },
      },
    }),
  );
  kernel.registerTools(tools);
  const run = async (): Promise<void> => {
    const done = await kernel.execute({ tool: "nothing", arguments: {}, principal: "user" }, { signal });
    if (value(done).exit.reason !== "ok") throw new Error(`the run ended with ${value(done).exit.reason}`);
  };
  await run();
  const request = bare;
  if (request === undefined) throw new Error("the sandbox was not asked");
  const quiet = { signal, onStdout: () => undefined, onStderr: () => undefined, onEvent: () => undefined };
  const figures = await interleave(
    [
      { name: "the sandbox alone", run: async () => void (await sandbox.run(request, quiet)) },
      { name: "through the gate", run },
    ],
    ROUNDS,
  );
  const [alone, through] = figures.map(({ samples }) => samples);
  const over = (through ?? []).map((time, round) => time - (alone?.[round] ?? Number.NaN)).toSorted((a, b) => a - b);
  return `${table(figures)}\nover the sandbox alone: ${over[Math.floor(over.length / 2)]?.toFixed(1)} ms (median of the rounds)`;
}

async function longHistory(base: string, workspace: string, tools: readonly Tool[]): Promise<string> {
  const stateFolder = join(base, "history");
  const sandbox = { run: () => Promise.reject(new Error("nothing runs here")) };
  const open = (): Kernel => value(Kernel.open({ workspace, stateFolder, sandbox }));
  const empty = join(base, "no-history");
  value(Kernel.open({ workspace, stateFolder: empty, sandbox })).close();
  open().close();
  fillHistory(stateFolder, workspace, HISTORY);
  const look = (kernel: Kernel): void => {
    kernel.registerTools(tools);
    value(kernel.history({ limit: 50 }));
    value(kernel.statistics.all());
    kernel.close();
  };
  const figures = await interleave(
    [
      { name: "none", run: () => look(value(Kernel.open({ workspace, stateFolder: empty, sandbox }))) },
      { name: `${HISTORY} runs: opened, 50 listed, statistics of all tools`, run: () => look(open()) },
    ],
    ROUNDS,
  );
  return table(figures);
}

/** Memory that a crowd of waiting runs holds, with a sandbox that does nothing. */
async function crowd(base: string, workspace: string, tools: readonly Tool[]): Promise<string> {
  let most = 0;
  using kernel = value(
    Kernel.open({
      workspace,
      stateFolder: join(base, "crowd"),
      queue: new RunQueue({ slots: 2, memoryBytes: 2 ** 40 }),
      sandbox: {
        run: async () => {
          most = Math.max(most, process.memoryUsage().rss);
          await new Promise((resolve) => setImmediate(resolve));
          return {
            exit: { code: 0, reason: "ok" },
            usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1, writtenBytes: 0 },
            denied: [],
          };
        },
      },
    }),
  );
  kernel.registerTools(tools);
  const run = (): Promise<unknown> => kernel.execute({ tool: "nothing", arguments: {}, principal: "user" }, { signal });
  for (let index = 0; index < 50; index++) await run();
  const before = process.memoryUsage().rss;
  most = before;
  const started = process.cpuUsage();
  const all = Array.from({ length: CROWD }, run);
  await Promise.all(all);
  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;
  const { user, system } = process.cpuUsage(started);
  const each = (user + system) / 1000 / CROWD;
  return `${megabytes(before)} before, ${megabytes(most)} at most; ${each.toFixed(1)} ms of processor time in the gate for each run`;
}
