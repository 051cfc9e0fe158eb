import { readdirSync, readFileSync } from "node:fs";

/** Processes of the machine whose command line holds a text. */
export function processesWith(marker: string): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/cmdline`).includes(marker));
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // gone, or nothing that may be looked at
  }
}

const PAGE = 4096;
const TICKS = 100;
const EVERY_MS = 40;

/** Looks at a run's processes from outside, again and again: memory (shared pages once), tasks and CPU. */
export class Watch {
  readonly #marker: string;
  readonly #timer: NodeJS.Timeout;
  readonly #cpu = new Map<string, number>();
  #before = 0;
  peakMemory = 0;
  peakTasks = 0;

  constructor(marker: string) {
    this.#marker = marker;
    this.#timer = setInterval(() => this.look(), EVERY_MS);
  }

  /** From here on CPU counts: a sandbox that was made ready has used some. */
  begin(): void {
    this.look();
    this.#before += this.cpuSeconds;
  }

  /** Seconds of CPU of every process that was seen, each as it was seen last; of the supervisor, too, where it names the command. */
  get cpuSeconds(): number {
    return [...this.#cpu.values()].reduce((sum, ticks) => sum + ticks, 0) / TICKS - this.#before;
  }

  look(): void {
    let [memory, tasks] = [0, 0];
    for (const pid of processesWith(this.#marker)) {
      const stat = read(`/proc/${pid}/stat`);
      if (stat === "") continue;
      const fields = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .map(Number);
      const share = /^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1];
      memory += share === undefined ? (fields[21] ?? 0) * PAGE : Number(share) * 1024;
      tasks += fields[17] ?? 0;
      this.#cpu.set(pid, (fields[11] ?? 0) + (fields[12] ?? 0));
    }
    this.peakMemory = Math.max(this.peakMemory, memory);
    this.peakTasks = Math.max(this.peakTasks, tasks);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
