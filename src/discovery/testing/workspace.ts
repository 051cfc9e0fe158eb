import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DiscoveryReport, Parameter, Tool } from "../../model/index.ts";
import { type DiscoverOptions, discover } from "../workspace-index.ts";

/** A temporary workspace folder of a test; gone when disposed. */
export interface TemporaryWorkspace extends AsyncDisposable {
  readonly folder: string;
  write(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  link(path: string, target: string): Promise<void>;
}

export async function temporaryWorkspace(
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<TemporaryWorkspace> {
  const folder = await mkdtemp(join(tmpdir(), "toka-discovery-"));
  const write = async (path: string, content: string | Uint8Array, mode = 0o644): Promise<void> => {
    const full = join(folder, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, content, { mode });
  };
  for (const [path, content] of Object.entries(files)) await write(path, content);
  return {
    folder,
    write,
    link: async (path, target) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await symlink(target, join(folder, path));
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What discovery says about some files. */
export async function discoverFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Omit<DiscoverOptions, "signal"> = {},
): Promise<DiscoveryReport> {
  await using workspace = await temporaryWorkspace(files);
  return await discover(workspace.folder, { ...options, signal: new AbortController().signal });
}

/** The only tool of some files. */
export async function onlyTool(files: Readonly<Record<string, string | Uint8Array>>): Promise<Tool> {
  const { tools } = await discoverFiles(files);
  const [tool] = tools;
  if (tool === undefined || tools.length !== 1) {
    throw new Error(`one tool expected, found ${tools.map((one) => one.id).join(", ") || "none"}`);
  }
  return tool;
}

/** The parameter that has the flag, or the positional one of that name. */
export function parameterOf(tool: Tool, flagOrName: string, subcommand?: string): Parameter {
  const found = tool.parameters.find(
    (parameter) =>
      (parameter.flags.includes(flagOrName) || (parameter.flags.length === 0 && parameter.name === flagOrName)) &&
      parameter.subcommand === subcommand,
  );
  if (found === undefined) {
    const known = tool.parameters.map(
      (parameter) => `${parameter.subcommand ?? ""} ${parameter.flags.join("/") || parameter.name}`,
    );
    throw new Error(`no parameter ${flagOrName}; there are: ${known.join(", ")}`);
  }
  return found;
}
