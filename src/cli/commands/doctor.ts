import type { Context } from "../context.ts";
import { openSandbox } from "../context.ts";
import { EXIT } from "../exit-codes.ts";

/** `toka doctor`: what this machine's sandbox enforces, found by trying. */
export async function doctorCommand(options: { readonly json?: true }, context: Context): Promise<number> {
  const report = await openSandbox().probe(context.signal);
  const code = report.backend === undefined ? EXIT.notEnforceable : EXIT.done;
  if (options.json) {
    await context.console.json(report);
    return code;
  }
  await context.console.line(`Platform: ${report.platform}. Backend: ${report.backend ?? "none"}.`);
  for (const mechanism of report.mechanisms) {
    const mark = mechanism.enforced ? "yes" : "NO ";
    await context.console.line(`${mark}  ${mechanism.mechanism}: ${mechanism.protects}`);
    await context.console.line(`     ${mechanism.probe}`);
    if (!mechanism.enforced && mechanism.advice !== undefined) await context.console.line(`     → ${mechanism.advice}`);
  }
  return code;
}
