import * as z from "zod";
import { ExitReason, Principal } from "./execution.ts";

/** The middle and the high end of a measure: half of the runs, and 95 of 100, took no more (nearest rank). */
export const Percentiles = z.object({ p50: z.number(), p95: z.number() });
export type Percentiles = z.infer<typeof Percentiles>;

/** Limits that a tool's own history suggests. */
export const LearnedLimits = z.object({
  memoryBytes: z.int().positive(),
  timeMs: z.int().positive(),
  runs: z.int().describe("Successful runs that they rest on."),
});
export type LearnedLimits = z.infer<typeof LearnedLimits>;

/** What a tool's runs were like. Counted are its newest runs that really ran: none from the cache, denied or cancelled. */
export const ToolStatistics = z.object({
  tool: z.string().describe("The tool's id."),
  runs: z.int().describe("Runs that are counted here."),
  failed: z.int(),
  failureRate: z.number().min(0).max(1),
  wallMs: Percentiles,
  memoryBytes: Percentiles,
  last: z
    .array(z.object({ reason: ExitReason, wallMs: z.number(), memoryBytes: z.number(), startedAt: z.iso.datetime() }))
    .describe("The newest of them, newest first."),
  cachedRuns: z.int().describe("Runs that the cache answered; they are not counted."),
  suggested: LearnedLimits.optional().describe("Absent until enough runs succeeded."),
});
export type ToolStatistics = z.infer<typeof ToolStatistics>;

/** What `toka history --stats --json` prints. */
export const HistoryStatistics = z.object({ tools: z.array(ToolStatistics) });
export type HistoryStatistics = z.infer<typeof HistoryStatistics>;

export const AlertMeasure = z.enum(["failureRate", "timeSeconds", "memoryMB"]);
export type AlertMeasure = z.infer<typeof AlertMeasure>;

/**
 * When a person wants to be told: as soon as the measure goes above the bound. `failureRate` is a share of the last runs
 * in percent; time and memory are the 95th percentile of the last runs, so of the newest one alone with `runs: 1`.
 */
export const AlertRule = z.strictObject({
  tool: z.string().min(1).optional().describe("An id or a name; all tools, each for itself, when left out."),
  measure: AlertMeasure,
  above: z.number().min(0).describe("Percent, seconds or megabytes."),
  runs: z
    .int()
    .min(1)
    .max(200)
    .optional()
    .describe("How many of the newest runs count: 20 for a failure rate, else 1, when left out."),
});
export type AlertRule = z.infer<typeof AlertRule>;

/** A rule that holds since the newest run of a tool. */
export const Alert = z.object({
  tool: z.string(),
  rule: AlertRule,
  value: z.number().describe("What was measured, in the unit of the rule."),
  runs: z.int().describe("Runs that it was measured over."),
  message: z.string(),
});
export type Alert = z.infer<typeof Alert>;

/** Why a run will likely not fit its limits. */
export const ForecastWarning = z.object({
  measure: z.enum(["memory", "time"]),
  limit: z.number().describe("Bytes or milliseconds."),
  expected: z.number().describe("What earlier runs needed, in the same unit."),
  message: z.string(),
});
export type ForecastWarning = z.infer<typeof ForecastWarning>;

/** What a tool's history says about its next run. */
export const Forecast = z.object({
  suggested: LearnedLimits.optional(),
  warnings: z.array(ForecastWarning),
});
export type Forecast = z.infer<typeof Forecast>;

/** What the gate says of a run beside what the sandbox tells: while it waits, before it is tried again, after it ended. */
export const GateEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("queued"),
    position: z.int().min(1).describe("Its place among the waiting runs of its own principal; 1 is next."),
    waiting: z.int().describe("All runs that wait."),
  }),
  z.object({
    type: z.literal("retrying"),
    attempt: z.int().describe("The attempt that comes; the first was 1."),
    of: z.int(),
    reason: ExitReason,
    delayMs: z.number(),
  }),
  z.object({ type: z.literal("forecast"), warnings: z.array(ForecastWarning).min(1) }),
  z.object({ type: z.literal("cached"), execution: z.string(), at: z.iso.datetime() }),
  z.object({
    type: z.literal("not-kept"),
    why: z.string().describe("Why the result of an idempotent tool is not kept, in a few words."),
  }),
  z.object({ type: z.literal("alert"), alert: Alert }),
]);
export type GateEvent = z.infer<typeof GateEvent>;

/** A result that is kept for the next run that would be the same. */
export const CacheEntry = z.object({
  execution: z.string().describe("The run that it comes from."),
  tool: z.string(),
  argv: z.array(z.string()),
  principal: Principal,
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
  uses: z.int(),
  bytes: z.int(),
  inputs: z.int().describe("Files and folders that it rests on."),
});
export type CacheEntry = z.infer<typeof CacheEntry>;

/** What `toka cache --json` prints. */
export const CacheReport = z.object({
  entries: z.array(CacheEntry).describe("The one used last first."),
  bytes: z.int(),
  maxBytes: z.int().describe("0: nothing is kept."),
  allowed: z
    .array(z.object({ tool: z.string(), fingerprint: z.string(), at: z.iso.datetime() }))
    .describe("Tools that the user called idempotent, each as it was then."),
});
export type CacheReport = z.infer<typeof CacheReport>;
