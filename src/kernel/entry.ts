import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, isAbsolute, join, relative, sep } from "node:path";
import { fail, ok, type Result, type Tool } from "../model/index.ts";
import { FUNCTION_RUNNER } from "./function-runner.ts";

/** Places of a virtual environment inside a workspace, by convention. */
const ENVIRONMENT_FOLDERS = [".venv", "venv"] as const;

/** True when `path` is `folder` or lies in it; both absolute. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/**
 * The interpreter of the workspace's virtual environment, so that a tool finds its packages. It must be a link to a
 * program outside the workspace: one that lies inside could be anything.
 */
export function workspaceInterpreter(workspace: string): string | undefined {
  return ENVIRONMENT_FOLDERS.map((folder) => join(workspace, folder, "bin", "python")).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return !isInside(workspace, realpathSync(path));
    } catch {
      // Absent or not ours to run: there is no such environment.
      return false;
    }
  });
}

/**
 * A tool's command as the sandbox takes it. Bare names (`python`, `bash`) stay: the sandbox looks them up where the
 * workspace cannot plant anything. Files of the workspace become absolute, so that no file name can be an option, and
 * must really lie in it, symbolic links resolved. A tool that is a function is called by a small program of ours.
 */
export function resolveEntry(tool: Tool, workspace: string): Result<readonly string[]> {
  const words: string[] = [];
  for (const [index, word] of tool.entry.argv.entries()) {
    const isFile = word === tool.file || (index === 0 && word.includes("/"));
    const resolved = isFile ? workspaceFile(tool, workspace, word) : ok(word);
    if (!resolved.ok) return resolved;
    words.push(resolved.value);
  }
  if (tool.entry.arguments !== "json") return ok(words);
  const [interpreter = "python", ...rest] = words;
  return ok([interpreter, "-c", FUNCTION_RUNNER, ...rest]);
}

/**
 * The folders of a tool's own modules as a value of PYTHONPATH; `undefined` when it needs none. They must lie in the
 * workspace: anything else on that path would run code that nobody looked at.
 */
export function modulePath(tool: Tool, workspace: string): Result<string | undefined> {
  const folders: string[] = [];
  for (const folder of tool.entry.pythonPath ?? []) {
    const resolved = workspaceFile(tool, workspace, folder);
    if (!resolved.ok) return resolved;
    folders.push(resolved.value);
  }
  return ok(folders.length === 0 ? undefined : folders.join(delimiter));
}

function workspaceFile(tool: Tool, workspace: string, file: string): Result<string> {
  const path = isAbsolute(file) ? file : join(workspace, file);
  const place = { file: tool.file, line: tool.line };
  let real: string;
  try {
    real = realpathSync(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail("no-file", `${tool.name}: ${file} cannot be read: ${why}`, place);
  }
  if (isInside(workspace, real)) return ok(path);
  return fail("outside-workspace", `${tool.name}: ${file} lies outside the workspace`, place);
}
