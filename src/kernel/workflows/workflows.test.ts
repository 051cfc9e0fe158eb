// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how expressions of workflows are written
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Execution, Tool, ToolArguments, WorkflowPlan, WorkflowReport } from "../../model/index.ts";
import type { RunOptions, SandboxOutcome, SandboxRequest } from "../../sandbox/index.ts";
import { Kernel } from "../kernel.ts";
import type { RunRequest } from "../request.ts";
import { value } from "../testing/scripted.ts";
import type { WorkflowRequest } from "./workflows.ts";

const parameter = { required: false, confidence: "certain", line: 1 } as const;

function tool(name: string, capabilities: Tool["capabilities"]): Tool {
  return {
    ...{ id: `${name}.py`, name, kind: "python", file: `${name}.py`, line: 1, framework: "argparse", description: "" },
    ...{ category: "general", source: "inferred", entry: { argv: ["python", `${name}.py`] }, subcommands: [] },
    parameters: [
      { ...parameter, name: "text", flags: ["--text"], type: "string" },
      { ...parameter, name: "list", flags: ["--list"], type: "array", items: { type: "string" }, nargs: "*" },
      { ...parameter, name: "number", flags: ["--number"], type: "integer" },
    ],
    schema: { type: "object" },
    capabilities,
  };
}

const UNLINK = { file: "prune.py", line: 3, text: "unlink()", why: "deletes a file" };

/** One that prints what it was given, and one that deletes files, which nobody granted. */
const TOOLS: readonly Tool[] = [
  tool("echo", []),
  tool("prune", [{ name: "filesystem-delete", severity: "high", evidence: [UNLINK] }]),
];

let base: string;
let workspace: string;
let kernel: Kernel;
/** What the sandbox does; by default a tool prints its words as JSON and leaves them in a file. */
let act: (words: readonly string[], request: SandboxRequest, options: RunOptions) => Promise<Partial<SandboxOutcome>>;
let requests: SandboxRequest[];

async function runInSandbox(request: SandboxRequest, options: RunOptions): Promise<SandboxOutcome> {
  requests.push(request);
  const words = request.argv.slice(2);
  const done = await act(words, request, options);
  const usage = { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1, writtenBytes: 0 };
  return { exit: { code: 0, reason: "ok" }, usage, denied: [], ...done };
}

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "toka-workflows-")));
  workspace = join(base, "workspace");
  mkdirSync(workspace);
  for (const { file } of TOOLS) writeFileSync(join(workspace, file), "print('x')\n");
  requests = [];
  act = async (words, request, options) => {
    writeFileSync(join(request.resultFolder ?? "", "words.txt"), words.join("\n"));
    await options.onStdout?.(new TextEncoder().encode(JSON.stringify({ words })));
    return {};
  };
  kernel = value(
    Kernel.open({ workspace, sandbox: { run: runInSandbox }, stateFolder: join(base, "state"), environment: {} }),
  );
  kernel.registerTools(TOOLS);
});

afterEach(() => {
  kernel.close();
  rmSync(base, { recursive: true, force: true });
});

interface RunGiven extends Partial<Omit<WorkflowRequest, "compiled">> {
  readonly signal?: AbortSignal;
}

async function run(text: string, { signal, ...given }: RunGiven = {}): Promise<WorkflowReport> {
  const compiled = kernel.workflows.compile("my.workflow.yaml", text);
  const hooks = { signal: signal ?? new AbortController().signal };
  return value(await kernel.workflows.run({ compiled, inputs: {}, ...given }, hooks));
}

function plan(text: string, inputs: ToolArguments = {}): WorkflowPlan {
  return value(kernel.workflows.plan(kernel.workflows.compile("my.workflow.yaml", text), inputs));
}

const statuses = ({ steps }: WorkflowReport): Record<string, string> =>
  Object.fromEntries(steps.map(({ id, status }) => [id, status]));

const step = (id: string, lines: string): string => `  - id: ${id}\n    tool: echo\n${lines}`;

