import { dirname } from "node:path";
import type { Readable } from "node:stream";
import {
  Backend,
  type Enforcement,
  type EnforcementReport,
  type ExitReason,
  type ExitStatus,
  fail,
  type HostTraffic,
  type Observed,
  ok,
  type Problem,
  type Result,
  type SandboxConfig,
  type Usage,
} from "../model/index.ts";
import type { PreparedRun, SandboxBackend } from "./backend.ts";
import { Cgroups } from "./cgroup/cgroups.ts";
import { compileEnvironment, isLoaderVariable } from "./environment.ts";
import { HostProxy, type RefusedHost } from "./hosts/proxy.ts";
import { type HostResolver, resolvePublic } from "./hosts/resolve.ts";
import { parseHostRule } from "./hosts/rules.ts";
import { type Interpreter, resolveInterpreter, untrustedFolders } from "./interpreter.ts";
import { observationContext } from "./observing/context.ts";
import { ObservationPipe } from "./observing/pipe.ts";
import { type ProbeRun, probeMechanisms } from "./probe.ts";
import {
  type HeldLimit,
  NO_USAGE,
  NOT_IN_CGROUP,
  type RunHandlers,
  type SupervisedOutcome,
  supervise,
} from "./supervise.ts";
import { makeBackend, otherBackends, type TierOptions, tiersOf } from "./tiers.ts";
import { type SpareFolders, type WarmOptions, WarmPool } from "./warm/pool.ts";
import { watchCommand } from "./watching/watch.ts";

export interface SandboxOptions extends TierOptions {
  readonly onLog?: (line: string) => void;
  /** Holds policies in one way only; else the best that a real run shows to hold on this machine. */
  readonly backend?: Backend | "auto";
  /** Finds where an allowed host may be reached; public addresses only unless given. */
  readonly resolveHost?: HostResolver;
  /** After a run of a Python program keeps sandboxes ready for the next one; none unless given. */
  readonly warm?: WarmOptions;
  /** Whether runs get cgroups of their own where this machine lets them; they do unless this is false. */
  readonly cgroups?: boolean;
}

/** One run. `argv[0]` of `python` or `python3` means the trusted interpreter; other names are looked up inside. */
export interface SandboxRequest {
  readonly argv: readonly string[];
  /** Absolute; must be readable under the policy. */
  readonly cwd: string;
  readonly config: SandboxConfig;
  /** A folder of the host that the command may write to and finds in TOKA_RESULTS. */
  readonly resultFolder?: string;
  /** The caller's environment, of which the policy lets names pass. Its PATH is where `python3` is looked for. */
  readonly environment: NodeJS.ProcessEnv;
  readonly stdin?: "none" | Readable;
  /** Absolute path of the interpreter that `python` means; the caller trusts it. */
  readonly interpreter?: string;
  /**
   * Somebody agreed that this one run may go on where nothing isolates: it then has the environment of its policy, and its
   * time and output are limited, which is all that holds.
   */
  readonly unprotected?: boolean;
  /** The Pythons of the run tell what they do, and the outcome carries it. */
  readonly observe?: boolean;
  /** Makes the result folder of a run that may follow this one; without it none is kept ready for runs with results. */
  readonly spareFolders?: SpareFolders;
}

export interface SandboxOutcome {
  readonly exit: ExitStatus;
  readonly usage: Usage;
  /** What the policy kept the run from, in words, as far as it is known. */
  readonly denied: readonly string[];
  /** What held the policy. */
  readonly backend?: Backend;
  /** It ran in a sandbox that was kept ready. */
  readonly warm?: true;
  /** What the run did, where that was asked for and it was started. */
  readonly observed?: Observed;
  /** Whether the kernel held memory, tasks and the processor's share by the run's cgroup, or only the supervisor's watch did. */
  readonly limitsBy?: "cgroup" | "watch";
  /** What the kernel itself kept within its limit. */
  readonly held?: readonly HeldLimit[];
}

export interface RunOptions extends RunHandlers {
  readonly signal: AbortSignal;
}

/** `unexplained`: the supervisor did not come up, and only a probe can tell which mechanism is missing. */
interface Attempt {
  readonly unexplained: boolean;
  readonly outcome: SandboxOutcome;
}

/** What the sandbox itself sees of an observed run. */
interface SandboxView {
  readonly traffic: HostTraffic[];
  readonly refused: Observed["sandbox"]["refused"];
}

