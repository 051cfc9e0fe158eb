/** Reads and draws the files whose names are on standard input, and keeps nothing: a process of its own for cfg.bench.ts. */
import { readFileSync } from "node:fs";
import { fileGraphs } from "../../src/analysis/index.ts";

for (const file of readFileSync(0, "utf8").trimEnd().split("\n")) fileGraphs(file, readFileSync(file));
