import {
  activeParameters,
  type Capability,
  coerceArguments,
  type Limits,
  type Parameter,
  type PlannedStep,
  type Principal,
  pickedSubcommand,
  type Result,
  type SandboxConfig,
  type Tool,
  type ToolArguments,
  valueShape,
  type WorkflowCapability,
  type WorkflowPlan,
} from "../../model/index.ts";
import type { Plan, RunRequest } from "../request.ts";
import { type Compiled, type CompiledStep, type CompiledWorkflow, expressionsIn } from "./compiled.ts";
import { workflowDiagram } from "./diagram.ts";
import { type Expression, isList, type Json, partsOf } from "./expressions/index.ts";
import { RunScope } from "./scope.ts";
import { resolveArguments, resolveTemplate, resolveValue } from "./values.ts";

export type PlanStep = (request: RunRequest) => Result<Plan>;

/** Everything that a workflow would do, before it does anything. */
export function planWorkflow(compiled: CompiledWorkflow, inputs: ToolArguments, planStep: PlanStep): WorkflowPlan {
  const { source, waves } = compiled;
  const principal: Principal = `workflow:${source.name}`;
  const scope = (): RunScope => new RunScope({ inputs, workflow: { name: source.name, run: "" }, steps: new Map() });
  const waveOf = new Map(waves.flatMap((ids, wave) => ids.map((id) => [id, wave] as const)));
  const steps = compiled.steps.map((step) => plannedStep(step, waveOf.get(step.id) ?? 0, scope, planStep, principal));
  const policies = steps.flatMap(({ policy }) => policy ?? []);
  const all = <T>(find: (policy: SandboxConfig) => readonly T[]): T[] => [...new Set(policies.flatMap(find))];
  const most = (find: (policy: SandboxConfig) => number): number => Math.max(0, ...policies.map(find));
  return {
    file: source.file,
    workflow: source.name,
    ...(source.description === undefined ? {} : { description: source.description }),
    principal,
    inputs,
    waves: waves.map((ids) => [...ids]),
    steps,
    capabilities: unionOf(steps),
    hosts: all(({ network }) => (network.mode === "none" ? [] : network.hosts)),
    askedHosts: [...new Set(steps.flatMap(({ asked }) => asked.hosts))],
    writablePaths: all(({ writablePaths }) => writablePaths),
    askedPaths: [...new Set(steps.flatMap(({ asked }) => asked.writablePaths))],
    limits: {
      memoryBytes: most(({ memoryBytes }) => memoryBytes),
      timeMs: longestChain(steps),
      cpuPercent: most(({ cpuPercent }) => cpuPercent),
      processes: most(({ processes }) => processes),
    },
    denied: steps.flatMap(({ id, denied }) => (denied === undefined ? [] : [{ step: id, ...denied }])),
    mermaid: workflowDiagram(steps),
    problems: [...compiled.problems],
  };
}

/** A value is known when nothing in it is about steps, items or this very run. */
function isKnown(expression: Expression): boolean {
  return [...partsOf(expression)].every((part) => {
    if (part.kind === "call") return !["always", "failed", "succeeded"].includes(part.name);
    if (part.kind === "member" && part.object.kind === "name" && part.object.name === "workflow") {
      return part.key.kind === "literal" && part.key.value === "name";
    }
    return part.kind !== "name" || part.name === "inputs" || part.name === "workflow";
  });
}

function allKnown(value: Compiled): boolean {
  return [...expressionsIn(value)].every(isKnown);
}

function plannedStep(
  step: CompiledStep,
  wave: number,
  scope: () => RunScope,
  planStep: PlanStep,
  principal: Principal,
): PlannedStep {
  const { tool, condition, forEach } = step;
  const known = new Map([...step.arguments].filter(([, value]) => allKnown(value)));
  const resolved = resolveArguments(known, scope());
  const given = coerceArguments(tool, resolved.ok ? resolved.value : {});
  const unknown = [...step.arguments.keys()].filter((name) => !known.has(name));
  const { timeoutSeconds } = step.step;
  const limits: Partial<Limits> =
    timeoutSeconds === undefined ? {} : { timeMs: Math.max(1, Math.round(timeoutSeconds * 1000)) };
  const sampled = { ...given, ...samples(tool, given, unknown) };
  const planned = planStep({ tool: tool.id, arguments: sampled, principal, limits });
  const plan = planned.ok ? planned.value : undefined;
  const shown = [...step.arguments].map(([name, value]) => [name, given[name] ?? sourceOf(value)] as const);
  return {
    id: step.id,
    ...(step.step.name === undefined ? {} : { name: step.step.name }),
    line: step.line,
    tool: tool.id,
    toolName: tool.name,
    ...(plan === undefined ? {} : { fingerprint: plan.fingerprint }),
    wave,
    needs: [...step.needs],
    ...plannedCondition(condition, scope()),
    ...(forEach === undefined ? {} : { forEach: itemCount(forEach, scope()) }),
    ...(plan === undefined || unknown.length > 0 ? {} : { argv: [...plan.argv] }),
    arguments: Object.fromEntries(shown),
    unknown,
    ...(plan === undefined ? {} : { policy: plan.policy }),
    capabilities: [...tool.capabilities],
    ...(plan?.denied === undefined ? {} : { denied: plan.denied }),
    asked: asked(plan),
    ...(planned.ok ? {} : { problem: planned.problem.message }),
  };
}

