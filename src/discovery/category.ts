import type { Capability, CapabilityName, Category, OutputFormat } from "../model/index.ts";

/** Capabilities whose need makes a tool `general`: it has business outside its own process and folder. */
const OUTWARD: ReadonlySet<CapabilityName> = new Set([
  "network-access",
  "network-listen",
  "process-spawn",
  "process-signal",
  "package-install",
  "privileged",
]);

/** Capabilities that change something. */
const CHANGING: ReadonlySet<CapabilityName> = new Set(["filesystem-write", "filesystem-delete", "file-permissions"]);

/** Words by which people name tools that look at something and report on it. */
const ANALYSIS_WORDS =
  /anal[iy][sz]|report|graph|diagram|metric|statistic|\bstats?\b|lint|check|inspect|audit|measur|benchmark|profil|coverage|summar|visuali[sz]|complexity|count/iu;

/**
 * The category of a tool, which sets its default limits:
 * 1. `analysis` when its manifest says that it prints JSON, Mermaid or HTML;
 * 2. `general` when it uses the network, starts or signals programs, installs packages or needs privileges;
 * 3. `analysis` when it changes no files and its name or description says that it analyses or reports;
 * 4. `utility` otherwise.
 */
export function categoryOf(
  name: string,
  description: string,
  capabilities: readonly Capability[],
  output: OutputFormat | undefined,
): Category {
  if (output !== undefined && output !== "text") return "analysis";
  if (capabilities.some((capability) => OUTWARD.has(capability.name))) return "general";
  const changes = capabilities.some((capability) => CHANGING.has(capability.name));
  const words = `${name.replaceAll(/[_-]/gu, " ")} ${description}`;
  return !changes && ANALYSIS_WORDS.test(words) ? "analysis" : "utility";
}
