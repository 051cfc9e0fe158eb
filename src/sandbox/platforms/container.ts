import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { basename } from "node:path";
import { execa } from "execa";
import { fail, ok, type Result, type SandboxConfig } from "../../model/index.ts";
import type { PreparedRun, SandboxBackend, WatchedCommand } from "../backend.ts";
import { environmentIn, makeScratch } from "../landlock.ts";
import { type Mount, planMounts } from "../mounts.ts";
import { isInside } from "../paths.ts";
import { watchedLimits } from "./limited.ts";

export type ContainerEngine = "podman" | "docker";

/** The official image with Python and nothing else that matters. */
const DEFAULT_IMAGE = "docker.io/library/python:3-slim";

const FOLDERS = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];
const MEBIBYTE = 1024 * 1024;
const HOME = "/home/sandbox";
const NOBODY = 65_534;
/** The exit code by which both engines say that the container could not be made or started. */
const ENGINE_FAILED = 125;

/** Everything that {@link compileContainerArguments} needs besides the policy. */
export interface ContainerPlan {
  readonly engine: ContainerEngine;
  readonly name: string;
  readonly image: string;
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly command: readonly string[];
  readonly hasInput: boolean;
  /** The user and group by number. */
  readonly user: number;
  readonly group: number;
}

/**
 * The arguments of the engine for a policy. Nothing is fetched: an image that is not there ends the run. The time limit is
 * held inside, too, because a container outlives whoever started it.
 */
