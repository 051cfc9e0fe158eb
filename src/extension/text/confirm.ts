import type { Plan } from "../../kernel/index.ts";
import type {
  Capability,
  CapabilityName,
  EnforcementReport,
  Forecast,
  SandboxConfig,
  Selection,
} from "../../model/index.ts";
import { bySeverity, capabilityTitle } from "./capability.ts";
import { changesText, durationWord, grantScopeText } from "./grant.ts";
import { writeText } from "./parameter.ts";
import { bytesText, durationText } from "./quantity.ts";
import { forecastWarnings, suggestionLines } from "./statistics.ts";
import type { Translate } from "./translate.ts";

/** What a person confirms before a run. */
export interface Confirmation {
  readonly plan: Plan;
  readonly folderName: string;
  /** Where arguments came from, when they were not all typed by the person. */
  readonly provenance?: Selection["provenance"];
  /** Hosts that an earlier run asked for and did not get. */
  readonly hosts?: readonly string[];
  /** What the tool's history says about this run. */
  readonly forecast?: Forecast;
}

/** An argument as a person would type it; control and reordering characters are shown, not obeyed. */
function shownArgument(argument: string): string {
  const visible = argument.replaceAll(/[\p{Cc}\p{Cf}]/gu, (char) => {
    return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
  return /^[\w@%+=:,./\\-]+$/.test(visible) ? visible : `'${visible.replaceAll("'", `'\\''`)}'`;
}

/** A command line for people to read (never one to hand to a shell). */
export function shownCommand(argv: readonly string[]): string {
  return argv.map(shownArgument).join(" ");
}

function networkLine(policy: SandboxConfig, t: Translate): string {
  return policy.network.mode === "none" ? t("Network: none") : t("Network: only {0}", policy.network.hosts.join(", "));
}

const NETWORK: ReadonlySet<CapabilityName> = new Set(["network-access", "network-listen", "package-install"]);
const CHANGES: ReadonlySet<CapabilityName> = new Set(["filesystem-write", "filesystem-delete", "file-permissions"]);

/** The policy keeps the tool from what the capability needs. */
function isBlocked({ name }: Capability, policy: SandboxConfig): boolean {
  if (NETWORK.has(name)) return policy.network.mode === "none";
  return CHANGES.has(name) && policy.writablePaths.length === 0;
}

/** What the code does and the policy keeps it from, the most harmful first. */
export function blockedCapabilities({ capabilities, policy }: Pick<Plan, "capabilities" | "policy">): Capability[] {
  return bySeverity(capabilities).filter((capability) => isBlocked(capability, policy));
}

function capabilityLines({ plan }: Confirmation, t: Translate): string[] {
  const { capabilities, policy, asked } = plan;
  if (capabilities.length === 0) return [t("What it can do: nothing was seen in its code")];
  const sorted = bySeverity(capabilities);
  const words = (list: readonly Capability[]): string => list.map(({ name }) => capabilityTitle(name, t)).join(", ");
  const allowed = sorted.filter((capability) => !isBlocked(capability, policy));
  const blocked = blockedCapabilities(plan);
  const named = [...asked.hosts, ...asked.writablePaths];
  return [
    ...(allowed.length > 0 ? [t("What it does: {0}", words(allowed))] : []),
    ...(blocked.length > 0 ? [t("Blocked, though its code does it: {0}", words(blocked))] : []),
    ...(blocked.length > 0 && named.length > 0 ? [t("Named in its code: {0}", named.join(", "))] : []),
  ];
}

/** What grants allow the run beyond what every run may. */
function grantedLines({ plan }: Confirmation, t: Translate): string[] {
  return plan.grants.map((grant) => {
    const what = [capabilityTitle(grant.capability, t), grantScopeText(grant)].filter((part) => part !== "").join(" ");
    return t("Granted ({0}): {1}", durationWord(grant.duration, t), what);
  });
}

function provenanceLines({ plan, provenance }: Confirmation, t: Translate): string[] {
  if (provenance === undefined) return [];
  const sources = { words: t("from your words"), default: t("by default"), model: t("by the language model") };
  const lines = Object.entries(plan.arguments).map(([name, value]) => {
    const from = provenance[name]?.from;
    const source = from === undefined ? t("typed") : sources[from];
    return `  ${name} = ${shownArgument(writeText(value))} (${source})`;
  });
  return lines.length === 0 ? [] : [t("Arguments:"), ...lines, ""];
}

function warningLines({ plan, forecast = { warnings: [] } }: Confirmation, t: Translate): string[] {
  const lines = plan.hostile.map(({ parameter, reason }) => t("Look twice: “{0}” {1}.", parameter, reason));
  if (plan.changed) {
    const what = plan.changes === undefined ? "" : changesText(plan.changes, t);
    lines.push(t("The tool changed since it was approved: {0}", what));
  }
  lines.push(...forecastWarnings(forecast, t));
  return lines.length === 0 ? [] : [...lines, ""];
}

/** The question, in one line. */
export function confirmationQuestion({ plan }: Confirmation, t: Translate): string {
  return t("Run {0}?", plan.tool.name);
}

/** All that a person should know before saying yes; plain text, one fact a line. */
export function confirmationDetail(confirmation: Confirmation, t: Translate): string {
  const { plan, folderName } = confirmation;
  const { policy, argv } = plan;
  const writable =
    policy.writablePaths.length === 0
      ? t("Files: {0} can be read; nothing in it can be changed", folderName)
      : t("Files: {0} can be read; can be changed: {1}", folderName, policy.writablePaths.join(", "));
  const limits = t(
    "Limits: {0} of memory, {1} % of a core, {2}, {3} processes, {4} written",
    bytesText(policy.memoryBytes),
    policy.cpuPercent,
    durationText(policy.timeMs),
    policy.processes,
    bytesText(policy.diskBytes),
  );
  return [
    shownCommand(argv),
    "",
    ...warningLines(confirmation, t),
    ...provenanceLines(confirmation, t),
    ...capabilityLines(confirmation, t),
    ...grantedLines(confirmation, t),
    writable,
    networkLine(policy, t),
    limits,
    ...suggestionLines(confirmation.forecast ?? { warnings: [] }, t),
  ].join("\n");
}

/** What a person should know before a run that nothing isolates. */
export function unprotectedDetail({ mechanisms }: EnforcementReport, why: string, t: Translate): string {
  const open = mechanisms.filter(({ enforced }) => !enforced).map(({ protects }) => protects);
  return [
    t("This machine cannot keep the tool from your files, the network and other programs."),
    ...(open.length > 0 ? [t("Not protected: {0}", [...new Set(open)].join("; "))] : []),
    t("Still limited: its time, its output, its environment."),
    "",
    why,
  ].join("\n");
}