/** Runs commands under a policy, or says why this machine cannot. */
export class Sandbox {
  readonly #options: TierOptions;
  /** The ways of holding a policy, the best first. */
  readonly #tiers: readonly SandboxBackend[];
  /** What is left with consent when none of them holds. */
  readonly #last: SandboxBackend;
  /** The best one that is not known to fail here. */
  #backend: SandboxBackend | undefined;
  /** False once a probe found that nothing holds; what is missing may be installed later, so that the next run asks again. */
  #holds: boolean = true;
  readonly #log: (line: string) => void;
  readonly #warm: WarmPool | undefined;
  readonly #cgroups: Cgroups | undefined;
  readonly #resolveHost: HostResolver;
  readonly #interpreters = new Map<string, Promise<Result<Interpreter>>>();
  #report: Promise<EnforcementReport> | undefined;

  constructor(options: SandboxOptions) {
    const { backend = "auto" } = options;
    this.#options = options;
    const { isolating, last } = tiersOf(process.platform);
    const made = (backend === "auto" ? isolating : [backend]).map((name) => makeBackend(name, options));
    this.#tiers = made.filter(({ isolates }) => isolates);
    this.#last = made.find(({ isolates }) => !isolates) ?? makeBackend(last, options);
    this.#backend = this.#tiers[0];
    this.#log = options.onLog ?? (() => undefined);
    this.#resolveHost = options.resolveHost ?? resolvePublic;
    this.#warm = options.warm && new WarmPool(options.warm, this.#log);
    const supervised = this.#tiers.some(({ name }) => name === "bwrap" || name === "landlock");
    const wanted = process.platform === "linux" && supervised && options.cgroups !== false;
    this.#cgroups = wanted ? new Cgroups(this.#log) : undefined;
  }

  /** Changes how many sandboxes are kept ready, where any may be. */
  keepReady(count: number): void {
    this.#warm?.keep(count);
  }

