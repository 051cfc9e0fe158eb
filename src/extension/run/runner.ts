import {
  type CancellationToken,
  commands,
  type Disposable,
  EventEmitter,
  type LogOutputChannel,
  l10n,
  ProgressLocation,
  type Terminal,
  ThemeIcon,
  window,
  workspace,
} from "vscode";
import type { GrantRequest, Kernel, KernelOperations, Plan, RunRequest } from "../../kernel/index.ts";
import {
  type Execution,
  type GateEvent,
  ok,
  type Problem,
  type Result,
  type SandboxEvent,
  type Selection,
  type ToolArguments,
} from "../../model/index.ts";
import { COMMANDS, CONTEXT_KEYS } from "../contributions.ts";
import type { Kernels } from "../kernels.ts";
import type { Reporter } from "../reporter.ts";
import { capabilityTitle } from "../text/capability.ts";
import { blockedCapabilities, shownCommand } from "../text/confirm.ts";
import { exitSentence, failureHints, hostsBeyond, liveText, refusedHostLines, usageText } from "../text/exit.ts";
import { observedLines } from "../text/observed.ts";
import { plainMessage } from "../text/plain.ts";
import { resultLines } from "../text/result.ts";
import { cachedText, gateText } from "../text/statistics.ts";
import type { LocatedTool } from "../tool-store.ts";
import { type Confirmed, confirmRun, confirmUnprotected, type Remembered } from "./confirm.ts";
import { askArguments } from "./parameter-wizard.ts";
import { RunTerminal } from "./run-terminal.ts";
import { TextStream } from "./text-stream.ts";

/** A run that is under way. */
export interface ActiveRun {
  readonly id: number;
  readonly located: LocatedTool;
  readonly stop: () => void;
}

/** What is known before a person is asked. */
export interface RunStart {
  readonly args: ToolArguments;
  /** The arguments are complete: no step is asked, only the confirmation. */
  readonly complete: boolean;
  readonly provenance?: Selection["provenance"];
  /** Hosts that an earlier run asked for and did not get; letting it reach them is offered. */
  readonly hosts?: readonly string[];
  /** The run tells what it does; that is shown and kept. */
  readonly observe?: boolean;
  /** `false`: it runs, whatever result is kept. */
  readonly cache?: boolean;
}

/** What a run takes of the kernel: its operations, what is granted and noted, and that it stays open meanwhile. */
type RunKernel = KernelOperations & Pick<Kernel, "audit" | "grants" | "close">;

/** Milliseconds for which the status bar tells how a run ended. */
const STATUS_FOR_MS = 8000;
/** How long finding out what this machine enforces may take. */
const PROBE_MS = 60_000;

/** Runs tools for a person: asks, confirms, shows. The kernel decides and does. */
export class Runner implements Disposable {
  readonly #kernels: Kernels;
  readonly #reporter: Reporter;
  readonly #log: LogOutputChannel;
  readonly #active = new Map<number, ActiveRun>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #changed = new EventEmitter<void>();
  readonly #finished = new EventEmitter<{ readonly located: LocatedTool; readonly execution: Execution }>();
  readonly #terminals = new Map<string, { readonly terminal: Terminal; readonly pty: RunTerminal }>();
  #next = 1;

  /** A run began or ended. */
  readonly onDidChange = this.#changed.event;
  readonly onDidFinish = this.#finished.event;

  constructor(kernels: Kernels, reporter: Reporter, log: LogOutputChannel) {
    this.#kernels = kernels;
    this.#reporter = reporter;
    this.#log = log;
  }

