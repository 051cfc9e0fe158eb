/** What the processes of a run use together, at one moment. */
export interface TreeSample {
  readonly pids: readonly number[];
  /** Resident size summed over the processes: pages that they share count several times. */
  readonly memoryBytes: number;
  readonly cpuMs: number;
}

/** The columns that {@link sampleTree} reads, as `ps` takes them on Linux, macOS and the BSDs. */
export const PS_ARGUMENTS = ["-A", "-o", "pid=,ppid=,pgid=,rss=,time="];

const LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)\s*$/;

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly memoryBytes: number;
  readonly cpuMs: number;
}

/**
 * Sums a process, all processes of its group, and all their descendants. Who left the group and lost its parent is missed.
 * @param table what `ps` printed for {@link PS_ARGUMENTS}: sizes in KiB, time as `[[days-]hours:]minutes:seconds`
 */
export function sampleTree(table: string, root: number): TreeSample {
  const rows = table.split("\n").flatMap((line): Row[] => {
    const match = LINE.exec(line);
    if (match === null) return [];
    const number = (index: number): number => Number(match[index] ?? 0);
    const time = ((number(5) * 24 + number(6)) * 60 + number(7)) * 60 + number(8);
    const [pid, parent, group] = [number(1), number(2), number(3)];
    return [{ pid, parent, group, memoryBytes: number(4) * 1024, cpuMs: time * 1000 }];
  });
  const members = new Map(rows.filter(({ pid, group }) => pid === root || group === root).map((row) => [row.pid, row]));
  for (let size = -1; size !== members.size; ) {
    size = members.size;
    for (const row of rows) if (members.has(row.parent)) members.set(row.pid, row);
  }
  const sum = (of: (row: Row) => number): number => [...members.values()].reduce((total, row) => total + of(row), 0);
  return {
    pids: [...members.keys()],
    memoryBytes: sum(({ memoryBytes }) => memoryBytes),
    cpuMs: sum(({ cpuMs }) => cpuMs),
  };
}