  /** How many sandboxes are ready, once those that are being started have come up. */
  async ready(): Promise<number> {
    return (await this.#warm?.settled()) ?? 0;
  }

  /** The result folder of a sandbox that is ready for such a run, for the run to take as its own. */
  async readyFolder(request: SandboxRequest, signal: AbortSignal): Promise<string | undefined> {
    if (this.#warm === undefined || this.#backend === undefined) return undefined;
    const prepared = await this.#prepare(request, signal);
    return prepared.ok ? this.#warm.readyFolder(this.#backend, prepared.value) : undefined;
  }

  /** Ends what is kept ready. Runs are not touched. */
  async dispose(): Promise<void> {
    await this.#warm?.dispose();
    await this.#cgroups?.dispose();
  }

  /** What this machine enforces, found by trying. Kept for the life of this object unless the probe was aborted. */
  async probe(signal: AbortSignal): Promise<EnforcementReport> {
    this.#report ??= this.#runProbe(signal);
    const pending = this.#report;
    try {
      return await pending;
    } catch (error) {
      if (this.#report === pending) this.#report = undefined;
      throw error;
    }
  }

  /** Probes one way of holding policies after the other, until one comes up. */
  async #runProbe(signal: AbortSignal): Promise<EnforcementReport> {
    const platform = `${process.platform}/${process.arch}`;
    const tried = this.#tiers.map(({ name }) => name);
    // Asked meanwhile: a container engine may take its time to answer.
    const asked = otherBackends(
      Backend.options.filter((name) => !tried.includes(name)),
      this.#options,
    );
    let lost: Enforcement[] = [];
    for (const backend of this.#tiers) {
      const { mechanisms, usable } = await probeMechanisms(
        backend.name,
        this.#probeRun(backend, signal),
        this.#cgroups,
        signal,
      );
      if (usable) {
        this.#backend = backend;
        const supervisor = await backend.supervisor?.();
        const about = { backend: backend.name, ...(supervisor ? { supervisor } : {}), others: await asked };
        return { platform, mechanisms: [...mechanisms, ...lost], ...about };
      }
      // Of several that do not come up the last one says what even the least demanding misses; what helps any of them helps.
      const earlier = lost.flatMap(({ advice }) => advice ?? []);
      lost = mechanisms
        .filter(({ enforced }) => !enforced)
        .map((one) => (one.advice ? { ...one, advice: [...new Set([...earlier, one.advice])].join("; or ") } : one));
    }
    this.#holds = false;
    if (this.#tiers.length > 0) return { platform, mechanisms: lost, others: await asked };
    const { mechanisms } = await probeMechanisms(
      this.#last.name,
      this.#probeRun(this.#last, signal),
      undefined,
      signal,
    );
    return { platform, mechanisms: [...mechanisms], others: await asked };
  }

  #probeRun(backend: SandboxBackend, signal: AbortSignal): ProbeRun {
    return async (config, script, rest, onStdout) => {
      const request: SandboxRequest = {
        argv: ["python", "-I", "-S", "-c", script, ...rest],
        cwd: "/tmp",
        config,
        environment: { ...process.env, TOKA_PROBE: "1" },
      };
      const quiet = { signal, onStdout, onStderr: () => undefined, onEvent: () => undefined };
      return (await this.#attempt(backend, request, quiet)).outcome;
    };
  }

  /**
   * Runs a command. The promise is settled when nothing of it is left. Every mechanism that the policy names is
   * mandatory: one that cannot be put on ends the run before the command starts, as `not-enforceable`. Where the better
   * way of holding a policy does not come up on this machine, and a probe shows that the other one holds, that one is
   * taken from then on; the outcome says which.
   */
  async run(request: SandboxRequest, options: RunOptions): Promise<SandboxOutcome> {
    this.#log(`start ${JSON.stringify(request.argv)} in ${request.cwd}`);
    if (!this.#holds && this.#tiers.length > 0) {
      this.#holds = true;
      this.#report = undefined;
    }
    const attempt = await this.#bestAttempt(request, options);
    const { reason, message } = attempt.outcome.exit;
    this.#log(`end ${reason}${message ? `: ${message}` : ""}`);
    if (!attempt.unexplained || options.signal.aborted) return attempt.outcome;
    const explanation = await this.#explain(message ?? "");
    if (request.unprotected !== true || this.#holds) return ended("not-enforceable", explanation);
    this.#log(`unprotected, as agreed for this run: ${explanation}`);
    return (await this.#attempt(this.#last, request, options)).outcome;
  }

  async #bestAttempt(request: SandboxRequest, options: RunOptions): Promise<Attempt> {
    const tried = this.#backend;
    if (tried === undefined) {
      const message = `The backend ${this.#last.name} keeps no program from files, network and other programs`;
      return { unexplained: true, outcome: ended("not-enforceable", message) };
    }
    const attempt = await this.#attempt(tried, request, options);
    if (!attempt.unexplained || options.signal.aborted) return attempt;
    await this.probe(options.signal);
    const better = this.#backend;
    if (better === undefined || better === tried) return attempt;
    this.#log(`${tried.name} does not come up here (${attempt.outcome.exit.message}); ${better.name} holds`);
    return await this.#attempt(better, request, options);
  }

  async #attempt(backend: SandboxBackend, request: SandboxRequest, options: RunOptions): Promise<Attempt> {
    const prepared = await this.#prepare(request, options.signal);
    if (!prepared.ok) return { unexplained: false, outcome: refused(prepared.problem) };
    if (request.observe !== true)
      return await this.#connected(backend, prepared.value, request, options, { traffic: [] });
    const warm = await this.#runWarm(backend, prepared.value, request, options);
    if (warm) return warm;
    const pipe = await ObservationPipe.create(observationContext(prepared.value));
    if (!pipe.ok) return { unexplained: false, outcome: refused(pipe.problem) };
    const view: SandboxView = { traffic: [], refused: [] };
    try {
      const run = { ...prepared.value, observationPipe: pipe.value.path };
      const onEvent: RunOptions["onEvent"] = (event) => {
        if (event.type === "started") void pipe.value.hide(); // it is mounted now
        if (event.type === "denied") view.refused.push({ host: event.host, port: event.port, message: event.message });
        options.onEvent(event);
      };
      const { unexplained, outcome } = await this.#connected(backend, run, request, { ...options, onEvent }, view);
      const observed = await pipe.value.close(view);
      return { unexplained, outcome: outcome.backend === undefined ? outcome : { ...outcome, observed } };
    } finally {
      await pipe.value.close(view);
    }
  }

  /** @param view filled with what the sandbox sees of the network */
  async #connected(
    backend: SandboxBackend,
    prepared: PreparedRun,
    request: SandboxRequest,
    options: RunOptions,
    view: Pick<SandboxView, "traffic">,
  ): Promise<Attempt> {
    const { network } = request.config;
    if (network.mode === "none") return await this.#supervised(backend, prepared, request, options, []);
    if (!backend.reachesHosts) {
      const note = `network to ${network.hosts.join(", ")}: ${backend.name} lets no single host through`;
      return await this.#supervised(backend, prepared, request, options, [note]);
    }
    const denied: string[] = [];
    const proxy = await this.#proxy(network.hosts, ({ host, port, reason }) => {
      denied.push(reason);
      options.onEvent({ type: "denied", host, port, message: reason });
    });
    if (!proxy.ok) return { unexplained: false, outcome: refused(proxy.problem) };
    try {
      const onEvent: RunOptions["onEvent"] = (event) => {
        if (event.type === "started") void proxy.value.hide(); // it is mounted now
        options.onEvent(event);
      };
      const run = { ...prepared, proxySocket: proxy.value.socketPath };
      return await this.#supervised(backend, run, request, { ...options, onEvent }, denied);
    } finally {
      view.traffic.push(...proxy.value.traffic());
      await proxy.value.close();
    }
  }

