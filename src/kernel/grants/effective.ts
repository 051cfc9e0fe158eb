import type { Capability, CapabilityName, Principal, Severity } from "../../model/index.ts";

/**
 * What becomes of a capability in a run. `allowed`: inside the limits that every run has. `granted`: a grant gives what
 * it needs. `withheld`: the run goes on and the sandbox keeps it from this. `denied`: the run does not happen.
 */
export type Standing = "allowed" | "granted" | "withheld" | "denied";

export interface EffectiveCapability {
  readonly capability: Capability;
  readonly standing: Standing;
}

/** Capabilities that a grant gives by naming paths. */
export const PATH_CAPABILITIES: ReadonlySet<CapabilityName> = new Set([
  "filesystem-write",
  "filesystem-delete",
  "file-permissions",
  "filesystem-read",
]);

/** Capabilities that a grant gives by naming hosts. */
export const HOST_CAPABILITIES: ReadonlySet<CapabilityName> = new Set(["network-access", "package-install"]);

/** The sandbox keeps every run from these unless a grant names a path or a host. */
const HELD_BACK: ReadonlySet<CapabilityName> = new Set([
  "filesystem-write",
  "filesystem-delete",
  "file-permissions",
  "network-access",
  "package-install",
]);

/** What an agent has no say in: how bad a capability is when nothing limits it. */
const GRAVE: ReadonlySet<Severity> = new Set(["high", "critical"]);

/**
 * Effective capabilities = tool ∩ principal ∩ workspace trust: what becomes of each capability that a tool's code claims.
 * A person who runs a tool consents to what the sandbox does not keep it from; agents and workflows need a grant for
 * everything grave, whether the sandbox would keep the tool from it or not.
 * @param granted the capabilities for which grants of this principal (never another's) hold
 */
export function effectiveCapabilities(
  claimed: readonly Capability[],
  principal: Principal,
  granted: ReadonlySet<CapabilityName>,
  trusted: boolean,
): readonly EffectiveCapability[] {
  return claimed.map((capability) => ({ capability, standing: standingOf(capability, principal, granted, trusted) }));
}

function standingOf(
  { name, severity }: Capability,
  principal: Principal,
  granted: ReadonlySet<CapabilityName>,
  trusted: boolean,
): Standing {
  if (!trusted) return "denied";
  if (granted.has(name)) return "granted";
  if (principal !== "user" && GRAVE.has(severity)) return "denied";
  return HELD_BACK.has(name) ? "withheld" : "allowed";
}
