import { l10n } from "vscode";
import type { GraphViewTexts } from "../../model/index.ts";

/** The words of the graph webview in the editor's language. */
export function graphViewTexts(): GraphViewTexts {
  return {
    loading: l10n.t("Drawing…"),
    graph: l10n.t("Control-flow graph of {0}"),
    node: l10n.t("{0}: {1}, line {2}"),
    edge: l10n.t("{0}, from line {1} to line {2}"),
    toolbar: l10n.t("Graph"),
    zoomIn: l10n.t("Zoom in"),
    zoomOut: l10n.t("Zoom out"),
    fit: l10n.t("Fit to the window"),
    fitSign: l10n.t("Fit"),
    copy: l10n.t("Copy as Mermaid text"),
    copySign: l10n.t("Copy"),
    copied: l10n.t("Copied"),
    export: l10n.t("Save as a picture or as text"),
    exportSign: l10n.t("Export…"),
    level: l10n.t("What is told apart"),
    levels: {
      branch: l10n.t("Branches"),
      block: l10n.t("Blocks"),
      statement: l10n.t("Statements"),
      expression: l10n.t("Expressions"),
    },
    exceptions: l10n.t("Which exceptions are drawn"),
    exceptionDetails: {
      all: l10n.t("All exceptions"),
      handled: l10n.t("Handled exceptions"),
      none: l10n.t("No exceptions"),
    },
    help: l10n.t(
      "Graph. Arrow keys scroll, plus and minus zoom, 0 fits; Tab goes through the nodes, arrow keys on a node follow its edges, Enter goes to the line.",
    ),
    summary: l10n.t("{0} nodes, {1} edges, cyclomatic complexity {2}"),
    notDrawn: l10n.t("Only flowcharts are drawn here, and this text could not be drawn as one: {0}"),
    tooLarge: l10n.t(
      "This graph has {0} nodes, which is too many for a picture. Fewer details may help, and Copy gives it as text.",
    ),
    unreachable: l10n.t("never reached"),
  };
}
