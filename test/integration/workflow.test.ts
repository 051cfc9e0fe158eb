// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how expressions of workflows are written
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import type * as z from "zod";
import {
  EnforcementReport,
  History,
  WorkflowCheck,
  WorkflowPlan,
  WorkflowReport,
  WorkflowRuns,
} from "../../src/model/index.ts";

/* `toka workflow` as a process of its own, through the real gate and the real sandbox. */

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const SAMPLE = join(import.meta.dirname, "../workspaces/sample");
const REPORT = "workflows/harvest-report.workflow.yaml";

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let base: string;
let workspace: string;
let sandboxed = false;

/** @param interruptAt sends SIGINT as soon as this was said */
async function toka(words: readonly string[], interruptAt?: string): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...words], {
    cwd: workspace,
    env: { ...process.env, XDG_STATE_HOME: join(base, "state"), NO_COLOR: "1" },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (interruptAt !== undefined && stderr.includes(interruptAt)) child.kill("SIGINT");
  });
  child.stdin.end();
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

function json<S extends z.ZodType>(schema: S, outcome: Outcome): z.infer<S> {
  expect(outcome.stderr === "" || outcome.stdout !== "", outcome.stderr).toBe(true);
  return schema.parse(JSON.parse(outcome.stdout));
}

function workflow(name: string, text: string): string {
  const file = `workflows/${name}.workflow.yaml`;
  writeFileSync(join(workspace, file), text);
  return file;
}

async function history(): Promise<z.infer<typeof History>["executions"]> {
  return json(History, await toka(["history", "--json", "--limit", "1000"])).executions;
}

/** Says loudly why a test that needs the sandbox was not run. */
function needSandbox(context: TestContext): void {
  if (!sandboxed) context.skip("NOT TESTED: this machine cannot start the sandbox (see toka doctor)");
}

const TOOLS = {
  say: `import argparse, json, os, sys
parser = argparse.ArgumentParser(description="Says what it got.")
parser.add_argument("--what", default="")
parser.add_argument("--more", nargs="*", default=[])
parser.add_argument("--read")
parser.add_argument("--number", type=int)
args = parser.parse_args()
text = open(args.read).read() if args.read else None
open(os.path.join(os.environ["TOKA_RESULTS"], "said.txt"), "w").write(args.what)
json.dump({"argv": sys.argv[1:], "what": args.what, "text": text, "number": args.number}, sys.stdout)
`,
  flaky: `import argparse, sys
parser = argparse.ArgumentParser(description="Fails while a file says so.")
parser.parse_args()
sys.exit(0 if open("mood.txt").read().strip() == "good" else 7)
`,
  slow: `import argparse, time
argparse.ArgumentParser(description="Takes its time.").parse_args()
time.sleep(60)
`,
};

beforeAll(async () => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "toka-workflow-")));
  workspace = join(base, "workspace");
  cpSync(SAMPLE, workspace, { recursive: true });
  mkdirSync(join(workspace, "steps"));
  for (const [name, text] of Object.entries(TOOLS)) writeFileSync(join(workspace, `steps/${name}.py`), text);
  writeFileSync(join(workspace, "mood.txt"), "bad\n");
  const report = json(EnforcementReport, await toka(["doctor", "--json"]));
  sandboxed = report.backend !== undefined;
  if (!sandboxed) process.stderr.write(`NOT TESTED: no sandbox here: ${JSON.stringify(report.mechanisms)}\n`);
});

afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

