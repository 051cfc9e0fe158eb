import { join } from "node:path";
import {
  CATEGORY_LIMITS,
  type Capability,
  type CapabilityName,
  type Execution,
  FOLDER_CONFIGURATION,
  type FolderConfiguration,
  type Grant,
  type Limits,
  type ManifestLimits,
  ok,
  type Principal,
  type Result,
  type RunGrant,
  type SandboxConfig,
  type Tool,
} from "../model/index.ts";
import { compileConfig } from "../sandbox/index.ts";
import type { EffectiveCapability } from "./grants/effective.ts";
import { grantableHosts, grantablePaths, grantCommand } from "./grants/scope.ts";

const MEBIBYTE = 1024 * 1024;

/** Why a run may not happen, in the form that an execution keeps. */
export type Denial = NonNullable<Execution["denied"]>;

export interface PolicyRequest {
  readonly tool: Tool;
  readonly principal: Principal;
  /** Real path of the workspace folder. */
  readonly workspace: string;
  readonly stateRoot: string;
  /** What the workspace folder's own configuration takes away. */
  readonly folder: FolderConfiguration;
  readonly forbiddenPaths: readonly string[];
  /** Results of earlier steps, of a step of a workflow. */
  readonly readablePaths?: readonly string[];
  /** What a built-in tool consists of, and the variables that it starts with. */
  readonly builtin?:
    | {
        readonly readablePaths: readonly string[];
        readonly writablePaths: readonly string[];
        readonly environment: readonly string[];
      }
    | undefined;
  /** What the user allowed for this one run. */
  readonly grant: RunGrant | undefined;
  /** The principal's own grants that hold for the tool as it is. */
  readonly held: readonly Grant[];
  /** Capabilities that the principal was granted for an earlier version of the tool. */
  readonly outdated: ReadonlySet<CapabilityName>;
  /** The run may go on where nothing isolates. */
  readonly unprotected: boolean;
  /** Limits that the user set for all runs. */
  readonly settings: Partial<Limits>;
  /** Limits that were asked for this run. */
  readonly limits: Partial<Limits>;
}

/** Variables that change how text looks and nothing else. */
const HARMLESS_VARIABLES = ["TZ", "NO_COLOR", "FORCE_COLOR", "COLUMNS"];

/**
 * The effective policy: the category's limits, replaced by the user's settings and (for the user alone) by what was asked
 * for this run, then narrowed by the manifest, by the folder's configuration and by what an agent asked. A workspace and an
 * agent can only narrow.
 */
export function effectivePolicy(request: PolicyRequest): Result<SandboxConfig> {
  const { tool, principal, workspace, stateRoot, grant } = request;
  const asked = grantablePaths(grant?.writablePaths ?? [], stateRoot);
  if (!asked.ok) return asked;
  const named = grantableHosts(grant?.hosts ?? []);
  if (!named.ok) return named;
  const held = heldScope(request);
  const base = compileConfig({
    category: tool.category,
    limits: inferredLimits(tool),
    workspace,
    writablePaths: [...asked.value, ...held.writable, ...(request.builtin?.writablePaths ?? [])],
    forbiddenPaths: [...request.forbiddenPaths, ...request.folder.forbid.map((path) => join(workspace, path))],
    readablePaths: [...held.readable, ...(request.builtin?.readablePaths ?? []), ...(request.readablePaths ?? [])],
    hosts: [...named.value, ...held.hosts],
    environment: [
      ...HARMLESS_VARIABLES,
      ...(request.builtin?.environment ?? []),
      ...(tool.entry.pythonPath === undefined ? [] : ["PYTHONPATH"]),
    ],
  });
  const own: SandboxConfig = { ...base, ...defined(request.settings) };
  const wanted = principal === "user" ? { ...own, ...defined(request.limits) } : narrowed(own, request.limits);
  return ok(narrowed(narrowed(wanted, declaredLimits(tool.limits)), declaredLimits(request.folder.limits)));
}

/** What the principal's grants add to the policy. A folder that lets nothing reach the network overrules them. */
function heldScope({ held, folder }: PolicyRequest): {
  readonly writable: readonly string[];
  readonly readable: readonly string[];
  readonly hosts: readonly string[];
} {
  const ofFiles = held.filter(({ capability }) => capability !== "filesystem-read");
  return {
    writable: ofFiles.flatMap(({ paths }) => paths),
    readable: held.filter(({ capability }) => capability === "filesystem-read").flatMap(({ paths }) => paths),
    hosts: folder.network ? held.flatMap(({ hosts }) => hosts) : [],
  };
}

/** A manifest's category cannot give a tool more than the category that was inferred from its code. */
function inferredLimits({ inferredCategory }: Tool): Partial<Limits> {
  return inferredCategory === undefined ? {} : CATEGORY_LIMITS[inferredCategory];
}

function defined(limits: Partial<Limits>): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function declaredLimits(limits: ManifestLimits = {}): Partial<Limits> {
  const { memoryMB, cpuPercent, timeSeconds, processes, diskMB, files, outputMB } = limits;
  return {
    ...(memoryMB === undefined ? {} : { memoryBytes: wholeAtLeastOne(memoryMB * MEBIBYTE) }),
    ...(cpuPercent === undefined ? {} : { cpuPercent }),
    ...(timeSeconds === undefined ? {} : { timeMs: wholeAtLeastOne(timeSeconds * 1000) }),
    ...(processes === undefined ? {} : { processes }),
    ...(diskMB === undefined ? {} : { diskBytes: wholeAtLeastOne(diskMB * MEBIBYTE) }),
    ...(files === undefined ? {} : { files }),
    ...(outputMB === undefined ? {} : { outputBytes: wholeAtLeastOne(outputMB * MEBIBYTE) }),
  };
}

