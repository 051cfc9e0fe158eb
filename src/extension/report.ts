import { setImmediate as nextTurn } from "node:timers/promises";
import * as z from "zod";
import { Diagnostic, DiscoveryReport, parseBoundary, type Result, Tool } from "../model/index.ts";

/** How long, in milliseconds, is worked before others get a turn. */
const TURN = 8;

/** A report whose long lists are still to be looked at. */
const Outline = DiscoveryReport.extend({ tools: z.array(z.unknown()), diagnostics: z.array(z.unknown()) });

/**
 * Checks a report as {@link parseBoundary} does, tool by tool: the report of a large workspace has tens of megabytes, and
 * everything else in this process waits meanwhile.
 */
export async function parseReport(value: unknown, source: string): Promise<Result<DiscoveryReport>> {
  const outline = parseBoundary(Outline, value, source);
  if (!outline.ok) return outline;
  const tools = await eachOf(Tool, outline.value.tools);
  const diagnostics = await eachOf(Diagnostic, outline.value.diagnostics);
  // Looked at in one piece it is known where it is wrong.
  if (tools === null || diagnostics === null) return parseBoundary(DiscoveryReport, value, source);
  return { ok: true, value: { ...outline.value, tools, diagnostics } };
}

/** The items as the schema gives them, `null` when one is wrong. */
async function eachOf<S extends z.ZodType>(schema: S, items: readonly unknown[]): Promise<z.infer<S>[] | null> {
  const all: z.infer<S>[] = [];
  let began = performance.now();
  for (const item of items) {
    const parsed = schema.safeParse(item);
    if (!parsed.success) return null;
    all.push(parsed.data);
    if (performance.now() - began < TURN) continue;
    await nextTurn();
    began = performance.now();
  }
  return all;
}
