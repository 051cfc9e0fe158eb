/** Put in by the bundler: a hash of the sources that decide what discovery finds. */
declare const DISCOVERY_BUILD: string | undefined;

/**
 * Names the code that discovers, for what outlives the process. `undefined` when it runs from source, which may change
 * between two runs: nothing is kept then.
 */
export const BUILD: string | undefined = typeof DISCOVERY_BUILD === "string" ? DISCOVERY_BUILD : undefined;
