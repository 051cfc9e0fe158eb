import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findProgram } from "../../scripts/setup.mjs";

/* Completion as each shell asks for it: the script is read by the real shell, and the words come from the command line itself. */

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

/** The arguments are the words behind `toka`, the last one at the cursor; it prints what is offered, a line each. */
const ASK = {
  bash: {
    options: ["--norc"],
    text: `
toka() { "$NODE" "$MAIN" "$@"; }
source "$SCRIPT"
COMP_WORDS=(toka "$@"); COMP_CWORD=$#
_toka
printf '%s\\n' "\${COMPREPLY[@]}"`,
  },
  // The completion system needs a terminal: its three functions are stood in for.
  zsh: {
    options: ["-f"],
    text: `
toka() { "$NODE" "$MAIN" "$@" }
compdef() { [[ "$*" == "_toka toka" ]] || print -r -- "registered: $*" }
compadd() { print -rl -- "\${(@P)argv[-1]}" }
_files() { print -r -- "$FILES" }
source "$SCRIPT"
words=(toka "$@") CURRENT=$(( $# + 1 ))
_toka`,
  },
  fish: {
    options: ["--no-config"],
    text: `
function toka; $NODE $MAIN $argv; end
source $SCRIPT
complete -C "toka $argv"`,
  },
} as const;
type Shell = keyof typeof ASK;

/** What the test's zsh says when it leaves the word to its own completion of files. */
const FILES = "<files>";

/** Each question starts the command line from source, which may take long where much else runs. */
const PATIENT = { timeout: 600_000 };

let base: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "toka-completion-"));
  writeFileSync(
    join(base, "weather.py"),
    'import argparse\np = argparse.ArgumentParser()\np.add_argument("--city")\np.add_argument("--days", type=int)\np.parse_args()\n',
  );
  for (const [shell, { text }] of Object.entries(ASK)) writeFileSync(join(base, `ask.${shell}`), text);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Where a shell's script lies; asked for once. */
function scriptOf(shell: Shell): string {
  const file = join(base, `script.${shell}`);
  if (!existsSync(file)) writeFileSync(file, execFileSync(process.execPath, [MAIN, "completion", shell]));
  return file;
}

function completed(shell: Shell, ...words: string[]): string[] {
  const environment = {
    ...process.env,
    ...{ NODE: process.execPath, MAIN, FILES, SCRIPT: scriptOf(shell), XDG_STATE_HOME: join(base, "state") },
  };
  const argv = [...ASK[shell].options, join(base, `ask.${shell}`), ...words];
  const printed = execFileSync(findProgram(shell) ?? shell, argv, { cwd: base, env: environment });
  return printed
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}

describe("completion", PATIENT, () => {
  it("knows the commands", () => {
    const commands = completed("bash", "");
    expect(commands).toEqual(expect.arrayContaining(["discover", "run", "exec", "doctor", "backup"]));
    expect(commands).not.toContain("complete");
  });

  it("knows options and their values", () => {
    expect(completed("bash", "exec", "--wri")).toEqual(["--writable"]);
    expect(completed("bash", "exec", "--category", "an")).toEqual(["analysis"]);
    expect(completed("bash", "analyze", "complex")).toEqual(["complexity-report"]);
    expect(completed("bash", "completion", "z")).toEqual(["zsh"]);
  });

  it("knows the parameters of a tool", () => {
    expect(completed("bash", "run", "weather", "--d")).toEqual(["--days"]);
    expect(completed("bash", "run", "--tool", "")).toEqual(expect.not.arrayContaining(["discover"]));
  });
});

describe.each(Object.keys(ASK) as Shell[])("completion in %s", PATIENT, (shell) => {
  beforeEach(({ skip }) => {
    if (findProgram(shell) !== undefined) return;
    process.stderr.write(`\n!!! SKIPPED, NOT PASSED: completion in ${shell}, which is not on this machine\n\n`);
    skip(`${shell} is not on this machine`);
  });

  it("offers what the command line answers", () => {
    expect(completed(shell, "run", "we")).toEqual(["weather"]);
    expect(completed(shell, "disc")).toEqual(["discover"]);
  });

  it("leaves files to the shell", () => {
    // bash was told so with the script: it asks for files when nothing is offered.
    const files = { bash: [], zsh: [FILES], fish: ["weather.py"] };
    expect(completed(shell, "cfg", "weather.")).toEqual(files[shell]);
  });
});
