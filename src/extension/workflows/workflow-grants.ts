import { l10n, type QuickPickItem, window } from "vscode";
import type { GrantRequest, Kernel } from "../../kernel/index.ts";
import { CapabilityName, ok, type Result, type WorkflowPlan } from "../../model/index.ts";
import { askHosts } from "../run/confirm.ts";
import { deniedOfStep } from "../text/denied.ts";
import type { WorkflowFile } from "./workflow-files.ts";

type PlannedStep = WorkflowPlan["steps"][number];

/** What a workflow lacks, and whether the person wants to give it. */
interface LackingItem extends QuickPickItem {
  readonly step: PlannedStep;
  readonly capability: CapabilityName;
}

/** The capabilities that a plan lacks grants for; what else denies a step cannot be granted. */
function lacking({ steps }: WorkflowPlan): { readonly step: PlannedStep; readonly capability: CapabilityName }[] {
  return steps.flatMap((step) => {
    const name = CapabilityName.safeParse(step.denied?.capability);
    return name.success ? [{ step, capability: name.data }] : [];
  });
}

/** There is something that a person can give the workflow a grant for. */
export function canAllow(plan: WorkflowPlan): boolean {
  return lacking(plan).length > 0;
}

/**
 * Gives a workflow what its plan lacks: the person chooses what, and for how long. Where the code does not say which
 * files, the workspace folder is meant; where it does not say which hosts, they are asked.
 * @returns whether anything was granted
 */
export async function allowLacking(
  file: WorkflowFile,
  plan: WorkflowPlan,
  grants: Pick<Kernel["grants"], "allow">,
): Promise<Result<boolean>> {
  const chosen = await window.showQuickPick(
    lacking(plan).map(({ step, capability }): LackingItem => {
      const description = deniedOfStep(plan, step.id, l10n.t) ?? "";
      return { label: step.toolName, description, picked: true, step, capability };
    }),
    {
      canPickMany: true,
      title: l10n.t("Allow the Workflow {0}", plan.workflow),
      placeHolder: l10n.t("What may it do? It holds for any workflow with this name."),
      ignoreFocusOut: true,
    },
  );
  if (chosen === undefined || chosen.length === 0) return ok(false);
  const held = await window.showQuickPick(
    [
      { label: l10n.t("This session"), duration: "session" as const },
      { label: l10n.t("Until it is revoked or the tool changes"), duration: "always" as const },
    ],
    {
      title: l10n.t("Allow the Workflow {0}", plan.workflow),
      placeHolder: l10n.t("For how long? It is listed under Grants."),
      ignoreFocusOut: true,
    },
  );
  if (held === undefined) return ok(false);
  for (const item of chosen) {
    const request = await requestFor(file, plan, item, held.duration);
    if (request === undefined) return ok(false);
    const granted = grants.allow(request);
    if (!granted.ok) return granted;
  }
  return ok(true);
}

async function requestFor(
  file: WorkflowFile,
  { principal }: WorkflowPlan,
  { step, capability }: LackingItem,
  duration: "session" | "always",
): Promise<GrantRequest | undefined> {
  const { HOST_CAPABILITIES, PATH_CAPABILITIES } = await import("../../kernel/index.ts");
  const scope = step.capabilities.find(({ name }) => name === capability)?.scope;
  const common = { tool: step.tool, principal, capability, duration };
  const approved = step.fingerprint === undefined ? common : { ...common, approved: step.fingerprint };
  if (PATH_CAPABILITIES.has(capability) && (scope?.paths ?? []).length === 0) {
    return { ...approved, paths: [file.folder.uri.fsPath] };
  }
  if (HOST_CAPABILITIES.has(capability) && (scope?.hosts ?? []).length === 0) {
    const hosts = await askHosts(step.toolName);
    return hosts === undefined ? undefined : { ...approved, hosts };
  }
  return approved;
}
