import * as z from "zod";
import { Manifest } from "./manifest.ts";

/** The version of the programming interface for other extensions; it grows when something breaks, and not before. */
export const PLUGIN_API_VERSION = 1;

/**
 * A tool that another extension provides: what a manifest says, with a name and a command. As with a manifest, nothing in
 * it widens what a run may do.
 */
export const ProvidedTool = Manifest.extend({
  name: z.string().min(1),
  command: z.array(z.string()).min(1).describe("The argv of the tool."),
  file: z
    .string()
    .regex(
      /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\\\0]+$/,
      "a path relative to the workspace folder, with / and without ..",
    )
    .optional()
    .describe("The file of the workspace that the command runs, a word of it; a change to it asks again."),
});
export type ProvidedTool = z.infer<typeof ProvidedTool>;

/** How tools of another extension are named: `plugin:<provider>/<name>`. */
export const ProviderId = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/i, "letters, digits, dots and dashes");
