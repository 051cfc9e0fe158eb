import { setTimeout as wait } from "node:timers/promises";

/** Waits, until the signal is aborted at the latest. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
