import { fail, ok, type Result } from "../../model/index.ts";
import type { PreparedRun, SandboxBackend, WatchedCommand } from "../backend.ts";
import { environmentIn, makeScratch } from "../landlock.ts";
import { LIMITED_OWN_PROCESSES, limitedCommand, watchedLimits } from "./limited.ts";

/**
 * Tier C: nothing isolates. The environment is the policy's, the home and the temporary folder are the run's own; time and
 * output are limited, memory, processes and processor share watched. Files, network and other processes are within reach
 * of the command as of any program of the user, so that every run needs consent.
 */
export class PlainBackend implements SandboxBackend {
  readonly name = "none";
  readonly isolates = false;
  readonly reachesHosts = false;

  async missing(): Promise<string | undefined> {
    return process.platform === "win32" ? "Windows has a backend of its own: job." : undefined;
  }

  async command(run: PreparedRun): Promise<Result<WatchedCommand>> {
    const missing = await this.missing();
    if (missing !== undefined) return fail("platform-unsupported", missing);
    const scratch = makeScratch(run.observationPipe);
    const [file = "", ...rest] = limitedCommand(run.config, run.command);
    return ok({
      file,
      arguments: rest,
      cwd: run.cwd === "/tmp" ? scratch.temporary : run.cwd,
      environment: environmentIn(run.environment, scratch),
      limits: watchedLimits(run.config),
      watchesProcesses: true,
      ownProcesses: LIMITED_OWN_PROCESSES,
      cleanUp: scratch.remove,
    });
  }
}
