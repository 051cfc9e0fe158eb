import type { EnforcementReport } from "../../model/index.ts";
import { parseBackend } from "../backend.ts";
import type { Context } from "../context.ts";
import { openSandbox } from "../context.ts";
import { EXIT } from "../exit-codes.ts";

export interface DoctorOptions {
  readonly json?: true;
  readonly backend: string;
  readonly image?: string;
}

const HOLDERS = {
  cgroup: "; held by the kernel, in the run's cgroup",
  watch: "; held by the supervisor's watch",
  unknown: "",
} as const;

const SUPERVISORS = {
  native: "native, a program of its own",
  python: "helper.py, by Python, which takes about 8 ms more to start",
} as const;

/** `toka doctor`: what this machine's sandbox enforces, found by trying. */
export async function doctorCommand(options: DoctorOptions, context: Context): Promise<number> {
  const backend = parseBackend(options.backend);
  if (!backend.ok) {
    context.console.problem(backend.problem);
    return EXIT.wrongUse;
  }
  const report = await openSandbox(context.environment, backend.value, options.image).probe(context.signal);
  await (options.json ? context.console.json(report) : tell(report, context));
  return report.backend === undefined ? EXIT.notEnforceable : EXIT.done;
}

async function tell(report: EnforcementReport, context: Context): Promise<void> {
  await context.console.line(`Platform: ${report.platform}. Backend: ${report.backend ?? "none that isolates"}.`);
  if (report.supervisor !== undefined) await context.console.line(`Supervisor: ${SUPERVISORS[report.supervisor]}`);
  for (const mechanism of report.mechanisms) {
    const mark = mechanism.enforced ? "yes" : "NO ";
    await context.console.line(`${mark}  ${mechanism.mechanism}: ${mechanism.protects}`);
    await context.console.line(`     ${mechanism.probe}${HOLDERS[mechanism.by ?? "unknown"]}`);
    if (!mechanism.enforced && mechanism.advice !== undefined) await context.console.line(`     → ${mechanism.advice}`);
  }
  await context.console.line("Other backends, for --backend:");
  for (const other of report.others ?? []) {
    await context.console.line(`${other.available ? "yes" : "NO "}  ${other.backend}: ${other.about}`);
  }
}
