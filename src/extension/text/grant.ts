import {
  CAPABILITIES,
  type ExplainedGrant,
  type Grant,
  type GrantDuration,
  type ToolChanges,
} from "../../model/index.ts";
import { badges, capabilityTitle } from "./capability.ts";
import { principalText } from "./principal.ts";
import { escapeMarkdown } from "./tool.ts";
import type { Translate } from "./translate.ts";

/** How long a grant holds, in words. */
export function durationWord(duration: GrantDuration, t: Translate): string {
  switch (duration) {
    case "once":
      return t("one run");
    case "session":
      return t("this session");
    case "always":
      return t("until revoked");
  }
}

/** What a grant names: paths and hosts. */
export function grantScopeText({ paths, hosts }: Pick<Grant, "paths" | "hosts">): string {
  return [...paths, ...hosts].join(", ");
}

/** What stands behind a grant's tool in the tree: short, since what it names matters most. */
export function grantLine(grant: ExplainedGrant, t: Translate): string {
  const { severity } = CAPABILITIES[grant.capability];
  return `${badges([{ name: grant.capability, severity }], t)} · ${grantDescription(grant, t)}`;
}

/** What holds about a grant, beside its tool and capability. */
function grantDescription(grant: ExplainedGrant, t: Translate): string {
  const parts = [
    grant.holds ? "" : t("does not hold"),
    grantScopeText(grant),
    grant.principal === "user" ? "" : principalText(grant.principal, t),
    durationWord(grant.duration, t),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** A grant for people who hear it. */
export function grantLabel(grant: ExplainedGrant, t: Translate): string {
  const what = capabilityTitle(grant.capability, t);
  return `${grant.name ?? grant.tool}, ${what}, ${grantDescription(grant, t)}`;
}

/** Everything about a grant, as Markdown. */
export function grantTooltip(grant: ExplainedGrant, t: Translate): string {
  const { capability, principal, duration, grantedAt, grantedBy, evidence, fingerprint } = grant;
  const facts: readonly (readonly [string, string])[] = [
    [t("Allowed"), `${capabilityTitle(capability, t)} (${capability})`],
    [t("Only"), grantScopeText(grant)],
    [t("For runs by"), principalText(principal, t)],
    [t("How long"), durationWord(duration, t)],
    [t("Granted"), t("{0} by {1}", new Date(grantedAt).toLocaleString(), grantedBy === "user" ? t("you") : grantedBy)],
    [t("Version of the tool"), fingerprint.slice(0, 12)],
  ];
  const shown = evidence.map(({ file, line, text, why }) => {
    return `- **${escapeMarkdown(`${file}:${line}`)}** ${escapeMarkdown(`${text} — ${why}`)}`;
  });
  return [
    `**${escapeMarkdown(grant.name ?? grant.tool)}**`,
    escapeMarkdown(grant.why),
    facts
      .filter(([, value]) => value !== "")
      .map(([name, value]) => `${escapeMarkdown(name)}: ${escapeMarkdown(value)}`)
      .join("  \n"),
    ...(shown.length > 0 ? [escapeMarkdown(t("Seen in its code:")), shown.join("\n")] : []),
  ].join("\n\n");
}

/** What changed in a tool, as a line. */
export function changesText({ files, description }: ToolChanges, t: Translate): string {
  const words = { changed: "", added: t("new"), removed: t("gone") };
  const named = files.map(({ file, change }) => (words[change] === "" ? file : `${file} (${words[change]})`));
  return [...named, ...(description ? [t("its command or parameters")] : [])].join(", ");
}
