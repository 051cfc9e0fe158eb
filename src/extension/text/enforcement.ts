import type { EnforcementReport } from "../../model/index.ts";
import { escapeMarkdown } from "./tool.ts";
import type { Translate } from "./translate.ts";

/** The enforcement report as a Markdown document. */
export function enforcementText({ platform, backend, mechanisms }: EnforcementReport, t: Translate): string {
  const summary =
    backend === undefined
      ? t("Nothing can be enforced here: tools are not run.")
      : t("Tools run under {0} on {1}.", backend, platform);
  const rows = mechanisms.map(({ mechanism, protects, enforced, probe, advice }) => {
    const cells = [enforced ? t("yes") : t("**no**"), mechanism, protects, probe, advice ?? ""];
    return `| ${cells.map((cell, index) => (index === 0 ? cell : escapeMarkdown(cell).replaceAll("\n", " "))).join(" | ")} |`;
  });
  return [
    `# ${t("What this machine enforces")}`,
    "",
    summary,
    "",
    `| ${[t("Enforced"), t("Mechanism"), t("Without it"), t("How it was tried"), t("What helps")].join(" | ")} |`,
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
