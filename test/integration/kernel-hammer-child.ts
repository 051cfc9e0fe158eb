/**
 * One of several processes that keep runs in one state:
 *   node kernel-hammer-child.ts WORKSPACE STATE NAME RUNS
 * prints the id of each run once it is kept. The sandbox is none: what is tried out is the state.
 */
import process from "node:process";
import { discover } from "../../src/discovery/index.ts";
import { Kernel } from "../../src/kernel/index.ts";

const [, , workspace = "", stateFolder = "", name = "", runs = "0"] = process.argv;
const keep = process.env["TOKA_TEST_KEEP"];

const opened = Kernel.open({
  workspace,
  stateFolder,
  sandbox: {
    run: async (_request, { onStdout }) => {
      await onStdout(Buffer.from("hammered"));
      await new Promise((resolve) => setImmediate(resolve));
      return {
        exit: { code: 0, reason: "ok" },
        usage: { wallMs: 3, cpuMs: 1, peakMemoryBytes: 1000, writtenBytes: 0 },
        denied: [],
      };
    },
  },
  running: {
    cache: { maxMB: 0 },
    ...(keep === undefined ? {} : { history: { runs: Number(keep), maxMB: 100, days: 100 } }),
  },
});
if (!opened.ok) throw new Error(opened.problem.message);
using kernel = opened.value;
kernel.registerTools((await discover(workspace, { signal: AbortSignal.timeout(60_000) })).tools);
await Promise.all(
  Array.from({ length: Number(runs) }, async (_, index) => {
    const principal = index % 2 === 0 ? "user" : (`workflow:${name}` as const);
    const done = await kernel.execute(
      { tool: "flaky.py", arguments: {}, principal },
      { signal: new AbortController().signal },
    );
    if (!done.ok) throw new Error(`${done.problem.code}: ${done.problem.message}`);
    process.stdout.write(`${done.value.id}\n`);
  }),
);
