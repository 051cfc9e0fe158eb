import { lstatSync } from "node:fs";
import { join } from "node:path";
import ignore from "ignore";
import {
  type Diagnostic,
  type DiscoveryReport,
  FOLDER_CONFIGURATION,
  FolderConfiguration,
  type Problem,
} from "../model/index.ts";
import { type CheckedJson, checkJson } from "./checked-json.ts";
import { readBytes } from "./regular-file.ts";

/** Far more than anybody writes by hand, in bytes. */
const MOST_BYTES = 1_000_000;
const HELP = "Mend it, or delete the file; until then no tool of this folder is run";

/**
 * What `toka.json` in a workspace folder says. It only takes away, so one that cannot be read is a problem for whoever
 * runs something and never the same as none.
 */
export function readFolderConfiguration(folder: string): CheckedJson<FolderConfiguration> {
  const path = join(folder, FOLDER_CONFIGURATION);
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
    return { ok: true, value: FolderConfiguration.parse({}) };
  const refuse = (why: string): CheckedJson<never> => {
    const message = `${FOLDER_CONFIGURATION} ${why}. ${HELP}`;
    return { ok: false, problems: [{ code: "bad-configuration", message, place: { file: FOLDER_CONFIGURATION } }] };
  };
  const content = readBytes(path, MOST_BYTES);
  if (content === null) return refuse("is not a file that can be read");
  if (content.stat.size > MOST_BYTES) return refuse(`is larger than ${MOST_BYTES} bytes`);
  return checkJson(FolderConfiguration, content.bytes.toString("utf8"), FOLDER_CONFIGURATION, HELP);
}

/** A report without the tools and diagnostics of excluded files, and with what is wrong with the configuration. */
export function configured(
  report: DiscoveryReport,
  exclude: readonly string[],
  problems: readonly Problem[] = [],
): DiscoveryReport {
  if (exclude.length === 0 && problems.length === 0) return report;
  const rules = ignore().add([...exclude]);
  const kept = <T extends { readonly file: string }>(all: readonly T[]): T[] =>
    all.filter(({ file }) => !(ignore.isPathValid(file) && rules.ignores(file)));
  const own = problems.map(({ code, message, place }): Diagnostic => {
    return { file: place?.file ?? FOLDER_CONFIGURATION, line: place?.line ?? 1, severity: "error", code, message };
  });
  return { ...report, tools: kept(report.tools), diagnostics: [...own, ...kept(report.diagnostics)] };
}