  async #proxy(hosts: readonly string[], onRefused: (refused: RefusedHost) => void): Promise<Result<HostProxy>> {
    const rules = [];
    for (const host of hosts) {
      const rule = parseHostRule(host);
      if (!rule.ok) return rule;
      rules.push(rule.value);
    }
    return ok(await HostProxy.start({ rules, resolve: this.#resolveHost, onRefused }));
  }

  /** @param hosts filled while the run is under way: the hosts that it asked for and did not get, in words */
  async #supervised(
    backend: SandboxBackend,
    run: PreparedRun,
    request: SandboxRequest,
    options: RunOptions,
    hosts: readonly string[],
  ): Promise<Attempt> {
    const warm = run.isObserved ? undefined : await this.#runWarm(backend, run, request, options);
    if (warm) return warm;
    const command = await backend.command(run);
    if (!command.ok) {
      const { problem } = command;
      return { unexplained: OTHER_BACKEND.has(problem.code), outcome: refused(problem) };
    }
    try {
      if (options.signal.aborted) return { unexplained: false, outcome: ended("cancelled", "cancelled") };
      const { timeMs } = request.config;
      const input = request.stdin ?? "none";
      const result =
        "descriptors" in command.value
          ? await supervise(command.value, input, timeMs, options, options.signal)
          : await watchCommand(command.value, input, options, options.signal);
      if (result.started || result.exit.reason !== "sandbox-error") {
        if (result.started) this.#warm?.refill(backend, run, request.spareFolders);
        const denied = [...deniedVariables(request.config), ...hosts];
        return { unexplained: false, outcome: { ...outcomeOf(result, backend, run), denied } };
      }
      const message = result.exit.message ?? "the sandbox did not start";
      const elsewhere = await this.#elsewhere(run, message);
      if (elsewhere) return await this.#supervised(backend, elsewhere, request, options, hosts);
      return { unexplained: true, outcome: ended("not-enforceable", message) };
    } finally {
      await command.value.cleanUp?.();
    }
  }

  /** The same run in other cgroups, or in none, where its own were what kept it from starting. */
  async #elsewhere(run: PreparedRun, message: string): Promise<PreparedRun | undefined> {
    if (run.cgroups === undefined || !message.includes(NOT_IN_CGROUP)) return undefined;
    await this.#cgroups?.replace(run.cgroups, message);
    return await this.#withCgroups(run);
  }

