import type { Backend, Result, SandboxConfig, Usage } from "../model/index.ts";
import type { CgroupTree, RunCgroup } from "./cgroup/tree.ts";
import type { HelperName } from "./helper-code.ts";
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
  /** The Pythons of the run tell what they do. */
  readonly isObserved?: true;
  /** The pipe of the host by which they do so. */
  readonly observationPipe?: string;
  readonly hasInput: boolean;
  /** Where the run gets a cgroup of its own, which holds its limits. */
  readonly cgroups?: CgroupTree;
  /** The command is an interpreter that waits for what it is to run (`warm/`). */
  readonly waiting?: {
    /** Names the waiting process. */
    readonly token: string;
    /** The folder of one that waits already, when its command line is looked up anew. */
    readonly scratch?: Scratch;
  };
}

/** A run's own folder on the host, where the sandbox has no file tree of its own. */
export interface Scratch {
  readonly folder: string;
  readonly temporary: string;
  readonly home: string;
  readonly site: string;
  /** Where the pipe of an observed run was moved, so that it goes when the folder goes. */
  readonly pipe: string | undefined;
  readonly remove: () => Promise<void>;
}

/** A process to start: the supervisor behind whatever isolates it. It speaks on descriptor 3. */
export interface SupervisedCommand {
  readonly file: string;
  readonly arguments: readonly string[];
  /** Contents of the descriptors from 4 on; each is written and closed right after the start. */
  readonly descriptors: readonly Uint8Array[];
  /** What makes it end everything at once; SIGKILL unless given, where the kernel ends the rest then. */
  readonly endSignal?: NodeJS.Signals;
  /** Removes what was made for the run; called when nothing of it is left. */
  readonly cleanUp?: () => Promise<void>;
  readonly scratch?: Scratch;
  /** Makes the cgroup of the run, whose descriptors come after all others. */
  readonly cgroup?: () => Result<RunCgroup>;
}

/** A process to start that no supervisor of ours holds from within: it is watched from here. */
export interface WatchedCommand {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: Pick<SandboxConfig, "timeMs" | "outputBytes" | "memoryBytes" | "processes" | "cpuPercent">;
  /** Memory, processes and processor share are held by looking at the process table. */
  readonly watchesProcesses: boolean;
  /** So many of the processes that are seen are not the command's. */
  readonly ownProcesses?: number;
  /** Ends what is not below the started process. */
  readonly end?: () => Promise<void>;
  /** What whoever holds the limits counted; asked for once the command has ended. */
  readonly readUsage?: () => Promise<Partial<Usage>>;
  /** Whether an exit code means that the launcher failed, and the command never ran. */
  readonly launcherFailed?: (code: number) => boolean;
  readonly cleanUp?: () => Promise<void>;
}

/** One way of holding a {@link SandboxConfig}, by what a system offers. */
export interface SandboxBackend {
  readonly name: Backend;
  /** False where files, network and other processes stay within reach: a run then needs consent, each time. */
  readonly isolates: boolean;
  /** Which of our programs supervises its runs, where one does. */
  supervisor?(): Promise<HelperName>;
  /** Whether single hosts can be let through. */
  readonly reachesHosts: boolean;
  /** Why this machine has nothing of it, without trying; nothing when it may work. */
  missing(): Promise<string | undefined>;
  /** The command line that holds the policy, or the problem that keeps this backend from holding it. */
  command(run: PreparedRun): Promise<Result<SupervisedCommand | WatchedCommand>>;
}
