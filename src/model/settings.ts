import * as z from "zod";
import { CapabilityExtension } from "./capability.ts";

/** A limit that may be left to the tool's category: `null` or absent. */
const OptionalLimit = z.number().positive().nullable().default(null);

/** Limits that a person sets for all runs; each replaces the category's own. */
export const LimitSettings = z.object({
  memoryMB: OptionalLimit,
  cpuPercent: OptionalLimit,
  timeSeconds: OptionalLimit,
});
export type LimitSettings = z.infer<typeof LimitSettings>;

/** The editor's settings below `toka.`; every key is declared with its texts in the extension's contributions. */
export const Settings = z.object({
  python: z.object({ interpreterPath: z.string().default("") }),
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
});
export type Settings = z.infer<typeof Settings>;
