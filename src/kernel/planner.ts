import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readFolderConfiguration } from "../discovery/index.ts";
import {
  type CapabilityName,
  type FolderConfiguration,
  type Grant,
  hostileValues,
  type Limits,
  ok,
  type Result,
  type RunGrant,
  type Tool,
  type ToolArguments,
  validateArguments,
} from "../model/index.ts";
import { buildArguments } from "./argv.ts";
import type { BuiltinTools } from "./builtin-tools.ts";
import { isInside, modulePath, resolveEntry } from "./entry.ts";
import type { Fingerprints, ToolParts } from "./fingerprint.ts";
import type { Approvals } from "./grants/approvals.ts";
import { effectiveCapabilities } from "./grants/effective.ts";
import type { Grants } from "./grants/grants.ts";
import { askedBeyond, effectivePolicy, findDenial, type PolicyRequest } from "./policy.ts";
import type { Registry } from "./registry.ts";
import type { Plan, RunRequest } from "./request.ts";
import type { State } from "./state.ts";

/** What plans are made from. */
export interface PlannerParts {
  /** Real path of the workspace folder. */
  readonly workspace: string;
  /** The folder of all state. */
  readonly stateRoot: string;
  readonly state: State;
  readonly registry: Registry;
  readonly builtins: BuiltinTools;
  readonly fingerprints: Fingerprints;
  readonly approvals: Approvals;
  readonly grants: Grants;
  /** The user's own limits for all runs. */
  readonly limits: Partial<Limits>;
  readonly trusted: () => boolean;
  /** Results of earlier steps that a step of a workflow may read (`WorkflowStore.readableFor`). */
  readonly readableFor: (request: RunRequest) => Result<readonly string[]>;
}

/** Decides what a run would be, and whether it may be; and notes that it begins. */
export class Planner {
  readonly #parts: PlannerParts;

  constructor(parts: PlannerParts) {
    this.#parts = parts;
  }

  /** The parts of a tool, built in or of the workspace. */
  partsOf(tool: Tool): Result<ToolParts> {
    const { builtins, fingerprints, workspace } = this.#parts;
    const builtin = builtins.entry(tool);
    return builtin === undefined ? fingerprints.of(tool, workspace) : fingerprints.ofFile({ ...tool, ...builtin }, "/");
  }

  /**
   * As `Kernel.plan`.
   * @param run the run that is planned again: the grants that it used up itself still count for it
   */
  plan(request: RunRequest, run?: string): Result<Plan> {
    const { approvals, builtins, grants, registry, trusted, workspace } = this.#parts;
    const found = registry.find(request.tool);
    if (!found.ok) return found;
    const tool = found.value;
    const command = this.#command(tool, request.arguments);
    if (!command.ok) return command;
    const parts = this.partsOf(tool);
    if (!parts.ok) return parts;
    // What is built in changes with the product, which nobody has to approve.
    const isBuiltin = builtins.entry(tool) !== undefined;
    const changes = isBuiltin ? ok(undefined) : approvals.changes(tool.id, parts.value);
    if (!changes.ok) return changes;
    const folder = readFolderConfiguration(workspace);
    if (!folder.ok) return { ok: false, problem: folder.problems[0] };
    const { fingerprint } = parts.value;
    const held = grants.holding(tool, fingerprint, request.principal, run);
    if (!held.ok) return held;
    const outdated = grants.ofOtherVersions(tool.id, fingerprint, request.principal);
    if (!outdated.ok) return outdated;
    const readable = this.#parts.readableFor(request);
    if (!readable.ok) return readable;
    const policyRequest = {
      ...this.#policyRequest(tool, request, folder.value, held.value, outdated.value),
      readablePaths: readable.value,
    };
    const policy = effectivePolicy(policyRequest);
    if (!policy.ok) return policy;
    const isTrusted = trusted();
    const granted = grantedCapabilities(held.value, request.grant, request.principal === "user", folder.value);
    const effective = effectiveCapabilities(tool.capabilities, request.principal, granted, isTrusted);
    const denied = findDenial(policyRequest, effective, isTrusted);
    return ok({
      tool,
      fingerprint,
      parts: parts.value,
      changed: changes.value !== undefined,
      ...(changes.value === undefined ? {} : { changes: changes.value }),
      ...command.value,
      policy: policy.value,
      capabilities: tool.capabilities,
      effective,
      grants: held.value,
      asked: askedBeyond(tool.capabilities, policy.value),
      hostile: hostileValues(command.value.arguments),
      ...(denied === undefined ? {} : { denied }),
    });
  }

