import * as z from "zod";
import { CapabilityExtension } from "./capability.ts";
import { AlertRule } from "./statistics.ts";

/** A limit that may be left to the tool's category: `null` or absent. */
const OptionalLimit = z.number().positive().nullable().default(null);

/** Limits that a person sets for all runs; each replaces the category's own. */
export const LimitSettings = z.object({
  memoryMB: OptionalLimit,
  cpuPercent: OptionalLimit,
  timeSeconds: OptionalLimit,
});
export type LimitSettings = z.infer<typeof LimitSettings>;

/** How runs wait for each other, what is kept of them, and when a person wants to be told. */
export const RunningSettings = {
  runs: z.object({
    concurrent: z.int().min(1).max(64).nullable().default(null).describe("null: as many as the machine has cores."),
    waitSeconds: z.number().positive().default(1800).describe("A run that waited so long ends as timed out."),
  }),
  cache: z.object({ maxMB: z.number().min(0).default(512).describe("0: no result is kept or used.") }),
  history: z.object({
    runs: z.int().min(1).max(1_000_000).default(10_000),
    maxMB: z.number().positive().default(2048),
    days: z.number().positive().default(180),
  }),
  alerts: z.object({ rules: z.array(AlertRule).default([]) }),
};

/** The editor's settings below `toka.`; every key is declared with its texts in the extension's contributions. */
export const Settings = z.object({
  python: z.object({ interpreterPath: z.string().default("") }),
  sandbox: z.object({ warmStart: z.int().min(0).max(8).default(2).describe("0: none is kept ready.") }),
  discovery: z.object({
    exclude: z.array(z.string().min(1)).default([]),
    capabilities: z.array(CapabilityExtension).default([]),
  }),
  codeLens: z.object({
    controlFlow: z.boolean().default(true),
    callGraph: z.boolean().default(true),
    run: z.boolean().default(true),
  }),
  highlight: z.object({ dataFlow: z.boolean().default(true) }),
  limits: LimitSettings,
  ...RunningSettings,
});
export type Settings = z.infer<typeof Settings>;
