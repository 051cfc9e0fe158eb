/**
 * Run inside a machine: whether the sandbox is what it says there, and whether that holds. What `toka doctor` finds has to be
 * what is expected; a run has to be held by that, or refused; and then every tier that there is has to withstand the attacks.
 *
 *   node test/machines/inside.ts A|B|AB|none [ARGUMENT OF THE ATTACKS…]
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { execa } from "execa";
import * as z from "zod";
import { EnforcementReport } from "../../src/model/index.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CLI = join(ROOT, "src/cli/main.ts");
const REFUSED = 4;

const [wanted, ...rest] = process.argv.slice(2);
const tiers = z.enum(["A", "B", "AB", "none"]).parse(wanted);
const expected = tiers === "none" ? "none" : tiers === "B" ? "landlock" : "bwrap";
const failures: string[] = [];

const python = await execa("python3", ["--version"]);
console.log(`kernel ${release()}, ${python.stdout}, ${await bubblewrap()}, user ${process.getuid?.()}`);
console.log(`security modules: ${securityModules()}`);

const doctor = await execa(process.execPath, [CLI, "doctor", "--json"], { cwd: ROOT, reject: false });
const report = EnforcementReport.parse(JSON.parse(doctor.stdout));
const found = report.backend ?? "none";
const lacking = report.mechanisms.filter(({ enforced }) => !enforced);
console.log(
  `doctor: ${found}; not enforced: ${lacking.map(({ mechanism, probe }) => `${mechanism} (${probe})`).join("; ") || "nothing"}`,
);
for (const advice of new Set(lacking.flatMap((mechanism) => mechanism.advice ?? [])))
  console.log(`doctor advises: ${advice}`);
if (found !== expected) failures.push(`doctor finds ${found} instead of ${expected}`);

const workspace = await mkdtemp(join(tmpdir(), "toka-inside-"));
try {
  const program = "import os; print('came up', open('/proc/self/status').read().count('Seccomp:\\t2'))";
  const run = await execa(process.execPath, [CLI, "exec", "--", "python3", "-c", program], {
    cwd: workspace,
    reject: false,
  });
  console.log(`exec: ${run.exitCode} ${run.stdout} ${run.stderr}`.trim());
  const held = run.exitCode === 0 && run.stdout === "came up 1";
  if (expected === "none" ? run.exitCode !== REFUSED || run.stdout !== "" : !held) {
    failures.push(
      expected === "none" ? "a run that nothing holds was not refused" : "a run did not come up in the sandbox",
    );
  }
} finally {
  await rm(workspace, { recursive: true, force: true });
}

if (expected !== "none") {
  const options = [...[...tiers].flatMap((tier) => ["--tier", tier]), ...rest];
  const attacks = await execa(process.execPath, [join(ROOT, "test/attacks/run.ts"), ...options], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    reject: false,
  });
  if (attacks.exitCode !== 0) failures.push("the attacks found something");
}

for (const failure of failures) console.log(`WRONG    ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function bubblewrap(): Promise<string> {
  const { stdout, failed } = await execa("bwrap", ["--version"], { reject: false });
  return failed ? "no bubblewrap" : String(stdout);
}

function securityModules(): string {
  try {
    return readFileSync("/sys/kernel/security/lsm", "utf8").trim();
  } catch {
    return "not told";
  }
}
