import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Result, Tool } from "../model/index.ts";
import { Kernel, type KernelOptions } from "./kernel.ts";
import type { RunRequest } from "./request.ts";
import { statePlaces } from "./state-folder.ts";
import { ScriptedSandbox, tool, value } from "./testing/scripted.ts";

const signal = new AbortController().signal;
const MEBIBYTE = 1024 * 1024;

function code(result: Result<unknown>): string {
  return result.ok ? "ok" : result.problem.code;
}

describe("Kernel", () => {
  let base: string;
  let workspace: string;
  let sandbox: ScriptedSandbox;
  let kernels: Kernel[];

  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), "toka-kernel-")));
    workspace = join(base, "workspace");
    mkdirSync(join(workspace, "tools"), { recursive: true });
    writeFileSync(join(workspace, "tools/report.py"), "print('hi')\n");
    sandbox = new ScriptedSandbox();
    kernels = [];
  });
  afterEach(() => {
    for (const kernel of kernels) kernel.close();
    rmSync(base, { recursive: true, force: true });
  });

  function open(options: Partial<KernelOptions> = {}, tools: readonly Tool[] = [tool()]): Kernel {
    const kernel = value(
      Kernel.open({ workspace, sandbox, stateFolder: join(base, "state"), environment: {}, ...options }),
    );
    kernels.push(kernel);
    kernel.registerTools(tools);
    return kernel;
  }

  const request = (given: Partial<RunRequest> = {}): RunRequest => ({
    tool: "report",
    arguments: { title: "x" },
    principal: "user",
    ...given,
  });

  function auditActions(): unknown[] {
    const raw = new DatabaseSync(statePlaces(join(base, "state"), workspace).database, { readOnly: true });
    try {
      return raw
        .prepare("SELECT action FROM audit ORDER BY seq")
        .all()
        .map((row) => row["action"]);
    } finally {
      raw.close();
    }
  }

  it("plans: absolute file, effective policy, evidence, what is asked beyond it", () => {
    const plan = value(open().plan(request({ arguments: { title: "--force", file: "../x" } })));
    expect(plan.argv).toEqual(["python", join(workspace, "tools/report.py"), "--title=--force", "../x"]);
    expect(plan.policy.network).toEqual({ mode: "none" });
    expect(plan.policy.writablePaths).toEqual([]);
    expect(plan.policy.readonlyPaths).toEqual([workspace]);
    expect(plan.asked).toEqual({ writablePaths: ["reports/out.txt"], hosts: ["example.org"] });
    expect(plan.capabilities[0]?.evidence[0]?.line).toBe(7);
    expect(plan.hostile.map(({ parameter }) => parameter)).toEqual(["title", "file"]);
    expect(plan.denied).toBeUndefined();
  });

  it("runs, streams, collects results and keeps the run", async () => {
    const kernel = open();
    const events: string[] = [];
    const stop = kernel.monitor(({ event }) => events.push(event.type));
    sandbox.act = ({ resultFolder }, options) => {
      writeFileSync(join(resultFolder ?? "", "out.json"), "{}");
      options.onEvent({ type: "started", pid: 1 });
      void options.onStdout(Buffer.from("flowchart TD\n a-->b\n"));
      void options.onStderr(Buffer.from("warning"));
    };
    let seen = "";
    const execution = value(
      await kernel.execute(request(), {
        signal,
        onStdout: (chunk) => {
          seen += Buffer.from(chunk).toString();
        },
      }),
    );
    stop();
    expect(seen).toBe("flowchart TD\n a-->b\n");
    expect(execution).toMatchObject({
      tool: "tools/report.py",
      exit: { code: 0, reason: "ok" },
      stdout: seen,
      stderr: "warning",
      cached: false,
    });
    expect(execution.results.map(({ format }) => format)).toEqual(["json", "mermaid"]);
    for (const { path } of execution.results) expect(existsSync(path)).toBe(true);
    expect(events).toEqual(["started"]);
    expect(sandbox.requests[0]).toMatchObject({ cwd: workspace, stdin: "none" });
    expect(value(kernel.history()).map(({ id }) => id)).toEqual([execution.id]);
    expect(value(kernel.history({ tool: "report" }))).toHaveLength(1);
    expect(auditActions()).toEqual(["asked", "started", "ended"]);
  });

  it("names wrong arguments and runs nothing", async () => {
    const result = await open().execute(request({ arguments: { titel: "x" } }), { signal });
    expect(result).toMatchObject({ ok: false, problem: { code: "invalid-arguments", place: { field: "titel" } } });
    expect(sandbox.requests).toEqual([]);
    expect(auditActions()).toEqual(["refused"]);
  });

  it("notes in the audit what it refused to run: for whom, what and why", async () => {
    const kernel = open();
    const refused = async (given: Partial<RunRequest>): Promise<string> =>
      code(await kernel.execute(request(given), { signal }));
    expect(await refused({ arguments: { titel: "x" }, principal: "chat" })).toBe("invalid-arguments");
    expect(await refused({ tool: "n".repeat(1000), arguments: {} })).toBe("no-tool");
    expect(await refused({ approved: "another version" })).toBe("tool-changed");
    expect(await refused({ arguments: { titel: "x".repeat(10_000) } })).toBe("invalid-arguments");
    const lines = [...kernel.audit.read()].map(value);
    expect(lines).toMatchObject([
      {
        ...{ action: "refused", principal: "chat", tool: "tools/report.py" },
        details: { code: "invalid-arguments", arguments: { titel: "x" } },
      },
      { action: "refused", principal: "user", tool: "n".repeat(200), details: { code: "no-tool", arguments: {} } },
      { action: "refused", details: { code: "tool-changed", arguments: { title: "x" } } },
      { action: "refused", details: { code: "invalid-arguments" } },
    ]);
    expect(lines[0]?.details["message"]).toContain("titel");
    // Nobody checked how large they are.
    expect(lines[3]?.details).not.toHaveProperty("arguments");
    expect(value(kernel.history())).toEqual([]);
  });

  it("wants an id where two tools share a name", () => {
    const other = tool({ id: "other/report.py", file: "other/report.py" });
    const kernel = open({}, [tool(), other]);
    const found = kernel.plan(request());
    expect(found).toMatchObject({ ok: false, problem: { code: "ambiguous-tool" } });
    expect(found.ok ? "" : found.problem.message).toContain("tools/report.py, other/report.py");
    expect(code(kernel.plan(request({ tool: "tools/report.py" })))).toBe("ok");
    expect(code(kernel.plan(request({ tool: "nothing" })))).toBe("no-tool");
  });

  it("lets the user grant a path for one run", async () => {
    const folder = join(base, "reports");
    mkdirSync(folder);
    value(await open().execute(request({ grant: { writablePaths: [folder], hosts: [] } }), { signal }));
    expect(sandbox.requests[0]?.config.writablePaths).toEqual([folder]);
  });

  it.each(["chat", "mcp:editor", "workflow:nightly"] as const)(
    "never lets %s use a grant of the user",
    async (principal) => {
      const folder = join(base, "reports");
      mkdirSync(folder);
      const kernel = open();
      const execution = value(
        await kernel.execute(request({ principal, grant: { writablePaths: [folder], hosts: [] } }), { signal }),
      );
      expect(execution.exit.reason).toBe("denied");
      expect(execution.denied?.capability).toBe("filesystem-write");
      for (const part of [principal, "filesystem-write", "tools/report.py:7", 'open(out, "w")', "toka grants allow"]) {
        expect(execution.denied?.message).toContain(part);
      }
      expect(sandbox.requests).toEqual([]);
      expect(value(kernel.history())[0]?.denied).toEqual(execution.denied);
      expect(auditActions()).toEqual(["asked", "denied", "ended"]);
    },
  );

  it("lets an agent run without a grant, in the tool's own limits", async () => {
    const execution = value(
      await open({}, [tool({ capabilities: [] })]).execute(
        request({ principal: "chat", limits: { memoryBytes: 1024 * MEBIBYTE, timeMs: 10 } }),
        {
          signal,
        },
      ),
    );
    expect(execution.exit.reason).toBe("ok");
    expect(sandbox.requests[0]?.config).toMatchObject({ memoryBytes: 256 * MEBIBYTE, timeMs: 10 });
  });

  it("takes limits from the user's settings and request, and lets a manifest only narrow", () => {
    const limits = { memoryMB: 64, timeSeconds: 9999 };
    const kernel = open({ limits: { cpuPercent: 90, memoryBytes: 512 * MEBIBYTE } }, [tool({ limits })]);
    const { policy } = value(kernel.plan(request({ limits: { processes: 5 } })));
    expect(policy).toMatchObject({ cpuPercent: 90, memoryBytes: 64 * MEBIBYTE, timeMs: 300_000, processes: 5 });
  });

  it("gives a category that a manifest states no more than the one that was inferred", () => {
    const stated = tool({ category: "analysis", inferredCategory: "utility" });
    const { policy } = value(open({}, [stated]).plan(request()));
    expect(policy).toMatchObject({ memoryBytes: 128 * MEBIBYTE, cpuPercent: 10, timeMs: 60_000, processes: 32 });
    expect(policy.outputFormats).toEqual(["json", "mermaid", "html"]);
    const raised = value(open({ limits: { memoryBytes: 512 * MEBIBYTE } }, [stated]).plan(request()));
    expect(raised.policy.memoryBytes).toBe(512 * MEBIBYTE);
  });

  it.each(["chat", "mcp:editor", "workflow:nightly"] as const)(
    "never lets %s run without a sandbox",
    async (principal) => {
      const execution = value(await open().execute(request({ principal, unprotected: true }), { signal }));
      expect(execution.exit.reason).toBe("denied");
      expect(execution.denied?.capability).toBe("unprotected");
      expect(execution.denied?.message).toContain(principal);
      expect(sandbox.requests).toEqual([]);
    },
  );

  it("passes the user's consent on for one run, and does not remember it", async () => {
    const kernel = open();
    await kernel.execute(request({ unprotected: true }), { signal });
    await kernel.execute(request(), { signal });
    expect(sandbox.requests.map(({ unprotected }) => unprotected)).toEqual([true, undefined]);
  });

  it("keeps what an observed run did, compared with what was inferred", async () => {
    const kernel = open();
    const observed = {
      pythons: 1,
      files: [{ path: "secret.txt", access: ["delete" as const] }],
      temporaryFiles: 0,
      hosts: [],
      programs: [],
      environment: [],
      imports: [],
      actions: [],
      lost: 0,
      sandbox: { traffic: [], refused: [] },
    };
    sandbox.outcome = { ...sandbox.outcome, observed };
    const { id } = value(await kernel.execute(request({ observe: true }), { signal }));
    expect(sandbox.requests[0]?.observe).toBe(true);
    const [kept] = value(kernel.history());
    expect(kept?.id).toBe(id);
    expect(kept?.observed?.comparison).toMatchObject({
      unexpected: [{ capability: "filesystem-delete", seen: ["secret.txt"] }],
      unseen: expect.arrayContaining(["filesystem-write"]),
    });
  });

  it("lets the user grant a host for one run, and an agent not", async () => {
    const grant = { writablePaths: [], hosts: ["api.example.org", "*.example.net:8443"] };
    value(await open().execute(request({ grant }), { signal }));
    expect(sandbox.requests[0]?.config.network).toEqual({ mode: "hosts", hosts: grant.hosts });
    const execution = value(await open().execute(request({ principal: "chat", grant }), { signal }));
    expect(execution.denied?.capability).toBe("network-access");
    expect(execution.denied?.message).toContain("api.example.org");
    expect(code(open().plan(request({ grant: { writablePaths: [], hosts: ["*.org"] } })))).toBe("bad-grant");
  });

  it.each([
    ["the file system's root", "/"],
    ["a system folder", "/etc"],
    ["a relative path", "reports"],
    ["what is not there", "/nowhere/at/all"],
  ])("refuses to grant %s", (_name, path) => {
    expect(code(open().plan(request({ grant: { writablePaths: [path], hosts: [] } })))).toBe("bad-grant");
  });

  it("refuses to grant the state, or a link to it", () => {
    const kernel = open();
    expect(code(kernel.plan(request({ grant: { writablePaths: [base], hosts: [] } })))).toBe("bad-grant");
    symlinkSync(join(base, "state"), join(workspace, "innocent"));
    expect(code(kernel.plan(request({ grant: { writablePaths: [join(workspace, "innocent")], hosts: [] } })))).toBe(
      "bad-grant",
    );
  });

  it("hides the state from tools of a workspace that contains it", () => {
    const stateFolder = join(workspace, ".state");
    const { policy } = value(open({ stateFolder }).plan(request()));
    const { database, runs } = statePlaces(stateFolder, workspace);
    expect(policy.forbiddenPaths).toContain(database);
    expect(policy.forbiddenPaths).not.toContain(runs);
  });

  it("runs nothing in an untrusted workspace", async () => {
    let trusted = false;
    const kernel = open({ trusted: () => trusted });
    expect(value(await kernel.execute(request(), { signal })).denied?.capability).toBe("workspace-trust");
    expect(sandbox.requests).toEqual([]);
    trusted = true;
    expect(value(await kernel.execute(request(), { signal })).exit.reason).toBe("ok");
  });

  it("does not run a tool that changed after it was confirmed, and tells a changed one", async () => {
    const kernel = open();
    const approved = value(kernel.plan(request())).fingerprint;
    value(await kernel.execute(request({ approved }), { signal }));
    appendFileSync(join(workspace, "tools/report.py"), "import os\n");
    expect(code(await kernel.execute(request({ approved }), { signal }))).toBe("tool-changed");
    expect(value(kernel.plan(request())).changed).toBe(true);
    expect(sandbox.requests).toHaveLength(1);
  });

  it("refuses a tool whose file is a link out of the workspace", () => {
    writeFileSync(join(base, "outside.py"), "");
    symlinkSync(join(base, "outside.py"), join(workspace, "tools/link.py"));
    const linked = tool({ id: "tools/link.py", file: "tools/link.py", entry: { argv: ["python", "tools/link.py"] } });
    expect(code(open({}, [linked]).plan(request({ tool: "tools/link.py" })))).toBe("outside-workspace");
  });

  it("puts the tool's own module folders on PYTHONPATH, and nothing of the caller's", async () => {
    mkdirSync(join(workspace, "src"));
    const entry = { argv: ["python", "-m", "report"], pythonPath: ["src"] };
    const kernel = open({ environment: { PYTHONPATH: "/elsewhere" } }, [tool({ entry }), tool({ id: "plain" })]);
    value(await kernel.execute(request({ tool: "tools/report.py" }), { signal }));
    expect(sandbox.requests[0]?.environment["PYTHONPATH"]).toBe(join(workspace, "src"));
    expect(sandbox.requests[0]?.config.environment).toContain("PYTHONPATH");
    value(await kernel.execute(request({ tool: "plain" }), { signal }));
    expect(sandbox.requests[1]?.config.environment).not.toContain("PYTHONPATH");
    const outside = tool({ entry: { argv: ["python", "-m", "report"], pythonPath: [".."] } });
    expect(code(open({}, [outside]).plan(request()))).toBe("outside-workspace");
  });

  it("prefers the workspace's virtual environment, when its interpreter lies outside", async () => {
    const kernel = open();
    mkdirSync(join(workspace, ".venv/bin"), { recursive: true });
    writeFileSync(join(workspace, ".venv/bin/python"), "#!/bin/sh\n", { mode: 0o755 });
    value(await kernel.execute(request(), { signal }));
    expect(sandbox.requests[0]?.interpreter).toBeUndefined();
    rmSync(join(workspace, ".venv/bin/python"));
    symlinkSync("/bin/sh", join(workspace, ".venv/bin/python"));
    value(await kernel.execute(request(), { signal }));
    expect(sandbox.requests[1]?.interpreter).toBe(join(workspace, ".venv/bin/python"));
  });

  it("keeps the output of a runaway tool within its limit", async () => {
    sandbox.act = (_request, options) => {
      for (let index = 0; index < 40; index++) void options.onStdout(Buffer.alloc(MEBIBYTE, "x"));
    };
    const execution = value(await open({ limits: { outputBytes: 2 * MEBIBYTE } }).execute(request(), { signal }));
    expect(execution.stdout).toHaveLength(2 * MEBIBYTE);
  });

  it("refuses what is no folder", () => {
    expect(code(Kernel.open({ workspace: join(base, "nothing"), sandbox }))).toBe("no-workspace");
    expect(code(Kernel.open({ workspace: join(workspace, "tools/report.py"), sandbox }))).toBe("no-workspace");
  });
});
