import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import {
  type Capability,
  type CapabilityName,
  FOLDER_CONFIGURATION,
  type FolderConfiguration,
  fail,
  type Limits,
  type ManifestLimits,
  ok,
  type Principal,
  type Result,
  type RunGrant,
  type SandboxConfig,
  type Tool,
} from "../model/index.ts";
import { compileConfig, parseHostRule } from "../sandbox/index.ts";
import { isInside } from "./entry.ts";

const MEBIBYTE = 1024 * 1024;

/** Why a run may not happen, in the form that an execution keeps. */
export interface Denial {
  readonly capability: string;
  readonly message: string;
}

export interface PolicyRequest {
  readonly tool: Tool;
  readonly principal: Principal;
  /** Real path of the workspace folder. */
  readonly workspace: string;
  readonly stateRoot: string;
  /** What the workspace folder's own configuration takes away. */
  readonly folder: FolderConfiguration;
  readonly forbiddenPaths: readonly string[];
  /** What a built-in tool consists of, and the variables that it starts with. */
  readonly builtin?:
    | {
        readonly readablePaths: readonly string[];
        readonly writablePaths: readonly string[];
        readonly environment: readonly string[];
      }
    | undefined;
  readonly grant: RunGrant | undefined;
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
  const writablePaths = grantedPaths(grant, stateRoot);
  if (!writablePaths.ok) return writablePaths;
  const hosts = grantedHosts(grant);
  if (!hosts.ok) return hosts;
  const base = compileConfig({
    category: tool.category,
    workspace,
    writablePaths: [...writablePaths.value, ...(request.builtin?.writablePaths ?? [])],
    forbiddenPaths: [...request.forbiddenPaths, ...request.folder.forbid.map((path) => join(workspace, path))],
    readablePaths: request.builtin?.readablePaths ?? [],
    hosts: hosts.value,
    environment: [
      ...HARMLESS_VARIABLES,
      ...(request.builtin?.environment ?? []),
      ...(tool.entry.pythonPath === undefined ? [] : ["PYTHONPATH"]),
    ],
  });
  const own: SandboxConfig = { ...base, ...defined(request.settings) };
  const asked = principal === "user" ? { ...own, ...defined(request.limits) } : narrowed(own, request.limits);
  return ok(narrowed(narrowed(asked, declaredLimits(tool.limits)), declaredLimits(request.folder.limits)));
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

/** System folders; a grant for one of them, or for what contains them, would end every protection. */
const SYSTEM_ROOTS = ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr"];

/** The real paths of a grant. Refused are system folders, the home folder itself, and what holds the state. */
function grantedPaths(grant: RunGrant | undefined, stateRoot: string): Result<readonly string[]> {
  const paths: string[] = [];
  for (const path of grant?.writablePaths ?? []) {
    if (!isAbsolute(path)) return fail("bad-grant", `A granted path must be absolute: ${path}`);
    let real: string;
    try {
      real = realpathSync(path);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail("bad-grant", `A granted path cannot be used: ${why}`);
    }
    const touchesSystem = SYSTEM_ROOTS.some((root) => isInside(root, real) || isInside(real, root));
    if (touchesSystem || isInside(real, homedir())) {
      return fail("bad-grant", `Writing to ${real} cannot be granted: it is or contains a folder of the system`);
    }
    if (isInside(real, stateRoot) || isInside(stateRoot, real)) {
      return fail("bad-grant", `Writing to ${real} cannot be granted: grants and history are kept there`);
    }
    paths.push(real);
  }
  return ok(paths);
}

function grantedHosts(grant: RunGrant | undefined): Result<readonly string[]> {
  for (const host of grant?.hosts ?? []) {
    const rule = parseHostRule(host);
    if (!rule.ok) return fail("bad-grant", rule.problem.message);
  }
  return ok(grant?.hosts ?? []);
}

/**
 * What the principal may not do: nothing runs in an untrusted workspace, and an agent never uses a grant of the user.
 * @returns the denial, which names the capability, its evidence and what would allow it
 */
export function findDenial(request: PolicyRequest, trusted: boolean): Denial | undefined {
  const { tool, principal, grant } = request;
  if (!trusted) {
    const message = `${tool.name} was not run: the workspace is not trusted. Trust the workspace to allow it.`;
    return { capability: "workspace-trust", message };
  }
  const { folder } = request;
  if (principal !== "user" && !folder.agents) {
    const message = `${principal} may not run ${tool.name}: ${FOLDER_CONFIGURATION} lets only people run tools of this folder.`;
    return { capability: "agents", message };
  }
  if (!folder.network && grant !== undefined && grant.hosts.length > 0) {
    const message = `${tool.name} was not run with ${grant.hosts.join(", ")}: ${FOLDER_CONFIGURATION} lets no tool of this folder reach the network.`;
    return { capability: "network-access", message };
  }
  if (principal !== "user" && request.unprotected) {
    const message = `${principal} may not run ${tool.name} without a sandbox: only the user can agree to that, each time.`;
    return { capability: "unprotected", message };
  }
  if (principal === "user" || grant === undefined) return undefined;
  const granted = { "filesystem-write": grant.writablePaths, "network-access": grant.hosts } as const;
  const capability = (["filesystem-write", "network-access"] as const).find((name) => granted[name].length > 0);
  if (capability === undefined) return undefined;
  const what = granted[capability].join(", ");
  return {
    capability,
    message:
      `${principal} may not use “${capability}” of ${tool.name} for ${what}: an agent has no grants of the user. ` +
      `${evidenceSentence(tool, capability)} It would be allowed if the user runs the tool and grants this.`,
  };
}

function evidenceSentence(tool: Tool, name: CapabilityName): string {
  const capability = tool.capabilities.find((candidate) => candidate.name === name);
  const evidence = capability?.evidence[0];
  if (evidence === undefined) return `No evidence for it was found in ${tool.file}.`;
  return `Evidence: ${evidence.file}:${evidence.line} “${evidence.text}” (${evidence.why}).`;
}

/** What a run would ask for beyond its policy, taken from what the code names itself. */
export interface Asked {
  readonly writablePaths: readonly string[];
  readonly hosts: readonly string[];
}

export function askedBeyond(capabilities: readonly Capability[]): Asked {
  const scopes = (names: readonly CapabilityName[]) =>
    capabilities.filter((capability) => names.includes(capability.name)).map((capability) => capability.scope ?? {});
  const writes = scopes(["filesystem-write", "filesystem-delete", "file-permissions"]);
  const network = scopes(["network-access"]);
  return {
    writablePaths: [...new Set(writes.flatMap((scope) => scope.paths ?? []))],
    hosts: [...new Set(network.flatMap((scope) => scope.hosts ?? []))],
  };
}
