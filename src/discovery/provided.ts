import { fail, ok, ProvidedTool, ProviderId, parseBoundary, type Result, type Tool } from "../model/index.ts";
import { applyManifests, readManifest } from "./readers/manifest.ts";

/**
 * The tool that another extension describes, as if a manifest did.
 * @param provider the extension's own name for itself
 * @returns problem `invalid-input` that names the provider and the field
 */
export function providedTool(provider: string, described: unknown): Result<Tool> {
  const id = parseBoundary(ProviderId, provider, "the id of a tool provider");
  if (!id.ok) return id;
  const checked = parseBoundary(ProvidedTool, described, `a tool of ${provider}`);
  if (!checked.ok) return checked;
  const { file, ...manifest } = checked.value;
  if (file !== undefined && !manifest.command.includes(file)) {
    const message = `a tool of ${provider}, field “file”: the command has no word “${file}”`;
    return fail("invalid-input", message, { file: `a tool of ${provider}`, field: "file" });
  }
  const name = `plugin:${provider}/${manifest.name}`;
  // Read like a manifest in a file, so that every rule for those holds here.
  const reading = readManifest(name, JSON.stringify(manifest, undefined, 2));
  const [tool] = applyManifests([], [reading]).tools;
  const [problem] = reading.diagnostics;
  if (tool === undefined || problem !== undefined) {
    return fail("invalid-input", `a tool of ${provider}: ${problem?.message ?? "it describes nothing"}`);
  }
  return ok({ ...tool, file: file ?? name, framework: "plugin", source: "plugin" });
}
