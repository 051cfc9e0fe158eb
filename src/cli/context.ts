import { existsSync } from "node:fs";
import { join } from "node:path";
import type { IndexFile } from "../discovery/index.ts";
import { Kernel, limitsOf, ownCommand, stateRoot, userSettings } from "../kernel/index.ts";
import { type Backend, type DiscoveryReport, fail, ok, type Result, type Settings } from "../model/index.ts";
import { Sandbox, wantedHelper } from "../sandbox/index.ts";
import type { Console } from "./console.ts";
import type { StartOwn } from "./own-process.ts";

/** What every command gets: where to write, and when to stop. */
export interface Context {
  readonly console: Console;
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
  /** Standard input, opened by the commands that read it. */
  readonly stdin: () => NodeJS.ReadStream;
  readonly startOwn: StartOwn;
}

/** The supervisor's file: beside the bundle, or in its room when run from source. */
function helperPath(folder: string): string {
  const beside = join(folder, "helper.py");
  return existsSync(beside) ? beside : join(folder, "..", "sandbox", "helper.py");
}

/** @param image the image of `podman` and `docker` */
export function openSandbox(
  environment: NodeJS.ProcessEnv,
  backend: Backend | "auto" = "auto",
  image?: string,
): Sandbox {
  return new Sandbox({
    helperPath: helperPath(import.meta.dirname),
    helper: wantedHelper(environment),
    backend,
    ...(image === undefined ? {} : { image }),
  });
}

/** The user's settings outside of the editor. Everything that is wrong with them is said, and nothing goes on. */
export function readUserSettings({ console, environment }: Context): Result<Settings> {
  const { settings, problems } = userSettings(environment, process.platform);
  const [last] = problems.slice(-1);
  if (last === undefined) return ok(settings);
  for (const problem of problems.slice(0, -1)) console.problem(problem);
  return { ok: false, problem: last };
}

export interface DiscoverToolsOptions {
  /** Read every file, whatever an earlier process knew. */
  readonly fresh?: boolean;
  /** The user's settings, where they were read already. */
  readonly settings?: Settings;
}

/**
 * Discovers a workspace's tools: reads what changed since an earlier process stored what it found, and stores that. An
 * aborted or failed walk is a problem like any other.
 */
export async function discoverTools(
  folder: string,
  context: Context,
  { fresh = false, settings: known }: DiscoverToolsOptions = {},
): Promise<Result<DiscoveryReport>> {
  const { console, environment, signal } = context;
  const settings = known === undefined ? readUserSettings(context) : ok(known);
  if (!settings.ok) return settings;
  const { capabilities, exclude } = settings.value.discovery;
  const { configured, indexBuild, indexPath, readFolderConfiguration, WorkspaceIndex } = await import(
    "../discovery/index.ts"
  );
  const build = indexBuild(capabilities);
  const stored = join(stateRoot(environment, process.platform), "discovery");
  const file: IndexFile | undefined =
    build === undefined
      ? undefined
      : {
          path: indexPath(stored, folder),
          build,
          onProblem: ({ code, message }) => {
            if (code !== "index-outdated") console.say(`toka: ${message}`);
          },
        };
  try {
    const index = new WorkspaceIndex(folder, new Map(), file, capabilities);
    if (!fresh) await index.restore();
    await index.scan({ signal, fresh });
    if (index.hasChanged) await index.save();
    const own = readFolderConfiguration(folder);
    return ok(
      own.ok
        ? configured(index.report(), [...exclude, ...own.value.exclude])
        : configured(index.report(), exclude, own.problems),
    );
  } catch (error) {
    if (signal.aborted) return fail("cancelled", "cancelled");
    const why = error instanceof Error ? error.message : String(error);
    return fail("discovery-failed", `The tools of ${folder} cannot be discovered: ${why}`);
  }
}

/** What is kept of a workspace: nothing can be run by it. */
export type KeptState = Pick<
  Kernel,
  | "history"
  | "statistics"
  | "audit"
  | "cache"
  | "allowCache"
  | "workflows"
  | "findTool"
  | "close"
  | typeof Symbol.dispose
>;

/** The kernel of a workspace for what needs only its state: no tool is known to it. The caller closes it. */
export function openState(folder: string, { environment }: Context, running?: Settings): Result<KeptState> {
  return Kernel.open({
    workspace: folder,
    sandbox: openSandbox(environment),
    environment,
    ...(running === undefined ? {} : { running }),
  });
}

/** The kernel of a workspace with its tools registered. The caller closes it. */
export async function openKernel(folder: string, context: Context): Promise<Result<Kernel>> {
  // Beside this file in the bundle itself, else in a checkout that was built.
  const own = ownCommand([import.meta.dirname, join(import.meta.dirname, "../../dist")]);
  const settings = readUserSettings(context);
  if (!settings.ok) return settings;
  const { interpreterPath } = settings.value.python;
  const opened = Kernel.open({
    workspace: folder,
    sandbox: openSandbox(context.environment),
    environment: context.environment,
    limits: limitsOf(settings.value.limits),
    running: settings.value,
    ...(interpreterPath === "" ? {} : { interpreter: interpreterPath }),
    ...(own === undefined ? {} : { own }),
  });
  if (!opened.ok) return opened;
  const kernel = opened.value;
  for (const notice of kernel.notices) context.console.say(`toka: ${notice}`);
  const report = await discoverTools(kernel.workspace, context, { settings: settings.value });
  if (!report.ok) {
    kernel.close();
    return report;
  }
  kernel.registerTools(report.value.tools);
  return ok(kernel);
}
