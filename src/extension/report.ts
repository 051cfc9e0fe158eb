import {
  DiscoverProgress,
  DiscoverResult,
  type DiscoveryReport,
  ok,
  type Problem,
  parseBoundary,
  type Result,
  type Tool,
} from "../model/index.ts";

/** A report, and the number under which the server tells of later changes. */
export interface NumberedReport {
  readonly report: DiscoveryReport;
  readonly revision: number;
}

/**
 * A report that comes in parts: that of a large workspace has tens of megabytes, and everything else in this process waits
 * while a part is read.
 */
export class ReportReader {
  readonly #source: string;
  readonly #tools: Tool[] = [];
  #problem: Problem | undefined;

  /** @param source who sends the parts, for messages */
  constructor(source: string) {
    this.#source = source;
  }

  /** @returns the tools of a part; none where it is wrong, which {@link end} tells */
  add(part: unknown): readonly Tool[] {
    const parsed = parseBoundary(DiscoverProgress, part, this.#source);
    if (!parsed.ok) {
      this.#problem ??= parsed.problem;
      return [];
    }
    this.#tools.push(...parsed.value.tools);
    return parsed.value.tools;
  }

  /** The whole report, once the answer has come. */
  end(answer: unknown): Result<NumberedReport> {
    const parsed = parseBoundary(DiscoverResult, answer, this.#source);
    if (!parsed.ok) return parsed;
    if (this.#problem !== undefined) return { ok: false, problem: this.#problem };
    const { revision = 0, ...report } = parsed.value;
    return ok({ report: { ...report, tools: [...this.#tools, ...report.tools] }, revision });
  }
}

/** A report after a change, in the order of the server's reports: by file, then line. */
export function changedReport(
  report: DiscoveryReport,
  changed: readonly Tool[],
  removed: readonly string[],
): DiscoveryReport {
  const byId = new Map(report.tools.map((tool) => [tool.id, tool]));
  for (const id of removed) byId.delete(id);
  for (const tool of changed) byId.set(tool.id, tool);
  const tools = [...byId.values()].sort((a, b) => compare(a.file, b.file) || a.line - b.line || compare(a.id, b.id));
  return { ...report, tools };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
