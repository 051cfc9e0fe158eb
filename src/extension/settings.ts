import { type ConfigurationScope, workspace } from "vscode";
import type * as z from "zod";
import { fail, ok, type Result, Settings } from "../model/index.ts";

type Section = keyof Settings;

/**
 * A section of the settings below `toka.` as it holds for a folder, checked. A wrong value is one problem that names the
 * setting; the other sections are not touched by it.
 */
export function readSettings<S extends Section>(
  section: S,
  scope?: ConfigurationScope,
): Result<z.infer<(typeof Settings)["shape"][S]>> {
  const schema = Settings.shape[section];
  const configuration = workspace.getConfiguration(`toka.${section}`, scope);
  const values = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, configuration.get(name)]));
  const parsed = schema.safeParse(values);
  if (parsed.success) return ok(parsed.data as z.infer<(typeof Settings)["shape"][S]>);
  const issue = parsed.error.issues[0];
  const name = ["toka", section, ...(issue?.path.map(String) ?? [])].join(".");
  return fail("invalid-setting", `The setting “${name}” is not valid: ${issue?.message ?? "unknown"}`);
}
