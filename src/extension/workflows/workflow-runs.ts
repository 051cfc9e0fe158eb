import { commands, type Disposable, EventEmitter, l10n, ProgressLocation, window, workspace } from "vscode";
import type { CompiledWorkflow, Kernel } from "../../kernel/index.ts";
import type {
  Problem,
  Result,
  Tool,
  ToolArguments,
  WorkflowPlan,
  WorkflowReport,
  WorkflowRunRecord,
  WorkflowStepReport,
  WorkflowStepStatus,
} from "../../model/index.ts";
import type { GraphPanels } from "../graph/graph-panels.ts";
import type { Kernels } from "../kernels.ts";
import type { Reporter } from "../reporter.ts";
import { askArguments } from "../run/parameter-wizard.ts";
import { showPage } from "../scriptless-page.ts";
import { plainMessage } from "../text/plain.ts";
import { outputsPage, resumableRuns, runChoice, workflowDetail, workflowSentence } from "../text/workflow.ts";
import type { WorkflowFile } from "./workflow-files.ts";
import { allowLacking, canAllow } from "./workflow-grants.ts";

/** So many of the newest runs are looked at for one to go on with. */
const OFFERED_RUNS = 50;

/** How a workflow stands: the run under way, else the last one of this window. */
export interface WorkflowStanding {
  readonly running: boolean;
  readonly steps: ReadonlyMap<string, WorkflowStepReport>;
  readonly plan: WorkflowPlan;
  readonly report: WorkflowReport | undefined;
  readonly stop: () => void;
}

/** A workflow that can be run: its kernel, what it was understood as, and what it would do. */
interface Prepared {
  readonly kernel: Pick<Kernel, "workflows" | "grants" | "close">;
  readonly compiled: CompiledWorkflow;
  readonly plan: WorkflowPlan;
  readonly inputs: ToolArguments;
}

/** Plans and runs workflows for a person: asks, previews, confirms, shows. The kernel decides and does. */
export class WorkflowRuns implements Disposable {
  readonly #kernels: Kernels;
  readonly #graphs: Pick<GraphPanels, "showDiagram">;
  readonly #reporter: Reporter;
  readonly #standings = new Map<string, WorkflowStanding>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #changed = new EventEmitter<void>();

  /** A workflow began, went on or ended. */
  readonly onDidChange = this.#changed.event;

  constructor(kernels: Kernels, graphs: Pick<GraphPanels, "showDiagram">, reporter: Reporter) {
    this.#kernels = kernels;
    this.#graphs = graphs;
    this.#reporter = reporter;
  }

  standing({ uri }: WorkflowFile): WorkflowStanding | undefined {
    return this.#standings.get(uri.toString());
  }

  /** Shows what a workflow would do, as a diagram, without running anything. */
  async plan(file: WorkflowFile): Promise<WorkflowPlan | undefined> {
    const prepared = await this.#prepare(file, l10n.t("Plan {0}", file.name));
    if (prepared === undefined) return undefined;
    this.#draw(file, prepared.plan, new Map());
    return prepared.plan;
  }

  /** Asks for inputs, shows the plan, has it confirmed, and runs it. */
  async run(file: WorkflowFile): Promise<WorkflowReport | undefined> {
    if (this.standing(file)?.running === true) {
      this.#reporter.notice(l10n.t("{0} is running already.", file.name));
      return undefined;
    }
    const prepared = await this.#prepare(file, l10n.t("Run {0}", file.name));
    if (prepared === undefined) return undefined;
    this.#draw(file, prepared.plan, new Map());
    const question = l10n.t("Run the workflow {0}?", prepared.plan.workflow);
    const confirmed = await this.#confirm(file, prepared, question, l10n.t("Run"), []);
    return confirmed === undefined ? undefined : await this.#start(file, confirmed, undefined);
  }

  /**
   * Goes on with a run of a workflow. What it does was confirmed when it began; inputs stay as they were.
   * @param wanted the id of the run; without it the person chooses where there are several
   */
  async resume(file: WorkflowFile, wanted?: string): Promise<WorkflowReport | undefined> {
    const opened = await this.#open(file);
    if (opened === undefined) return undefined;
    const { kernel, compiled } = opened;
    const runs = kernel.workflows.runs({ file: compiled.source.file, limit: OFFERED_RUNS });
    if (!runs.ok) return this.#refuse(runs.problem);
    const resumable = resumableRuns(runs.value);
    if (resumable.length === 0) {
      this.#reporter.notice(l10n.t("There is no run of {0} to go on with.", file.name));
      return undefined;
    }
    const run = resumable.find(({ id }) => id === wanted) ?? (await pickRun(file, resumable));
    if (run === undefined) return undefined;
    const plan = kernel.workflows.plan(compiled, run.inputs);
    if (!plan.ok) return this.#refuse(plan.problem);
    const began = runChoice(run, Date.now(), l10n.t);
    const facts = [
      `${began.label} · ${began.description}`,
      ...(began.detail === "" ? [] : [began.detail]),
      l10n.t("Steps that had finished are not run again."),
      "",
    ];
    const question = l10n.t("Go on with a run of {0}?", plan.value.workflow);
    const prepared = { kernel, compiled, plan: plan.value, inputs: run.inputs };
    const confirmed = await this.#confirm(file, prepared, question, l10n.t("Resume"), facts);
    return confirmed === undefined ? undefined : await this.#start(file, confirmed, run.id);
  }

