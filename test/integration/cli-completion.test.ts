import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/* Completion as bash asks for it: the script is read by a real bash, and the words come from the command line itself. */

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

let base: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "toka-completion-"));
  writeFileSync(
    join(base, "weather.py"),
    'import argparse\np = argparse.ArgumentParser()\np.add_argument("--city")\np.add_argument("--days", type=int)\np.parse_args()\n',
  );
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

function completed(...words: string[]): string[] {
  const script = `
    toka() { "$NODE" "$MAIN" "$@"; }
    eval "$(toka completion bash)"
    COMP_WORDS=(toka "$@"); COMP_CWORD=$#
    _toka
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const environment = { ...process.env, NODE: process.execPath, MAIN, XDG_STATE_HOME: join(base, "state") };
  const printed = execFileSync("bash", ["-c", script, "bash", ...words], { cwd: base, env: environment });
  return printed
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}

describe("completion", () => {
  it("knows the commands", () => {
    const commands = completed("");
    expect(commands).toEqual(expect.arrayContaining(["discover", "run", "exec", "doctor", "backup"]));
    expect(commands).not.toContain("complete");
    expect(completed("disc")).toEqual(["discover"]);
  });

  it("knows options and their values", () => {
    expect(completed("exec", "--wri")).toEqual(["--writable"]);
    expect(completed("exec", "--category", "an")).toEqual(["analysis"]);
    expect(completed("analyze", "complex")).toEqual(["complexity-report"]);
    expect(completed("completion", "z")).toEqual(["zsh"]);
  });

  it("knows the tools of the workspace and their parameters", () => {
    expect(completed("run", "we")).toEqual(["weather"]);
    expect(completed("run", "weather", "--d")).toEqual(["--days"]);
    expect(completed("run", "--tool", "")).toEqual(expect.not.arrayContaining(["discover"]));
  });

  it("leaves files to the shell", () => {
    expect(completed("cfg", "we")).toEqual([]);
    expect(completed("backup", "")).toEqual([]);
  });
});
