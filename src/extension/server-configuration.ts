import { l10n, workspace } from "vscode";
import type { ServerConfiguration } from "../model/index.ts";
import type { Reporter } from "./reporter.ts";
import { readSettings } from "./settings.ts";

/** What the language server is told of settings and language; a wrong setting is told and its default used. */
export function serverConfiguration(reporter: Reporter): ServerConfiguration {
  const lenses = readSettings("codeLens");
  if (!lenses.ok) reporter.problem(lenses.problem);
  const exclude: Record<string, string[]> = {};
  for (const { uri } of workspace.workspaceFolders ?? []) {
    const discovery = readSettings("discovery", uri);
    if (discovery.ok) exclude[uri.toString()] = discovery.value.exclude;
    else reporter.problem(discovery.problem);
  }
  return {
    exclude,
    lenses: lenses.ok ? lenses.value : { controlFlow: true, run: true },
    texts: { controlFlow: l10n.t("Control flow · complexity {0}"), run: l10n.t("▶ Run {0}") },
  };
}
