/**
 * The host tests: code that runs inside a real extension host, against the extension in dist/, on a copy of the sample
 * workspace.
 *
 *   node test/host/run.ts [--results FILE] [TEST…]     (TEST: the name of a file here, without .test.ts)
 */
import { globSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import * as esbuild from "esbuild";
import { execa } from "execa";
import { nodeBundle } from "../../scripts/bundle.ts";
import { launchBrowser } from "../support/browser.ts";
import { Host } from "../support/host.ts";
import { packExtension } from "./pack-extension.ts";
import { type HostPlan, type HostResults, PLAN_VARIABLE } from "./results.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** Inside node_modules, so that the compiled tests find mocha. */
const COMPILED = join(ROOT, "node_modules", ".cache", "host-tests");
const MARKS = { passed: "✓", failed: "✗", skipped: "↓ skipped:" } as const;
/** Milliseconds for all tests together; each has its own, shorter limit. */
const TIMEOUT = 300_000;

const { values: options, positionals: wanted } = parseArgs({
  options: { results: { type: "string", default: join(ROOT, "test-results", "host.json") } },
  allowPositionals: true,
});

const sources = globSync("*.test.ts", { cwd: import.meta.dirname })
  .filter((file) => wanted.length === 0 || wanted.includes(basename(file, ".test.ts")))
  .map((file) => join(import.meta.dirname, file));
await execa(process.execPath, [join(ROOT, "scripts", "build.ts")], { cwd: ROOT });
await compile([join(import.meta.dirname, "suite.ts"), ...sources]);
await mkdir(dirname(options.results), { recursive: true });
await rm(options.results, { force: true });

const scratch = await mkdtemp(join(tmpdir(), "toka-host-tests-"));
try {
  const workspace = join(scratch, "sample");
  await cp(join(ROOT, "test", "workspaces", "sample"), workspace, { recursive: true });
  const plan: HostPlan = {
    testFiles: sources.map((file) => join(COMPILED, `${basename(file, ".ts")}.cjs`)),
    resultsFile: options.results,
  };
  process.exitCode = await runInHost(workspace, plan, [
    await packExtension("model-provider", scratch),
    await packExtension("tool-provider", scratch),
  ]);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function compile(entryPoints: string[]): Promise<void> {
  await rm(COMPILED, { recursive: true, force: true });
  await esbuild.build({
    ...nodeBundle,
    entryPoints,
    outdir: COMPILED,
    external: ["vscode", "mocha"],
    sourcemap: "inline",
  });
}

/** @returns 0 when every test passed or was skipped and says so */
async function runInHost(workspace: string, plan: HostPlan, extensions: string[]): Promise<number> {
  await using host = await Host.start({
    driver: true,
    extensions,
    environment: { [PLAN_VARIABLE]: JSON.stringify(plan) },
    settings: { "security.workspace.trust.enabled": false },
  });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const exit = Promise.withResolvers<number>();
    await page.exposeFunction("codeAutomationLog", () => undefined);
    await page.exposeFunction("codeAutomationExit", (code: number) => exit.resolve(code));
    const timer = setTimeout(() => exit.reject(new Error(`The host tests did not end in ${TIMEOUT} ms.`)), TIMEOUT);
    page.on("crash", () => exit.reject(new Error("The browser page crashed.")));
    await page.goto(
      host.address(workspace, [
        ["extensionDevelopmentPath", `vscode-remote://remote${ROOT}`],
        ["extensionTestsPath", `vscode-remote://remote${join(COMPILED, "suite.cjs")}`],
        ["skipWelcome", "true"],
      ]),
    );
    const code = await exit.promise.finally(() => clearTimeout(timer));
    return await report(plan, code, host);
  } finally {
    await browser.close();
  }
}

async function report(plan: HostPlan, code: number, host: Host): Promise<number> {
  const { tests }: HostResults = JSON.parse(await readFile(plan.resultsFile, "utf8"));
  const failed = tests.filter((test) => test.state === "failed");
  for (const { state, title, milliseconds } of tests) {
    process.stdout.write(` ${MARKS[state]} ${title} (${milliseconds} ms)\n`);
  }
  for (const { title, error } of failed) process.stdout.write(`\n${title}\n${error}\n`);
  if (failed.length > 0 || code !== 0) process.stdout.write(`\n${await host.logs("toka")}\n`);
  return failed.length > 0 || tests.length === 0 ? 1 : code;
}
