import type { CompiledStep } from "./compiled.ts";

/** Told of steps that wait for each other: the step at which that was seen, and the ids around the cycle. */
type OnCycle = (step: CompiledStep, ids: readonly string[]) => void;

/** Ids by wave: all that a step needs is in earlier ones. What is in a cycle, and what needs that, is in none. */
export function wavesOf(steps: readonly CompiledStep[], onCycle: OnCycle): readonly (readonly string[])[] {
  const known = new Map(steps.map((step) => [step.id, step]));
  const placed = new Map<string, number>();
  for (const step of steps) place(step, known, placed, [], onCycle);
  const count = Math.max(-1, ...placed.values()) + 1;
  return Array.from({ length: count }, (_, wave) => {
    return steps.map(({ id }) => id).filter((id) => placed.get(id) === wave);
  });
}

/** @param way the steps that led here; @returns the wave, or -1 in and behind a cycle */
function place(
  step: CompiledStep,
  known: ReadonlyMap<string, CompiledStep>,
  placed: Map<string, number>,
  way: readonly string[],
  onCycle: OnCycle,
): number {
  const before = placed.get(step.id);
  if (before !== undefined) return before;
  let wave = 0;
  for (const need of step.needs) {
    const needed = known.get(need);
    if (needed === undefined) continue;
    const cycle = [...way, step.id];
    if (cycle.includes(need)) {
      onCycle(step, [...cycle.slice(cycle.indexOf(need)), need]);
      wave = -1;
      break;
    }
    const earlier = place(needed, known, placed, cycle, onCycle);
    wave = earlier < 0 || wave < 0 ? -1 : Math.max(wave, earlier + 1);
  }
  placed.set(step.id, wave);
  return wave;
}