  /** The runs under way, the newest first. */
  get active(): readonly ActiveRun[] {
    return [...this.#active.values()].toReversed();
  }

  /** Runs a tool: its parameters are asked, the run confirmed, its output shown in a terminal. */
  async run(located: LocatedTool, start: RunStart): Promise<Execution | undefined> {
    if (!workspace.isTrusted) {
      await this.#askForTrust(located.tool.name);
      return undefined;
    }
    const args = start.complete ? start.args : await askArguments(located, start.args);
    if (args === undefined) return undefined;
    const kernel = await this.#kernels.get(located.folder);
    if (!kernel.ok) return this.#refuse(kernel.problem);
    const request: RunRequest = { tool: located.tool.id, arguments: args, principal: "user" };
    const plan = kernel.value.plan(request);
    if (!plan.ok) return this.#refuseCall(kernel.value, located, request, start, plan.problem);
    const forecast = kernel.value.statistics.forecast(located.tool.id, plan.value.policy);
    if (!forecast.ok) return this.#refuse(forecast.problem);
    const confirmed = await confirmRun(
      {
        plan: plan.value,
        folderName: located.folder.name,
        forecast: forecast.value,
        ...(start.hosts ? { hosts: start.hosts } : {}),
        ...(start.provenance ? { provenance: unchanged(start.provenance, start.args, args) } : {}),
      },
      located.folder,
    );
    const again = (): Promise<void> => this.#showChanges(located, { ...start, args, complete: true });
    if (!this.#mayRun(kernel.value, plan.value, confirmed, again)) return undefined;
    const approved: RunRequest = {
      ...request,
      approved: plan.value.fingerprint,
      ...(confirmed.grant === undefined ? {} : { grant: confirmed.grant }),
      ...(start.observe === true ? { observe: true } : {}),
      ...(start.cache === false ? { cache: false } : {}),
    };
    return await this.#start(kernel.value, located, approved, plan.value.argv);
  }

  /** Executes what was confirmed, and keeps the kernel open for as long. */
  async #start(
    kernel: RunKernel,
    located: LocatedTool,
    request: RunRequest,
    argv: readonly string[],
  ): Promise<Execution | undefined> {
    const running = this.#kernels.use(kernel, () => this.#execute(kernel, located, request, argv));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  #refuse(problem: Problem): undefined {
    this.#reporter.problem(problem);
  }

  /** A call that cannot be run is noted; where an argument is to blame, the person can go back to it. */
  #refuseCall(
    { audit }: Pick<Kernel, "audit">,
    located: LocatedTool,
    request: RunRequest,
    start: RunStart,
    problem: Problem,
  ): undefined {
    const noted = audit.noteRefused(request, problem);
    if (!noted.ok) return this.#refuse(noted.problem);
    if (problem.place?.field === undefined || located.tool.parameters.length === 0) return this.#refuse(problem);
    const { arguments: args } = request;
    const change = async (): Promise<void> => {
      const again = l10n.t("Change Arguments…");
      const picked = await window.showErrorMessage(plainMessage(problem.message), again);
      if (picked === again) await this.run(located, { ...start, args, complete: false });
    };
    this.#log.warn(`${problem.code}: ${problem.message}`);
    this.#reporter.background(change(), "offering to change the arguments");
  }