  /**
   * Shows what would happen and asks for a yes; what it lacks can be allowed first, which plans it anew.
   * @param facts what stands above the plan
   */
  async #confirm(
    file: WorkflowFile,
    prepared: Prepared,
    question: string,
    yes: string,
    facts: readonly string[],
  ): Promise<Prepared | undefined> {
    const allow = l10n.t("Allow…");
    const { kernel, compiled, inputs } = prepared;
    for (let { plan } = prepared; ; ) {
      const picked = await window.showInformationMessage(
        plainMessage(question),
        { modal: true, detail: [...facts, workflowDetail(plan, l10n.t)].join("\n") },
        yes,
        ...(canAllow(plan) ? [allow] : []),
      );
      if (picked === yes) return { ...prepared, plan };
      if (picked !== allow) return undefined;
      const allowed = await allowLacking(file, plan, kernel.grants);
      if (!allowed.ok) return this.#refuse(allowed.problem);
      const planned = kernel.workflows.plan(compiled, inputs);
      if (!planned.ok) return this.#refuse(planned.problem);
      plan = planned.value;
      this.#draw(file, plan, new Map());
    }
  }

  stop(file: WorkflowFile): void {
    this.standing(file)?.stop();
  }

  async #open(file: WorkflowFile): Promise<Pick<Prepared, "kernel" | "compiled"> | undefined> {
    if (!workspace.isTrusted) {
      const manage = l10n.t("Manage Trust");
      const message = plainMessage(l10n.t("{0} was not run: this workspace is not trusted.", file.name));
      const picked = await window.showWarningMessage(message, manage);
      if (picked === manage) await commands.executeCommand("workbench.trust.manage");
      return undefined;
    }
    const saved = workspace.textDocuments.find(({ uri }) => uri.toString() === file.uri.toString());
    if (saved?.isDirty === true && !(await saved.save())) return undefined;
    const kernel = await this.#kernels.get(file.folder);
    if (!kernel.ok) return this.#refuse(kernel.problem);
    const compiled = kernel.value.workflows.open(file.uri.fsPath);
    if (!compiled.ok) return this.#refuse(compiled.problem);
    return { kernel: kernel.value, compiled: compiled.value };
  }

  /** @param title what inputs are asked for */
  async #prepare(file: WorkflowFile, title: string): Promise<Prepared | undefined> {
    const opened = await this.#open(file);
    if (opened === undefined) return undefined;
    const { kernel, compiled } = opened;
    const check = kernel.workflows.check(compiled);
    const wrong = check.problems.find(({ severity }) => severity === "error");
    if (wrong !== undefined) {
      return this.#refuse({ code: wrong.code, message: wrong.message, place: { file: wrong.file, line: wrong.line } });
    }
    const inputs = await askInputs(file, compiled, title);
    if (inputs === undefined) return undefined;
    const plan = kernel.workflows.plan(compiled, inputs);
    return plan.ok ? { kernel, compiled, plan: plan.value, inputs } : this.#refuse(plan.problem);
  }

  #refuse(problem: Problem): undefined {
    this.#reporter.problem(problem);
  }

  async #start(
    file: WorkflowFile,
    prepared: Prepared,
    resume: string | undefined,
  ): Promise<WorkflowReport | undefined> {
    const { kernel } = prepared;
    const running = this.#kernels.use(kernel, () => this.#execute(file, prepared, resume));
    this.#running.add(running);
    try {
      const report = await running;
      if (!report.ok) return this.#refuse(report.problem);
      this.#tell(file, report.value, prepared.plan);
      return report.value;
    } finally {
      this.#running.delete(running);
    }
  }

  async #execute(
    file: WorkflowFile,
    { kernel, compiled, plan, inputs }: Prepared,
    resume: string | undefined,
  ): Promise<Result<WorkflowReport>> {
    const controller = new AbortController();
    const steps = new Map<string, WorkflowStepReport>();
    const stop = (): void => controller.abort();
    const stand = (running: boolean, report?: WorkflowReport): void => {
      this.#standings.set(file.uri.toString(), { running, steps, plan, report, stop });
      this.#draw(file, plan, new Map([...steps].map(([id, step]) => [id, step.status])));
      this.#changed.fire();
    };
    stand(true);
    const title = plainMessage(l10n.t("Running {0}", plan.workflow));
    const fingerprints = plan.steps.flatMap(({ tool, fingerprint }) =>
      fingerprint ? [[tool, fingerprint] as const] : [],
    );
    try {
      return await window.withProgress(
        { location: ProgressLocation.Notification, cancellable: true, title },
        async (progress, token) => {
          const cancel = token.onCancellationRequested(stop);
          try {
            const done = await kernel.workflows.run(
              { compiled, inputs, approved: new Map(fingerprints), ...(resume === undefined ? {} : { resume }) },
              {
                signal: controller.signal,
                onStep: (step) => {
                  steps.set(step.id, step);
                  const ended = [...steps.values()].filter(({ status }) => status !== "running").length;
                  progress.report({ message: l10n.t("{0} of {1} steps", ended, plan.steps.length) });
                  stand(true);
                },
              },
            );
            stand(false, done.ok ? done.value : undefined);
            return done;
          } finally {
            cancel.dispose();
          }
        },
      );
    } catch (error) {
      stand(false);
      throw error;
    }
  }

  #draw({ uri, name }: WorkflowFile, plan: WorkflowPlan, states: ReadonlyMap<string, WorkflowStepStatus>): void {
    const draw = async (): Promise<void> => {
      const { workflowDiagram } = await import("../../kernel/index.ts");
      const key = uri.toString();
      this.#graphs.showDiagram(
        key,
        workflowDiagram(plan.steps, states),
        l10n.t("Workflow {0}", name),
        states.size === 0,
      );
    };
    this.#reporter.background(draw(), l10n.t("drawing a workflow"));
  }

  #tell(file: WorkflowFile, report: WorkflowReport, plan: WorkflowPlan): void {
    const sentence = workflowSentence(report, plan, l10n.t);
    if (report.status === "ok" && Object.keys(report.outputs).length > 0) {
      this.#reporter.background(this.#offerOutputs(report, sentence), l10n.t("showing outputs"));
      return;
    }
    if (report.status === "ok" || report.status === "cancelled") {
      this.#reporter.notice(sentence);
      return;
    }
    const resume = l10n.t("Resume…");
    const offer = async (): Promise<void> => {
      const picked = await window.showWarningMessage(plainMessage(sentence), resume);
      if (picked === resume) await this.resume(file, report.id);
    };
    this.#reporter.background(offer(), l10n.t("offering to go on"));
  }

  async #offerOutputs(report: WorkflowReport, sentence: string): Promise<void> {
    const open = l10n.t("Show Outputs");
    if ((await window.showInformationMessage(plainMessage(sentence), open)) !== open) return;
    showPage(outputsPage(report, l10n.t), l10n.t("Outputs of {0}", report.workflow), true);
  }

  /** Stops all workflows, since none outlives the editor window, and waits until they are kept. */
  async end(): Promise<void> {
    for (const standing of this.#standings.values()) standing.stop();
    await Promise.allSettled(this.#running);
  }

  dispose(): void {
    for (const standing of this.#standings.values()) standing.stop();
    this.#changed.dispose();
  }
}

/** The inputs of a workflow, asked like a tool's parameters; nothing when the person left. */
async function askInputs(
  file: WorkflowFile,
  { source }: CompiledWorkflow,
  title: string,
): Promise<ToolArguments | undefined> {
  if (source.inputs.size === 0) return {};
  const parameters = [...source.inputs].map(([name, input]): Tool["parameters"][number] => ({
    name,
    flags: [],
    type: input.type,
    ...(input.items === undefined ? {} : { items: input.items }),
    ...(input.choices === undefined ? {} : { choices: input.choices }),
    ...(input.default === undefined ? {} : { default: input.default }),
    ...(input.description === undefined ? {} : { help: input.description }),
    required: input.default === undefined && input.required !== false,
    confidence: "certain",
    line: 1,
  }));
  const tool: Tool = {
    ...{ id: file.file, name: source.name, kind: "external", file: file.file, line: 1, framework: "manifest" },
    ...{ description: source.description ?? "", category: "general", source: "manifest" },
    ...{ entry: { argv: [file.file] }, subcommands: [], schema: {}, capabilities: [] },
    parameters,
  };
  return await askArguments({ folder: file.folder, tool }, {}, title);
}

/** Which run to go on with: the only one, or the one that the person chooses. */
async function pickRun(file: WorkflowFile, runs: readonly WorkflowRunRecord[]): Promise<WorkflowRunRecord | undefined> {
  const [only] = runs;
  if (runs.length === 1) return only;
  const items = runs.map((run) => ({ ...runChoice(run, Date.now(), l10n.t), run }));
  const title = l10n.t("Resume {0}", file.name);
  const placeHolder = l10n.t("Which run? Steps that had finished are not run again.");
  return (await window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true }))?.run;
}
