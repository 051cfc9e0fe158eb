import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { compileConfig, Sandbox, type SandboxRequest } from "../../src/sandbox/index.ts";
import { nativeHelper, PYTHON_HELPER } from "../support/native-helper.ts";
import { type Contestant, interleave, table } from "./measure.ts";

const ROUNDS = 25;
const SCRIPT = ["-c", "pass"];
const ignore = () => undefined;
const BARE_BWRAP = ["--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--die-with-parent"];
const BACKENDS = [
  { backend: "bwrap", tier: "tier A" },
  { backend: "landlock", tier: "tier B" },
] as const;
/** What is measured of each tier: the supervisor that is taken cold and warm, the other one cold. */
const WAYS = [
  { helper: "native", ready: 0 },
  { helper: "native", ready: 1 },
  { helper: "python", ready: 0 },
] as const;

/**
 * What a run costs before the tool does anything, next to a bare interpreter and to bubblewrap alone. A warm run takes a
 * sandbox that has come up meanwhile; making the next one ready is no part of its time.
 */
export default async function sandboxStart(): Promise<string> {
  const signal = new AbortController().signal;
  const python = await findPython();
  const workspace = await mkdtemp(join(tmpdir(), "toka-bench-"));
  const config = compileConfig({ category: "analysis", workspace });
  const notes = [`The interpreter is ${python}.`];
  const contestants: Contestant[] = [
    { name: "python3 -c pass", run: async () => void (await execa(python, SCRIPT)) },
    {
      name: "the same under plain bwrap",
      run: async () => void (await execa("/usr/bin/bwrap", [...BARE_BWRAP, python, ...SCRIPT])),
    },
  ];
  const sandboxes: Sandbox[] = [];
  const native = await nativeHelper();
  const ways =
    native === undefined
      ? ([
          { helper: "python", ready: 0 },
          { helper: "python", ready: 1 },
        ] as const)
      : WAYS;
  for (const { backend, tier } of BACKENDS) {
    for (const { helper, ready } of ways) {
      const sandbox = new Sandbox({ helperPath: native ?? PYTHON_HELPER, helper, backend, warm: { ready } });
      const { backend: holds } = await sandbox.probe(signal);
      if (holds === undefined) {
        notes.push(`skipped: ${backend} does not come up here (see \`toka doctor\`)`);
        continue;
      }
      sandboxes.push(sandbox);
      const request = { argv: ["python", ...SCRIPT], cwd: workspace, config, environment: process.env };
      contestants.push({
        name: `the same in ${tier}${helper === "python" ? ", helper.py" : ""}${ready > 0 ? ", warm" : ""}`,
        run: async () => await start(sandbox, { ...request, interpreter: python }, ready > 0),
      });
    }
  }
  try {
    return [table(await interleave(contestants, ROUNDS)), ...notes].join("\n");
  } finally {
    await Promise.all(sandboxes.map((sandbox) => sandbox.dispose()));
    await rm(workspace, { recursive: true });
  }
}

/** Milliseconds of one run. The next contestant does not run beside the making of what is kept ready. */
async function start(sandbox: Sandbox, request: SandboxRequest, isWarm: boolean): Promise<number> {
  const { signal } = new AbortController();
  const quiet = { signal, onStdout: ignore, onStderr: ignore, onEvent: ignore };
  if (isWarm && (await sandbox.ready()) === 0) await sandbox.run(request, quiet);
  await sandbox.ready();
  const begun = performance.now();
  const { exit, warm = false } = await sandbox.run(request, quiet);
  const milliseconds = performance.now() - begun;
  await sandbox.ready();
  if (exit.reason !== "ok") throw new Error(`the run ended with ${exit.reason}: ${exit.message}`);
  if (warm !== isWarm) throw new Error(`a run that was to be ${isWarm ? "warm" : "cold"} was not`);
  return milliseconds;
}

/** The system's interpreter: what PATH has may be a shim, or start slowly by itself, which would flatter the ratios. */
async function findPython(): Promise<string> {
  const system = "/usr/bin/python3";
  const isThere = await access(system).then(
    () => true,
    () => false,
  );
  if (isThere) return system;
  const { stdout } = await execa("python3", ["-c", "import sys; print(sys.executable)"]);
  return stdout;
}
