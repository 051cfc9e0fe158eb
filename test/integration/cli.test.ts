import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import * as z from "zod";
import {
  DiscoveryReport,
  EnforcementReport,
  Execution,
  FileGraphs,
  History,
  SandboxReport,
  Selection,
} from "../../src/model/index.ts";

/* The command line as a process of its own, on workspaces made here, through the real sandbox. */

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Call {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  /** Sends this signal as soon as the text was seen on standard error or output. */
  readonly signalAt?: { readonly seen: string; readonly signal: NodeJS.Signals };
  readonly closeStdoutAfter?: number;
}

let base: string;
let workspace: string;
let sandboxed = false;

async function toka(words: readonly string[], call: Call = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...words], {
    cwd: call.cwd ?? workspace,
    env: { ...process.env, XDG_STATE_HOME: join(base, "state"), NO_COLOR: "1" },
  });
  let stdout = "";
  let stderr = "";
  let signalled = false;
  const look = (): void => {
    if (call.signalAt === undefined || signalled || !(stdout + stderr).includes(call.signalAt.seen)) return;
    signalled = true;
    child.kill(call.signalAt.signal);
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (call.closeStdoutAfter !== undefined && stdout.length >= call.closeStdoutAfter) child.stdout.destroy();
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    look();
  });
  // A command that does not read its input closes it early.
  child.stdin.on("error", () => undefined);
  child.stdin.end(call.input ?? "");
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

function json<S extends z.ZodType>(schema: S, outcome: Outcome): z.infer<S> {
  expect(outcome.stderr === "" || outcome.stdout !== "", outcome.stderr).toBe(true);
  return schema.parse(JSON.parse(outcome.stdout));
}

/** Says loudly why a test that needs the sandbox was not run. */
function needSandbox(context: TestContext): void {
  if (!sandboxed) context.skip("NOT TESTED: this machine cannot start the sandbox (see toka doctor)");
}

const GREET = `"""Greets people."""
import argparse, sys
parser = argparse.ArgumentParser(description="Greets people by name.")
parser.add_argument("name")
parser.add_argument("--times", type=int, default=1)
parser.add_argument("--shout", action="store_true")
args = parser.parse_args()
for _ in range(args.times):
    print("hello " + (args.name.upper() if args.shout else args.name))
sys.exit(3 if args.name == "nobody" else 0)
`;

const JOIN = `import optparse
parser = optparse.OptionParser(usage="%prog [options] WORD...", description="Joins words.")
parser.add_option("--by", default="+")
parser.add_option("--loud", action="store_true")
options, args = parser.parse_args()
print(options.by.join(args), options.loud)
`;

const WRITE = `import argparse, os
parser = argparse.ArgumentParser(description="Writes a table.")
parser.add_argument("--out", required=True)
args = parser.parse_args()
with open(args.out, "w") as file:
    file.write("written")
with open(os.path.join(os.environ["TOKA_RESULTS"], "table.json"), "w") as file:
    file.write("[1]")
os.symlink("/etc/passwd", os.path.join(os.environ["TOKA_RESULTS"], "passwd.json"))
`;

const SLOW = `import argparse, time
argparse.ArgumentParser(description="Takes its time.").parse_args()
print("begun", flush=True)
time.sleep(60)
`;

const ESCAPES = `import argparse
argparse.ArgumentParser(description="Prints a diagram.").parse_args()
print("flowchart TD\\n  a --> b")
`;

beforeAll(async () => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "toka-cli-")));
  workspace = join(base, "workspace");
  for (const folder of ["tools", "other"]) mkdirSync(join(workspace, folder), { recursive: true });
  for (const [name, text] of Object.entries({ greet: GREET, join: JOIN, write: WRITE, slow: SLOW, diagram: ESCAPES })) {
    writeFileSync(join(workspace, `tools/${name}.py`), text);
  }
  writeFileSync(join(workspace, "other/diagram.py"), ESCAPES);
  const report = json(EnforcementReport, await toka(["doctor", "--json"]));
  sandboxed = report.backend !== undefined;
  if (!sandboxed) process.stderr.write(`NOT TESTED: no sandbox here: ${JSON.stringify(report.mechanisms)}\n`);
});

afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

