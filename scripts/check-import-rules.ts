/**
 * Shows that the rules of .dependency-cruiser.mjs are not asleep: breaks each of them once, in a folder of its own, and
 * expects it to be reported.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { cruise, type IConfiguration, type ICruiseResult } from "dependency-cruiser";
import rules from "../.dependency-cruiser.mjs";

/** A file of a little workspace, with the rules that its text breaks. */
interface Crime {
  readonly file: string;
  readonly text: string;
  readonly breaks: readonly string[];
}

const CRIMES: readonly Crime[] = [
  { file: "src/model/index.ts", text: "export {};", breaks: [] },
  { file: "src/cli/index.ts", text: "export {};", breaks: [] },
  { file: "src/kernel/inner.ts", text: "export {};", breaks: [] },
  { file: "src/kernel/index.ts", text: 'import "./inner.ts"; export {};', breaks: [] },
  ...["model", "python", "analysis", "discovery", "sandbox", "selection", "kernel", "mcp", "server", "webview"].map(
    (room) => ({ file: `src/${room}/crime.ts`, text: 'import "../cli/index.ts";', breaks: [`room-${room}`] }),
  ),
  { file: "src/extension/crime.ts", text: 'import "../cli/index.ts";', breaks: ["room-extension"] },
  { file: "src/cli/crime.ts", text: 'import "../server/crime.ts";', breaks: ["room-cli", "by-the-door"] },
  { file: "src/cli/types.ts", text: 'import type {} from "../kernel/inner.ts";', breaks: ["by-the-door"] },
  { file: "src/attic/crime.ts", text: 'import "../model/index.ts";', breaks: ["known-room"] },
  { file: "src/kernel/test-use.ts", text: 'import "../../test/support.ts";', breaks: ["product-without-tests"] },
  { file: "test/support.ts", text: "export {};", breaks: [] },
  { file: "src/server/editor.ts", text: 'import "vscode";', breaks: ["vscode-in-extension-only"] },
  {
    file: "src/cli/client.ts",
    text: 'import "vscode-languageclient/node";',
    breaks: ["vscode-in-extension-only", "resolvable"],
  },
  { file: "src/discovery/spawn.ts", text: 'import "node:child_process";', breaks: ["processes-in-sandbox-only"] },
  { file: "src/webview/file.ts", text: 'import "node:fs";', breaks: ["browser-without-node"] },
  { file: "src/python/one.ts", text: 'import "./other.ts";', breaks: ["no-cycles"] },
  { file: "src/python/other.ts", text: 'import "./one.ts";', breaks: [] },
  { file: "src/analysis/lost.ts", text: 'import "./nowhere.ts";', breaks: ["resolvable"] },
];

const folder = await mkdtemp(join(tmpdir(), "toka-import-rules-"));
const home = process.cwd();
try {
  for (const { file, text } of CRIMES) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  process.chdir(folder);
  const { output } = await cruise(["src", "test"], { ...options(rules), ruleSet: rules, validate: true });
  const found = reported(output as ICruiseResult);
  const expected = CRIMES.flatMap(({ file, breaks }) => breaks.map((rule) => `${file} breaks ${rule}`));
  const problems = [
    ...expected.filter((crime) => !found.includes(crime)).map((crime) => `not reported: ${crime}`),
    ...found.filter((crime) => !expected.includes(crime)).map((crime) => `reported without reason: ${crime}`),
    ...(rules.forbidden ?? [])
      .filter(({ name }) => !CRIMES.some(({ breaks }) => breaks.includes(name ?? "")))
      .map(({ name }) => `never broken here: ${name}`),
  ];
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  process.chdir(home);
  await rm(folder, { recursive: true, force: true });
}

function options(configuration: IConfiguration): NonNullable<IConfiguration["options"]> {
  return configuration.options ?? {};
}

function reported(result: ICruiseResult): string[] {
  return result.summary.violations.map(({ from, rule }) => `${from} breaks ${rule.name}`);
}
