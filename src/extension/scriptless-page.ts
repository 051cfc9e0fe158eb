import { ThemeIcon, ViewColumn, window } from "vscode";
import { scriptlessPage } from "./text/result.ts";

const PANEL = "toka.page";

/** Shows HTML without scripts and without network, beside the editor. */
export function showPage(html: string, title: string, focus: boolean): void {
  const column = { viewColumn: ViewColumn.Beside, preserveFocus: !focus };
  const panel = window.createWebviewPanel(PANEL, title, column, {
    enableScripts: false,
    enableForms: false,
    enableCommandUris: false,
    localResourceRoots: [],
  });
  panel.iconPath = new ThemeIcon("preview");
  panel.webview.html = scriptlessPage(html);
}
