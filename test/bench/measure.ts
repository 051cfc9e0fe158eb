import { cpuUsage } from "node:process";

/** Figures of one contestant over all rounds, in milliseconds. */
export interface Figures {
  readonly name: string;
  readonly samples: readonly number[];
}

/** One thing to time; gives back the milliseconds that count (its own measure, or nothing for the wall time). */
export interface Contestant {
  readonly name: string;
  // biome-ignore lint/suspicious/noConfusingVoidType: a contestant without a measure of its own simply returns nothing.
  run(): Promise<number | void> | number | void;
}

/**
 * Times contestants in turn (A B C A B C …), so that all of them meet the machine's slow and fast phases alike.
 * @param rounds counted rounds
 * @param uncounted rounds before them
 */
export async function interleave(
  contestants: readonly Contestant[],
  rounds: number,
  uncounted = 1,
): Promise<Figures[]> {
  const samples = contestants.map((): number[] => []);
  for (let round = -uncounted; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const before = performance.now();
      const own = await contestant.run();
      const milliseconds = typeof own === "number" ? own : performance.now() - before;
      if (round >= 0) samples[index]?.push(milliseconds);
    }
  }
  return contestants.map(({ name }, index) => ({ name, samples: samples[index] ?? [] }));
}

/** Milliseconds of processor time (user and system) that a synchronous task took in this process. */
export function cpuTime(task: () => void): number {
  const before = cpuUsage();
  task();
  const { user, system } = cpuUsage(before);
  return (user + system) / 1000;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}

/**
 * A table with each contestant's minimum, median and maximum, and its ratio to the first one: the median of the
 * ratios round by round.
 */
export function table(figures: readonly Figures[], unit = "ms"): string {
  const reference = figures[0];
  const rows = figures.map(({ name, samples }) => {
    const ratios = samples.map((value, round) => value / (reference?.samples[round] ?? Number.NaN));
    return [name, Math.min(...samples), median(samples), Math.max(...samples), median(ratios)] as const;
  });
  const width = Math.max(...rows.map(([name]) => name.length), 10);
  const head = `${"".padEnd(width)} ${["min", "median", "max"].map((word) => `${word} ${unit}`.padStart(12)).join("")}${"ratio".padStart(9)}`;
  const lines = rows.map(
    ([name, low, middle, high, ratio]) =>
      `${name.padEnd(width)} ${[low, middle, high].map((value) => value.toFixed(1).padStart(12)).join("")}${`${ratio.toFixed(2)}×`.padStart(9)}`,
  );
  return [head, ...lines].join("\n");
}
