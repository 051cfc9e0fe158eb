/**
 * Compares our syntax trees with those of a real Python:
 * `node test/eval/ast/run.ts [--python python3.13] [FILE|FOLDER…]`, by default over its standard library.
 */
import { parseArgs } from "node:util";
import { standardLibrary } from "../../support/stdlib.ts";
import { compareWithPython } from "./compare.ts";
import { pythonFiles } from "./python-files.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { python: { type: "string", default: "python3" }, show: { type: "string", default: "10" } },
});

const files = positionals.length > 0 ? positionals.flatMap(pythonFiles) : (standardLibrary()?.files ?? []);
const result = await compareWithPython(values.python, files);
for (const { path, ours, theirs } of result.different.slice(0, Number(values.show))) {
  console.log(`\n${path}\n  ours:   ${ours}\n  python: ${theirs}`);
}
const missed = result.refused.filter(({ ours }) => ours.length === 0);
for (const { path, error } of missed) console.log(`read by us, refused by Python: ${path}: ${error}`);
console.log(
  `Python ${result.version}: ${result.equal} of ${result.total} files equal; ${result.refused.length} that it ` +
    `refuses, of which we find ${result.refused.length - missed.length} wrong`,
);
process.exitCode = result.equal === result.total ? 0 : 1;
