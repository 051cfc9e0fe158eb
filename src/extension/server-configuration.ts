import { l10n, Uri, workspace } from "vscode";
import type { ServerConfiguration } from "../model/index.ts";
import type { Reporter } from "./reporter.ts";
import { readSettings } from "./settings.ts";

/**
 * What the language server is told of settings and language; a wrong setting is told and its default used.
 * @param storage folder for what outlives the editor
 */
export function serverConfiguration(reporter: Reporter, storage: Uri): ServerConfiguration {
  const lenses = readSettings("codeLens");
  if (!lenses.ok) reporter.problem(lenses.problem);
  const exclude: ServerConfiguration["exclude"] = {};
  const capabilities: ServerConfiguration["capabilities"] = {};
  for (const { uri } of workspace.workspaceFolders ?? []) {
    const discovery = readSettings("discovery", uri);
    if (discovery.ok) {
      exclude[uri.toString()] = discovery.value.exclude;
      capabilities[uri.toString()] = discovery.value.capabilities;
    } else reporter.problem(discovery.problem);
  }
  const highlight = readSettings("highlight");
  if (!highlight.ok) reporter.problem(highlight.problem);
  return {
    exclude,
    capabilities,
    indexFolder: Uri.joinPath(storage, "discovery").fsPath,
    lenses: lenses.ok ? lenses.value : { controlFlow: true, callGraph: true, run: true },
    highlights: highlight.ok ? highlight.value.dataFlow : true,
    texts: {
      controlFlow: l10n.t("Control flow · complexity {0}"),
      callGraph: l10n.t("Calls"),
      calls: {
        external: l10n.t("out of the workspace: {0}"),
        unknown: l10n.t("not resolved: {0}"),
        module: l10n.t("module {0}"),
      },
      run: l10n.t("▶ Run {0}"),
      symbol: l10n.t("complexity {0} · cognitive {1}"),
      lines: l10n.t("lines {0} to {1}"),
      metrics: metricTexts(),
    },
  };
}

/** What each metric is called and means, in the order of a hover's table. */
function metricTexts(): ServerConfiguration["texts"]["metrics"] {
  return {
    cyclomatic: {
      name: l10n.t("Cyclomatic complexity"),
      meaning: l10n.t("independent ways through; above 10 is a lot"),
    },
    cognitive: { name: l10n.t("Cognitive complexity"), meaning: l10n.t("how hard it is to follow; above 15 is a lot") },
    nesting: { name: l10n.t("Nesting"), meaning: l10n.t("levels of blocks inside blocks") },
    statements: { name: l10n.t("Statements"), meaning: l10n.t("in the body, nested ones included") },
    parameters: { name: l10n.t("Parameters"), meaning: l10n.t("that a caller may give") },
    maintainability: { name: l10n.t("Maintainability"), meaning: l10n.t("from 0 to 100; below 20 is hard to change") },
  };
}
