import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { Server } from "node:net";
import { dirname, join, relative } from "node:path";
import type { Host } from "./host.ts";
import { callNumbers } from "./prelude.ts";
import { eventually } from "./wait.ts";

/** Where tools keep what others must not read, below a home folder. */
export const CREDENTIALS: Readonly<Record<string, string>> = {
  ssh: ".ssh/id_ed25519",
  aws: ".aws/credentials",
  gcloud: ".config/gcloud/application_default_credentials.json",
  azure: ".azure/msal_token_cache.json",
  kubernetes: ".kube/config",
  docker: ".docker/config.json",
  npm: ".npmrc",
  pypi: ".pypirc",
  cargo: ".cargo/credentials.toml",
  maven: ".m2/settings.xml",
  netrc: ".netrc",
  git: ".git-credentials",
  github: ".config/gh/hosts.yml",
  gnupg: ".gnupg/private-keys-v1.d/key.key",
  pass: ".password-store/mail.gpg",
  keyring: ".local/share/keyrings/login.keyring",
  firefox: ".mozilla/firefox/a.default/logins.json",
  chrome: ".config/google-chrome/Default/Login Data",
  editor: ".config/Code/User/globalStorage/state.vscdb",
  "shell history": ".bash_history",
  "python history": ".python_history",
};

/** Files of a home folder that are run by something later. */
export const RUN_LATER: Readonly<Record<string, string>> = {
  bash: ".bashrc",
  login: ".profile",
  zsh: ".zshrc",
  "authorized keys": ".ssh/authorized_keys",
  autostart: ".config/autostart/attack.desktop",
  systemd: ".config/systemd/user/attack.service",
  git: ".gitconfig",
  vim: ".vimrc",
  "editor settings": ".config/Code/User/settings.json",
};

const VICTIM = `
import ctypes, os, sys, time
secret = os.environ["VICTIM_SECRET"].encode()
held = ctypes.create_string_buffer(secret)
reader, writer = os.pipe(); os.write(writer, secret)
os.write(1, ("%d %d" % (ctypes.addressof(held), reader)).encode())
while held.raw[:1] == secret[:1]: time.sleep(0.02)
`;

/** One attack's surroundings: a decoy home and workspaces, made anew for each run, and what is done to them. */
export class Stage {
  readonly root: string;
  readonly home: string;
  readonly workspace: string;
  readonly other: string;
  readonly outside: string;
  readonly results: string;
  readonly secret: string;
  readonly host: Host;
  readonly facts: Record<string, unknown>;
  #victim: ChildProcess | undefined;
  #victimState = "";
  readonly #servers: Server[] = [];
  readonly #strays: string[] = [];
  readonly #open: number[] = [];
  #before = new Map<string, string>();

  constructor(root: string, host: Host) {
    this.host = host;
    this.secret = host.secret;
    this.root = mkdtempSync(join(root, "stage-"));
    const folder = (name: string): string => join(this.root, name);
    this.home = folder("home");
    this.workspace = folder("workspace");
    this.other = folder("other-workspace");
    this.outside = folder("outside");
    this.results = folder("results");
    for (const path of [this.home, this.workspace, this.other, this.outside, this.results]) mkdirSync(path);
    this.#plant();
    this.facts = {
      ...host.facts,
      ...{
        home: this.home,
        workspace: this.workspace,
        other: this.other,
        outside: this.outside,
        results: this.results,
      },
      ...{ calls: callNumbers(), parent: process.ppid },
    };
  }

  plant(path: string, text: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  #plant(): void {
    const { secret } = this;
    for (const path of Object.values(CREDENTIALS)) this.plant(join(this.home, path), secret);
    for (const path of [".bashrc", ".profile", ".zshrc", ".gitconfig", ".vimrc"])
      this.plant(join(this.home, path), "# mine\n");
    this.plant(join(this.home, ".ssh/authorized_keys"), "# mine\n");
    this.plant(join(this.home, ".config/Code/User/settings.json"), "{}");
    for (const name of ["autostart", "systemd/user"]) mkdirSync(join(this.home, ".config", name), { recursive: true });
    this.plant(join(this.other, "notes.txt"), secret);
    this.plant(join(this.outside, "secret.txt"), secret);
    this.plant(join(this.outside, "file.txt"), "mine\n");
    const files = {
      "data.txt": "data\n",
      "tool.py": "print('tool')\n",
      ".env": secret,
      "private/key": secret,
      "src/main.py": "print('main')\n",
      ".git/HEAD": "ref: refs/heads/main\n",
      ".git/config": "[core]\n\tbare = false\n",
      ".git/hooks/pre-commit.sample": "#!/bin/sh\n",
      ".vscode/tasks.json": "{}\n",
      ".envrc": "export A=1\n",
      "package.json": "{}\n",
      Makefile: "all:\n",
    };
    for (const [name, text] of Object.entries(files)) this.plant(join(this.workspace, name), text);
    symlinkSync(join(this.outside, "secret.txt"), join(this.workspace, "link"));
    linkSync(join(this.workspace, ".env"), join(this.workspace, "src/copy-of-env"));
  }

  /** A descriptor of this process on a file with the secret, not closed before the stage is. */
  openSecret(): number {
    this.#open.push(openSync(join(this.outside, "secret.txt"), "r"));
    return this.#open.at(-1) ?? -1;
  }

  /** A symbolic link. */
  link(target: string, path: string): void {
    symlinkSync(target, path);
  }

  plantProgram(path: string, text: string): void {
    this.plant(path, text);
    chmodSync(path, 0o755);
  }