describe("toka workflow check", () => {
  it("finds nothing wrong with the samples", async () => {
    expect(json(WorkflowCheck, await toka(["workflow", "check", REPORT, "--json"]))).toEqual({
      ...{ file: REPORT, workflow: "harvest-report", ok: true, problems: [] },
    });
    expect((await toka(["workflow", "check", "workflows/season-archive.workflow.yaml"])).stdout).toContain(
      "2 steps in 2 waves",
    );
  });

  it("says everything that is wrong, with its place, before anything runs", async () => {
    const file = workflow(
      "wrong",
      "steps:\n  - id: a\n    tool: sya\n  - id: b\n    tool: say\n    needs: c\n    with: { number: x }\n",
    );
    const before = await history();
    const { code, stderr } = await toka(["workflow", "check", file]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${file}:3:11: error: There is no tool`);
    expect(stderr).toContain(`${file}:6:12: error: There is no step “c”`);
    expect(stderr).toContain(`${file}:7:21: error: say: “number” must be a whole number`);
    expect((await toka(["workflow", "run", file])).code).toBe(2);
    expect(await history()).toEqual(before);
  });

  it("names a file that is not there", async () => {
    const { code, stderr } = await toka(["workflow", "check", "nowhere.workflow.yaml"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("cannot be read")]);
  });
});

describe("toka workflow plan", () => {
  it("tells all that would happen", async () => {
    const plan = json(WorkflowPlan, await toka(["workflow", "plan", REPORT, "--json", "--input", "fields=east"]));
    expect(plan.waves).toEqual([["soil", "compare"], ["note"], ["deeper", "page"]]);
    const of = (id: string) => plan.steps.find((step) => step.id === id);
    expect(of("soil")?.argv?.slice(2)).toEqual(["--depth=20", "east"]);
    expect(of("compare")).toMatchObject({ forEach: 1, unknown: ["first"] });
    expect(of("note")).toMatchObject({ unknown: ["statistics"], needs: ["soil"] });
    expect(of("note")?.argv).toBeUndefined();
    expect(plan.capabilities.find(({ name }) => name === "filesystem-read")?.steps).toContain("note");
    expect(plan.mermaid).toContain("flowchart LR");
    expect(plan.denied).toEqual([]);
  });

  it("tells what will be denied, and the grant that would allow it", async () => {
    const plan = json(
      WorkflowPlan,
      await toka(["workflow", "plan", "workflows/season-archive.workflow.yaml", "--json"]),
    );
    expect(plan.denied.map(({ step, capability }) => [step, capability])).toEqual([
      ["diary", "filesystem-delete"],
      ["lines", "process-spawn"],
    ]);
    expect(plan.denied[0]?.message).toContain("--principal workflow:season-archive");
  });

  it("refuses inputs that do not fit", async () => {
    const { code, stderr } = await toka(["workflow", "plan", REPORT, "--input", "depth=30"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("“depth” must be one of 20, 40")]);
  });
});

describe("toka workflow run", () => {
  it("runs the sample to its end; each step is an execution for the workflow", async (context) => {
    needSandbox(context);
    const outcome = await toka(["workflow", "run", REPORT, "--json", "--input", "title=Apples"]);
    const report = json(WorkflowReport, outcome);
    expect([outcome.code, report.status]).toEqual([0, "ok"]);
    expect(report.outputs).toMatchObject({ dry: "hill", moisture: 0.21 });
    expect(readFileSync(String(report.outputs["note"]), "utf8")).toContain("- hill");
    expect(readFileSync(String(report.outputs["page"]), "utf8")).toContain("Apples (2 fields, dry is hill)");
    const kept = (await history()).filter((execution) => execution.workflow?.run === report.id);
    expect(kept.map(({ principal }) => principal)).toEqual(kept.map(() => "workflow:harvest-report"));
    expect(kept.map(({ workflow: of }) => `${of?.step} ${of?.item ?? ""}`.trim()).toSorted()).toEqual([
      "compare 0",
      "compare 1",
      "deeper",
      "note",
      "page",
      "soil",
    ]);
    const page = kept.find((execution) => execution.workflow?.step === "page");
    expect(page?.policy.timeMs).toBe(30_000);
    const note = kept.find((execution) => execution.workflow?.step === "note");
    const soil = kept.find((execution) => execution.workflow?.step === "soil");
    expect(note?.policy.readonlyPaths).toContain(soil?.results[0]?.path);
  });

  it("passes any text as one word that is nothing else", async (context) => {
    needSandbox(context);
    const nasty = "--read=/etc/passwd; rm -rf \"$HOME\" `id` $(id) 'x' ${{ inputs.text }}\n|&";
    const file = workflow(
      "words",
      `inputs: { text: { default: "" } }
steps:
  - id: first
    tool: say
    with: { what: "\${{ inputs.text }}" }
  - id: second
    tool: say
    with:
      what: before \${{ steps.first.json.what }} after
      more: [a, "\${{ steps.first.results['said.txt'] }}"]
      read: \${{ steps.first.results['said.txt'] }}
outputs:
  argv: \${{ steps.second.json.argv }}
  text: \${{ steps.second.json.text }}
`,
    );
    const report = json(WorkflowReport, await toka(["workflow", "run", file, "--json", "--input", `text=${nasty}`]));
    expect(report.status, JSON.stringify(report)).toBe("ok");
    expect(report.outputs["text"]).toBe(nasty);
    expect(report.outputs["argv"]).toContain(`--what=before ${nasty} after`);
  });

  it("goes on after a failure, and runs no finished step again", async (context) => {
    needSandbox(context);
    const file = workflow(
      "flaky",
      `steps:
  - id: first
    tool: say
    with: { what: one }
  - id: shaky
    tool: flaky
    needs: first
    retry: { count: 1, backoffSeconds: 0 }
  - id: last
    tool: say
    needs: shaky
    with: { what: "\${{ steps.first.json.what }}" }
  - id: sorry
    tool: say
    if: failed()
    needs: shaky
    with: { what: sorry }
`,
    );
    const failed = await toka(["workflow", "run", file, "--json"]);
    const before = json(WorkflowReport, failed);
    expect([failed.code, before.status]).toEqual([1, "failed"]);
    const statuses = (report: z.infer<typeof WorkflowReport>): Record<string, string> =>
      Object.fromEntries(report.steps.map(({ id, status }) => [id, status]));
    expect(statuses(before)).toEqual({ first: "ok", shaky: "failed", last: "skipped", sorry: "ok" });
    expect(before.steps.find(({ id }) => id === "shaky")?.runs.map(({ attempt, reason }) => [attempt, reason])).toEqual(
      [
        [1, "failed"],
        [2, "failed"],
      ],
    );
    writeFileSync(join(workspace, "mood.txt"), "good\n");
    const resumed = await toka(["workflow", "run", file, "--json", "--resume"]);
    const after = json(WorkflowReport, resumed);
    expect([resumed.code, after.id, after.resumed]).toEqual([0, before.id, true]);
    expect(statuses(after)).toEqual({ first: "ok", shaky: "ok", last: "ok", sorry: "skipped" });
    const [first] = after.steps;
    expect(first?.reused).toBe(true);
    expect(first?.runs[0]?.execution).toBe(before.steps[0]?.runs[0]?.execution);
    const again = await toka(["workflow", "run", file, "--resume", before.id]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("nothing left to do")]);
    const runs = json(WorkflowRuns, await toka(["workflow", "runs", file, "--json"])).runs;
    expect(runs.map(({ id, status }) => [id, status])).toEqual([[before.id, "ok"]]);
  });

  it("runs a step again whose tool changed", async (context) => {
    needSandbox(context);
    writeFileSync(join(workspace, "mood.txt"), "bad\n");
    const file = workflow(
      "changed",
      "steps:\n  - { id: a, tool: say, with: { what: x } }\n  - { id: b, tool: flaky, needs: a }\n",
    );
    const before = json(WorkflowReport, await toka(["workflow", "run", file, "--json"]));
    writeFileSync(join(workspace, "steps/say.py"), `${TOOLS.say}# changed\n`);
    writeFileSync(join(workspace, "mood.txt"), "good\n");
    const after = json(WorkflowReport, await toka(["workflow", "run", file, "--json", "--resume"]));
    expect(after.status).toBe("ok");
    expect(after.steps[0]).toMatchObject({ reused: false });
    expect(after.steps[0]?.runs[0]?.execution).not.toBe(before.steps[0]?.runs[0]?.execution);
  });

  it("is denied what nobody granted, and told so", async (context) => {
    needSandbox(context);
    const { code, stdout, stderr } = await toka(["workflow", "run", "workflows/season-archive.workflow.yaml"]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/diary\s+tools\/season_diary.py\s+failed/);
    expect(stderr).toContain(
      "toka grants allow tools/season_diary.py filesystem-delete --principal workflow:season-archive",
    );
  });

  it("goes on once it has grants of its own", async (context) => {
    needSandbox(context);
    mkdirSync(join(workspace, "out"));
    const grant = (...words: readonly string[]): Promise<Outcome> =>
      toka(["grants", "allow", ...words, "--principal", "workflow:season-archive"]);
    expect((await grant("season_diary", "filesystem-delete", "--path", "out")).code).toBe(0);
    expect((await grant("count-lines", "process-spawn")).code).toBe(0);
    const report = json(
      WorkflowReport,
      await toka(["workflow", "run", "workflows/season-archive.workflow.yaml", "--json", "--resume"]),
    );
    expect(report.status, JSON.stringify(report.steps)).toBe("ok");
    expect(report.outputs["lines"]).toEqual(expect.arrayContaining([expect.stringMatching(/^\s*5 .*2025-08\.md$/)]));
  });

  it("is cancelled with all its steps, and can be gone on with", async (context) => {
    needSandbox(context);
    const file = workflow(
      "slow",
      "steps:\n  - { id: a, tool: slow }\n  - { id: b, tool: slow }\n  - { id: c, tool: say, needs: a }\n",
    );
    const { code, stdout } = await toka(["workflow", "run", file, "--json"], "b: running");
    expect(code).toBe(130);
    const report = WorkflowReport.parse(JSON.parse(stdout));
    expect(report.status).toBe("cancelled");
    expect(report.steps.map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled"]);
  });

  it("ends a step that takes too long", async (context) => {
    needSandbox(context);
    const file = workflow("late", "steps:\n  - { id: a, tool: slow, timeoutSeconds: 1 }\n");
    expect((await toka(["workflow", "run", file])).code).toBe(124);
  });
});
