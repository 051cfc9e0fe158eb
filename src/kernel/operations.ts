import type { Execution, Result, Tool } from "../model/index.ts";
import type { RegistrySource } from "./registry.ts";
import type { ExecutionHooks, MonitoredEvent, Plan, RunRequest } from "./request.ts";

/**
 * The kernel's operations, all that a front door needs of it to run tools, and the only way to the sandbox. The names in
 * capitals are those of the product's design.
 */
export interface KernelOperations {
  /**
   * **RegisterTool**: the tools of one source as they are known now; they replace those that it registered before. Of two
   * tools with the same id, the one that counts is built in, then discovered in the workspace, then a plugin's.
   */
  registerTools(tools: readonly Tool[], source?: RegistrySource): void;
  /** The tools that may be run. */
  tools(): readonly Tool[];
  /** @param wanted an id or an unambiguous name; problems `no-tool` and `ambiguous-tool` (which lists the ids) */
  findTool(wanted: string): Result<Tool>;
  /** **ValidateCapabilities**: everything that would hold for a run, and whether it is denied, without running anything. */
  plan(request: RunRequest): Result<Plan>;
  /**
   * **ExecuteTool**: runs a tool in the sandbox and keeps the run. A denied or cancelled run, or one that a limit ended,
   * is an execution like any other, told by its exit reason; problems are left for what never became a run.
   */
  execute(request: RunRequest, hooks: ExecutionHooks): Promise<Result<Execution>>;
  /**
   * **MonitorExecution**: what happens in every run of this kernel, until the returned function is called.
   * @param listener must not throw
   */
  monitor(listener: (event: MonitoredEvent) => void): () => void;
}