/** A condition that is not known yet, or whether the step is known to be skipped. */
function plannedCondition(condition: CompiledStep["condition"], scope: RunScope): Pick<PlannedStep, "if" | "skipped"> {
  if (condition === undefined) return { skipped: false };
  if (!allKnown({ kind: "template", ...condition })) return { if: condition.text, skipped: false };
  const decided = resolveTemplate(condition.template, scope);
  return { skipped: decided.ok && decided.value === false };
}

function asked(plan: Plan | undefined): PlannedStep["asked"] {
  const { writablePaths = [], hosts = [] } = plan?.asked ?? {};
  return { writablePaths: [...writablePaths], hosts: [...hosts] };
}

function itemCount(forEach: Compiled, scope: RunScope): number | string {
  const value = allKnown(forEach) ? resolveValue(forEach, scope) : undefined;
  if (value?.ok === true && isList(value.value)) return value.value.length;
  return forEach.kind === "template" ? forEach.text : "…";
}

/** A value as it is written in the file. */
function sourceOf(value: Compiled): Json {
  switch (value.kind) {
    case "literal":
      return value.value;
    case "template":
      return value.text;
    case "list":
      return value.items.map(sourceOf);
    case "record":
      return Object.fromEntries(value.entries.map(([key, item]) => [key, sourceOf(item)]));
  }
}

/** Values in the place of those that are not known yet, so that all that does not depend on them can be told. */
function samples(tool: Tool, given: ToolArguments, unknown: readonly string[]): ToolArguments {
  const parameters = activeParameters(tool, pickedSubcommand(given));
  const sampled: ToolArguments = {};
  for (const name of unknown) {
    const parameter = parameters.find((candidate) => candidate.name === name);
    if (parameter !== undefined) sampled[name] = sampleOf(parameter);
  }
  return sampled;
}

function sampleOf(parameter: Parameter): Json {
  const { many, min, item } = valueShape(parameter);
  const one = parameter.choices?.[0] ?? SAMPLES[item ?? "string"];
  return many ? Array.from({ length: Math.max(1, min) }, () => one) : one;
}

const SAMPLES: Readonly<Record<NonNullable<Parameter["type"]>, Json>> = {
  string: "x",
  integer: 1,
  number: 1,
  boolean: true,
  array: [],
  object: {},
};

/** Each capability once, with the evidence of all steps that have it. */
function unionOf(steps: readonly PlannedStep[]): WorkflowCapability[] {
  const union = new Map<string, WorkflowCapability>();
  for (const { id, capabilities } of steps) {
    for (const capability of capabilities) {
      const before = union.get(capability.name);
      union.set(
        capability.name,
        before === undefined ? { ...capability, steps: [id] } : joined(before, capability, id),
      );
    }
  }
  return [...union.values()];
}

function joined(before: WorkflowCapability, { evidence, scope }: Capability, step: string): WorkflowCapability {
  const known = new Set(before.evidence.map((one) => JSON.stringify(one)));
  const lists = (["hosts", "paths", "programs"] as const).flatMap((name) => {
    const values = [...new Set([...(before.scope?.[name] ?? []), ...(scope?.[name] ?? [])])];
    return values.length === 0 ? [] : [[name, values] as const];
  });
  return {
    ...before,
    evidence: [...before.evidence, ...evidence.filter((one) => !known.has(JSON.stringify(one)))],
    ...(lists.length === 0 ? {} : { scope: Object.fromEntries(lists) }),
    steps: before.steps.includes(step) ? before.steps : [...before.steps, step],
  };
}

/** The time of the slowest way through the steps, when each takes all that it may. */
function longestChain(steps: readonly PlannedStep[]): number {
  const ends = new Map<string, number>();
  for (const { id, needs, policy } of steps.toSorted((one, other) => one.wave - other.wave)) {
    const begins = Math.max(0, ...needs.map((need) => ends.get(need) ?? 0));
    ends.set(id, begins + (policy?.timeMs ?? 0));
  }
  return Math.max(0, ...ends.values());
}
