import type { CapabilityExtension } from "../model/index.ts";

/** Put in by the bundler: a hash of the sources that decide what discovery finds. */
declare const DISCOVERY_BUILD: string | undefined;

/**
 * Names what decides what discovery finds (the code, and what settings add to the table of capabilities), for what
 * outlives the process. `undefined` when it runs from source, which may change between two runs: nothing is kept then.
 */
export function indexBuild(capabilities: readonly CapabilityExtension[]): string | undefined {
  if (typeof DISCOVERY_BUILD !== "string") return undefined;
  return capabilities.length === 0 ? DISCOVERY_BUILD : `${DISCOVERY_BUILD} ${JSON.stringify(capabilities)}`;
}
