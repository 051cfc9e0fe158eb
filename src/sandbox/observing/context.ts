import { tmpdir } from "node:os";
import type { PreparedRun } from "../backend.ts";
import { RELAY_PORT, SANDBOX_HOME } from "../environment.ts";
import type { ObservationContext } from "./records.ts";

/** What is known of a run's places, so that what it tells can be sorted. */
export function observationContext({ config, cwd, resultFolder }: PreparedRun): ObservationContext {
  return {
    cwd,
    temporary: ["/tmp", tmpdir(), "/dev/shm", SANDBOX_HOME, ...(resultFolder ? [resultFolder] : [])],
    shared: [...config.readonlyPaths, ...config.writablePaths],
    relayPort: RELAY_PORT,
  };
}
