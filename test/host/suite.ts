/** Runs inside the extension host: mocha over the compiled test files, with the results in a file for the caller. */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";
import { type HostPlan, type HostResults, PLAN_VARIABLE } from "./results.ts";

/** What VS Code calls in the module at `extensionTestsPath`. */
export async function run(): Promise<void> {
  const plan: HostPlan = JSON.parse(process.env[PLAN_VARIABLE] ?? "");
  const mocha = new Mocha({ ui: "bdd", timeout: 60_000, reporter: Quiet });
  for (const file of plan.testFiles) mocha.addFile(file);
  const tests: HostResults["tests"] = [];
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    const add = (test: Mocha.Runnable, state: "passed" | "failed" | "skipped", error?: Error): void => {
      const milliseconds = test.duration ?? 0;
      tests.push({ title: test.fullTitle(), state, milliseconds, ...(error ? { error: describeError(error) } : {}) });
    };
    runner.on("pass", (test) => add(test, "passed"));
    runner.on("fail", (test, error: Error) => add(test, "failed", error));
    runner.on("pending", (test) => add(test, "skipped"));
  });
  writeFileSync(plan.resultsFile, JSON.stringify({ tests } satisfies HostResults));
  if (tests.some((test) => test.state === "failed")) throw new Error("Some tests failed.");
}

/** Events are read from the runner; nothing is printed twice. */
class Quiet extends Mocha.reporters.Base {}

function describeError(error: Error): string {
  return error.stack ?? `${error.name}: ${error.message}`;
}
