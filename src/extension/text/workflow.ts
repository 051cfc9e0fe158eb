import type {
  WorkflowPlan,
  WorkflowReport,
  WorkflowRunRecord,
  WorkflowRunStatus,
  WorkflowStepStatus,
} from "../../model/index.ts";
import { bySeverity, capabilityTitle } from "./capability.ts";
import { shownCommand } from "./confirm.ts";
import { deniedOfStep, whyDenied } from "./denied.ts";
import { escapeHtml } from "./html.ts";
import { principalText } from "./principal.ts";
import { ageText, bytesText, durationText } from "./quantity.ts";
import type { Translate } from "./translate.ts";

/** So many commands are shown in the question; the plan has them all. */
const SHOWN_STEPS = 8;

/** All that a person should know before a workflow runs; plain text, one fact a line. */
export function workflowDetail(plan: WorkflowPlan, t: Translate): string {
  const shown = plan.steps.slice(0, SHOWN_STEPS).map((step) => {
    const command = step.argv === undefined ? step.toolName : shownCommand(step.argv);
    return `  ${step.wave + 1}. ${step.id}: ${step.skipped ? t("skipped") : command}`;
  });
  const more = plan.steps.length - shown.length;
  const capabilities = bySeverity(plan.capabilities).map(({ name }) => capabilityTitle(name, t));
  const { limits } = plan;
  return [
    t("{0} steps in {1} waves:", plan.steps.length, plan.waves.length),
    ...shown,
    ...(more > 0 ? [t("  and {0} more", more)] : []),
    "",
    ...plan.denied.map(({ step, message }) =>
      t("Will be denied: {0}: {1}", step, deniedOfStep(plan, step, t) ?? message),
    ),
    ...plan.steps.flatMap(({ id, problem }) => (problem === undefined ? [] : [`${id}: ${problem}`])),
    capabilities.length === 0
      ? t("What its steps can do: nothing was seen in their code")
      : t("What its steps can do: {0}", capabilities.join(", ")),
    plan.hosts.length === 0 ? t("Network: none") : t("Network: only {0}", plan.hosts.join(", ")),
    plan.writablePaths.length === 0
      ? t("Files: nothing in the workspace can be changed")
      : t("Files: can be changed: {0}", plan.writablePaths.join(", ")),
    t(
      "Limits of a step: {0} of memory, {1} % of a core, {2} processes; {3} for all steps",
      bytesText(limits.memoryBytes),
      limits.cpuPercent,
      limits.processes,
      durationText(limits.timeMs),
    ),
    t("Grants that count: those of {0}, and none of yours", principalText(plan.principal, t)),
  ].join("\n");
}

/** The runs that can be gone on with: none that went well, and none that is under way. */
export function resumableRuns(runs: readonly WorkflowRunRecord[]): WorkflowRunRecord[] {
  return runs.filter(({ status }) => status !== "ok" && status !== "running");
}

/** A run as a choice of a list: when it began, how it ended and how far it came, with which inputs. */
export function runChoice(
  { startedAt, status, steps, inputs }: WorkflowRunRecord,
  now: number,
  t: Translate,
): { readonly label: string; readonly description: string; readonly detail: string } {
  const words: Readonly<Record<WorkflowRunStatus, string>> = {
    running: t("running"),
    ok: t("finished"),
    failed: t("failed"),
    cancelled: t("stopped"),
    interrupted: t("interrupted"),
  };
  const finished = new Set(steps.filter((step) => step.status === "ok").map(({ id }) => id)).size;
  return {
    label: ageText(now - Date.parse(startedAt), t),
    description: `${words[status]} · ${finished === 1 ? t("1 step finished") : t("{0} steps finished", finished)}`,
    detail: Object.entries(inputs)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name} = ${typeof value === "string" ? value : JSON.stringify(value)}`)
      .join(", "),
  };
}

const OUTPUTS_STYLE = `
body { font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); color: var(--vscode-foreground); padding: 0 20px 20px; max-width: 60em; }
h1 { font-size: 1.4em; font-weight: 600; }
dt { font-weight: 600; margin-top: 1em; }
dd { margin: 0.3em 0 0; }
pre { font-family: var(--vscode-editor-font-family); white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
`;

/** What a workflow gave, as a page: texts as they are, everything else as JSON. */
export function outputsPage({ workflow, outputs }: Pick<WorkflowReport, "workflow" | "outputs">, t: Translate): string {
  const items = Object.entries(outputs).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
    return `<dt>${escapeHtml(name)}</dt><dd><pre>${escapeHtml(text)}</pre></dd>`;
  });
  return `<style>${OUTPUTS_STYLE}</style><h1>${escapeHtml(t("Outputs of {0}", workflow))}</h1><dl>${items.join("")}</dl>`;
}

/**
 * How a workflow ended, in one sentence.
 * @param plan what it was going to do, for the words of what was denied
 */
export function workflowSentence(
  { workflow, status, steps, message }: WorkflowReport,
  plan: Pick<WorkflowPlan, "steps">,
  t: Translate,
): string {
  const bad = steps.find((step) => step.status === "failed");
  const why = message ?? bad?.message ?? "";
  switch (status) {
    case "ok":
      return steps.length === 1
        ? t("{0}: its step ended well", workflow)
        : t("{0}: all {1} steps ended well", workflow, steps.length);
    case "cancelled":
      return t("{0}: stopped", workflow);
    default: {
      if (bad === undefined) return t("{0}: failed: {1}", workflow, why);
      const denied = whyDenied(plan, bad, t);
      return denied === undefined
        ? t("{0}: {1} failed: {2}", workflow, bad.id, why)
        : t("{0}: {1} was not allowed: {2}", workflow, bad.id, denied);
    }
  }
}

/** A step's state in a word. */
export function stepStatusText(status: WorkflowStepStatus, reused: boolean, t: Translate): string {
  const words: Readonly<Record<WorkflowStepStatus, string>> = {
    waiting: t("waiting"),
    running: t("running"),
    ok: reused ? t("finished before") : t("finished"),
    failed: t("failed"),
    skipped: t("skipped"),
    cancelled: t("stopped"),
  };
  return words[status];
}

/** Codicon and theme colour of a step's state. */
export function stepIcon(status: WorkflowStepStatus): { readonly icon: string; readonly color: string } {
  const icons: Readonly<Record<WorkflowStepStatus, readonly [string, string]>> = {
    waiting: ["circle-outline", "foreground"],
    running: ["loading~spin", "charts.blue"],
    ok: ["pass", "testing.iconPassed"],
    failed: ["error", "testing.iconFailed"],
    skipped: ["debug-step-over", "testing.iconSkipped"],
    cancelled: ["circle-slash", "testing.iconSkipped"],
  };
  const [icon, color] = icons[status];
  return { icon, color };
}
