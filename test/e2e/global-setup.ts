/** Packs the VSIX that the end-to-end tests install, and finds out whether this machine can run tools in the sandbox. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { execa } from "execa";
import type { TestProject } from "vitest/node";
import { packExtension } from "../host/pack-extension.ts";

const ROOT = join(import.meta.dirname, "..", "..");

declare module "vitest" {
  export interface ProvidedContext {
    /** The packaged extension. */
    vsix: string;
    /** The scripted language model, packaged. */
    modelProvider: string;
    /** A second extension that provides tools, packaged. */
    toolProvider: string;
    /** Why no tool can be run here; empty where they can. */
    notEnforceable: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scratch = await mkdtemp(join(tmpdir(), "toka-e2e-"));
  await execa(process.execPath, [join(ROOT, "scripts", "package.ts")], { cwd: ROOT, stderr: "inherit" });
  project.provide("vsix", join(ROOT, "toka-tools.vsix"));
  project.provide("modelProvider", await packExtension("model-provider", scratch));
  project.provide("toolProvider", await packExtension("tool-provider", scratch));
  project.provide("notEnforceable", await whyNotEnforceable());
  return () => rm(scratch, { recursive: true, force: true });
}

async function whyNotEnforceable(): Promise<string> {
  const { stdout } = await execa(process.execPath, [join(ROOT, "dist", "cli.cjs"), "doctor", "--json"], {
    reject: false,
  });
  const report: { backend?: string; mechanisms: { enforced: boolean; protects: string }[] } = JSON.parse(stdout);
  if (report.backend !== undefined) return "";
  return report.mechanisms.flatMap(({ enforced, protects }) => (enforced ? [] : [protects])).join("; ");
}