describe("running a workflow", () => {
  it("passes typed values on", async () => {
    const report = await run(`inputs:
  many: { type: integer, default: 2 }
steps:
${step("a", "    with: { list: [x, y], number: '${{ inputs.many }}' }\n")}${step("b", "    with: { number: '${{ len(steps.a.json.words) }}', text: '${{ steps.a.status }} ${{ steps.a.exitCode }}' }\n")}outputs:
  words: \${{ steps.b.json.words }}
`);
    expect(report).toMatchObject({
      status: "ok",
      outputs: { words: ["--text=ok 0", expect.stringContaining("--number=")] },
    });
    expect(report.inputs).toEqual({ many: 2 });
  });

  it("runs a step for each item at once, and gives lists", async () => {
    let running = 0;
    let most = 0;
    const plain = act;
    act = async (...given) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return await plain(...given);
    };
    const report = await run(`steps:
${step("each", "    forEach: [a, b, c]\n    with: { text: '${{ index }}${{ item }}' }\n    outputs: { first: '${{ result.json.words[0] }}' }\n")}outputs:
  all: \${{ steps.each.outputs.first }}
  second: \${{ steps.each.json[1].words }}
`);
    expect(report.outputs).toEqual({ all: ["--text=0a", "--text=1b", "--text=2c"], second: ["--text=1b"] });
    expect(report.steps[0]?.runs.map(({ item }) => item)).toEqual([0, 1, 2]);
    expect(most).toBeGreaterThan(1);
  });

  it("skips what needs a step that failed, but for what asks for that", async () => {
    act = async (words) => (words.includes("--text=bad") ? { exit: { code: 4, reason: "failed" } } : {});
    const report = await run(`steps:
${step("bad", "    with: { text: bad }\n")}${step("after", "    needs: bad\n")}${step("sorry", "    needs: bad\n    if: failed()\n")}${step("late", "    needs: after\n    if: failed()\n")}${step("anyway", "    needs: [after]\n    if: always()\n")}${step("fine", "    if: succeeded('bad')\n")}${step("other", "")}`);
    expect(report.status).toBe("failed");
    expect(statuses(report)).toEqual({
      ...{ bad: "failed", after: "skipped", sorry: "ok", late: "ok", anyway: "ok", fine: "skipped", other: "ok" },
    });
    expect(report.steps[0]?.message).toContain("exit code 4");
    expect(report.steps[1]?.message).toBe("bad failed");
  });

  it("tries again as often as asked, and not what is denied", async () => {
    let calls = 0;
    act = async () => {
      calls += 1;
      return calls < 3 ? { exit: { code: 1, reason: "failed" } } : {};
    };
    const retry = "    retry: { count: 3, backoffSeconds: 0 }\n";
    const report = await run(`steps:\n${step("a", retry)}`);
    expect(report.steps[0]?.runs.map(({ attempt, reason }) => [attempt, reason])).toEqual([
      [1, "failed"],
      [2, "failed"],
      [3, "ok"],
    ]);
    const denied = await run(`steps:\n  - id: a\n    tool: prune\n${retry}`);
    expect(denied.steps[0]).toMatchObject({ status: "failed", runs: [{ reason: "denied" }] });
    expect(denied.steps[0]?.message).toContain("workflow:my");
  });

  it("says what goes wrong in an expression only when it has its values", async () => {
    const report = await run(`steps:
${step("a", "")}${step("b", "    with: { text: '${{ steps.a.json.nothing.there }}' }\n")}${step("c", "    forEach: steps.a.json\n")}${step("d", "    outputs: { n: { value: '${{ result.stdout }}', type: string } }\n")}`);
    expect(report.steps.map(({ status, message }) => [status, message?.slice(0, 60)])).toEqual([
      ["ok", undefined],
      ["failed", expect.stringContaining("with: “text”: steps.a.json.nothing.there: a record has no")],
      ["failed", expect.stringContaining("forEach: it goes over a list, and this is a record")],
      ["ok", undefined],
    ]);
  });

  it("gives null for what a skipped step would have given", async () => {
    const report = await run(`steps:
${step("a", "    if: false\n")}${step("b", "    if: always()\n    with: { text: '${{ steps.a.json.x }}', list: ['${{ coalesce(steps.a.stdout, 'none') }}'] }\n".replace("'none'", '"none"'))}`);
    expect(statuses(report)).toEqual({ a: "skipped", b: "ok" });
    expect(requests.at(-1)?.argv.slice(2)).toEqual(["--list=none"]);
  });

  it("stops all its steps when it is cancelled", async () => {
    const controller = new AbortController();
    act = (_words, _request, { signal }) =>
      new Promise((resolve) => {
        signal?.addEventListener("abort", () => resolve({ exit: { reason: "cancelled" } }));
        setTimeout(() => controller.abort(), 10);
      });
    const report = await run(`steps:\n${step("a", "")}${step("b", "    needs: a\n    if: always()\n")}`, {
      signal: controller.signal,
    });
    expect(report.status).toBe("cancelled");
    expect(statuses(report)).toEqual({ a: "cancelled", b: "cancelled" });
  });

  it("does not run a tool that is not the confirmed one any more", async () => {
    const text = `steps:\n${step("a", "")}`;
    const approved = new Map(plan(text).steps.map(({ tool, fingerprint = "" }) => [tool, fingerprint]));
    expect((await run(text, { approved })).status).toBe("ok");
    writeFileSync(join(workspace, "echo.py"), "print('another')\n");
    const report = await run(text, { approved });
    expect(report.steps[0]).toMatchObject({
      status: "failed",
      message: expect.stringContaining("changed after it was confirmed"),
    });
  });

  it("refuses an argument that no command line takes", async () => {
    act = async (_words, _request, options) => {
      await options.onStdout?.(new TextEncoder().encode("x".repeat(200_000)));
      return {};
    };
    const report = await run(`steps:\n${step("a", "")}${step("b", "    with: { text: '${{ steps.a.stdout }}' }\n")}`);
    expect(report.steps[1]?.message).toContain("pass a result file instead");
  });
});

