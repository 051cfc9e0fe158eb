import { l10n, workspace } from "vscode";
import type { ServerConfiguration } from "../model/index.ts";
import type { Reporter } from "./reporter.ts";
import { readSettings } from "./settings.ts";

/** What the language server is told of settings and language; a wrong setting is told and its default used. */
export function serverConfiguration(reporter: Reporter): ServerConfiguration {
  const settings = readSettings();
  if (!settings.ok) reporter.problem(settings.problem);
  const lenses = settings.ok ? settings.value.codeLens : { controlFlow: true, run: true };
  const exclude: Record<string, string[]> = {};
  for (const { uri } of workspace.workspaceFolders ?? []) {
    const own = readSettings(uri);
    if (own.ok) exclude[uri.toString()] = own.value.discovery.exclude;
  }
  return {
    exclude,
    lenses,
    texts: { controlFlow: l10n.t("Control flow · complexity {0}"), run: l10n.t("▶ Run {0}") },
  };
}