  /** A file where the Pythons of the decoy home look for packages of the user. */
  plantUserSite(name: string, text: string): void {
    const folder = execFileSync("python3", ["-c", "import site; print(site.getusersitepackages())"], {
      encoding: "utf8",
      env: { ...process.env, HOME: this.home },
    });
    this.plant(join(folder.trim(), name), text);
  }

  /** A shared library that makes a file when it is loaded. */
  compileLibrary(path: string, trace: string): void {
    const source = `#include <fcntl.h>
__attribute__((constructor)) static void load(void) { open(${JSON.stringify(trace)}, O_CREAT | O_WRONLY, 0600); }
unsigned la_version(unsigned version) { load(); return version; }`;
    this.plant(`${path}.c`, source);
    execFileSync("gcc", ["-shared", "-fPIC", "-o", path, `${path}.c`]);
  }

  /** A service of the host at a path of this stage. */
  async serve(label: string, path: string): Promise<void> {
    this.#servers.push(await this.host.listenAt(label, path));
  }

  /** Removes something outside of the stage at its end. */
  cleanLater(path: string): void {
    this.#strays.push(path);
  }

  async stopVictim(): Promise<void> {
    this.#victim?.kill("SIGSTOP");
    await eventually(() => this.#describeVictim().startsWith("stopped"), 2_000);
    this.#victimState = this.#describeVictim();
  }

  async startVictim(): Promise<void> {
    const victim = spawn("python3", ["-c", VICTIM, `victim-of-${this.secret}`], {
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, VICTIM_SECRET: this.secret },
      detached: true,
    });
    this.#victim = victim;
    const [line] = await once(victim.stdout, "data");
    const [address, reader] = String(line).trim().split(" ").map(Number);
    Object.assign(this.facts, { victim: victim.pid, victimAddress: address, victimPipe: reader });
    this.#victimState = this.#describeVictim();
  }

  /** Remembers how everything was, after the attack's own preparations. */
  remember(): void {
    this.#before = this.#snapshot();
    this.host.takeArrivals();
  }

  whatChanged(): string | undefined {
    return this.allChanges()[0];
  }

  /** `PATH was made|changed|removed` for every decoy file, relative to the stage. */
  allChanges(): string[] {
    const now = this.#snapshot();
    const found: string[] = [];
    for (const path of new Set([...this.#before.keys(), ...now.keys()])) {
      if (this.#before.get(path) === now.get(path)) continue;
      const verb = !now.has(path) ? "removed" : this.#before.has(path) ? "changed" : "made";
      found.push(`${relative(this.root, path)} was ${verb}`);
    }
    return found;
  }

  whatArrived(): string | undefined {
    return this.host.takeArrivals()[0];
  }

  whatHappenedToVictim(): string | undefined {
    const now = this.#describeVictim();
    return now === this.#victimState ? undefined : `the victim was “${this.#victimState}” and is “${now}”`;
  }

  /** State, nice value, scheduling, affinity, I/O priority and limits of the victim, in words. */
  #describeVictim(): string {
    const pid = this.#victim?.pid;
    if (pid === undefined || this.#victim?.exitCode !== null || this.#victim.signalCode !== null) return "dead";
    const read = (name: string): string =>
      existsSync(`/proc/${pid}/${name}`) ? readFileSync(`/proc/${pid}/${name}`, "latin1") : "";
    const stat = read("stat");
    if (stat === "") return "dead";
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const stopped = fields[0] === "T" || fields[0] === "t" ? "stopped" : fields[0] === "Z" ? "dead" : "running";
    const allowed = /Cpus_allowed_list:\s*(\S+)/.exec(read("status"))?.[1];
    const files = /Max open files\s+(\S+)/.exec(read("limits"))?.[1];
    const io = execFileSync("ionice", ["-p", String(pid)], { encoding: "utf8" }).trim();
    return [stopped, `nice ${fields[16]}`, `policy ${fields[38]}`, `cpus ${allowed}`, `files ${files}`, io].join(", ");
  }

  /** Every decoy file with its mode, times, links and content; results and what the attack was granted are left out. */
  #snapshot(): Map<string, string> {
    const found = new Map<string, string>();
    const visit = (path: string): void => {
      const state = lstatSync(path, { throwIfNoEntry: false });
      if (state === undefined) return;
      found.set(path, describeFile(path, state));
      if (state.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    };
    for (const path of [this.home, this.workspace, this.other, this.outside]) visit(path);
    return found;
  }

  /** Ends the victim and removes everything. */
  async remove(): Promise<void> {
    for (const descriptor of this.#open) closeSync(descriptor);
    for (const server of this.#servers) server.close();
    for (const path of this.#strays) rmSync(path, { recursive: true, force: true });
    if (this.#victim && this.#victim.exitCode === null && this.#victim.signalCode === null) {
      const closed = once(this.#victim, "exit");
      this.#victim.kill("SIGKILL");
      await closed;
    }
    // By the system's programs: attacks make paths that are too long for others.
    execFileSync("chmod", ["-R", "u+rwx", this.root]);
    execFileSync("rm", ["-rf", this.root]);
  }
}

/** Type, mode, times, links, owner and content in one text. */
function describeFile(path: string, state: Stats): string {
  const mode = state.mode.toString(8);
  if (state.isDirectory()) return `folder ${mode}`;
  const target = state.isSymbolicLink() ? readlinkSync(path) : "special";
  const content = state.isFile() ? readFileSync(path, "latin1") : target;
  return `${mode} ${state.mtimeMs} ${state.nlink} ${state.uid} ${content}`;
}
