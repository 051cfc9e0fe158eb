import * as z from "zod";

/** The first line of a backup. What follows is a compressed database with the files of the runs, then a digest. */
export const BackupHeader = z.object({
  format: z.literal("toka-backup"),
  version: z.int().min(1),
  schema: z.int().min(1).describe("Version of the state's schema."),
  workspace: z.string().describe("Real path of the workspace folder that was backed up."),
  stateFolder: z.string().describe("Where its state lay; paths of results start with it."),
  createdAt: z.iso.datetime(),
});
export type BackupHeader = z.infer<typeof BackupHeader>;

/** What `toka backup --json` and `toka restore --json` print. */
export const BackupReport = z.object({
  file: z.string().describe("Absolute path of the backup."),
  workspace: z.string(),
  createdAt: z.iso.datetime(),
  executions: z.int(),
  files: z.int().describe("Output and result files of runs, and what else is kept beside the database."),
  bytes: z.int().describe("Size of the backup."),
  previous: z.string().optional().describe("Where the state that was replaced has been backed up before."),
});
export type BackupReport = z.infer<typeof BackupReport>;
