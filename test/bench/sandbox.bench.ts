import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { compileConfig, Sandbox } from "../../src/sandbox/index.ts";
import { interleave, table } from "./measure.ts";

const ROUNDS = 25;
const SCRIPT = ["-I", "-S", "-c", "pass"];
const ignore = () => undefined;
const BARE_BWRAP = ["--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--die-with-parent"];

/** What a run costs before the tool does anything, next to a bare interpreter and to bubblewrap alone. */
export default async function sandboxStart(): Promise<string> {
  const signal = new AbortController().signal;
  const sandbox = new Sandbox({ helperPath: new URL("../../src/sandbox/helper.py", import.meta.url).pathname });
  const report = await sandbox.probe(signal);
  if (!report.backend) return "skipped: this machine has no sandbox backend (see `toka doctor`)";
  // The interpreter itself: what PATH has may be a shim that costs more than all that is measured here.
  const { stdout: python } = await execa("python3", ["-c", "import sys; print(sys.executable)"]);
  const workspace = await mkdtemp(join(tmpdir(), "toka-bench-"));
  try {
    const config = compileConfig({ category: "analysis", workspace });
    const figures = await interleave(
      [
        { name: "python3 -c pass", run: async () => void (await execa(python, SCRIPT)) },
        {
          name: "the same under plain bwrap",
          run: async () => void (await execa("/usr/bin/bwrap", [...BARE_BWRAP, python, ...SCRIPT])),
        },
        {
          name: "the same in the sandbox",
          run: async () => {
            const outcome = await sandbox.run(
              { argv: ["python", ...SCRIPT], cwd: workspace, config, environment: process.env },
              { signal, onStdout: ignore, onStderr: ignore, onEvent: ignore },
            );
            if (outcome.exit.reason !== "ok") throw new Error(`the run ended with ${outcome.exit.reason}`);
          },
        },
      ],
      ROUNDS,
    );
    return table(figures);
  } finally {
    await rm(workspace, { recursive: true });
  }
}
