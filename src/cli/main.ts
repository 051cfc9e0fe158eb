import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { OwnProcess } from "./own-process.ts";

/** The oldest Node with the built-in SQLite that the state is kept in. */
const OLDEST = [22, 13] as const;

/** Where the pinned Node of a checkout lies, seen from `dist/` and from `src/cli/`. */
const PINNED = ["../node_modules/node/bin/node", "../../node_modules/node/bin/node"] as const;

function isOldNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** Goes on in the Node that the project pins, with the same arguments, streams and signals. */
function continueIn(node: string): ChildProcess {
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => child.kill(name));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
  });
  child.on("error", (error) => {
    process.stderr.write(`toka: ${node} cannot be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  return child;
}

/** The same program anew, in the same interpreter, with what it says piped here. */
function startOwn(options: readonly string[], words: readonly string[]): OwnProcess {
  const [, program = import.meta.filename] = process.argv;
  return spawn(process.execPath, [...process.execArgv, ...options, program, ...words], {
    stdio: ["ignore", "inherit", "pipe"],
  });
}

function start(): void {
  if (isOldNode(process.versions.node)) {
    const pinned = PINNED.map((path) => join(import.meta.dirname, path)).find((path) => existsSync(path));
    if (pinned !== undefined) {
      continueIn(pinned);
      return;
    }
    process.stderr.write(`toka: Node.js ${OLDEST.join(".")} or newer is needed, and this is ${process.version}\n`);
    process.exitCode = 2;
    return;
  }
  // Loaded only now: the libraries themselves need the newer Node.
  import("./program.ts")
    .then(({ main }) => main(process.argv, startOwn))
    .catch((error: unknown) => {
      process.stderr.write(`toka: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 1;
    });
}

start();