describe("toka", () => {
  it("explains itself", async () => {
    const { code, stdout } = await toka(["--help"]);
    expect(code).toBe(0);
    for (const command of ["discover", "cfg", "exec", "run", "ask", "doctor", "history"])
      expect(stdout).toContain(command);
    expect((await toka(["exec", "--help"])).stdout).toContain("--allow-host");
  });

  it.each([
    [["nonsense"]],
    [["discover"]],
    [["discover", "/nowhere"]],
    [["run"]],
    [["cfg"]],
    [["ask"]],
    [["exec", "--memory", "lots", "--", "true"]],
    [["exec", "--network", "hosts", "--", "true"]],
  ])("answers wrong use with 2: %j", async (words) => {
    const { code, stdout, stderr } = await toka(words);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).not.toBe("");
  });
});

describe("toka discover", () => {
  it("prints the report, and nothing else, on standard output", async () => {
    const report = json(DiscoveryReport, await toka(["discover", ".", "--json"]));
    expect(report.tools.map(({ id }) => id).sort()).toEqual([
      "other/diagram.py",
      "tools/diagram.py",
      "tools/greet.py",
      "tools/join.py",
      "tools/slow.py",
      "tools/write.py",
    ]);
  });

  it("prints a table for people", async () => {
    const { code, stdout } = await toka(["discover", "."]);
    expect(code).toBe(0);
    expect(stdout).toContain("tools/greet.py:");
  });

  it("ends quietly when its reader goes away", async () => {
    for (let index = 0; index < 400; index++) writeFileSync(join(base, `many-${index}.py`), GREET);
    const { code, stderr } = await toka(["discover", base, "--json"], { closeStdoutAfter: 1 });
    for (let index = 0; index < 400; index++) rmSync(join(base, `many-${index}.py`));
    expect(code).toBe(141);
    expect(stderr).not.toContain("EPIPE");
  });
});

describe("toka cfg", () => {
  it("prints one object per file, of files and of a list", async () => {
    const { code, stdout } = await toka(["cfg", "tools/greet.py", "--files-from", "-", "--json"], {
      input: "tools/slow.py\n\ntools/write.py\n",
    });
    const graphs = stdout
      .trimEnd()
      .split("\n")
      .map((line) => FileGraphs.parse(JSON.parse(line)));
    expect(graphs.map(({ file }) => file)).toEqual(["tools/greet.py", "tools/slow.py", "tools/write.py"]);
    expect(code).toBe(0);
  });

  it("goes on after a file that cannot be read, and says so", async () => {
    const { code, stdout, stderr } = await toka(["cfg", "nothing.py", "tools/slow.py", "--json"]);
    const [first, second] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => FileGraphs.parse(JSON.parse(line)));
    expect(first?.error).toContain("ENOENT");
    expect(second?.functions).toHaveLength(1);
    expect(code).toBe(1);
    expect(stderr).toContain("nothing.py");
  });

  it("draws one function as Mermaid or HTML into a file", async () => {
    const file = join(base, "graph.mmd");
    expect(
      (await toka(["cfg", "tools/slow.py", "--format", "mermaid", "--function", "<module>", "--output", file])).code,
    ).toBe(0);
    expect(readFileSync(file, "utf8")).toMatch(/^flowchart /);
    expect((await toka(["cfg", "tools/slow.py", "--format", "html"])).stdout).toMatch(/<!doctype html>/i);
    expect((await toka(["cfg", "tools/greet.py", "--format", "html"])).stdout.match(/<!doctype html>/gi)).toHaveLength(
      1,
    );
    expect((await toka(["cfg", "tools/slow.py", "--json", "--function", "none"])).code).toBe(2);
    const nodes = async (detail: string): Promise<number> => {
      const { stdout } = await toka(["cfg", "tools/greet.py", "--json", "--detail", detail]);
      return FileGraphs.parse(JSON.parse(stdout)).functions.reduce((sum, graph) => sum + graph.nodes.length, 0);
    };
    expect(await nodes("statement")).toBeGreaterThan(await nodes("branch"));
    expect((await toka(["cfg", "tools/greet.py", "--detail", "words"])).code).toBe(2);
  });
});

