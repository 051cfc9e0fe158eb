import * as z from "zod";
import { Settings } from "./settings.ts";
import { ManifestLimits } from "./tool.ts";

/**
 * `toka.json` in a workspace folder: what holds for everybody who opens it. Whoever wrote the workspace wrote this file,
 * so each field can only take away.
 */
export const FolderConfiguration = z.strictObject({
  $schema: z.string().optional(),
  exclude: z
    .array(z.string().min(1))
    .default([])
    .describe("Patterns, as in a .gitignore here, of files whose tools are left out."),
  limits: ManifestLimits.default({}).describe("No run gets more than this, whatever its category."),
  network: z.boolean().default(true).describe("false: no tool of this folder reaches any host."),
  agents: z.boolean().default(true).describe("false: agents and workflows run nothing of this folder."),
  forbid: z
    .array(
      z
        .string()
        .regex(/^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[^\\\0]+$/, "a path relative to this folder, with / and without .."),
    )
    .default([])
    .describe("Files and folders here, by their relative paths, that no tool may read or write."),
});
export type FolderConfiguration = z.infer<typeof FolderConfiguration>;

/** The name of the file that holds a {@link FolderConfiguration}. */
export const FOLDER_CONFIGURATION = "toka.json";

/** `config.json` of the user: the editor's settings below `toka.`, for the command line and agents, too. */
export const UserConfiguration = z
  .strictObject({ $schema: z.string(), ...Settings.shape })
  .partial()
  .describe("The settings of the command line and of agents; in the editor, its own settings come first.");
export type UserConfiguration = z.infer<typeof UserConfiguration>;