  /** Notes what a person answered, and grants what they allowed for longer. */
  #mayRun(
    kernel: RunKernel,
    plan: Plan,
    confirmed: Confirmed | undefined,
    showChanges: () => Promise<void>,
  ): confirmed is Extract<Confirmed, { kind: "run" }> {
    if (confirmed?.kind === "changes") {
      this.#reporter.background(showChanges(), "showing changes");
      return false;
    }
    const noted =
      confirmed === undefined ? kernel.audit.noteDeclined(plan, "user") : remember(kernel, plan, confirmed.remember);
    if (!noted.ok) this.#refuse(noted.problem);
    return confirmed !== undefined && noted.ok;
  }

  /** Shows what changed since the tool was approved, and offers the run again. */
  async #showChanges(located: LocatedTool, start: RunStart): Promise<void> {
    const { folder, tool } = located;
    await commands.executeCommand(COMMANDS.showChanges.id, { folder: folder.uri.toString(), tool: tool.id });
    const again = l10n.t("Run…");
    const text = l10n.t("Look through what changed in {0}, then run it.", tool.name);
    const picked = await window.showInformationMessage(plainMessage(text), again);
    if (picked === again) await this.run(located, start);
  }

  async #askForTrust(name: string): Promise<void> {
    const manage = l10n.t("Manage Trust");
    const picked = await window.showWarningMessage(
      plainMessage(l10n.t("{0} was not run: this workspace is not trusted.", name)),
      manage,
    );
    if (picked === manage) await commands.executeCommand("workbench.trust.manage");
  }

  async #execute(
    kernel: RunKernel,
    located: LocatedTool,
    request: RunRequest,
    argv: readonly string[],
  ): Promise<Execution | undefined> {
    const { tool } = located;
    const controller = new AbortController();
    const pty = new RunTerminal(() => controller.abort());
    const terminal = this.#terminalFor(located, pty);
    const run: ActiveRun = {
      id: this.#next++,
      located,
      stop: () => controller.abort(),
    };
    this.#track(run);
    try {
      terminal.show(true);
      await pty.opened;
      pty.header(`$ ${shownCommand(argv)}`);
      const refused: { readonly host: string; readonly port: number }[] = [];
      /** Why the result of an idempotent tool is not kept. */
      let notKept: string | undefined;
      /** Percent that were shown; then usage is not. */
      let told = 0;
      const done = await window.withProgress(
        {
          location: ProgressLocation.Notification,
          cancellable: true,
          title: plainMessage(l10n.t("Running {0}", tool.name)),
        },
        async (progress, token) =>
          await this.#inKernel(
            kernel,
            request,
            controller,
            token,
            pty,
            (event) => {
              if (event.type === "denied") refused.push(event);
              const message = usageMessage(event, refused.length);
              if (message !== undefined && told === 0) progress.report({ message });
            },
            ({ done, of }) => {
              const share = Math.floor((100 * done) / Math.max(of, 1));
              progress.report({ message: l10n.t("{0} of {1} files", done, of), increment: Math.max(0, share - told) });
              told = Math.max(told, share);
            },
            (event) => {
              if (event.type === "not-kept") notKept = event.why;
              const message = gateText(event, l10n.t);
              if (message !== undefined) progress.report({ message });
            },
          ),
      );
      if (!done.ok) {
        pty.end(l10n.t("Not run: {0}", done.problem.message));
        return this.#refuse(done.problem);
      }
      this.#tell(located, done.value, pty, notKept);
      if (done.value.exit.reason === "not-enforceable" && request.unprotected !== true) {
        const again = (): Promise<unknown> => this.#start(kernel, located, { ...request, unprotected: true }, argv);
        this.#reporter.background(this.#offerUnprotected(done.value, tool.name, again), "offering a further run");
      }
      const beyond = hostsBeyond(refused, done.value.policy);
      if (beyond.length > 0) this.#offerHosts(located, request, beyond);
      return done.value;
    } catch (error) {
      pty.end(l10n.t("Not run: {0}", error instanceof Error ? error.message : String(error)));
      throw error;
    } finally {
      this.#untrack(run);
    }
  }

  /** A terminal for a run. The one of the tool's last run makes room when that has ended. */
  #terminalFor({ folder, tool }: LocatedTool, pty: RunTerminal): Terminal {
    const key = `${folder.uri.toString()}|${tool.id}`;
    const last = this.#terminals.get(key);
    if (last?.pty.ended === true) last.terminal.dispose();
    const terminal = window.createTerminal({
      name: tool.name,
      pty,
      iconPath: new ThemeIcon("shield"),
      isTransient: true,
    });
    this.#terminals.set(key, { terminal, pty });
    return terminal;
  }

  async #inKernel(
    kernel: KernelOperations,
    request: RunRequest,
    controller: AbortController,
    token: CancellationToken,
    pty: RunTerminal,
    onEvent: (event: SandboxEvent) => void,
    onProgress: (progress: { readonly done: number; readonly of: number }) => void,
    onGate: (event: GateEvent) => void,
  ): Promise<Result<Execution>> {
    const { TerminalSanitizer } = await import("../../kernel/index.ts");
    const streams = { out: new TextStream(new TerminalSanitizer()), err: new TextStream(new TerminalSanitizer()) };
    const cancel = token.onCancellationRequested(() => controller.abort());
    try {
      return await kernel.execute(request, {
        signal: controller.signal,
        onStdout: (chunk) => pty.print(streams.out.push(chunk)),
        onStderr: (chunk) => pty.print(streams.err.push(chunk)),
        onEvent,
        onProgress,
        onGate,
      });
    } finally {
      cancel.dispose();
      pty.print(streams.out.end());
      pty.print(streams.err.end());
    }
  }

  #tell(located: LocatedTool, execution: Execution, pty: RunTerminal, notKept: string | undefined): void {
    const { name } = located.tool;
    const sentence = exitSentence(execution, l10n.t);
    const blocked = execution.exit.reason === "failed" ? blockedCapabilities({ ...located.tool, ...execution }) : [];
    const titles = blocked.map((capability) => capabilityTitle(capability.name, l10n.t));
    const details = [
      ...refusedHostLines(execution, located.tool, l10n.t),
      ...(execution.observed ? observedLines(execution.observed, execution.results, l10n.t) : []),
      ...failureHints(execution, titles, l10n.t),
      ...resultLines(execution, l10n.t),
      ...(notKept === undefined ? [] : [l10n.t("Its result is not kept: {0}", notKept)]),
    ];
    const used = cachedText(execution, Date.now(), l10n.t) ?? usageText(execution.usage, l10n.t);
    pty.end(`${name}: ${sentence}`, details, [used]);
    this.#log.info(`run ${execution.id} of ${execution.tool}: ${sentence}; ${usageText(execution.usage, l10n.t)}`);
    const icon = execution.exit.reason === "ok" ? "pass" : "warning";
    window.setStatusBarMessage(`$(${icon}) ${name}: ${sentence}`, STATUS_FOR_MS);
    this.#finished.fire({ located, execution });
  }

  /** Hosts that were refused can be allowed in a further run; the person confirms that one, too. */
  #offerHosts(located: LocatedTool, request: RunRequest, hosts: readonly string[]): void {
    const again = l10n.t("Run Again…");
    const text = l10n.t("{0} asked for {1}, which it may not reach.", located.tool.name, hosts.join(", "));
    const offer = async (): Promise<void> => {
      const picked = await window.showWarningMessage(plainMessage(text), again);
      const { arguments: args, observe = false } = request;
      if (picked === again) await this.run(located, { args, complete: true, hosts, observe });
    };
    this.#reporter.background(offer(), "offering a further run");
  }

  /** Where nothing isolates a person may agree to one run without it. It is asked each time and never remembered. */
  async #offerUnprotected({ exit }: Execution, name: string, run: () => Promise<unknown>): Promise<void> {
    const report = await (await this.#kernels.sandbox()).probe(AbortSignal.timeout(PROBE_MS));
    if (report.backend !== undefined) return; // it is this policy that cannot be held, and not the machine
    if (await confirmUnprotected(name, report, exit.message ?? "")) await run();
  }

  #track(run: ActiveRun): void {
    this.#active.set(run.id, run);
    this.#update();
  }

  #untrack(run: ActiveRun): void {
    this.#active.delete(run.id);
    this.#update();
  }

  #update(): void {
    this.#reporter.background(
      commands.executeCommand("setContext", CONTEXT_KEYS.running, this.#active.size > 0),
      "updating the view",
    );
    this.#changed.fire();
  }

  /** Stops all runs, since none outlives the editor window, and waits until they are kept. */
  async stop(): Promise<void> {
    for (const run of this.#active.values()) run.stop();
    await Promise.allSettled(this.#running);
  }

  dispose(): void {
    for (const run of this.#active.values()) run.stop();
    this.#changed.dispose();
    this.#finished.dispose();
  }
}

/** Grants what a person allowed for longer than one run, for the version of the tool that they were shown. */
function remember(
  kernel: RunKernel,
  { fingerprint, tool }: Plan,
  { duration, paths, hosts }: Remembered = { duration: "session", paths: [], hosts: [] },
): Result<void> {
  const claims = new Set(tool.capabilities.map(({ name }) => name));
  const common = { tool: tool.id, principal: "user", duration, approved: fingerprint } as const;
  const ofFiles = (["filesystem-write", "filesystem-delete"] as const).filter((name) => claims.has(name));
  const requests: GrantRequest[] = [
    ...(paths.length === 0 ? [] : ofFiles.map((capability) => ({ ...common, capability, paths }))),
    ...(hosts.length === 0 ? [] : [{ ...common, capability: "network-access" as const, hosts }]),
  ];
  for (const request of requests) {
    const granted = kernel.grants.allow(request);
    if (!granted.ok) return granted;
  }
  return ok(undefined);
}

/** Where the arguments come from that the person left as they were. */
function unchanged(
  provenance: Selection["provenance"],
  before: ToolArguments,
  after: ToolArguments,
): Selection["provenance"] {
  const same = (name: string): boolean => JSON.stringify(before[name]) === JSON.stringify(after[name]);
  return Object.fromEntries(Object.entries(provenance).filter(([name]) => same(name)));
}

/** What a run uses now, in one line; nothing for events that are about something else. */
function usageMessage(event: SandboxEvent, refused: number): string | undefined {
  return event.type === "usage" ? liveText(event, refused, l10n.t) : undefined;
}