describe("files between steps", () => {
  const text = `steps:\n${step("a", "")}${step("b", "    with: { text: \"in: ${{ steps.a.results['words.txt'] }}\" }\n")}`;

  it("can be read by the step whose arguments name them, and by no other", async () => {
    const report = await run(`${text}${step("c", "    needs: a\n")}`);
    expect(report.status).toBe("ok");
    const [first, ...others] = requests.map(({ config }) =>
      config.readonlyPaths.filter((path) => path.includes("/runs/")),
    );
    expect(first).toEqual([]);
    expect(others).toContainEqual([expect.stringMatching(/\/runs\/[^/]+\/results\/words\.txt$/)]);
    expect(others).toContainEqual([]);
  });

  it("are refused where they are no result of a step of the same run", async () => {
    const report = await run(text);
    const kept = value(kernel.history());
    const own = kept.find(({ workflow }) => workflow?.step === "a");
    const path = own?.results[0]?.path ?? "";
    const code = (given: Partial<RunRequest>): string => {
      const result = kernel.plan({ tool: "echo", arguments: {}, principal: "workflow:my", ...given });
      return result.ok ? "ok" : result.problem.code;
    };
    const ask = (readable: string, runId = report.id): Partial<RunRequest> => ({
      step: { origin: { run: runId, step: "b" }, execution: "x", readable: [readable] },
    });
    expect(code(ask(path))).toBe("ok");
    expect(code(ask(path, "another"))).toBe("not-a-result");
    expect(code({ ...ask(path), principal: "mcp:agent" })).toBe("not-a-result");
    expect(code({ ...ask(path), principal: "user" })).toBe("not-a-result");
    for (const other of ["/etc/passwd", join(path, ".."), `${path}/../words.txt`, join(base, "state"), `${path}x`]) {
      expect([other, code(ask(other))]).toEqual([other, "not-a-result"]);
    }
    rmSync(path);
    expect(code(ask(path))).toBe("not-a-result");
  });
});

