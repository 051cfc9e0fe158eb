import { CapabilityName, type Execution, type WorkflowPlan, type WorkflowStepReport } from "../../model/index.ts";
import { capabilityTitle } from "./capability.ts";
import type { Translate } from "./translate.ts";

/**
 * What was not allowed: the capability in words with the line that shows it, `deletes files (tools/prune.py:12)`. Without
 * such a line it is told as the gate tells it.
 */
export function deniedText({ capability, message, evidence }: NonNullable<Execution["denied"]>, t: Translate): string {
  const name = CapabilityName.safeParse(capability);
  if (!name.success || evidence === undefined) return message;
  return t("{0} ({1}:{2})", capabilityTitle(name.data, t), evidence.file, evidence.line);
}

/** What a step of a plan will be denied, in words; nothing when it will not be. */
export function deniedOfStep({ steps }: Pick<WorkflowPlan, "steps">, id: string, t: Translate): string | undefined {
  const step = steps.find((one) => one.id === id);
  if (step?.denied === undefined) return undefined;
  const { capability } = step.denied;
  const evidence = step.capabilities.find(({ name }) => name === capability)?.evidence[0];
  return deniedText({ ...step.denied, ...(evidence === undefined ? {} : { evidence }) }, t);
}

/** What a step was denied, in words; nothing when that is not why it ended. */
export function whyDenied(
  plan: Pick<WorkflowPlan, "steps">,
  { id, runs }: Pick<WorkflowStepReport, "id" | "runs">,
  t: Translate,
): string | undefined {
  return runs.at(-1)?.reason === "denied" ? deniedOfStep(plan, id, t) : undefined;
}
