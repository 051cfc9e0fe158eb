import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import * as esbuild from "esbuild";
import { execa } from "execa";
import { nodeBundle } from "../../scripts/bundle.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Extensions beside this file: a scripted language model, and one that provides tools to Toka. */
export type TestExtension = "model-provider" | "tool-provider";

/** Bundles an extension of the tests and packs it as a VSIX in `folder`; gives back its path. */
export async function packExtension(name: TestExtension, folder: string): Promise<string> {
  const source = join(import.meta.dirname, name);
  const staged = join(folder, name);
  const vsix = join(folder, `${name}.vsix`);
  await mkdir(staged, { recursive: true });
  await esbuild.build({
    ...nodeBundle,
    entryPoints: [join(source, "main.ts")],
    external: ["vscode"],
    outdir: staged,
  });
  await copyFile(join(source, "package.json"), join(staged, "package.json"));
  await writeFile(join(staged, "README.md"), "For tests only.\n");
  await execa(
    process.execPath,
    [
      join(ROOT, "node_modules", "@vscode", "vsce", "vsce"),
      ...["package", "--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", vsix],
    ],
    { cwd: staged },
  );
  return vsix;
}
