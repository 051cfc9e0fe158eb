import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { type Capability, type CapabilityName, fail, ok, type Principal, type Result } from "../../model/index.ts";
import { parseHostRule } from "../../sandbox/index.ts";
import { isInside } from "../entry.ts";
import { HOST_CAPABILITIES, PATH_CAPABILITIES } from "./effective.ts";

/** System folders; a grant for one of them, or for what contains them, would end every protection. */
const SYSTEM_ROOTS = ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr"];

/** The real paths of a grant. Refused are system folders, the home folder itself, and what holds the state. */
export function grantablePaths(paths: readonly string[], stateRoot: string): Result<readonly string[]> {
  const real: string[] = [];
  for (const path of paths) {
    const found = grantablePath(path, stateRoot);
    if (!found.ok) return found;
    real.push(found.value);
  }
  return ok([...new Set(real)]);
}

function grantablePath(path: string, stateRoot: string): Result<string> {
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
    return fail("bad-grant", `${real} cannot be granted: it is or contains a folder of the system`);
  }
  if (isInside(real, stateRoot) || isInside(stateRoot, real)) {
    return fail("bad-grant", `${real} cannot be granted: grants and history are kept there`);
  }
  return ok(real);
}

/** Whether a kept path still is what was granted: there, and not led elsewhere by a link since. */
export function isStillThere(path: string, stateRoot: string): boolean {
  const found = grantablePath(path, stateRoot);
  return found.ok && found.value === path;
}

export function grantableHosts(hosts: readonly string[]): Result<readonly string[]> {
  for (const host of hosts) {
    const rule = parseHostRule(host);
    if (!rule.ok) return fail("bad-grant", rule.problem.message);
  }
  return ok([...new Set(hosts)]);
}

/** What a grant names beside the capability. */
export interface GrantScope {
  readonly paths: readonly string[];
  readonly hosts: readonly string[];
}

/**
 * The scope of a grant: what was given, else what the code names itself. A capability that is about files or hosts needs
 * at least one; any other takes none.
 */
export function grantScope(
  name: CapabilityName,
  claimed: Capability | undefined,
  given: Partial<GrantScope>,
  places: { readonly workspace: string; readonly stateRoot: string },
): Result<GrantScope> {
  const takesPaths = PATH_CAPABILITIES.has(name);
  const takesHosts = HOST_CAPABILITIES.has(name);
  if (!takesPaths && (given.paths ?? []).length > 0) return fail("bad-grant", `“${name}” takes no path`);
  if (!takesHosts && (given.hosts ?? []).length > 0) return fail("bad-grant", `“${name}” takes no host`);
  if (takesPaths) return pathScope(name, claimed, given.paths, places);
  return takesHosts ? hostScope(name, claimed, given.hosts) : ok({ paths: [], hosts: [] });
}

function pathScope(
  name: CapabilityName,
  claimed: Capability | undefined,
  given: readonly string[] | undefined,
  { workspace, stateRoot }: { readonly workspace: string; readonly stateRoot: string },
): Result<GrantScope> {
  const named = given ?? claimed?.scope?.paths?.map((path) => workspacePath(path, workspace)) ?? [];
  if (named.length === 0) return fail("bad-grant", `“${name}” needs a path: the code does not say which`);
  const paths = grantablePaths(named, stateRoot);
  return paths.ok ? ok({ paths: paths.value, hosts: [] }) : paths;
}

function hostScope(
  name: CapabilityName,
  claimed: Capability | undefined,
  given: readonly string[] | undefined,
): Result<GrantScope> {
  const named = given ?? claimed?.scope?.hosts ?? [];
  if (named.length === 0) return fail("bad-grant", `“${name}” needs a host: the code does not say which`);
  const hosts = grantableHosts(named);
  return hosts.ok ? ok({ paths: [], hosts: hosts.value }) : hosts;
}

function workspacePath(path: string, workspace: string): string {
  return isAbsolute(path) ? path : join(workspace, path);
}

/** The command line that gives a grant, for a person to look at and run. */
export function grantCommand(
  tool: string,
  name: CapabilityName,
  principal: Principal,
  scope: { readonly paths?: readonly string[] | undefined; readonly hosts?: readonly string[] | undefined },
): string {
  const { paths = [], hosts = [] } = scope;
  const words = [
    ...["toka", "grants", "allow", tool, name],
    ...(principal === "user" ? [] : ["--principal", principal]),
    ...(PATH_CAPABILITIES.has(name) ? orElse(paths, "PATH").flatMap((path) => ["--path", path]) : []),
    ...(HOST_CAPABILITIES.has(name) ? orElse(hosts, "HOST").flatMap((host) => ["--host", host]) : []),
  ];
  return words.map(quoted).join(" ");
}

function orElse(values: readonly string[], placeholder: string): readonly string[] {
  return values.length === 0 ? [placeholder] : values;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