  /** A run in a sandbox that is ready; nothing when there is none for it. */
  async #runWarm(
    backend: SandboxBackend,
    run: PreparedRun,
    request: SandboxRequest,
    options: RunOptions,
  ): Promise<Attempt | undefined> {
    const onEvent: RunOptions["onEvent"] = (event) =>
      options.onEvent(event.type === "started" ? { ...event, warm: true } : event);
    const handlers = { onStdout: options.onStdout, onStderr: options.onStderr, onEvent };
    const result = await this.#warm?.run(backend, run, request.stdin ?? "none", handlers, options.signal);
    if (result === undefined) return undefined;
    this.#warm?.refill(backend, run, request.spareFolders);
    const about = { denied: deniedVariables(request.config), warm: true } as const;
    const { observed } = result;
    const outcome = { ...outcomeOf(result, backend, run), ...about, ...(observed ? { observed } : {}) };
    return { unexplained: false, outcome };
  }

  async #withCgroups({ cgroups: _before, ...run }: PreparedRun): Promise<PreparedRun> {
    const tree = await this.#cgroups?.tree();
    return tree?.ok ? { ...run, cgroups: tree.value } : run;
  }

  async #prepare(request: SandboxRequest, signal: AbortSignal): Promise<Result<PreparedRun>> {
    const [program, ...rest] = request.argv;
    if (program === undefined) return fail("argv-empty", "There is no command to run.");
    const wanted = program === "python" || program === "python3";
    void this.#cgroups?.tree(); // it comes up meanwhile
    const found = await this.#interpreter(request, signal);
    // A shell tool needs no Python of its own; the supervisor then takes the system's.
    if (!found.ok && wanted) return found;
    const interpreter = found.ok ? found.value : undefined;
    const command = wanted && interpreter ? [interpreter.executable, ...rest] : [...request.argv];
    const environment = compileEnvironment({
      allowed: request.config.environment,
      caller: request.environment,
      ...(interpreter ? { interpreterFolder: dirname(interpreter.executable) } : {}),
      ...(interpreter?.virtualEnvironment ? { virtualEnvironment: interpreter.virtualEnvironment } : {}),
      ...(request.resultFolder ? { resultFolder: request.resultFolder } : {}),
      proxied: request.config.network.mode === "hosts",
    });
    const run = await this.#withCgroups({
      command,
      cwd: request.cwd,
      config: request.config,
      environment,
      hasInput: request.stdin !== undefined && request.stdin !== "none",
      ...(interpreter ? { interpreter } : {}),
      ...(request.resultFolder ? { resultFolder: request.resultFolder } : {}),
      ...(request.observe === true ? { isObserved: true } : {}),
    });
    return ok(run);
  }

  #interpreter(request: SandboxRequest, signal: AbortSignal): Promise<Result<Interpreter>> {
    const searchPath = request.environment["PATH"] ?? "";
    const untrusted = untrustedFolders(request.cwd, request.config);
    const key = JSON.stringify([request.interpreter, searchPath, untrusted]);
    const known = this.#interpreters.get(key);
    if (known) return known;
    const given = request.interpreter === undefined ? {} : { given: request.interpreter };
    const search = resolveInterpreter({ ...given, searchPath, untrusted }, signal);
    this.#interpreters.set(key, search);
    void search.then((found) => {
      if (!found.ok) this.#interpreters.delete(key); // it may be installed later
    });
    return search;
  }

  /** Names the mechanisms that are missing when the supervisor did not come up. */
  async #explain(complaint: string): Promise<string> {
    // Where nothing comes up the probe ends at once, so that it needs no cancelling.
    const report = await this.probe(new AbortController().signal);
    if (report.backend !== undefined) return complaint; // the machine could; this policy asks for what it cannot
    const missing = report.mechanisms.filter(({ enforced, advice }) => !enforced && advice !== undefined);
    const advice = new Set(missing.flatMap((mechanism) => mechanism.advice ?? []));
    const names = missing.map((mechanism) => mechanism.mechanism).join(", ");
    return `${complaint.replace(/\.$/, "")}. Not enforced here: ${names}. What to do: ${[...advice].join("; ").replace(/\.$/, "")}`;
  }
}

/** What a supervisor's word says of a run, but for what was denied. */
function outcomeOf({ exit, usage, held }: SupervisedOutcome, backend: SandboxBackend, run: PreparedRun) {
  const limitsBy = run.cgroups ? "cgroup" : "watch";
  return { exit, usage, backend: backend.name, limitsBy, ...(held ? { held } : {}) } as const;
}

/** Names that the policy lets pass and the sandbox does not. */
function deniedVariables(config: SandboxConfig): string[] {
  const names = config.environment.filter(isLoaderVariable);
  return names.map((name) => `environment variable ${name}: it would load foreign code into the supervisor`);
}

/** Problems of one backend that another one may not have. */
const OTHER_BACKEND = new Set(["bwrap-missing", "platform-unsupported", "container-engine-missing"]);

/** Problems that mean that the machine cannot hold the policy; all others are mistakes in the request. */
const NOT_ENFORCEABLE = new Set([
  "platform-unsupported",
  "bwrap-missing",
  "container-engine-missing",
  "helper-python-missing",
  "helper-native-missing",
  "path-forbidden-missing",
]);

function refused(problem: Problem): SandboxOutcome {
  return ended(NOT_ENFORCEABLE.has(problem.code) ? "not-enforceable" : "sandbox-error", problem.message);
}

function ended(reason: ExitReason, message: string): SandboxOutcome {
  return { exit: { reason, message }, usage: NO_USAGE, denied: [] };
}
