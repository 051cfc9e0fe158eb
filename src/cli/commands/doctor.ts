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

/** `toka doctor`: what this machine's sandbox enforces, found by trying. */
export async function doctorCommand(options: DoctorOptions, context: Context): Promise<number> {
  const backend = parseBackend(options.backend);
  if (!backend.ok) {
    context.console.problem(backend.problem);
    return EXIT.wrongUse;
  }
  const report = await openSandbox(backend.value, options.image).probe(context.signal);
  const code = report.backend === undefined ? EXIT.notEnforceable : EXIT.done;
  if (options.json) {
    await context.console.json(report);
    return code;
  }
  await context.console.line(`Platform: ${report.platform}. Backend: ${report.backend ?? "none that isolates"}.`);
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
  return code;
}
