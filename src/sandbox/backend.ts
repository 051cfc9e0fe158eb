import type { Backend, Result, SandboxConfig } from "../model/index.ts";
import type { Interpreter } from "./interpreter.ts";

/** One command with everything that decides how it runs; paths are absolute, symbolic links resolved where they matter. */
export interface PreparedRun {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly config: SandboxConfig;
  readonly environment: Readonly<Record<string, string>>;
  readonly interpreter?: Interpreter;
  readonly resultFolder?: string;
  /** The unix socket of the proxy, when some hosts are allowed. */
  readonly proxySocket?: string;
  /** A pipe of the host by which Python tells what it does, when the run is observed. */
  readonly observationPipe?: string;
  readonly hasInput: boolean;
}

/** A process to start: the supervisor behind whatever isolates it. It speaks on descriptor 3. */
export interface SupervisedCommand {
  readonly file: string;
  readonly arguments: readonly string[];
  /** Contents of the descriptors from 4 on; each is written and closed right after the start. */
  readonly descriptors: readonly Uint8Array[];
  /** Removes what was made for the run; called when nothing of it is left. */
  readonly cleanUp?: () => Promise<void>;
}

/** One way of holding a {@link SandboxConfig}: by bubblewrap now, by other mechanisms of the system later. */
export interface SandboxBackend {
  readonly name: Backend;
  /** The command line that holds the policy, or the problem that keeps this backend from holding it. */
  command(run: PreparedRun): Promise<Result<SupervisedCommand>>;
}
