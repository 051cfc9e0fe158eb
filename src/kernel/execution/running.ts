import { RunningSettings } from "../../model/index.ts";
import type { Sandbox } from "../../sandbox/index.ts";
import type { BuiltinTools } from "../builtin-tools.ts";
import { ResultCache } from "../cache/result-cache.ts";
import { machineBounds, RunQueue } from "../queue/run-queue.ts";
import type { RunningPreferences } from "../request.ts";
import type { State } from "../state.ts";
import { Retention } from "../statistics/retention.ts";
import { StatisticsKeeper } from "../statistics/statistics-keeper.ts";
import type { AttemptContext } from "./attempt.ts";
import { Executor, type ExecutorParts } from "./executor.ts";

/** The options of a kernel that are about running. */
interface RunningOptions {
  readonly sandbox: Pick<Sandbox, "run">;
  readonly clock?: () => Date;
  readonly environment?: NodeJS.ProcessEnv;
  readonly interpreter?: string;
  readonly running?: RunningPreferences;
  readonly queue?: RunQueue;
}

interface RunningParts extends Pick<ExecutorParts, "plan" | "begin" | "refused" | "monitor"> {
  readonly workspace: string;
  readonly state: State;
  readonly builtins: BuiltinTools;
}

/** What stands behind a kernel's `execute`. */
export interface Running {
  readonly executor: Executor;
  readonly cache: ResultCache;
  readonly statistics: StatisticsKeeper;
}

/** Puts together what runs tools and keeps what came of it. */
export function startRunning(options: RunningOptions, parts: RunningParts): Running {
  const { workspace, state, builtins, plan, begin, refused, monitor } = parts;
  const { running = {} } = options;
  const runs = running.runs ?? RunningSettings.runs.parse({});
  const { maxMB } = running.cache ?? RunningSettings.cache.parse({});
  const bounds = running.history ?? RunningSettings.history.parse({});
  const { rules } = running.alerts ?? RunningSettings.alerts.parse({});
  const clock = options.clock ?? (() => new Date());
  const context: AttemptContext = {
    ...{ workspace, builtins, sandbox: options.sandbox, interpreter: options.interpreter },
    environment: options.environment ?? process.env,
  };
  const cache = new ResultCache({ state, context, clock, maxMB });
  const statistics = new StatisticsKeeper(state, rules);
  const retention = new Retention({ state, clock, bounds });
  const queue = options.queue ?? new RunQueue(machineBounds(runs.concurrent));
  const executor = new Executor({
    ...{ context, state, clock, queue, cache, statistics, plan, begin, refused, monitor },
    waitMs: runs.waitSeconds * 1000,
    tidy: () => retention.tidy(),
  });
  return { executor, cache, statistics };
}
