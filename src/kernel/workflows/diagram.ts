import type { PlannedStep, WorkflowStepStatus } from "../../model/index.ts";

/** Colours that can be told apart in light and dark themes, with what stands in front of the name for those who see none. */
const STATES: Readonly<Record<WorkflowStepStatus | "denied", { readonly style: string; readonly mark: string }>> = {
  waiting: { style: "stroke:#8a8a8a", mark: "" },
  running: { style: "stroke:#0a84ff,stroke-width:3px", mark: "▶ " },
  ok: { style: "stroke:#2ea043,stroke-width:2px", mark: "✓ " },
  failed: { style: "stroke:#e5534b,stroke-width:3px", mark: "✗ " },
  skipped: { style: "stroke:#8a8a8a,stroke-dasharray:4 4", mark: "– " },
  cancelled: { style: "stroke:#d29922,stroke-dasharray:4 4", mark: "■ " },
  denied: { style: "stroke:#e5534b,stroke-dasharray:6 3", mark: "⊘ " },
};

/** Mermaid's text: every character but letters, digits and blanks by its number, so that none of them means anything. */
function escaped(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} ]/gu, (char) => `#${char.codePointAt(0) ?? 0};`);
}

/**
 * The steps of a workflow as a Mermaid flowchart, with what each waits for.
 * @param states how steps stand; all wait when left out
 */
export function workflowDiagram(
  steps: readonly Pick<PlannedStep, "id" | "name" | "toolName" | "needs" | "forEach" | "denied" | "skipped">[],
  states: ReadonlyMap<string, WorkflowStepStatus> = new Map(),
): string {
  const numbers = new Map(steps.map(({ id }, index) => [id, index]));
  const lines = ["flowchart LR"];
  for (const [index, step] of steps.entries()) {
    const state = stateOf(step, states.get(step.id));
    const title = step.name ?? step.id;
    const second = title === step.toolName ? "" : `<br/>${escaped(step.toolName)}`;
    const times = step.forEach === undefined ? "" : `<br/>${escaped(timesText(step.forEach))}`;
    lines.push(`  s${index}["${escaped(STATES[state].mark + title)}${second}${times}"]:::${state}`);
  }
  for (const { id, needs } of steps) {
    for (const need of needs) if (numbers.has(need)) lines.push(`  s${numbers.get(need)} --> s${numbers.get(id)}`);
  }
  for (const [state, { style }] of Object.entries(STATES)) lines.push(`  classDef ${state} ${style}`);
  return `${lines.join("\n")}\n`;
}

function stateOf(
  { denied, skipped }: Pick<PlannedStep, "denied" | "skipped">,
  state: WorkflowStepStatus | undefined,
): WorkflowStepStatus | "denied" {
  if (state !== undefined) return state;
  if (denied !== undefined) return "denied";
  return skipped ? "skipped" : "waiting";
}

function timesText(forEach: number | string): string {
  return typeof forEach === "number" ? `${forEach} times` : "for each item";
}
