import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseModule } from "../../src/python/index.ts";
import { buildServer, ServerProcess } from "../support/language-server.ts";
import { table } from "./measure.ts";

const EDITS = 60;
const LINES = 2_000;

/** From an edit to the new lenses, symbols and graph of a 2 000-line file, by a real server process over IPC. */
export default async function lens(): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), "toka-bench-"));
  try {
    const module = await buildServer(scratch);
    const text = pythonFile();
    await writeFile(join(scratch, "large.py"), text);
    await using server = new ServerProcess(module);
    return await measure(server, scratch, text);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function measure(server: ServerProcess, folder: string, text: string): Promise<string> {
  const uri = pathToFileURL(join(folder, "large.py")).toString();
  await server.open(folder);
  server.notify("textDocument/didOpen", { textDocument: { uri, languageId: "python", version: 1, text } });
  const start = performance.now();
  await server.request("textDocument/codeLens", { textDocument: { uri } });
  const first = performance.now() - start;
  const samples: Record<"lenses" | "symbols" | "graph" | "parse", number[]> = {
    lenses: [],
    symbols: [],
    graph: [],
    parse: [],
  };
  const lines = text.split("\n");
  for (let edit = -5; edit < EDITS; edit++) {
    // A statement more, somewhere in the file, as typing gives it; what comes back must tell of it.
    const line = lines.findIndex((one, i) => i > ((edit + 5) * 31) % (LINES - 40) && one.startsWith("    total"));
    const range = { start: { line, character: 0 }, end: { line, character: 0 } };
    const added = "    if total: pass\n";
    lines.splice(line, 0, "    if total: pass");
    const edited = performance.now();
    server.notify("textDocument/didChange", {
      textDocument: { uri, version: edit + 10 },
      contentChanges: [{ range, text: added }],
    });
    const found = await server.request("textDocument/codeLens", { textDocument: { uri } });
    const lensed = performance.now();
    await server.request("textDocument/documentSymbol", { textDocument: { uri } });
    const listed = performance.now();
    await server.request("toka/graph", { uri, line: line + 1 });
    const drawn = performance.now();
    if (!Array.isArray(found) || found.length === 0) throw new Error("there are no lenses");
    const current = lines.join("\n");
    const before = performance.now();
    parseModule(current);
    const parsed = performance.now() - before;
    if (edit < 0) continue;
    samples.parse.push(parsed);
    samples.lenses.push(lensed - edited);
    samples.symbols.push(listed - lensed);
    samples.graph.push(drawn - listed);
  }
  const figures = [
    { name: "bare parse of the file", samples: samples.parse },
    { name: "edit to code lenses", samples: samples.lenses },
    { name: "then document symbols", samples: samples.symbols },
    { name: "then a graph, laid out", samples: samples.graph },
  ];
  const size = (Buffer.byteLength(text) / 1000).toFixed(0);
  return `${LINES} lines, ${size} KB, ${EDITS} edits; the first lenses after ${first.toFixed(0)} ms\n${table(figures)}`;
}

/** A file of functions with loops, branches and handlers, as long as asked for. */
function pythonFile(): string {
  const lines = ["import os", "", ""];
  for (let i = 0; lines.length < LINES; i++) {
    lines.push(
      `def work_${i}(items, limit=${i}, *, path=None):`,
      `    """Sums what is asked for, number ${i}."""`,
      "    total = 0",
      "    for index, item in enumerate(items):",
      `        if item.value > limit and index % ${(i % 7) + 2} == 0:`,
      '            total += item.value * 2 - len(f"{item.name}: {total}")',
      "        elif item in (None, limit):",
      "            continue",
      "        try:",
      "            with open(os.path.join(path, item.name)) as file:",
      "                total += sum(int(line) for line in file if line.strip())",
      "        except (OSError, ValueError) as error:",
      '            print(f"skipped {item.name}: {error}")',
      `    return {"total": total, "limit": limit, "key": [${i}, ${i + 1}, ${i + 2}]}`,
      "",
      "",
    );
  }
  return `${lines.slice(0, LINES).join("\n")}\n`;
}
