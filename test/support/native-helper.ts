import { createHash } from "node:crypto";
import { existsSync, globSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { compileNative } from "../../scripts/native.ts";

const ROOT = join(import.meta.dirname, "../..");
const SANDBOX = join(ROOT, "src/sandbox");

/** Path of `helper.py` as it stands in the sources, without a native supervisor beside it. */
export const PYTHON_HELPER = join(SANDBOX, "helper.py");

/**
 * Path of a copy of `helper.py` with the native supervisor beside it, compiled when its sources have changed. Nothing where
 * there is no compiler, which is said.
 */
export async function nativeHelper(): Promise<string | undefined> {
  const hash = createHash("sha256");
  for (const file of [...globSync("native/*", { cwd: SANDBOX }).toSorted(), "helper.py", "../../scripts/native.ts"]) {
    hash.update(file).update(await readFile(join(SANDBOX, file)));
  }
  const cache = join(ROOT, ".cache/native");
  const folder = join(cache, hash.digest("hex").slice(0, 20));
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    // Made under another name, as several processes may do this at once.
    const made = await mkdtemp(join(cache, "making-"));
    try {
      if ((await compileNative(made)) === undefined) {
        process.stderr.write("\n!!! SKIPPED, NOT PASSED: the native supervisor, as there is no C compiler\n\n");
        return undefined;
      }
      await copyFile(PYTHON_HELPER, join(made, "helper.py"));
      await chmod(made, 0o755); // other users run it, too
      await rename(made, folder).catch((error: unknown) => {
        if (!existsSync(folder)) throw error;
      });
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  }
  return join(folder, "helper.py");
}
