/**
 * Checks everything that is not a test: types, format and lint, unused code, who imports whom, and that what is generated
 * or declared matches the code. Runs all checks, prints the output of those that fail, and exits with 1 then.
 *
 *   npm run check [-- NAME…]
 */
import { join } from "node:path";
import process from "node:process";
import { execa } from "execa";

const ROOT = join(import.meta.dirname, "..");
const inPackage = (path: string): string => join(ROOT, "node_modules", path);

const CHECKS: Readonly<Record<string, readonly string[]>> = {
  types: [inPackage("typescript/bin/tsc"), "-p", "."],
  "webview types": [inPackage("typescript/bin/tsc"), "-p", "src/webview"],
  "format and lint": [inPackage("@biomejs/biome/bin/biome"), "ci", "--error-on-warnings", "--colors=off"],
  promises: [inPackage("oxlint/bin/oxlint"), "--type-aware"],
  "unused code": [inPackage("knip/bin/knip.js")],
  imports: [inPackage("dependency-cruiser/bin/dependency-cruiser.mjs"), "src", "test", "scripts"],
  "import rules": [join(ROOT, "scripts", "check-import-rules.ts")],
  "generated files": [join(ROOT, "scripts", "generate.ts"), "--check"],
  "lock file": [join(ROOT, "scripts", "complete-lock-file.ts"), "--check"],
  "native supervisor": [join(ROOT, "scripts", "native.ts")],
  commands: [join(ROOT, "scripts", "check-commands.ts")],
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(CHECKS, name));
if (unknown.length > 0) {
  console.error(`No check “${unknown.join("”, “")}”; there are: ${Object.keys(CHECKS).join(", ")}`);
  process.exit(2);
}

let failures = 0;
for (const [name, command] of Object.entries(CHECKS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const started = performance.now();
  const { exitCode, all } = await execa(process.execPath, command, { cwd: ROOT, all: true, reject: false });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (exitCode === 0) {
    console.log(`✓ ${name} (${seconds} s)`);
  } else {
    failures++;
    console.log(`✗ ${name} (${seconds} s)\n${all}\n`);
  }
}
console.log(failures === 0 ? "All checks pass." : `${failures} of the checks failed.`);
process.exitCode = failures === 0 ? 0 : 1;
