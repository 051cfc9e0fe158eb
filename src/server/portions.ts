import type { Tool } from "../model/index.ts";

/** Some 64 KB of JSON, in the units of {@link weightOf}. */
const PORTION = 300;

/**
 * Lists of tools as they are sent: the tools of a large workspace have tens of megabytes, and who gets them in one piece can do
 * nothing else until they are read.
 */
export function* portions(tools: readonly Tool[]): Generator<Tool[]> {
  let portion: Tool[] = [];
  let weight = 0;
  for (const tool of tools) {
    portion.push(tool);
    weight += weightOf(tool);
    if (weight < PORTION) continue;
    yield portion;
    [portion, weight] = [[], 0];
  }
  if (portion.length > 0) yield portion;
}

/** Roughly the bytes that a tool takes, divided by 200. */
function weightOf({ parameters, capabilities }: Tool): number {
  const evidence = capabilities.reduce((sum, capability) => sum + capability.evidence.length, 0);
  return 5 + 2 * parameters.length + evidence;
}
