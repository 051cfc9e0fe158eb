import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import * as esbuild from "esbuild";
import { execa } from "execa";
import { nodeBundle } from "../../scripts/bundle.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const SOURCE = join(import.meta.dirname, "model-provider");

/** Bundles the scripted language model and packs it as a VSIX in `folder`; gives back its path. */
export async function packModelProvider(folder: string): Promise<string> {
  const staged = join(folder, "model-provider");
  const vsix = join(folder, "model-provider.vsix");
  await mkdir(staged, { recursive: true });
  await esbuild.build({
    ...nodeBundle,
    entryPoints: [join(SOURCE, "main.ts")],
    external: ["vscode"],
    outdir: staged,
  });
  await copyFile(join(SOURCE, "package.json"), join(staged, "package.json"));
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
