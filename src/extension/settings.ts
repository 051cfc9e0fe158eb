import { type ConfigurationScope, workspace } from "vscode";
import { parseBoundary, type Result, Settings } from "../model/index.ts";

/** The settings below `toka.` as they hold for a folder, checked; a wrong value is one problem that names it. */
export function readSettings(scope?: ConfigurationScope): Result<Settings> {
  const section = workspace.getConfiguration("toka", scope);
  return parseBoundary(
    Settings,
    {
      python: { interpreterPath: section.get("python.interpreterPath") },
      discovery: { exclude: section.get("discovery.exclude") },
      codeLens: { controlFlow: section.get("codeLens.controlFlow"), run: section.get("codeLens.run") },
      limits: {
        memoryMB: section.get("limits.memoryMB"),
        cpuPercent: section.get("limits.cpuPercent"),
        timeSeconds: section.get("limits.timeSeconds"),
      },
    },
    "Toka settings (toka.…)",
  );
}
