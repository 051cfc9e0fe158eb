import {
  acceptedParameters,
  type Capability,
  type Evidence,
  hasSource,
  type Parameter,
  type Tool,
} from "../../model/index.ts";
import { badges, bySeverity, capabilityTitle, severityWord } from "./capability.ts";
import type { Translate } from "./translate.ts";

/** More parameters than this are counted in the tooltip instead of listed. */
const LISTED_PARAMETERS = 12;

/** The text as Markdown that shows exactly it: nothing in a tool's help text becomes a link, an image or HTML. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]()#+\-.!~|:/@$]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/\r?\n/g, "  \n");
}

/** Words that `when` clauses match, as in `tool;python;cap:network-access`, `tool;external;sourceless`. */
export function toolContext(tool: Tool): string {
  const sourceless = hasSource(tool) ? [] : ["sourceless"];
  return ["tool", tool.kind, ...sourceless, ...tool.capabilities.map(({ name }) => `cap:${name}`)].join(";");
}

/** What stands behind a tool's name in the tree. */
export function toolDescription(tool: Tool, t: Translate): string {
  return badges(tool.capabilities, t);
}

/** How a parameter is written on a command line: `--output`, `-v, --verbose`, `FILE`. */
export function parameterLabel(parameter: Parameter): string {
  return parameter.flags.length > 0 ? parameter.flags.join(", ") : (parameter.metavar ?? parameter.name);
}

function parameterLine(parameter: Parameter, t: Translate): string {
  const facts = [
    parameter.subcommand === undefined ? undefined : t("of {0}", parameter.subcommand),
    parameter.type,
    parameter.required ? t("required") : undefined,
    parameter.default === undefined || parameter.default === null
      ? undefined
      : t("default {0}", JSON.stringify(parameter.default)),
  ].filter((fact) => fact !== undefined);
  const name = `**${escapeMarkdown(parameterLabel(parameter))}**`;
  const note = facts.length > 0 ? ` (${escapeMarkdown(facts.join(", "))})` : "";
  const help = parameter.help ? `: ${escapeMarkdown(parameter.help.replaceAll(/\s+/g, " "))}` : "";
  return `- ${name}${note}${help}`;
}

function parameterSection(tool: Tool, t: Translate): string[] {
  const parameters = acceptedParameters(tool);
  if (parameters.length === 0) return [];
  const listed = parameters.slice(0, LISTED_PARAMETERS).map((parameter) => parameterLine(parameter, t));
  const more = parameters.length - listed.length;
  return [`**${t("Parameters")}**`, "", ...listed, ...(more > 0 ? [`- ${t("and {0} more", more)}`] : []), ""];
}

function capabilitySection(tool: Tool, t: Translate): string[] {
  if (tool.capabilities.length === 0) {
    return [t("No capability was seen in the code that could be read. That is no proof that there is none."), ""];
  }
  const lines = bySeverity(tool.capabilities).map(({ name, severity, evidence }) => {
    const place = evidence[0] ? ` (${escapeMarkdown(`${evidence[0].file}:${evidence[0].line}`)})` : "";
    return `- ${escapeMarkdown(capabilityTitle(name, t))}, ${t("{0} severity", severityWord(severity, t))}${place}`;
  });
  return [`**${t("What it can do")}**`, "", ...lines, ""];
}

/** Markdown for a tool's hover. All text from the workspace is escaped. */
export function toolTooltip(tool: Tool, t: Translate): string {
  return [
    `**${escapeMarkdown(tool.name)}**`,
    "",
    ...(tool.description === "" ? [] : [escapeMarkdown(tool.description), ""]),
    ...parameterSection(tool, t),
    ...capabilitySection(tool, t),
    `${hasSource(tool) ? `${escapeMarkdown(`${tool.file}:${tool.line}`)} · ` : ""}${tool.kind} · ${tool.framework} · ${tool.category}`,
  ].join("\n");
}

/** What a screen reader says for a tool. */
export function toolLabel(tool: Tool, t: Translate): string {
  const can = bySeverity(tool.capabilities).map(({ name }) => capabilityTitle(name, t));
  const what = can.length === 0 ? t("no capability seen") : can.join(", ");
  return t("{0}, {1} tool, {2}", tool.name, tool.kind, what);
}

/** What a screen reader says for a capability of a tool. */
export function capabilityLabel(capability: Capability, t: Translate): string {
  const { name, severity, evidence } = capability;
  const shown = evidence.length === 1 ? t("shown by 1 line") : t("shown by {0} lines", evidence.length);
  return t("{0}, {1} severity, {2}", capabilityTitle(name, t), severityWord(severity, t), shown);
}

/** Markdown for the hover of an evidence line. */
export function evidenceTooltip(evidence: Evidence, t: Translate): string {
  const chain = evidence.chain ?? [];
  return [
    escapeMarkdown(evidence.why),
    "",
    `${escapeMarkdown(evidence.file)}:${evidence.line}`,
    ...(chain.length === 0 ? [] : ["", t("Reached through {0}", escapeMarkdown(chain.join(" → ")))]),
  ].join("\n");
}
