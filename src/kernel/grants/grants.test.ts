import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Execution, Grant, Result, Tool } from "../../model/index.ts";
import { Kernel, type KernelOptions } from "../kernel.ts";
import type { RunRequest } from "../request.ts";
import { ScriptedSandbox, tool, value } from "../testing/scripted.ts";
import type { GrantRequest } from "./grants.ts";

const signal = new AbortController().signal;

function problem(result: Result<unknown>): string {
  return result.ok ? "ok" : `${result.problem.code}: ${result.problem.message}`;
}

describe("grants", () => {
  let base: string;
  let workspace: string;
  let folder: string;
  let sandbox: ScriptedSandbox;
  let kernels: Kernel[];

  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), "toka-grants-")));
    workspace = join(base, "workspace");
    folder = join(base, "reports");
    for (const path of [join(workspace, "tools"), folder]) mkdirSync(path, { recursive: true });
    write("tools/report.py", "import helper\nprint('hi')\n");
    write("tools/helper.py", "def help():\n    return 1\n");
    sandbox = new ScriptedSandbox();
    kernels = [];
  });
  afterEach(() => {
    for (const kernel of kernels) kernel.close();
    rmSync(base, { recursive: true, force: true });
  });

  function write(path: string, text: string): void {
    writeFileSync(join(workspace, path), text);
  }

  function open(options: Partial<KernelOptions> = {}, tools: readonly Tool[] = [tool()]): Kernel {
    const kernel = value(
      Kernel.open({ workspace, sandbox, stateFolder: join(base, "state"), environment: {}, ...options }),
    );
    kernels.push(kernel);
    kernel.registerTools(tools);
    return kernel;
  }

  function grant(given: Partial<GrantRequest> = {}): GrantRequest {
    return { tool: "report", capability: "network-access", principal: "user", duration: "always", ...given };
  }

  async function run(kernel: Kernel, given: Partial<RunRequest> = {}): Promise<Execution> {
    const request: RunRequest = { tool: "report", arguments: { title: "x" }, principal: "user", ...given };
    return value(await kernel.execute(request, { signal }));
  }

  const hostsOf = (execution: Execution): readonly string[] =>
    execution.policy.network.mode === "hosts" ? execution.policy.network.hosts : [];

  it("hold for the tool until they are revoked, in every process that has the state open", async () => {
    const kernel = open();
    expect(hostsOf(await run(kernel))).toEqual([]);
    const given = value(open().grants.allow(grant()));
    expect(given).toMatchObject({ hosts: ["example.org"], grantedBy: "user", tool: "tools/report.py" });
    expect(given.evidence[0]?.line).toBe(9);
    expect(hostsOf(await run(kernel))).toEqual(["example.org"]);
    const plan = value(kernel.plan({ tool: "report", arguments: { title: "x" }, principal: "user" }));
    expect(plan.effective.map(({ standing }) => standing)).toEqual(["withheld", "granted"]);
    expect(plan.asked.hosts).toEqual([]);
    expect(value(kernel.grants.revoke({ tool: "report", capability: "network-access", principal: "user" }))).toBe(1);
    expect(hostsOf(await run(kernel))).toEqual([]);
    expect(value(kernel.grants.list())).toEqual([]);
  });

  it("are of one principal alone: an agent has none of the user's, nor of another agent", async () => {
    const kernel = open();
    value(kernel.grants.allow(grant()));
    value(kernel.grants.allow(grant({ principal: "mcp:editor" })));
    expect(hostsOf(await run(kernel, { principal: "mcp:editor" }))).toEqual(["example.org"]);
    for (const principal of ["chat", "mcp:other", "workflow:nightly"] as const) {
      const { denied, exit } = await run(kernel, { principal });
      expect(exit.reason).toBe("denied");
      expect(denied).toMatchObject({
        capability: "network-access",
        evidence: { file: "tools/report.py", line: 9 },
        allow: `toka grants allow tools/report.py network-access --principal ${principal} --host example.org`,
      });
    }
    expect(sandbox.requests).toHaveLength(1);
  });

  it("let an agent ask for what it was granted, and for nothing beyond", async () => {
    const kernel = open();
    value(kernel.grants.allow(grant({ principal: "chat" })));
    const asked = (hosts: string[]): Partial<RunRequest> => ({
      principal: "chat",
      grant: { writablePaths: [], hosts },
    });
    expect(hostsOf(await run(kernel, asked(["example.org"])))).toEqual(["example.org"]);
    expect((await run(kernel, asked(["example.org", "evil.org"]))).denied?.message).toContain("evil.org");
  });

  it("for one run are used up by it, whoever runs it first", async () => {
    const kernel = open();
    value(kernel.grants.allow(grant({ principal: "chat", duration: "once" })));
    const runs = await Promise.all([run(kernel, { principal: "chat" }), run(kernel, { principal: "chat" })]);
    expect(runs.map(({ exit }) => exit.reason).sort()).toEqual(["denied", "ok"]);
    expect(value(kernel.grants.list())).toEqual([]);
    const used = [...kernel.audit.read({ action: "used" })].map(value);
    expect(used).toHaveLength(1);
    expect(used[0]?.execution).toBe(runs.find(({ exit }) => exit.reason === "ok")?.id);
  });

  it("for one run still count when that run is tried again", async () => {
    const flaky = tool({ retry: { count: 1, backoffSeconds: 0 } });
    const kernel = open({}, [flaky]);
    value(kernel.grants.allow(grant({ principal: "chat", duration: "once" })));
    sandbox.act = () => {
      if (sandbox.requests.length === 2) sandbox.outcome = { ...sandbox.outcome, exit: { code: 0, reason: "ok" } };
    };
    sandbox.outcome = { ...sandbox.outcome, exit: { code: 1, reason: "failed" } };
    expect((await run(kernel, { principal: "chat" })).exit.reason).toBe("ok");
    expect(sandbox.requests).toHaveLength(2);
  });

  it("of a session end with it, and stay when the kernel is opened anew", async () => {
    const session = new Map<string, Grant>();
    value(open({ session }).grants.allow(grant({ duration: "session" })));
    expect(hostsOf(await run(open({ session })))).toEqual(["example.org"]);
    expect(hostsOf(await run(open()))).toEqual([]);
    const [listed] = value(open({ session }).grants.list());
    expect(value(open({ session }).grants.revokeOne(listed?.id ?? ""))).toBe(true);
    expect(session.size).toBe(0);
  });

  it.each([
    ["its own file", "tools/report.py"],
    ["what it imports", "tools/helper.py"],
  ])("do not hold for a tool that changed (%s); that is told, and shown", async (_what, file) => {
    const kernel = open();
    value(kernel.grants.allow(grant()));
    value(kernel.grants.allow(grant({ principal: "chat" })));
    write(file, "import os\nprint('changed')\n");
    expect(hostsOf(await run(open(), { principal: "user" }))).toEqual([]);
    const { denied } = await run(kernel, { principal: "chat" });
    expect(denied?.message).toContain("before it changed");
    for (const listed of value(kernel.grants.list())) {
      expect(listed.holds).toBe(false);
      expect(listed.why).toContain(file);
      expect(listed.changes?.files).toContainEqual({ file, change: "changed", hasText: true });
    }
  });

  it("tell a person who runs a changed tool what changed, with the approved text, until it is approved", async () => {
    const kernel = open();
    const request: RunRequest = { tool: "report", arguments: { title: "x" }, principal: "user" };
    expect(value(kernel.plan(request)).changed).toBe(false);
    await run(kernel);
    const before = "def help():\n    return 1\n";
    write("tools/helper.py", "def help():\n    return 2\n");
    write("tools/other.py", "");
    write("tools/report.py", "import helper, other\n");
    const { changes } = value(kernel.plan(request));
    expect(changes?.files).toEqual([
      { file: "tools/helper.py", change: "changed", hasText: true },
      { file: "tools/other.py", change: "added", hasText: true },
      { file: "tools/report.py", change: "changed", hasText: true },
    ]);
    expect(value(kernel.approvals.approvedText("tools/report.py", "tools/helper.py"))).toBe(before);
    expect(value(kernel.approvals.approvedText("tools/report.py", "tools/other.py"))).toBe("");
    await run(kernel, { principal: "workflow:nightly" });
    expect(value(kernel.plan(request)).changed).toBe(true);
    await run(kernel);
    expect(value(kernel.plan(request)).changed).toBe(false);
  });

  it("do not hold for a path that something else was put in the place of", async () => {
    const kernel = open();
    value(kernel.grants.allow(grant({ capability: "filesystem-write", paths: [folder] })));
    expect((await run(kernel)).policy.writablePaths).toEqual([folder]);
    renameSync(folder, `${folder}.old`);
    symlinkSync(workspace, folder);
    expect((await run(kernel)).policy.writablePaths).toEqual([]);
    expect(value(kernel.grants.list())[0]).toMatchObject({ holds: false });
  });

  it("give readable paths outside of the workspace", async () => {
    const kernel = open();
    value(kernel.grants.allow(grant({ capability: "filesystem-read", paths: [folder] })));
    const { policy } = await run(kernel);
    expect(policy.readonlyPaths).toContain(folder);
    expect(policy.writablePaths).toEqual([]);
  });

  it("are taken back in part", async () => {
    const kernel = open();
    value(kernel.grants.allow(grant({ hosts: ["a.org", "b.org"] })));
    const revoke = (hosts: string[]): Result<number> =>
      kernel.grants.revoke({ tool: "report", capability: "network-access", principal: "user", hosts });
    expect(problem(revoke(["c.org"]))).toContain("no-grant");
    expect(value(revoke(["a.org"]))).toBe(1);
    expect(hostsOf(await run(kernel))).toEqual(["b.org"]);
    expect(value(revoke(["b.org"]))).toBe(1);
    expect(value(kernel.grants.list())).toEqual([]);
  });

  it("are taken back for a tool that is gone", () => {
    value(open().grants.allow(grant()));
    const kernel = open({}, []);
    expect(value(kernel.grants.list())[0]).toMatchObject({ holds: false, tool: "tools/report.py" });
    const revoked = kernel.grants.revoke({
      ...{ tool: "tools/report.py", capability: "network-access", principal: "user" },
    });
    expect(value(revoked)).toBe(1);
  });

  it.each([
    ["a tool that is not there", { tool: "nothing" }, "no-tool"],
    ["a host rule of a whole top-level domain", { hosts: ["*.org"] }, "bad-grant"],
    ["a path for a capability about hosts", { paths: ["/tmp"] }, "takes no path"],
    ["a host for a capability about files", { capability: "filesystem-write", hosts: ["a.org"] }, "takes no host"],
    ["a path that the code names and that is not there", { capability: "filesystem-write" }, "bad-grant"],
    ["a capability about files without any path", { capability: "filesystem-read" }, "needs a path"],
    ["a system folder", { capability: "filesystem-write", paths: ["/etc"] }, "bad-grant"],
    ["a version that somebody else looked at", { approved: "0".repeat(64) }, "tool-changed"],
  ] as const)("refuse %s", (_name, given, code) => {
    expect(problem(open().grants.allow(grant(given as Partial<GrantRequest>)))).toContain(code);
  });

  it("refuse the state's own folder", () => {
    const refused = open().grants.allow(grant({ capability: "filesystem-write", paths: [join(base, "state")] }));
    expect(problem(refused)).toContain("grants and history are kept there");
  });

  it("are noted with everything else that was asked and done", async () => {
    const kernel = open();
    value(kernel.grants.allow(grant({ principal: "chat" })));
    await run(kernel, { principal: "chat" });
    value(kernel.grants.revoke({ tool: "report", capability: "network-access", principal: "chat" }));
    await run(kernel, { principal: "chat" });
    const records = [...kernel.audit.read()].map(value);
    expect(records.map(({ action }) => action)).toEqual([
      ...["granted", "asked", "started", "ended", "revoked", "asked", "denied", "ended"],
    ]);
    expect([...kernel.audit.read({ principal: "user" })]).toEqual([]);
    expect([...kernel.audit.read({ tool: "tools/report.py", since: "2000-01-01" })]).toHaveLength(8);
  });

  it("tell who listens that they changed", () => {
    const kernel = open();
    let told = 0;
    const stop = kernel.grants.onDidChange(() => told++);
    value(kernel.grants.allow(grant()));
    value(kernel.grants.revoke({ tool: "report", capability: "network-access", principal: "user" }));
    stop();
    value(kernel.grants.allow(grant()));
    expect(told).toBe(2);
  });
});
