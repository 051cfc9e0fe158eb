import { type Disposable, FileDecoration, l10n, ThemeColor, Uri, window } from "vscode";
import { Severity, type Tool } from "../model/index.ts";
import { severityWord, worstSeverity } from "./text/capability.ts";

const SCHEME = "toka-tool";

/** The address of a tool in the tree; it carries the worst severity, which decorates it. */
export function toolUri(folder: Uri, tool: Tool): Uri {
  const severity = worstSeverity(tool.capabilities) ?? "none";
  return Uri.from({ scheme: SCHEME, path: `${folder.path}/${tool.id}`, query: severity });
}

const DECORATIONS: Readonly<Partial<Record<Severity, { readonly badge: string; readonly color: string }>>> = {
  critical: { badge: "!!", color: "list.errorForeground" },
  high: { badge: "!", color: "list.warningForeground" },
};

/** Marks tools that can do much harm. */
export function registerSeverityDecorations(): Disposable {
  return window.registerFileDecorationProvider({
    provideFileDecoration: (uri) => {
      const severity = Severity.safeParse(uri.scheme === SCHEME ? uri.query : undefined);
      const decoration = severity.success ? DECORATIONS[severity.data] : undefined;
      if (!severity.success || decoration === undefined) return undefined;
      const tooltip = l10n.t("has a capability of {0} severity", severityWord(severity.data, l10n.t));
      return new FileDecoration(decoration.badge, tooltip, new ThemeColor(decoration.color));
    },
  });
}