  /** What would be started for these arguments, once they were seen to be valid. */
  #command(tool: Tool, args: ToolArguments): Result<Pick<Plan, "arguments" | "argv" | "modulePath">> {
    const { builtins, workspace } = this.#parts;
    const valid = validateArguments(tool, args);
    if (!valid.ok) return valid;
    const words = buildArguments(tool, valid.value);
    if (!words.ok) return words;
    const builtin = builtins.entry(tool);
    const entry = builtin === undefined ? resolveEntry(tool, workspace) : ok(builtin.argv);
    if (!entry.ok) return entry;
    const modules = modulePath(tool, workspace);
    if (!modules.ok) return modules;
    return ok({ arguments: valid.value, argv: [...entry.value, ...words.value], modulePath: modules.value });
  }

  /**
   * Notes that a planned run begins: grants for one run are used up, and what a person runs is approved by that.
   * @returns whether the run may go on; not so when another run has used up a grant in the meantime
   */
  begin(plan: Plan, request: RunRequest, run: string): Result<boolean> {
    const used = this.#parts.grants.use(plan.grants, run);
    if (!used.ok || !used.value) return used;
    if (request.principal !== "user" || this.#parts.builtins.entry(plan.tool) !== undefined) return used;
    const noted = this.#parts.approvals.note(plan.tool.id, plan.parts);
    return noted.ok ? used : noted;
  }

  #policyRequest(
    tool: Tool,
    request: RunRequest,
    folder: FolderConfiguration,
    held: readonly Grant[],
    outdated: ReadonlySet<CapabilityName>,
  ): PolicyRequest {
    const { builtins, limits, stateRoot, workspace } = this.#parts;
    const builtin = builtins.entry(tool);
    const hidden = isInside(workspace, stateRoot) ? this.#hiddenState() : [];
    return {
      tool,
      principal: request.principal,
      workspace,
      stateRoot,
      folder,
      forbiddenPaths: hidden.filter((path) => builtin?.writablePaths.includes(path) !== true),
      builtin,
      grant: request.grant,
      held,
      outdated,
      unprotected: request.unprotected === true,
      settings: limits,
      limits: request.limits ?? {},
    };
  }

  /** A workspace that contains the state (a home folder) shows none of it but the folder of the run. */
  #hiddenState(): readonly string[] {
    const { state, stateRoot } = this.#parts;
    const own = state.places.folder;
    const others = readdirSync(stateRoot).map((name) => join(stateRoot, name));
    const inside = readdirSync(own).map((name) => join(own, name));
    return [...others, ...inside].filter((path) => path !== own && path !== state.places.runs);
  }
}

/** The capabilities for which something is granted; what a person allows for one run counts for that run. */
function grantedCapabilities(
  held: readonly Grant[],
  once: RunGrant | undefined,
  isUser: boolean,
  folder: FolderConfiguration,
): ReadonlySet<CapabilityName> {
  const names = new Set<CapabilityName>();
  for (const { capability, hosts } of held) if (hosts.length === 0 || folder.network) names.add(capability);
  if (!isUser || once === undefined) return names;
  if (once.writablePaths.length > 0) {
    for (const name of ["filesystem-write", "filesystem-delete", "file-permissions"] as const) names.add(name);
  }
  if (once.hosts.length > 0) for (const name of ["network-access", "package-install"] as const) names.add(name);
  return names;
}
