import { execa } from "execa";

/** CPU milliseconds that CPython takes to parse the files, and to compile them from their text. */
export async function compileTimes(paths: readonly string[]): Promise<{ ast: number; compile: number }> {
  const { stdout } = await execa("python3", [new URL("compile.py", import.meta.url).pathname], {
    input: paths.join("\n"),
  });
  const [ast = Number.NaN, compile = Number.NaN] = stdout.split(" ").map(Number);
  return { ast, compile };
}
