import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Execution, GateEvent, Observed, Tool } from "../../model/index.ts";
import type { RunOptions, SandboxOutcome, SandboxRequest } from "../../sandbox/index.ts";
import { Kernel, type KernelOptions } from "../kernel.ts";
import type { RunRequest } from "../request.ts";
import { tool, value } from "../testing/scripted.ts";

const NOTHING_OBSERVED: Observed = {
  pythons: 1,
  files: [],
  temporaryFiles: 0,
  hosts: [],
  programs: [],
  environment: [],
  imports: [],
  actions: [],
  lost: 0,
  sandbox: { traffic: [], refused: [] },
};

/** Change times are counted in steps of some milliseconds: what happens within one of them is not told apart. */
const TICK_MS = 12;
const signal = new AbortController().signal;

/** A program that says all that it read: its own source, a module, a listing, and the files of the listed folder. */
class ReadingSandbox {
  runs = 0;
  observed: Partial<Observed> = {};
  during: () => void = () => undefined;
  cannotObserve = false;
  readonly #workspace: string;
  readonly #packages: string;

  constructor(workspace: string, packages: string) {
    this.#workspace = workspace;
    this.#packages = packages;
  }

  /** What a run prints as the files are now; nothing where it fails. */
  output(argv: readonly string[]): string | undefined {
    const text = (path: string): string => readFileSync(join(this.#workspace, path), "utf8");
    if (!existsSync(join(this.#workspace, "tools/helper.py"))) return undefined;
    const names = readdirSync(join(this.#workspace, "data")).toSorted();
    const optional = existsSync(join(this.#workspace, "settings.txt")) ? text("settings.txt") : "no settings";
    return JSON.stringify([
      ...[argv.slice(2), text("tools/report.py"), text("tools/helper.py"), optional, readdirSync(this.#packages)],
      names.map((name) => [name, text(join("data", name))]),
    ]);
  }

  async run({ argv, observe }: SandboxRequest, options: RunOptions): Promise<SandboxOutcome> {
    if (observe === true && this.cannotObserve) {
      const usage = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, writtenBytes: 0 };
      return { exit: { reason: "sandbox-error", message: "no pipes here" }, usage, denied: [] };
    }
    this.runs++;
    const output = this.output(argv);
    if (output !== undefined) await options.onStdout(Buffer.from(output));
    this.during();
    const names = readdirSync(join(this.#workspace, "data"));
    const observed: Observed = {
      ...NOTHING_OBSERVED,
      files: [
        { path: "tools/report.py", access: ["import"] },
        { path: "tools/helper.py", access: ["import"] },
        ...(existsSync(join(this.#workspace, "settings.txt"))
          ? [{ path: "settings.txt", access: ["read" as const] }]
          : []),
        { path: "data", access: ["list"] },
        ...names.map((name) => ({ path: `data/${name}`, access: ["read" as const] })),
      ],
      looked: ["settings.txt"],
      ...this.observed,
    };
    return {
      exit: output === undefined ? { code: 1, reason: "failed" } : { code: 0, reason: "ok" },
      usage: { wallMs: 5, cpuMs: 4, peakMemoryBytes: 1000, writtenBytes: 0 },
      denied: [],
      ...(observe === true ? { observed } : {}),
    };
  }
}

describe("ResultCache", () => {
  let base: string;
  let workspace: string;
  let packages: string;
  let sandbox: ReadingSandbox;
  let kernel: Kernel;
  let events: string[];

  const write = (path: string, text: string): void => writeFileSync(join(workspace, path), text);
  const pure = (given: Partial<Tool> = {}): Tool => tool({ capabilities: [], idempotent: true, ...given });

  function open(tools: readonly Tool[], options: Partial<KernelOptions> = {}): Kernel {
    kernel?.close();
    const interpreter = join(base, "python/bin/python3");
    const environment = { TZ: "UTC" };
    const state = { stateFolder: join(base, "state"), environment, interpreter };
    kernel = value(Kernel.open({ workspace, sandbox, ...state, ...options }));
    kernel.registerTools(tools);
    return kernel;
  }

  async function run(given: Partial<RunRequest> = {}): Promise<Execution> {
    await wait(TICK_MS);
    const request: RunRequest = { tool: "report", arguments: { title: "x" }, principal: "user", ...given };
    const onGate = (event: GateEvent): unknown => event.type === "not-kept" && events.push(event.why);
    return value(await kernel.execute(request, { signal, onGate }));
  }

  beforeEach(() => {
    events = [];
    base = realpathSync(mkdtempSync(join(tmpdir(), "toka-cache-")));
    workspace = join(base, "workspace");
    packages = join(base, "python/lib/python3.12/site-packages");
    for (const folder of [join(workspace, "tools"), join(workspace, "data"), packages, join(base, "python/bin")]) {
      mkdirSync(folder, { recursive: true });
    }
    writeFileSync(join(base, "python/bin/python3"), "not really");
    chmodSync(join(base, "python/bin/python3"), 0o755);
    write("tools/report.py", "import helper");
    write("tools/helper.py", "one");
    write("data/a.txt", "a");
    sandbox = new ReadingSandbox(workspace, packages);
    open([pure()]);
  });
  afterEach(() => {
    kernel.close();
    rmSync(base, { recursive: true, force: true });
  });

  it("gives a result again, says from which run it is, and keeps the answer as a run of its own", async () => {
    const first = await run();
    expect([first.cached, first.exit.reason, first.observed]).toEqual([false, "ok", undefined]);
    const second = await run({ principal: "chat" });
    expect(second).toMatchObject({ cached: true, cachedFrom: { execution: first.id, at: first.startedAt } });
    expect(second.id).not.toBe(first.id);
    expect([second.stdout, second.principal, sandbox.runs]).toEqual([first.stdout, "chat", 1]);
    expect(value(kernel.execution(second.id)).stdout).toBe(first.stdout);
    const { entries, bytes } = value(kernel.cache.report());
    expect(entries).toMatchObject([{ execution: first.id, tool: "tools/report.py", uses: 1 }]);
    expect(bytes).toBeGreaterThan(0);
  });

  it("streams what was printed and tells the gate's event", async () => {
    await run();
    const chunks: string[] = [];
    const events: string[] = [];
    const done = await kernel.execute(
      { tool: "report", arguments: { title: "x" }, principal: "user" },
      {
        signal,
        onStdout: (chunk) => void chunks.push(Buffer.from(chunk).toString()),
        onGate: ({ type }) => events.push(type),
      },
    );
    expect(chunks.join("")).toBe(value(done).stdout);
    expect(events).toEqual(["cached"]);
  });

  it("keeps nothing of tools that nobody called idempotent, until the user does, and only for that version", async () => {
    open([tool({ capabilities: [] })]);
    await run();
    expect((await run()).cached).toBe(false);
    const plan = value(kernel.plan({ tool: "report", arguments: { title: "x" }, principal: "user" }));
    value(kernel.cache.allow(plan.tool, plan.fingerprint));
    await run();
    expect((await run()).cached).toBe(true);
    expect(value(kernel.cache.report()).allowed).toMatchObject([{ tool: "tools/report.py" }]);
    write("tools/report.py", "changed");
    await run();
    expect((await run()).cached).toBe(false);
    expect(value(kernel.cache.forbid("tools/report.py"))).toBeGreaterThan(0);
    expect(value(kernel.cache.report())).toMatchObject({ entries: [], allowed: [] });
    const noted = [...kernel.audit.read()].map(value).filter(({ action }) => action.startsWith("cache-"));
    expect(noted).toMatchObject([
      { action: "cache-allowed", tool: "tools/report.py", details: { fingerprint: plan.fingerprint } },
      { action: "cache-forbidden", tool: "tools/report.py" },
    ]);
  });

  it.each<[string, Partial<Observed>]>([
    ["could not be observed", { pythons: 0 }],
    ["used the network", { hosts: [{ host: "example.org", how: "connect" }] }],
    ["wrote a file", { files: [{ path: "out.txt", access: ["write"] }] }],
    ["started a program", { programs: [{ argv: ["date"] }] }],
    ["loaded native code", { actions: [{ capability: "native-code", what: "loads /x.so" }] }],
    ["did not tell all", { lost: 1 }],
    ["read files in native code", { imports: ["pyarrow"] }],
    ["read a file whose name was cut", { files: [{ path: `${"x".repeat(299)}…`, access: ["read"] }] }],
  ])("keeps nothing of a run that %s", async (_, observed) => {
    sandbox.observed = observed;
    await run();
    expect((await run()).cached).toBe(false);
    expect(value(kernel.cache.report()).entries).toEqual([]);
    expect(events).toHaveLength(2);
  });

  it("takes declared inputs instead of what cannot be observed, a folder with all that is in it", async () => {
    open([pure({ inputs: ["data"] })]);
    sandbox.observed = { pythons: 0 };
    mkdirSync(join(workspace, "data/deep"));
    write("settings.txt", "not declared");
    rmSync(join(workspace, "data/deep"), { recursive: true });
    await run();
    expect((await run()).cached).toBe(true);
    write("data/a.txt", "b");
    expect((await run()).cached).toBe(false);
  });

  it("runs a tool also where runs cannot be observed, and keeps nothing then", async () => {
    sandbox.cannotObserve = true;
    expect((await run()).exit.reason).toBe("ok");
    expect((await run()).cached).toBe(false);
    expect(events).toEqual(["the run could not be observed", "the run could not be observed"]);
  });

  it("keeps nothing of a run during which an input changed", async () => {
    sandbox.during = () => write("data/a.txt", "changed meanwhile");
    await run();
    sandbox.during = () => undefined;
    expect((await run()).cached).toBe(false);
    expect((await run()).cached).toBe(true);
  });

  it("is not used with a grant to write, for observed runs, on request, or when it is off", async () => {
    await run();
    const grant = { writablePaths: [workspace], hosts: [] };
    expect((await run({ grant })).cached).toBe(false);
    expect((await run({ observe: true })).cached).toBe(false);
    expect((await run({ cache: false })).cached).toBe(false);
    expect((await run()).cached).toBe(true);
    open([pure()], { running: { cache: { maxMB: 0 } } });
    expect((await run()).cached).toBe(false);
  });

  it("ends as cancelled when it is cancelled while inputs are compared", async () => {
    await run();
    const controller = new AbortController();
    const request = { tool: "report", arguments: { title: "x" }, principal: "user" } as const;
    const running = kernel.execute(request, { signal: controller.signal });
    controller.abort();
    expect(value(await running).exit.reason).toBe("cancelled");
  });

  it("keeps apart what limits, environment and arguments make different", async () => {
    await run();
    expect((await run({ limits: { memoryBytes: 99_000_000 } })).cached).toBe(false);
    expect((await run({ arguments: { title: "y" } })).cached).toBe(false);
    open([pure()], { environment: { TZ: "Asia/Tokyo" } });
    expect((await run()).cached).toBe(false);
    open([pure()]);
    expect((await run()).cached).toBe(true);
  });

  it("remembers results of several contents, and goes back to them", async () => {
    await run();
    write("data/a.txt", "b");
    await run();
    write("data/a.txt", "a");
    // A folder's listing tells times, too: only contents came back, so that this is another listing.
    expect((await run()).cached).toBe(false);
    expect(value(kernel.cache.report()).entries).toHaveLength(3);
    expect(value(kernel.cache.clear("tools/report.py"))).toBe(3);
    expect((await run()).cached).toBe(false);
  });

  it("stays within its bound: what was used longest ago goes", async () => {
    const big = "x".repeat(200_000);
    open([pure()], { running: { cache: { maxMB: 1 } } });
    write("data/a.txt", big);
    for (const title of ["1", "2"]) await run({ arguments: { title } });
    expect((await run({ arguments: { title: "1" } })).cached).toBe(true);
    await run({ arguments: { title: "3" } });
    const { entries, bytes, maxBytes } = value(kernel.cache.report());
    expect(bytes).toBeLessThanOrEqual(maxBytes);
    expect(entries.map(({ argv }) => argv.at(-1))).toEqual(["--title=3", "--title=1"]);
    expect(readdirSync(join(base, "state", readdirSync(join(base, "state"))[0] ?? "", "cache"))).toHaveLength(2);
  });

  it("takes a kept result that is no longer whole for none", async () => {
    const { id } = await run();
    const state = readdirSync(join(base, "state"))[0] ?? "";
    rmSync(join(base, "state", state, "cache", id, "stdout"));
    const again = await run();
    expect([again.cached, again.exit.reason]).toEqual([false, "ok"]);
    expect((await run()).cached).toBe(true);
  });

  it("never gives a result that a fresh run would not give, whatever is edited in between", async () => {
    const name = fc.constantFrom("a.txt", "b.txt", "c.txt");
    const text = fc.constantFrom("a", "b", "longer text");
    const edit = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ kind: "none" } as const) },
      fc.record({ kind: fc.constant("data" as const), name, text }),
      fc.record({ kind: fc.constant("delete" as const), name }),
      fc.record({ kind: fc.constant("module" as const), text }),
      fc.record({ kind: fc.constant("source" as const), text }),
      fc.record({ kind: fc.constant("optional" as const), text: fc.option(text) }),
      fc.record({ kind: fc.constant("package" as const), name: fc.constantFrom("numpy", "click") }),
      fc.record({ kind: fc.constant("interpreter" as const), text }),
      fc.record({ kind: fc.constant("lose module" as const) }),
    );
    type Edit = typeof edit extends fc.Arbitrary<infer E> ? E : never;
    const apply = (step: Edit): void => {
      switch (step.kind) {
        case "none":
          return;
        case "data":
          write(`data/${step.name}`, step.text);
          return;
        case "delete":
          rmSync(join(workspace, "data", step.name), { force: true });
          return;
        case "module":
          write("tools/helper.py", step.text);
          return;
        case "source":
          write("tools/report.py", step.text);
          return;
        case "optional":
          if (step.text === null) rmSync(join(workspace, "settings.txt"), { force: true });
          else write("settings.txt", step.text);
          return;
        case "package":
          mkdirSync(join(packages, step.name), { recursive: true });
          return;
        case "interpreter":
          writeFileSync(join(base, "python/bin/python3"), step.text);
          return;
        case "lose module":
          rmSync(join(workspace, "tools/helper.py"), { force: true });
      }
    };
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ edit, title: fc.constantFrom("x", "y") }), { minLength: 4, maxLength: 14 }),
        async (steps) => {
          for (const step of steps) {
            apply(step.edit);
            const done = await run({ arguments: { title: step.title } });
            const fresh = sandbox.output(done.argv);
            expect(done.stdout).toBe(fresh ?? "");
            expect(done.exit.reason).toBe(fresh === undefined ? "failed" : "ok");
            if (done.cached) hits++;
          }
        },
      ),
      { numRuns: 12 },
    );
    expect(hits).toBeGreaterThan(5);
  }, 60_000);
});