function wholeAtLeastOne(value: number): number {
  return Math.max(1, Math.round(value));
}

function narrowed(config: SandboxConfig, limits: Partial<Limits>): SandboxConfig {
  const least = (mine: number, asked: number | undefined): number => Math.min(mine, asked ?? mine);
  const formats = limits.outputFormats;
  return {
    ...config,
    memoryBytes: least(config.memoryBytes, limits.memoryBytes),
    cpuPercent: least(config.cpuPercent, limits.cpuPercent),
    timeMs: least(config.timeMs, limits.timeMs),
    processes: least(config.processes, limits.processes),
    diskBytes: least(config.diskBytes, limits.diskBytes),
    files: least(config.files, limits.files),
    outputBytes: least(config.outputBytes, limits.outputBytes),
    outputFormats: formats ? config.outputFormats.filter((format) => formats.includes(format)) : config.outputFormats,
  };
}

/**
 * Why a run may not happen: the workspace is not trusted or lets no agents in, a run without a sandbox or with a grant was
 * asked for by somebody who cannot give it, or the principal lacks a grant for what the tool's code does.
 * @returns the denial, which names the capability, its evidence and what would allow it
 */
export function findDenial(
  request: PolicyRequest,
  effective: readonly EffectiveCapability[],
  trusted: boolean,
): Denial | undefined {
  const { tool, principal, folder, grant } = request;
  if (!trusted) {
    const message = `${tool.name} was not run: the workspace is not trusted. Trust the workspace to allow it.`;
    return { capability: "workspace-trust", message };
  }
  if (principal !== "user" && !folder.agents) {
    const message = `${principal} may not run ${tool.name}: ${FOLDER_CONFIGURATION} lets only people run tools of this folder.`;
    return { capability: "agents", message };
  }
  if (!folder.network && grant !== undefined && grant.hosts.length > 0) {
    const message = `${tool.name} was not run with ${grant.hosts.join(", ")}: ${FOLDER_CONFIGURATION} lets no tool of this folder reach the network.`;
    return { capability: "network-access", message };
  }
  if (principal === "user") return undefined;
  if (request.unprotected) {
    const message = `${principal} may not run ${tool.name} without a sandbox: only the user can agree to that, each time.`;
    return { capability: "unprotected", message };
  }
  return beyondGrants(request) ?? lackingGrant(request, effective);
}

/** An agent that brings a grant of its own making may use what it was granted before, and nothing else of it. */
function beyondGrants(request: PolicyRequest): Denial | undefined {
  const { grant, held } = request;
  const writable = new Set(held.filter(({ capability }) => capability !== "filesystem-read").flatMap((g) => g.paths));
  const reachable = new Set(held.flatMap(({ hosts }) => hosts));
  const paths = (grant?.writablePaths ?? []).filter((path) => !writable.has(path));
  const hosts = (grant?.hosts ?? []).filter((host) => !reachable.has(host));
  if (paths.length > 0) return denial(request, "filesystem-write", { paths });
  return hosts.length > 0 ? denial(request, "network-access", { hosts }) : undefined;
}

function lackingGrant(request: PolicyRequest, effective: readonly EffectiveCapability[]): Denial | undefined {
  const denied = effective.filter(({ standing }) => standing === "denied").map(({ capability }) => capability);
  const [first] = denied;
  if (first === undefined) return undefined;
  const others = denied.slice(1).map(({ name }) => `“${name}”`);
  const also = others.length === 0 ? "" : ` It would then also need ${others.join(", ")}.`;
  return denial(request, first.name, first.scope ?? {}, also);
}

function denial(
  { tool, principal, outdated }: PolicyRequest,
  name: CapabilityName,
  scope: { readonly paths?: readonly string[] | undefined; readonly hosts?: readonly string[] | undefined },
  also = "",
): Denial {
  const named = [...(scope.paths ?? []), ...(scope.hosts ?? [])];
  const what = named.length === 0 ? "" : ` for ${named.join(", ")}`;
  const evidence = tool.capabilities.find((candidate) => candidate.name === name)?.evidence[0];
  const shown =
    evidence === undefined
      ? `No evidence for it was found in ${tool.file}.`
      : `Evidence: ${evidence.file}:${evidence.line} “${evidence.text}” (${evidence.why}).`;
  const why = outdated.has(name)
    ? `its grant was for the tool as it was before it changed.`
    : `it has no grant for it, and an agent has none of the user's.`;
  const allow = grantCommand(tool.id, name, principal, scope);
  return {
    capability: name,
    message: `${principal} may not use “${name}” of ${tool.name}${what}: ${why} ${shown} The user can allow it: ${allow}${also}`,
    ...(evidence === undefined ? {} : { evidence: { file: evidence.file, line: evidence.line } }),
    allow,
  };
}

/** What a run would ask for beyond its policy, taken from what the code names itself. */
export interface Asked {
  readonly writablePaths: readonly string[];
  readonly hosts: readonly string[];
}

/** @param policy what is given already */
export function askedBeyond(capabilities: readonly Capability[], policy: SandboxConfig): Asked {
  const scopes = (names: readonly CapabilityName[]) =>
    capabilities.filter((capability) => names.includes(capability.name)).map((capability) => capability.scope ?? {});
  const writes = scopes(["filesystem-write", "filesystem-delete", "file-permissions"]);
  const network = scopes(["network-access"]);
  const given = policy.network.mode === "hosts" ? policy.network.hosts : [];
  return {
    writablePaths: [...new Set(writes.flatMap((scope) => scope.paths ?? []))],
    hosts: [...new Set(network.flatMap((scope) => scope.hosts ?? []))].filter((host) => !given.includes(host)),
  };
}
