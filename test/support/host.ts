/** A real VS Code (code-server) on a folder of its own: started, asked for its address and logs, stopped without trace. */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, globSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { execa } from "execa";
import { codeServer } from "../../scripts/setup.mjs";

export interface HostOptions {
  /** VSIX files to install. */
  readonly extensions?: readonly string[];
  /** User settings, added to the quiet ones that every host has. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Variables for the extension host. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The smoke-test driver, which runs test modules inside the extension host. */
  readonly driver?: boolean;
  /** 0 or none: any free one. */
  readonly port?: number;
  /** Keep the person's own home folder and PATH instead of fresh ones, as `npm start` does. */
  readonly ownHome?: boolean;
}

const QUIET_SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.tips.enabled": false,
  "telemetry.telemetryLevel": "off",
  "extensions.ignoreRecommendations": true,
  "git.openRepositoryInParentFolders": "never",
};

/** Milliseconds that code-server gets to answer, and to end when asked to. */
const START_TIMEOUT = 120_000;
const STOP_TIMEOUT = 5_000;

export class Host implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly port: number;

  private constructor(process: ChildProcess, folder: string, port: number) {
    this.#process = process;
    this.#folder = folder;
    this.port = port;
  }

  static async start(options: HostOptions = {}): Promise<Host> {
    const server = codeServer();
    const folder = await mkdtemp(join(tmpdir(), "toka-host-"));
    try {
      await prepare(folder, options);
      const port = await freePort(options.port ?? 0);
      const child = spawn(
        server.node,
        [
          server.entry,
          ...["--bind-addr", `127.0.0.1:${port}`, "--auth", "none"],
          ...["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"],
          ...folders(folder),
          ...(options.driver === true ? ["--vscode-option", "enable-smoke-test-driver"] : []),
        ],
        { cwd: folder, env: environment(folder, options), stdio: ["ignore", "pipe", "pipe"], detached: true },
      );
      const log = createWriteStream(join(folder, "code-server.log"));
      child.stdout.pipe(log);
      child.stderr.pipe(log);
      const host = new Host(child, folder, port);
      await host.#answers();
      return host;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Where a browser finds the workbench; `payload` is what the smoke-test driver understands. */
  address(workspace: string, payload: readonly (readonly [string, string])[] = []): string {
    const url = new URL(`http://localhost:${this.port}/`);
    url.searchParams.set("folder", workspace);
    if (payload.length > 0) url.searchParams.set("payload", JSON.stringify(payload));
    return url.href;
  }

  /** What extensions of this publisher wrote to their logs, and the errors of the extension host itself, the first host first. */
  async logs(publisher: string): Promise<string> {
    const found: string[] = [];
    for (const file of globSync(`data/logs/*/exthost*/${publisher}.*/*.log`, { cwd: this.#folder }).sort()) {
      found.push(`== ${file}\n${await readFile(join(this.#folder, file), "utf8")}`);
    }
    for (const file of globSync("data/logs/*/exthost*/remoteexthost.log", { cwd: this.#folder }).sort()) {
      const lines = (await readFile(join(this.#folder, file), "utf8")).split("\n");
      found.push(`== ${file}, errors\n${lines.filter((line) => line.includes("[error]")).join("\n")}`);
    }
    return found.join("\n");
  }

  /** What code-server itself printed. */
  async output(): Promise<string> {
    return readFile(join(this.#folder, "code-server.log"), "utf8");
  }

  /** The fresh home folder of everything that runs in this host. */
  get home(): string {
    return join(this.#folder, "home");
  }

  async stop(): Promise<void> {
    const { pid } = this.#process;
    if (pid !== undefined && this.#runs()) {
      process.kill(-pid, "SIGTERM");
      const ended = new Promise((resolve) => this.#process.once("close", resolve));
      await Promise.race([ended, wait(STOP_TIMEOUT, undefined, { ref: false })]);
      killGroup(pid);
    }
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Resolves when code-server ends by itself or is stopped. */
  async ended(): Promise<void> {
    if (this.#runs()) await new Promise((resolve) => this.#process.once("close", resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #runs(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async #answers(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT;
    for (;;) {
      if (!this.#runs()) throw new Error(`code-server ended at once:\n${await this.output()}`);
      try {
        if ((await fetch(`http://127.0.0.1:${this.port}/healthz`)).ok) return;
      } catch (error) {
        if (Date.now() > deadline) {
          await this.stop();
          throw new Error("code-server did not answer", { cause: error });
        }
      }
      await wait(50);
    }
  }
}

/** Fresh home, settings and extensions. */
async function prepare(folder: string, options: HostOptions): Promise<void> {
  await mkdir(join(folder, "home"), { recursive: true });
  await mkdir(join(folder, "data", "User"), { recursive: true });
  const settings = JSON.stringify({ ...QUIET_SETTINGS, ...options.settings }, null, 2);
  await writeFile(join(folder, "data", "User", "settings.json"), settings);
  const server = codeServer();
  for (const extension of options.extensions ?? []) {
    await execa(server.node, [server.entry, ...folders(folder), "--install-extension", extension], {
      env: environment(folder, options),
      extendEnv: false,
    });
  }
}

function folders(folder: string): string[] {
  return [
    ...["--config", join(folder, "config.yaml")],
    ...["--user-data-dir", join(folder, "data")],
    ...["--extensions-dir", join(folder, "extensions")],
  ];
}

/** The caller's variables without those that would make two machines differ. */
function environment(folder: string, options: HostOptions): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(npm_|NODE_OPTIONS$|VSCODE_|VITEST|CODE_SERVER_)/i.test(entry[0]),
  );
  const own = { ...Object.fromEntries(kept), EXTENSIONS_GALLERY: '{"serviceUrl":""}', ...options.environment };
  if (options.ownHome === true) return own;
  const fresh = Object.fromEntries(Object.entries(own).filter(([name]) => !name.startsWith("XDG_")));
  return { ...fresh, HOME: join(folder, "home"), PATH: systemPath() };
}

/** PATH without what lies in the home folder: with a fresh home, version managers there do not work. */
function systemPath(): string {
  const home = homedir();
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((entry) => !entry.startsWith(`${home}/`) && !entry.includes("node_modules"))
    .join(delimiter);
}

async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(wanted, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** Ends what may be left of the process group; one that is gone already is what we want. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