export function compileContainerArguments(config: SandboxConfig, plan: ContainerPlan): string[] {
  const size = `${Math.ceil(Math.min(config.diskBytes, config.memoryBytes) / MEBIBYTE)}m`;
  const memory = String(config.memoryBytes);
  return [
    "run",
    ...["--rm", "--name", plan.name],
    ...(plan.hasInput ? ["--interactive"] : []),
    ...["--pull", "never"],
    ...["--network", "none"],
    ...["--hostname", "sandbox"],
    "--read-only",
    ...["--cap-drop", "ALL"],
    ...["--security-opt", "no-new-privileges"],
    ...["--ipc", "private"],
    ...["--pids-limit", String(config.processes + 1)], // and the one that holds the time limit
    ...["--memory", memory, "--memory-swap", memory],
    ...["--cpus", String(config.cpuPercent / 100)],
    ...[
      "--ulimit",
      "core=0:0",
      "--ulimit",
      `fsize=${config.diskBytes}:${config.diskBytes}`,
      "--ulimit",
      "nofile=1024:1024",
    ],
    ...["--user", `${plan.user}:${plan.group}`],
    // Without this a podman of an ordinary user shows the user's own files as root's.
    ...(plan.engine === "podman" && plan.user !== NOBODY ? ["--userns", "keep-id"] : []),
    ...["--tmpfs", `/tmp:rw,nosuid,nodev,size=${size},mode=1777`],
    ...["--tmpfs", `${HOME}:rw,nosuid,nodev,size=${size},mode=1777`],
    ...plan.mounts.flatMap(mountOptions),
    ...Object.entries(plan.environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ...["--workdir", plan.cwd],
    ...["--entrypoint", "timeout"],
    plan.image,
    ...["-s", "KILL", String(Math.ceil(config.timeMs / 1000) + 3)],
    ...plan.command,
  ];
}

function mountOptions({ access: kind, source, path }: Mount): string[] {
  switch (kind) {
    case "read":
      return ["--mount", `type=bind,${field("src", source)},${field("dst", path)},readonly`];
    case "write":
      return ["--mount", `type=bind,${field("src", source)},${field("dst", path)}`];
    case "hidden-file":
      return ["--mount", `type=bind,src=/dev/null,${field("dst", path)},readonly`];
    case "hidden-folder":
      return ["--mount", `type=tmpfs,${field("dst", path)},tmpfs-mode=0000`];
  }
}

/** One field of a comma-separated value, quoted as CSV where it needs to be. */
function field(name: string, value: string): string {
  const text = `${name}=${value}`;
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** An image of podman or docker, for those who prefer one: its own Python and packages, not those of the host. */
export class ContainerBackend implements SandboxBackend {
  readonly name: ContainerEngine;
  readonly isolates = true;
  readonly reachesHosts = false;
  readonly #image: string;

  constructor(engine: ContainerEngine, image = DEFAULT_IMAGE) {
    this.name = engine;
    this.#image = image;
  }

  async missing(): Promise<string | undefined> {
    const program = await this.#find();
    if (program === undefined) return `${this.name} is not installed.`;
    const answer = await execa(program, ["image", "inspect", "--format", "{{.Id}}", this.#image], QUESTION);
    if (!answer.failed) return undefined;
    const why = answer.stderr.split("\n")[0]?.trim() ?? "";
    return `${this.name} has no image ${this.#image} ready: ${why}. Get it: ${this.name} pull ${this.#image}`;
  }

  async #find(): Promise<string | undefined> {
    for (const folder of FOLDERS) {
      const program = `${folder}/${this.name}`;
      const found = await access(program, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (found) return program;
    }
    return undefined;
  }

  async command(run: PreparedRun): Promise<Result<WatchedCommand>> {
    const program = await this.#find();
    const missing = await this.missing();
    if (program === undefined || missing !== undefined) return fail("container-engine-missing", missing ?? "");
    const mounts = await planMounts({
      readable: run.config.readonlyPaths,
      writable: [...run.config.writablePaths, ...(run.resultFolder ? [run.resultFolder] : [])],
      forbidden: run.config.forbiddenPaths,
    });
    if (!mounts.ok) return mounts;
    if (run.cwd !== "/tmp" && !mounts.value.some(({ path }) => isInside(run.cwd, path))) {
      return fail("cwd-invisible", `The working directory ${run.cwd} is not readable under this policy.`);
    }
    const scratch = makeScratch(run.observationPipe);
    const own = [scratch.site, ...(scratch.pipe === undefined ? [] : [scratch.pipe])];
    const name = `toka-${randomUUID()}`;
    const [user = NOBODY, group = NOBODY] = [process.getuid?.(), process.getgid?.()];
    const { PATH: _hostPath, VIRTUAL_ENV: _hostPackages, ...environment } = environmentIn(run.environment, scratch);
    // The engine's own client needs its settings; nothing of them gets inside.
    const { PATH = "", HOME: home = "/", XDG_RUNTIME_DIR: runtime, DOCKER_HOST: host } = process.env;
    return ok({
      file: program,
      arguments: compileContainerArguments(run.config, {
        engine: this.name,
        name,
        image: this.#image,
        mounts: [...mounts.value, ...own.map((path): Mount => ({ path, source: path, access: "read" }))],
        environment: { ...environment, HOME, XDG_CACHE_HOME: `${HOME}/.cache`, TMPDIR: "/tmp" },
        cwd: run.cwd,
        command: inImage(run),
        hasInput: run.hasInput,
        // Root outside would be root inside.
        user: user === 0 ? NOBODY : user,
        group: user === 0 ? NOBODY : group,
      }),
      cwd: "/",
      environment: {
        PATH,
        HOME: home,
        ...(runtime === undefined ? {} : { XDG_RUNTIME_DIR: runtime }),
        ...(host === undefined ? {} : { DOCKER_HOST: host }),
      },
      limits: watchedLimits(run.config),
      watchesProcesses: false,
      end: async () => {
        await execa(program, ["kill", "--signal", "KILL", name], ENGINE_CALL); // fails where it has ended by itself
      },
      launcherFailed: (code) => code === ENGINE_FAILED,
      cleanUp: scratch.remove,
    });
  }
}

/** An engine that takes longer than this to look at an image is none to start a run with. */
const QUESTION = { cwd: "/", stdin: "ignore", reject: false, timeout: 5_000 } as const;
const ENGINE_CALL = { cwd: "/", stdin: "ignore", reject: false, timeout: 20_000 } as const;

/** The command as the image knows it: its own Python instead of the host's. */
function inImage({ command, interpreter }: PreparedRun): string[] {
  const [program = "", ...rest] = command;
  const isPython = program === interpreter?.executable || /^python3?$/.test(basename(program));
  return [isPython ? "python3" : program, ...rest];
}