describe("toka exec", () => {
  it("passes streams through byte by byte and returns the command's exit code", async (context) => {
    needSandbox(context);
    const script =
      "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d[::-1]); sys.stderr.write('err'); sys.exit(7)";
    const { code, stdout, stderr } = await toka(["exec", "--", "python3", "-c", script], { input: "\u001b[2Jabc" });
    expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: "cbaJ2[\u001b", stderr: "err" });
  });

  it("ends what takes too long, and reports it", async (context) => {
    needSandbox(context);
    const file = join(base, "report.json");
    const { code, stderr } = await toka(["exec", "--time", "500ms", "--report", file, "--", "sleep", "30"]);
    expect(code).toBe(124);
    expect(stderr).toContain("timeout");
    const report = SandboxReport.parse(JSON.parse(readFileSync(file, "utf8")));
    expect(report.exit.reason).toBe("timeout");
    expect(report.policy.timeMs).toBe(500);
    expect(report.enforcement.backend).toBe("bwrap");
  });

  it("holds the limits that were given", async (context) => {
    needSandbox(context);
    const hungry = "x = bytearray(300 << 20); import time; time.sleep(5)";
    expect((await toka(["exec", "--memory", "64MB", "--", "python3", "-c", hungry])).code).toBe(1);
    expect((await toka(["exec", "--memory", "600MB", "--", "python3", "-c", "x = bytearray(300 << 20)"])).code).toBe(0);
  });

  it("shows the workspace read-only, and a granted folder writable", async (context) => {
    needSandbox(context);
    const folder = join(base, "granted");
    mkdirSync(folder);
    expect((await toka(["exec", "--", "touch", "tools/new"])).code).not.toBe(0);
    expect((await toka(["exec", "--writable", folder, "--", "touch", join(folder, "new")])).code).toBe(0);
    expect(existsSync(join(folder, "new"))).toBe(true);
    expect(existsSync(join(workspace, "tools/new"))).toBe(false);
  });

  it("passes only the variables that were named", async (context) => {
    needSandbox(context);
    const { stdout } = await toka(["exec", "--env", "NO_COLOR", "--", "env"]);
    expect(stdout).toContain("NO_COLOR=1");
    expect(stdout).not.toContain("XDG_STATE_HOME");
  });

  it("is cancelled by Ctrl+C, with everything in it", async (context) => {
    needSandbox(context);
    const started = Date.now();
    const { code } = await toka(["exec", "--", "sh", "-c", "echo begun; sleep 60 & sleep 60"], {
      signalAt: { seen: "begun", signal: "SIGINT" },
    });
    expect(code).toBe(130);
    expect(Date.now() - started).toBeLessThan(20_000);
  });
});

