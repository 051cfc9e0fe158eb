import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { discover } from "../../src/discovery/index.ts";
import { Kernel } from "../../src/kernel/index.ts";
import { AuditRecord, type Execution, GrantList, ok, type Principal } from "../../src/model/index.ts";
import { resolvePublic } from "../../src/sandbox/hosts/resolve.ts";
import { Sandbox } from "../../src/sandbox/index.ts";
import { missingMechanism } from "./sandbox-support.ts";

/* Grants through the command line, and what they change for runs in the real sandbox. */

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const HELPER = join(import.meta.dirname, "../../src/sandbox/helper.py");
const missing = await missingMechanism();

const FETCH = (port: number): string => `"""Fetches."""
import argparse, urllib.request
from words import GREETING
argparse.ArgumentParser(description="Fetches a greeting.").parse_args()
print(GREETING, urllib.request.urlopen("http://greeting.test:${port}/", timeout=20).read().decode())
`;

const WRITE = `"""Writes."""
import argparse
parser = argparse.ArgumentParser(description="Writes a line.")
parser.add_argument("out")
open(parser.parse_args().out, "w").write("written")
`;

describe("toka grants", () => {
  let base: string;
  let workspace: string;
  let folder: string;
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = createServer((_request, response) => response.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
    base = realpathSync(mkdtempSync(join(tmpdir(), "toka-grants-cli-")));
    workspace = join(base, "workspace");
    folder = join(base, "reports");
    for (const path of [join(workspace, "tools"), folder]) mkdirSync(path, { recursive: true });
    writeFileSync(join(workspace, "tools/fetch.py"), FETCH(port));
    writeFileSync(join(workspace, "tools/words.py"), 'GREETING = "say"\n');
    writeFileSync(join(workspace, "tools/write.py"), WRITE);
  });
  afterAll(() => {
    server.close();
    rmSync(base, { recursive: true, force: true });
  });

  async function toka(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [MAIN, ...words], {
      cwd: workspace,
      env: { ...process.env, XDG_STATE_HOME: join(base, "state"), NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { code, stdout, stderr };
  }

  /** Runs a tool as another front door would, where names ending in .test lead to this test's server. */
  async function run(tool: string, principal: Principal, approved?: string): Promise<Execution | string> {
    const sandbox = new Sandbox({
      helperPath: HELPER,
      resolveHost: async (host) =>
        host.endsWith(".test") ? ok([{ address: "127.0.0.1", family: 4 }]) : await resolvePublic(host),
    });
    const opened = Kernel.open({ workspace, sandbox, stateFolder: join(base, "state/toka") });
    if (!opened.ok) throw new Error(opened.problem.message);
    using kernel = opened.value;
    kernel.registerTools((await discover(workspace, { signal: AbortSignal.timeout(60_000) })).tools);
    const request = { tool, arguments: {}, principal, ...(approved === undefined ? {} : { approved }) };
    const done = await kernel.execute(request, { signal: AbortSignal.timeout(60_000) });
    return done.ok ? done.value : done.problem.code;
  }

  async function list(): Promise<GrantList["grants"]> {
    return GrantList.parse(JSON.parse((await toka("grants", "--json")).stdout)).grants;
  }

  it("names what is wrong, and changes nothing", async () => {
    const wrong: readonly (readonly [string[], string])[] = [
      [["grants", "allow", "fetch", "everything"], "There is no capability “everything”"],
      [["grants", "allow", "nothing", "network-access"], "There is no tool"],
      [["grants", "allow", "fetch", "network-access", "--principal", "root"], "--principal"],
      [["grants", "allow", "fetch", "network-access", "--path", "/tmp"], "takes no path"],
      [["grants", "allow", "write", "filesystem-write", "--path", "/etc"], "cannot be granted"],
      [["grants", "revoke", "fetch", "network-access"], "has no grant"],
    ];
    for (const [words, message] of wrong) {
      const { code, stderr } = await toka(...words);
      expect([code, stderr], words.join(" ")).toEqual([2, expect.stringContaining(message)]);
    }
    expect(await list()).toEqual([]);
  }, 600_000);

  it.skipIf(missing !== undefined)(
    "a host is reachable once it is granted, and not after that is revoked",
    async () => {
      const host = `greeting.test:${port}`;
      expect(await run("fetch", "chat")).toMatchObject({
        exit: { reason: "denied" },
        denied: { capability: "network-access", evidence: { file: "tools/fetch.py", line: 5 } },
      });
      const granted = await toka("grants", "allow", "fetch", "network-access", "--principal", "chat", "--host", host);
      expect(granted.stdout).toContain(`granted: chat may use “network-access” of tools/fetch.py for ${host}`);
      expect(await run("fetch", "chat")).toMatchObject({ exit: { reason: "ok" }, stdout: "say hello\n" });
      expect(await run("fetch", "mcp:other")).toMatchObject({ exit: { reason: "denied" } });
      expect(await run("fetch", "user")).toMatchObject({ exit: { reason: "failed" } });
      expect(await list()).toMatchObject([{ principal: "chat", holds: true, hosts: [host], name: "fetch" }]);
      await toka("grants", "revoke", "fetch", "network-access", "--principal", "chat");
      expect(await run("fetch", "chat")).toMatchObject({ exit: { reason: "denied" } });
      expect(await list()).toEqual([]);
    },
    180_000,
  );

  it.skipIf(missing !== undefined)(
    "a tool that is edited between approval and run asks again, and shows what changed",
    async () => {
      const host = `greeting.test:${port}`;
      await toka("grants", "allow", "fetch", "network-access", "--host", host);
      const before = await run("fetch", "user");
      expect(before).toMatchObject({ exit: { reason: "ok" } });
      const approved = (await list())[0]?.fingerprint;
      writeFileSync(join(workspace, "tools/words.py"), 'GREETING = "steal"\n');
      // Confirmed before it changed: not run at all. Asked for without confirmation: run without what was granted.
      expect(await run("fetch", "user", approved)).toBe("tool-changed");
      expect(await run("fetch", "workflow:x")).toMatchObject({ exit: { reason: "denied" } });
      const [lapsed] = await list();
      expect(lapsed).toMatchObject({
        holds: false,
        changes: { files: [{ file: "tools/words.py", change: "changed" }] },
      });
      const shown = await toka("grants", "changes", "fetch");
      expect(shown.stdout).toContain('-GREETING = "say"\n+GREETING = "steal"\n');
      expect(await run("fetch", "user")).toMatchObject({ exit: { reason: "failed" } });
      expect((await toka("grants", "changes", "fetch")).stdout).toBe("");
    },
    180_000,
  );

  it.skipIf(missing !== undefined)(
    "a path is writable once it is granted, for one run",
    async () => {
      const target = join(folder, "line.txt");
      const write = (): Promise<{ code: number | null }> => toka("run", "write", target);
      expect((await write()).code).toBe(1);
      await toka("grants", "allow", "write", "filesystem-write", "--path", folder, "--once");
      expect((await write()).code).toBe(0);
      expect(readFileSync(target, "utf8")).toBe("written");
      expect((await write()).code).toBe(1);
    },
    180_000,
  );

  it("the audit tells all of it, in order", async () => {
    const file = join(base, "audit.jsonl");
    expect((await toka("audit", "--output", file)).code).toBe(0);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    const records = lines.map((line) => AuditRecord.parse(JSON.parse(line)));
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
    if (missing === undefined) {
      const actions = new Set(records.map(({ action }) => action));
      for (const action of ["asked", "denied", "granted", "started", "ended", "used", "revoked"]) {
        expect([...actions]).toContain(action);
      }
    }
    const some = await toka("audit", "--json", "--action", "granted", "--principal", "chat");
    for (const line of some.stdout.trimEnd().split("\n").filter(Boolean)) {
      expect(AuditRecord.parse(JSON.parse(line))).toMatchObject({ action: "granted", principal: "chat" });
    }
    expect((await toka("audit", "--since", "whenever")).code).toBe(2);
  }, 120_000);
});
