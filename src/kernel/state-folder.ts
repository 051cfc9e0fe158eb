import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, isAbsolute, join } from "node:path";

/**
 * The folder of all state, by the platform's custom: `$XDG_STATE_HOME/toka` where that is set (and absolute, as the XDG
 * Base Directory Specification demands), else Application Support, `%LOCALAPPDATA%` or `~/.local/state`.
 */
export function stateRoot(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const xdg = environment["XDG_STATE_HOME"];
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, "toka");
  if (platform === "darwin") return join(homedir(), "Library", "Application Support", "toka");
  const local = environment["LOCALAPPDATA"];
  if (platform === "win32" && local !== undefined && local !== "") return join(local, "toka");
  return join(homedir(), ".local", "state", "toka");
}

/** Where one workspace's state lies. */
export interface StatePlaces {
  readonly folder: string;
  readonly database: string;
  /** One folder per run, named by its id, with its output and result files. */
  readonly runs: string;
  /** Results that may be given again, one folder for each, named by the run that they come from. */
  readonly cache: string;
  /** Texts of approved versions of tools, by their SHA-256. */
  readonly sources: string;
  /** What the analyses read of files before; the one folder here that a tool (a built-in one) may write to. */
  readonly analysis: string;
}

/**
 * The state of a workspace: found by its real path, so that links to it share one state.
 * @param workspace the real path of the workspace folder
 */
export function statePlaces(root: string, workspace: string): StatePlaces {
  const hash = createHash("sha256").update(workspace).digest("hex").slice(0, 20);
  const readable = basename(workspace)
    .replace(/[^\w.-]+/g, "_")
    .slice(0, 40);
  const folder = join(root, `${readable}-${hash}`);
  return {
    folder,
    database: join(folder, "state.db"),
    runs: join(folder, "runs"),
    cache: join(folder, "cache"),
    sources: join(folder, "sources"),
    analysis: join(folder, "analysis"),
  };
}

/** Where the analyses of a folder, run by the user, keep what they read: as for its kernel. */
export function analysisCacheFolder(folder: string, environment: NodeJS.ProcessEnv): string {
  return statePlaces(stateRoot(environment, process.platform), realpathSync(folder)).analysis;
}

/** Makes the folders, readable by their owner only, and notes which workspace they belong to. */
export function makeStateFolders(places: StatePlaces, workspace: string): void {
  for (const path of [places.runs, places.cache, places.analysis]) mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(places.folder, 0o700);
  writeFileSync(join(places.folder, "workspace.txt"), `${workspace}\n`, { mode: 0o600 });
}
