import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execaSync } from "execa";

/** The Python files of the standard library of the machine's `python3`, sorted; undefined where there is no Python. */
export function standardLibrary(): { folder: string; files: readonly string[] } | undefined {
  const answer = execaSync("python3", ["-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"], {
    reject: false,
  });
  if (answer.exitCode !== 0) return undefined;
  const folder = answer.stdout.trim();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".py"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(site-packages|dist-packages|__pycache__)\//.test(path))
    .sort();
  return { folder, files };
}

/** Those of the files that are UTF-8, with their text. */
export function readAll(files: readonly string[]): { path: string; text: string }[] {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return files.flatMap((path) => {
    try {
      return [{ path, text: decoder.decode(readFileSync(path)) }];
    } catch (error) {
      if (error instanceof TypeError) return []; // another encoding
      throw error;
    }
  });
}
