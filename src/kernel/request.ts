import type {
  Capability,
  GateEvent,
  Grant,
  HostileValue,
  Limits,
  Principal,
  RunGrant,
  SandboxConfig,
  SandboxEvent,
  Settings,
  Tool,
  ToolArguments,
  ToolChanges,
  WorkflowOrigin,
} from "../model/index.ts";
import type { RunProgress } from "./builtin-tools.ts";
import type { ToolParts } from "./fingerprint.ts";
import type { EffectiveCapability } from "./grants/effective.ts";
import type { Asked, Denial } from "./policy.ts";

/** What only the kernel's own workflows ask for, of a step. */
export interface StepRequest {
  readonly origin: WorkflowOrigin;
  /** The id that the execution is to have. */
  readonly execution: string;
  /** Absolute paths of results of earlier steps of the same run, which this step may read. */
  readonly readable: readonly string[];
}

/** What a front door asks for. */
export interface RunRequest {
  /** An id, or a name that only one tool has. */
  readonly tool: string;
  readonly arguments: ToolArguments;
  readonly principal: Principal;
  /** What the user allowed for this run; agents cannot use one. */
  readonly grant?: RunGrant;
  /** Limits for this run: of the user they replace the category's, of an agent they only narrow. */
  readonly limits?: Partial<Limits>;
  /** The fingerprint of the plan that was confirmed: a tool that changed since is not run. */
  readonly approved?: string;
  /**
   * The user agreed that this one run may go on where nothing isolates. Never remembered, and nobody else's to give: of
   * an agent it is a denial.
   */
  readonly unprotected?: boolean;
  /** Let the run tell what it does, and compare that with what was inferred from its code. */
  readonly observe?: boolean;
  /** `false`: no kept result is used, and this one is not kept. */
  readonly cache?: boolean;
  /** Milliseconds that the run may wait for its turn; as the settings say when left out. */
  readonly waitMs?: number;
  /** Of a step of a workflow. */
  readonly step?: StepRequest;
}

/** What a run would do, told before it happens. */
export interface Plan {
  readonly tool: Tool;
  readonly fingerprint: string;
  /** What the tool consists of. */
  readonly parts: ToolParts;
  /** A person approved another version of the tool, and not this one. */
  readonly changed: boolean;
  /** How it differs from the version approved last. */
  readonly changes?: ToolChanges;
  readonly arguments: ToolArguments;
  readonly argv: readonly string[];
  /** PYTHONPATH of the run, when the tool needs one. */
  readonly modulePath: string | undefined;
  readonly policy: SandboxConfig;
  readonly capabilities: readonly Capability[];
  /** What becomes of each capability in this run: tool ∩ principal ∩ workspace trust. */
  readonly effective: readonly EffectiveCapability[];
  /** The principal's grants that hold for this run. */
  readonly grants: readonly Grant[];
  /** What the code names and the policy does not give: it would take a grant. */
  readonly asked: Asked;
  /** Argument values that look hostile. */
  readonly hostile: readonly HostileValue[];
  readonly denied?: Denial;
}

/** Receivers of a run's streams and events, and the signal that cancels it. */
export interface ExecutionHooks {
  readonly signal: AbortSignal;
  /** A promise holds the stream back until it is settled. */
  readonly onStdout?: (chunk: Uint8Array) => void | Promise<void>;
  readonly onStderr?: (chunk: Uint8Array) => void | Promise<void>;
  readonly onEvent?: (event: SandboxEvent) => void;
  /** What the gate says of the run: that it waits, is tried again, comes from the cache… */
  readonly onGate?: (event: GateEvent) => void;
  /** How far a built-in tool is. */
  readonly onProgress?: (progress: RunProgress) => void;
}

/** MonitorExecution: an event of a run that goes on in this process. */
export interface MonitoredEvent {
  readonly execution: string;
  readonly tool: string;
  readonly principal: Principal;
  readonly event: SandboxEvent | GateEvent;
}

/** The settings of the queue, the cache, the history and alerts. */
export type RunningPreferences = Partial<Pick<Settings, "runs" | "cache" | "history" | "alerts">>;
