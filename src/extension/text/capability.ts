import { CAPABILITIES, type Capability, type CapabilityName, type Severity } from "../../model/index.ts";
import type { Translate } from "./translate.ts";

const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low"];

/** One word for each capability, for places where only a word fits. */
const WORDS: Readonly<Record<CapabilityName, string>> = {
  "filesystem-read": "reads",
  "filesystem-write": "writes",
  "filesystem-delete": "deletes",
  "file-permissions": "permissions",
  "network-access": "network",
  "network-listen": "listens",
  "process-spawn": "programs",
  "process-signal": "signals",
  "env-read": "environment",
  "env-write": "environment",
  secrets: "secrets",
  "native-code": "native code",
  "dynamic-code": "dynamic code",
  deserialization: "deserializes",
  "package-install": "installs",
  privileged: "privileged",
  stdin: "input",
  gui: "windows",
  gpu: "GPU",
};

/** The most harmful first; equal ones in the order of the table of capabilities. */
export function bySeverity<C extends Pick<Capability, "name" | "severity">>(capabilities: readonly C[]): C[] {
  const names = Object.keys(CAPABILITIES);
  return capabilities.toSorted(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || names.indexOf(a.name) - names.indexOf(b.name),
  );
}

/** The worst severity among the capabilities; none without capabilities. */
export function worstSeverity(capabilities: readonly Pick<Capability, "name" | "severity">[]): Severity | undefined {
  return bySeverity(capabilities)[0]?.severity;
}

/** Short text such as `network · programs · reads`, each word once. */
export function badges(capabilities: readonly Pick<Capability, "name" | "severity">[], t: Translate): string {
  return [...new Set(bySeverity(capabilities).map(({ name }) => t(WORDS[name])))].join(" · ");
}

/** What a capability means, in words: `connects to the network`. */
export function capabilityTitle(name: CapabilityName, t: Translate): string {
  return t(CAPABILITIES[name].title);
}

/** The severity as a word for people. */
export function severityWord(severity: Severity, t: Translate): string {
  const words: Readonly<Record<Severity, string>> = {
    critical: t("critical"),
    high: t("high"),
    medium: t("medium"),
    low: t("low"),
  };
  return words[severity];
}