describe("resuming", () => {
  it("uses the inputs of before, and runs again what new inputs change", async () => {
    let mood = "bad";
    const plain = act;
    act = async (words, ...rest) => {
      if (words.includes("--text=shaky") && mood === "bad") return { exit: { code: 1, reason: "failed" } };
      return await plain(words, ...rest);
    };
    const text = `inputs: { who: { default: me } }
steps:
${step("a", "    with: { text: '${{ inputs.who }}' }\n")}${step("same", "    with: { text: same }\n")}${step("shaky", "    needs: [a, same]\n    with: { text: shaky }\n")}`;
    const first = await run(text, { inputs: { who: "you" } });
    expect(first.status).toBe("failed");
    mood = "good";
    const second = await run(text, { inputs: { who: "they" }, resume: true });
    expect(second).toMatchObject({ id: first.id, status: "ok", inputs: { who: "they" }, resumed: true });
    expect(second.steps.map(({ id, reused }) => [id, reused])).toEqual([
      ["a", false],
      ["same", true],
      ["shaky", false],
    ]);
  });

  it("runs again a step whose results are gone", async () => {
    act = async (words, request) => {
      writeFileSync(join(request.resultFolder ?? "", "words.txt"), "x");
      return words.includes("--text=bad") ? { exit: { code: 1, reason: "failed" } } : {};
    };
    const text = `steps:\n${step("a", "")}${step("bad", "    needs: a\n    with: { text: bad }\n")}`;
    await run(text);
    const kept = value(kernel.history()).find(({ workflow }) => workflow?.step === "a");
    for (const { path } of kept?.results ?? []) rmSync(path);
    const again = await run(text, { resume: true });
    expect(again.steps.map(({ id, reused, status }) => [id, reused, status])).toEqual([
      ["a", false, "ok"],
      ["bad", false, "failed"],
    ]);
  });

  it("is refused while the run goes on, and where there is nothing to go on with", async () => {
    const compiled = kernel.workflows.compile("my.workflow.yaml", `steps:\n${step("a", "")}`);
    const hooks = { signal: new AbortController().signal };
    const code = async (resume: string | true): Promise<string> => {
      const result = await kernel.workflows.run({ compiled, inputs: {}, resume }, hooks);
      return result.ok ? "ok" : result.problem.code;
    };
    expect(await code(true)).toBe("no-workflow-run");
    let during = "";
    act = async () => {
      during = await code(true);
      return {};
    };
    const { id } = await run(`steps:\n${step("a", "")}`);
    expect(during).toBe("workflow-running");
    expect(await code(id)).toBe("nothing-to-resume");
    expect(await code("00000000")).toBe("no-workflow-run");
  });
});

