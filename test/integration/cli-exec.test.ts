import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EnforcementReport, Execution, History, SandboxReport } from "../../src/model/index.ts";
import { missingMechanism } from "./sandbox-support.ts";

/* Every flag of `toka exec` and `toka doctor`, by what it does. */

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const missing = await missingMechanism();

let base: string;
let workspace: string;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function toka(words: readonly string[], environment: NodeJS.ProcessEnv = {}, input = ""): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...words], {
    cwd: workspace,
    env: { ...process.env, XDG_STATE_HOME: join(base, "state"), ...environment },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}

const exec = (flags: readonly string[], command: readonly string[], environment: NodeJS.ProcessEnv = {}, input = "") =>
  toka(["exec", ...flags, "--", ...command], environment, input);

async function reported(flags: readonly string[], ...command: string[]): Promise<SandboxReport> {
  const file = join(base, "report.json");
  rmSync(file, { force: true });
  await exec([...flags, "--report", file], command);
  return SandboxReport.parse(JSON.parse(readFileSync(file, "utf8")));
}

beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "toka-cli-exec-")));
  workspace = join(base, "workspace");
  for (const folder of ["workspace/data", "out", "readable"]) mkdirSync(join(base, folder), { recursive: true });
  writeFileSync(join(workspace, "data/a.txt"), "inside");
  writeFileSync(join(workspace, ".env"), "KEY=secret");
  writeFileSync(join(base, "readable/r.txt"), "readable");
  writeFileSync(join(base, "outside.txt"), "outside");
  writeFileSync(
    join(workspace, "tool.py"),
    `import argparse, os, pathlib
def main():
    parser = argparse.ArgumentParser(description="counts")
    parser.add_argument("--name", default="a.txt")
    args = parser.parse_args()
    print(len(pathlib.Path("data", args.name).read_text()))
    getattr(os, "sys" + "tem")("true")
if __name__ == "__main__":
    main()
`,
  );
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe.skipIf(missing !== undefined)("toka exec", () => {
  it("passes streams and the exit code through, from --workspace", async () => {
    const seen = await toka(
      ["exec", "--workspace", join(workspace, "data"), "--", "sh", "-c", "cat a.txt; cat; exit 42"],
      {},
      "in",
    );
    expect(seen).toMatchObject({ code: 42, stdout: "insidein" });
  });

  it("reads and writes what it is given, and nothing else", async () => {
    const [readable, out] = [join(base, "readable/r.txt"), join(base, "out/new")];
    expect((await exec([], ["cat", readable])).code).not.toBe(0);
    expect((await exec(["--readable", join(base, "readable")], ["cat", readable])).stdout).toBe("readable");
    expect((await exec([], ["touch", out])).code).not.toBe(0);
    expect((await exec(["--writable", join(base, "out")], ["touch", out])).code).toBe(0);
    expect(existsSync(out)).toBe(true);
    expect((await exec([], ["cat", join(base, "outside.txt")])).code).not.toBe(0);
    expect((await exec(["--forbid", ".env", join(workspace, "data")], ["cat", ".env", "data/a.txt"])).stdout).toBe("");
  });

  it("lets a variable pass by --env, and no other", async () => {
    const command = ["sh", "-c", "echo $FOO-$BAR"];
    expect((await exec(["--env", "FOO"], command, { FOO: "f", BAR: "b" })).stdout).toBe("f-\n");
  });

  it.each<[string[], string[], string, number]>([
    [["--time", "300ms"], ["sleep", "30"], "timeout", 124],
    [["--memory", "64MB"], ["python", "-c", "hold = []\nwhile True: hold.append(bytearray(1 << 20))"], "memory", 1],
    [["--processes", "3"], ["sh", "-c", "for n in 1 2 3 4 5 6; do sleep 9 & done; wait"], "processes", 1],
    [
      ["--disk", "1MB"],
      ["python", "-c", "import os; open(os.environ['TMPDIR'] + '/x', 'wb').write(bytes(9 << 20))"],
      "disk-limit",
      1,
    ],
    [["--output", "10KB"], ["yes"], "output-limit", 1],
  ])("holds %j", async (flags, command, reason, code) => {
    const file = join(base, `${reason}.json`);
    const seen = await exec([...flags, "--report", file], command);
    expect(seen.code).toBe(code);
    expect(seen.stderr).toContain(`toka: ${reason}:`);
    expect(SandboxReport.parse(JSON.parse(readFileSync(file, "utf8"))).exit.reason).toBe(reason);
  });

  it("holds the share of the processor", async () => {
    const { usage } = await reported(["--cpu", "10%", "--time", "6s"], "python", "-c", "while True: pass");
    expect(usage.cpuMs).toBeLessThan(0.3 * usage.wallMs);
  });

  it("reports all that the contract names", async () => {
    const report = await reported(["--category", "utility", "--memory", "200MB"], "python", "-c", "print(1)");
    expect(report).toMatchObject({
      exit: { code: 0, reason: "ok" },
      denied: [],
      policy: { memoryBytes: 200 << 20, timeMs: 60_000, network: { mode: "none" }, readonlyPaths: [workspace] },
      enforcement: { backend: "bwrap" },
    });
    expect(report.usage.peakMemoryBytes).toBeGreaterThan(1_000_000);
    expect(report.usage.cpuMs).toBeGreaterThan(0);
    expect(report).not.toHaveProperty("observed");
  });

  it("reports the hosts that were refused", async () => {
    const code = "import urllib.request\ntry: urllib.request.urlopen('http://refused.example/')\nexcept OSError: pass";
    const flags = ["--network", "hosts", "--allow-host", "allowed.example", "--observe"];
    const report = await reported(flags, "python", "-c", code);
    expect(report.denied).toEqual(["refused.example:80 is not among the allowed hosts of this run"]);
    expect(report.observed?.sandbox.refused).toMatchObject([{ host: "refused.example", port: 80 }]);
  });

  it("tells what an observed command did, on standard error and in the report", async () => {
    const file = join(base, "observed.json");
    const code = "import os; open('data/a.txt').read(); os.environ['X'] = '1'";
    const seen = await exec(["--observe", "--report", file], ["python", "-c", code]);
    expect(seen.stderr).toContain("toka: read data/a.txt");
    expect(seen.stderr).toContain("toka: changed the environment X");
    const { observed } = SandboxReport.parse(JSON.parse(readFileSync(file, "utf8")));
    expect(observed).toMatchObject({ pythons: 1, files: [{ path: "data/a.txt", access: ["read"] }] });
  });

  it.each(["bwrap", "landlock"])("takes the backend %s by its name", async (backend) => {
    const report = await reported(["--backend", backend], "true");
    expect(report).toMatchObject({ exit: { reason: "ok" }, enforcement: { backend } });
  });

  it("refuses a backend that is not there, and one that does not isolate without consent", async () => {
    for (const backend of ["seatbelt", "job", "none"]) {
      const seen = await exec(["--backend", backend], ["echo", "ran"]);
      expect(seen).toMatchObject({ code: 4, stdout: "" });
      expect(seen.stderr).toContain("--unprotected");
    }
    expect(await exec(["--backend", "none", "--unprotected"], ["echo", "ran"])).toMatchObject({
      code: 0,
      stdout: "ran\n",
    });
    const container = await exec(["--backend", "podman", "--image", "no.such/image:0"], ["echo", "ran"]);
    expect(container).toMatchObject({ code: 4, stdout: "" });
    expect(container.stderr).toMatch(/podman/);
  });

  it.each([
    [["--backend", "chroot", "--", "true"]],
    [["--category", "none", "--", "true"]],
    [["--memory", "-1", "--", "true"]],
    [["--cpu", "none", "--", "true"]],
    [["--time", "soon", "--", "true"]],
    [["--processes", "0", "--", "true"]],
    [["--disk", "1XB", "--", "true"]],
    [["--output", "", "--", "true"]],
    [["--network", "all", "--", "true"]],
    [["--network", "hosts", "--", "true"]],
    [["--allow-host", "a.example", "--", "true"]],
    [["--workspace", "/no/such", "--", "true"]],
    [["--unknown", "--", "true"]],
    [[]],
  ])("calls %j wrong use", async (words) => {
    expect(await toka(["exec", ...words])).toMatchObject({ code: 2, stdout: "" });
  });
});

