/**
 * `npm run bench [-- NAME…]`: times what we claim to be fast next to a peer or a reference, in one run.
 * Read the ratios; absolute times belong to the machine.
 */
import { readdir } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";

const folder = import.meta.dirname;
const all = (await readdir(folder))
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => file.replace(".bench.ts", ""));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`bench: no benchmark “${unknown.join("”, “")}”; there are: ${all.join(", ")}\n`);
  process.exit(2);
}

process.stdout.write(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}\n`);
for (const name of wanted.length > 0 ? wanted : all) {
  const { default: bench } = (await import(join(folder, `${name}.bench.ts`))) as { default: () => Promise<string> };
  process.stdout.write(`\n## ${name}\n${await bench()}\n`);
}