describe("planning a workflow", () => {
  it("tells what is known, and names what is not", () => {
    const planned = plan(
      `inputs: { who: { default: me }, go: { type: boolean, default: false } }
steps:
${step("a", "    with: { text: 'hi ${{ inputs.who }}' }\n")}${step("b", "    with: { number: '${{ steps.a.json.n }}', text: known }\n")}${step("c", "    if: inputs.go\n")}  - id: d
    tool: prune
    needs: b
    forEach: [1, 2, 3]
    timeoutSeconds: 5
`,
      { who: "you" },
    );
    const of = (id: string): WorkflowPlan["steps"][number] | undefined => planned.steps.find((one) => one.id === id);
    expect(planned.waves).toEqual([["a", "c"], ["b"], ["d"]]);
    expect(of("a")?.argv?.at(-1)).toBe("--text=hi you");
    expect(of("b")).toMatchObject({
      unknown: ["number"],
      arguments: { number: "${{ steps.a.json.n }}", text: "known" },
    });
    expect(of("b")?.argv).toBeUndefined();
    expect(of("c")?.skipped).toBe(true);
    expect(of("d")).toMatchObject({
      forEach: 3,
      denied: { capability: "filesystem-delete" },
      policy: { timeMs: 5000 },
    });
    expect(planned.denied.map(({ step: id }) => id)).toEqual(["d"]);
    expect(planned.capabilities).toMatchObject([{ name: "filesystem-delete", steps: ["d"] }]);
    expect(planned.limits.timeMs).toBe(300_000 + 300_000 + 5000);
    expect(planned.mermaid).toContain("s1 --> s3");
    expect(requests).toEqual([]);
  });

  it("refuses inputs that do not fit, and workflows that are not sound", () => {
    const compiled = kernel.workflows.compile(
      "x.workflow.yaml",
      `inputs: { n: { type: integer } }\nsteps:\n${step("a", "")}`,
    );
    const code = (inputs: ToolArguments): string => {
      const result = kernel.workflows.plan(compiled, inputs);
      return result.ok ? "ok" : `${result.problem.code}: ${result.problem.message}`;
    };
    expect(code({})).toContain("“n” is required");
    expect(code({ n: "many" })).toContain("“n” must be a whole number");
    expect(code({ n: "3" })).toBe("ok");
    expect(code({ n: 3, m: 1 })).toContain("“m” is not known");
    const broken = kernel.workflows.plan(kernel.workflows.compile("x.workflow.yaml", "steps: []"), {});
    expect(broken.ok ? "" : broken.problem.code).toBe("bad-workflow");
  });

  it("reads inputs as they are typed on a command line", () => {
    const text = `inputs: { l: { type: array, items: { type: string } }, s: { required: false } }\nsteps:\n${step("a", "")}`;
    const compiled = kernel.workflows.compile("x.workflow.yaml", text);
    const read = (...words: string[]): unknown => {
      const parsed = kernel.workflows.parseInputs(compiled, words);
      return parsed.ok ? parsed.value : parsed.problem.code;
    };
    expect(read("l=a", "l=b", "s=x=y")).toEqual({ l: ["a", "b"], s: "x=y" });
    expect(read('l=["a,b"]')).toEqual({ l: ["a,b"] });
    expect(read("l=[a")).toEqual({ l: ["[a"] });
    expect(read("s=a", "s=b")).toBe("bad-input");
    expect(read("nonsense")).toBe("bad-input");
  });
});

describe("any text", () => {
  it("stays one value of one argument, wherever it comes from", async () => {
    const text = `inputs: { any: { default: "" } }
steps:
${step("a", "    with: { text: '${{ inputs.any }}' }\n")}${step("b", "    with: { text: 'x ${{ steps.a.stdout }} y', list: ['p${{ steps.a.stdout }}'] }\n")}`;
    const unit = fc.oneof(
      fc.string(),
      fc.constantFrom("'", '"', "`", "$(", "${{ inputs.any }}", "}}", "--", "\n", "; rm", " "),
    );
    const anything = fc.array(unit, { maxLength: 6 }).map((parts) => parts.join("").replaceAll("\u0000", ""));
    await fc.assert(
      fc.asyncProperty(anything, async (any) => {
        requests = [];
        act = async (_words, _request, options) => {
          await options.onStdout?.(new TextEncoder().encode(any.toWellFormed()));
          return {};
        };
        const wellFormed = any.toWellFormed();
        // argparse itself cannot be given this word, which is refused and never passed as something else.
        fc.pre(wellFormed !== "--");
        const report = await run(text, { inputs: { any: wellFormed } });
        const executions: readonly Execution[] = value(kernel.history({ limit: 2 }));
        const b = executions.find(({ workflow }) => workflow?.run === report.id && workflow.step === "b");
        const words = requests.at(-1)?.argv.slice(2) ?? [];
        expect(report.status, JSON.stringify(report.steps)).toBe("ok");
        expect(b?.arguments).toEqual({ text: `x ${wellFormed} y`, list: [`p${wellFormed}`] });
        expect(words).toHaveLength(2);
        expect(new Set(words)).toEqual(new Set([`--list=p${wellFormed}`, `--text=x ${wellFormed} y`]));
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