describe.skipIf(missing !== undefined)("toka run --observe", () => {
  it("prints and keeps what the tool did, against what was inferred", async () => {
    const seen = await toka(["run", "tool", "--observe", "--json"]);
    expect(seen.code, seen.stderr).toBe(0);
    const { observed, exit } = Execution.parse(JSON.parse(seen.stdout));
    expect(exit.reason).toBe("ok");
    expect(observed?.comparison?.matched.map(({ capability }) => capability)).toContain("filesystem-read");
    expect(observed?.comparison?.tighter).toMatchObject({ readable: ["data/a.txt"], code: ["tool.py"] });
    const history = History.parse(JSON.parse((await toka(["history", "--json"])).stdout));
    expect(history.executions[0]?.observed).toEqual(observed);
    const text = await toka(["run", "tool", "--observe"]);
    expect(text.stderr).toContain("it only ever read data/a.txt");
  });
});

describe.skipIf(missing !== undefined)("toka doctor", () => {
  it("prints the enforcement report, and names the other backends", async () => {
    const seen = await toka(["doctor", "--json"]);
    const report = EnforcementReport.parse(JSON.parse(seen.stdout));
    expect([seen.code, report.backend]).toEqual([0, "bwrap"]);
    expect(report.mechanisms.length).toBeGreaterThan(10);
    const others = new Map(report.others?.map((other) => [other.backend, other]));
    for (const name of ["seatbelt", "job"] as const) {
      expect(others.get(name)).toMatchObject({ available: false });
      expect(others.get(name)?.about).toContain("Not verified on this machine");
    }
  });

  it("is asked about one backend, and says by its exit code when it cannot hold", async () => {
    expect((await toka(["doctor", "--backend", "landlock"])).code).toBe(0);
    const seen = await toka(["doctor", "--backend", "seatbelt"]);
    expect(seen.code).toBe(4);
    expect(seen.stdout).toContain("Not verified on this machine");
    expect((await toka(["doctor", "--backend", "chroot"])).code).toBe(2);
  });
});