describe("toka run", () => {
  it("runs a tool and prints the execution", async (context) => {
    needSandbox(context);
    const outcome = await toka(["run", "greet", "Ann", "--times", "2", "--shout", "--json"]);
    const execution = json(Execution, outcome);
    expect(outcome.code).toBe(0);
    expect(execution).toMatchObject({
      tool: "tools/greet.py",
      arguments: { name: "Ann", times: 2, shout: true },
      stdout: "hello ANN\nhello ANN\n",
      exit: { code: 0, reason: "ok" },
    });
    expect(execution.usage.peakMemoryBytes).toBeGreaterThan(1_000_000);
    expect(execution.usage.wallMs).toBeGreaterThan(0);
  });

  it("takes arguments as JSON, and a value that looks like an option as a value", async (context) => {
    needSandbox(context);
    const outcome = await toka(["run", "tools/greet.py", "--args", '{"name": "--shout"}', "--json"]);
    expect(json(Execution, outcome).stdout).toBe("hello --shout\n");
    expect(outcome.stderr).toContain("starts with a dash");
  });

  it("passes words that the tool's parser leaves over, and none of them as an option", async (context) => {
    needSandbox(context);
    const typed = json(Execution, await toka(["run", "join", "--json", "--", "--by", "_", "--", "a", "--loud"]));
    expect(typed).toMatchObject({ arguments: { by: "_", args: ["a", "--loud"] }, stdout: "a_--loud None\n" });
    const given = json(Execution, await toka(["run", "join", "--args", '{"args": ["-x", "--"]}', "--json"]));
    expect(given.stdout).toBe("-x+-- None\n");
    const wrong = await toka(["run", "join", "--args", '{"args": "a"}']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("“args” must be a list");
  });

  it("streams to people and tells how it ended", async (context) => {
    needSandbox(context);
    const { code, stdout, stderr } = await toka(["run", "greet", "nobody"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "hello nobody\n" });
    expect(stderr).toContain("failed (exit code 3)");
  });

  it("names wrong arguments, unknown and ambiguous tools", async () => {
    const wrong = await toka(["run", "greet", "Ann", "--times", "often"]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("“times” must be a whole number");
    expect((await toka(["run", "greet", "--nothing", "1"])).stderr).toContain("has no parameter “--nothing”");
    const ambiguous = await toka(["run", "diagram"]);
    expect(ambiguous.code).toBe(2);
    expect(ambiguous.stderr).toMatch(/other\/diagram\.py.*tools\/diagram\.py|tools\/diagram\.py.*other\/diagram\.py/);
    expect((await toka(["run", "nothing"])).code).toBe(2);
    expect((await toka(["run", "greet", "--args", "{"])).code).toBe(2);
  });

  it("keeps the workspace as it is, unless this run was allowed to write", async (context) => {
    needSandbox(context);
    const target = join(workspace, "out.txt");
    const refused = json(Execution, await toka(["run", "write", "--out", "out.txt", "--json"]));
    expect(refused.exit.reason).toBe("failed");
    expect(refused.stderr).toContain("Read-only file system");
    const allowed = json(Execution, await toka(["run", "write", "--out", "out.txt", "--writable", ".", "--json"]));
    expect(allowed.exit.reason).toBe("ok");
    expect(allowed.policy.writablePaths).toEqual([workspace]);
    expect(readFileSync(target, "utf8")).toBe("written");
    rmSync(target);
  });

  it("collects result files, and no links", async (context) => {
    needSandbox(context);
    const execution = json(Execution, await toka(["run", "write", "--out", "/tmp/x", "--json"]));
    expect(execution.results.map(({ format, bytes }) => ({ format, bytes }))).toEqual([{ format: "json", bytes: 3 }]);
    expect(readFileSync(execution.results[0]?.path ?? "", "utf8")).toBe("[1]");
    expect(execution.exit.message).toContain("passwd.json was removed");
    const diagram = json(Execution, await toka(["run", "tools/diagram.py", "--json"]));
    expect(diagram.results.map(({ format }) => format)).toEqual(["mermaid"]);
  });

  it("is cancelled by Ctrl+C, and the history tells it", async (context) => {
    needSandbox(context);
    expect((await toka(["run", "slow"], { signalAt: { seen: "begun", signal: "SIGINT" } })).code).toBe(130);
    const { executions } = json(History, await toka(["history", "--json", "--tool", "slow"]));
    expect(executions[0]?.exit.reason).toBe("cancelled");
  });

  it("reports a state that cannot be kept, and runs nothing", async () => {
    const locked = join(base, "locked");
    writeFileSync(locked, "");
    chmodSync(locked, 0o400);
    const child = spawn(process.execPath, [MAIN, "run", "greet", "Ann"], {
      cwd: workspace,
      env: { ...process.env, XDG_STATE_HOME: locked },
    });
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (part: string) => (text += part));
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(1);
    expect(text).toContain("The state folder cannot be made");
  });
});

describe("toka history", () => {
  it("lists runs, newest first, without their output", async (context) => {
    needSandbox(context);
    await toka(["run", "greet", "first"]);
    await toka(["run", "greet", "second"]);
    const { executions } = json(History, await toka(["history", "--json", "--tool", "tools/greet.py", "--limit", "2"]));
    expect(executions.map((execution) => execution.arguments["name"])).toEqual(["second", "first"]);
    expect(executions[0]).not.toHaveProperty("stdout");
    expect((await toka(["history", "--limit", "1"])).stdout).toContain("tools/greet.py");
    expect((await toka(["history", "--limit", "none"])).code).toBe(2);
  });

  it("is shared by processes that run at once", async (context) => {
    needSandbox(context);
    const other = join(base, "busy");
    mkdirSync(other);
    writeFileSync(join(other, "greet.py"), GREET);
    const outcomes = await Promise.all(
      [1, 2, 3, 4].map((index) => toka(["run", "greet", `n${index}`, "--json"], { cwd: other })),
    );
    for (const outcome of outcomes) expect(outcome.code, outcome.stderr).toBe(0);
    const { executions } = json(History, await toka(["history", "--json"], { cwd: other }));
    expect(executions.map((execution) => execution.arguments["name"]).sort()).toEqual(["n1", "n2", "n3", "n4"]);
  });
});

describe("toka ask", () => {
  const catalog = {
    tools: [
      {
        name: "resize",
        description: "Makes an image smaller",
        parameters: {
          type: "object",
          properties: { path: { type: "string" }, width: { type: "integer" } },
          required: ["path", "width"],
        },
      },
      { name: "count", description: "Counts the lines of a file", parameters: { type: "object", properties: {} } },
    ],
  };
  let file: string;
  let server: Server | undefined;

  beforeAll(() => {
    file = join(base, "catalog.json");
    writeFileSync(file, JSON.stringify(catalog));
  });
  afterAll(() => {
    server?.close();
  });

  it("picks a tool of the workspace and never runs it", async () => {
    const selection = json(Selection, await toka(["ask", "shout a hello to people, greet 'Ann' 3 times", "--json"]));
    expect(selection).toMatchObject({
      kind: "call",
      tool: "tools/greet.py",
      args: { name: "Ann", times: 3, shout: true },
    });
  });

  it("answers from a catalogue", async () => {
    const selection = json(
      Selection,
      await toka(["ask", "make image a.png smaller, width 40", "--catalog", file, "--no-model", "--json"]),
    );
    expect(selection).toMatchObject({ kind: "call", tool: "resize", args: { path: "a.png", width: 40 } });
  });

  it("answers a batch in its order, with only the arguments where the tool is given", async () => {
    const queries = join(base, "queries.jsonl");
    const lines = [
      { id: "a", query: "count lines" },
      { id: 2, query: "b.png, width 7", tool: "resize" },
    ];
    writeFileSync(queries, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
    const { code, stdout } = await toka(["ask", "--batch", queries, "--catalog", file, "--json"]);
    const answers = stdout
      .trimEnd()
      .split("\n")
      .map((line) => Selection.extend({ id: z.union([z.string(), z.number()]) }).parse(JSON.parse(line)));
    expect(answers).toMatchObject([
      { id: "a", tool: "count" },
      { id: 2, tool: "resize", args: { path: "b.png", width: 7 } },
    ]);
    expect(code).toBe(0);
    const ranked = await toka(["ask", "--batch", "-", "--catalog", file, "--rank-only"], {
      input: `${JSON.stringify(lines[0])}\nnonsense\n`,
    });
    expect(JSON.parse(ranked.stdout.split("\n")[0] ?? "")).toMatchObject({ id: "a", ranked: [{ name: "count" }] });
    expect(ranked.code).toBe(2);
  });

  it("lets a language model choose, over HTTP", async () => {
    const bodies: unknown[] = [];
    const answers = ["not JSON", '```json\n{"tool": "resize", "arguments": {"path": "a.png", "width": "12"}}\n```'];
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        bodies.push([request.url, JSON.parse(body)]);
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ choices: [{ message: { content: answers.shift() ?? "" } }] }));
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const words = [
      "ask",
      "make the image tiny",
      "--catalog",
      file,
      "--json",
      "--model",
      "demo",
      "--model-url",
      `http://127.0.0.1:${port}/v1`,
    ];
    const selection = json(Selection, await toka(words));
    expect(selection).toMatchObject({
      kind: "call",
      tool: "resize",
      args: { path: "a.png", width: 12 },
      provenance: { width: { from: "model", text: "demo" } },
    });
    expect(bodies).toMatchObject([
      ["/v1/chat/completions", { model: "demo" }],
      ["/v1/chat/completions", {}],
    ]);
  });

  it("goes on without a model that cannot be reached", async () => {
    const words = [
      "ask",
      "count lines",
      "--catalog",
      file,
      "--json",
      "--model",
      "demo",
      "--model-url",
      "http://127.0.0.1:9/v1",
    ];
    const selection = json(Selection, await toka(words));
    expect(selection).toMatchObject({ kind: "call", tool: "count" });
    expect(selection.message).toContain("demo was not used");
  });
});
