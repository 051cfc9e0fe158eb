import type { EnforcementReport } from "../../model/index.ts";
import { escapeHtml } from "./html.ts";
import type { Translate } from "./translate.ts";

const STYLE = `
body { font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); color: var(--vscode-foreground); padding: 0 20px 20px; }
h1 { font-size: 1.4em; font-weight: 600; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 6px 16px 6px 0; border-bottom: 1px solid var(--vscode-contrastBorder, var(--vscode-panel-border)); }
td.no { color: var(--vscode-errorForeground); font-weight: 600; }
td.probe { color: var(--vscode-descriptionForeground); }
`;

/** The enforcement report as the text of a page. */
export function enforcementPage({ platform, backend, mechanisms }: EnforcementReport, t: Translate): string {
  const summary =
    backend === undefined
      ? t("Nothing can be enforced here: tools are not run.")
      : t("Tools run under {0} on {1}. Each line was tried out just now.", backend, platform);
  const heads = [t("Mechanism"), t("Enforced"), t("Protects"), t("How it was tried, and what helps")];
  const rows = mechanisms.map(({ mechanism, protects, enforced, probe, advice }) => {
    const probed = [probe, ...(advice === undefined ? [] : [advice])].map(escapeHtml).join("<br>");
    return (
      `<tr><th scope="row">${escapeHtml(mechanism)}</th>` +
      `<td class="${enforced ? "yes" : "no"}">${escapeHtml(enforced ? t("yes") : t("no"))}</td>` +
      `<td>${escapeHtml(protects)}</td><td class="probe">${probed}</td></tr>`
    );
  });
  return [
    `<style>${STYLE}</style>`,
    `<h1>${escapeHtml(t("What this machine enforces"))}</h1>`,
    `<p>${escapeHtml(summary)}</p>`,
    `<table><thead><tr>${heads.map((head) => `<th scope="col">${escapeHtml(head)}</th>`).join("")}</tr></thead>`,
    `<tbody>${rows.join("")}</tbody></table>`,
  ].join("\n");
}
