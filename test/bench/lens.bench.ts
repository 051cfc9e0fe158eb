import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { nodeBundle } from "../../scripts/bundle.ts";
import { parseModule } from "../../src/python/index.ts";
import { table } from "./measure.ts";

const EDITS = 60;
const LINES = 2_000;
const ROOT = join(import.meta.dirname, "..", "..");

/** From an edit to the new lenses, symbols and graph of a 2 000-line file, by a real server process over IPC. */
export default async function lens(): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), "toka-bench-"));
  try {
    const module = join(scratch, "server.cjs");
    await build({
      ...nodeBundle,
      absWorkingDir: ROOT,
      bundle: true,
      minify: true,
      logLevel: "warning",
      entryPoints: ["src/server/main.ts"],
      outfile: module,
    });
    const text = pythonFile();
    await writeFile(join(scratch, "large.py"), text);
    await using server = new Server(module);
    return await measure(server, scratch, text);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function measure(server: Server, folder: string, text: string): Promise<string> {
  const uri = pathToFileURL(join(folder, "large.py")).toString();
  await server.request("initialize", {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
    workspaceFolders: [{ uri: pathToFileURL(folder).toString(), name: "bench" }],
  });
  server.notify("initialized", {});
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

/** The language server in a process of its own, as the editor starts it. */
class Server implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;

  constructor(module: string) {
    this.#process = fork(module, ["--node-ipc"], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#process.on(
      "message",
      (message: { id?: number; method?: string; result?: unknown; error?: { message: string } }) => {
        if (message.id === undefined || message.method !== undefined) return;
        const waiting = this.#waiting.get(message.id);
        this.#waiting.delete(message.id);
        if (message.error === undefined) waiting?.resolve(message.result);
        else waiting?.reject(new Error(message.error.message));
      },
    );
    this.#process.on("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the server ended"));
    });
  }

  notify(method: string, params: object): void {
    this.#process.send({ jsonrpc: "2.0", method, params });
  }

  async request(method: string, params: object): Promise<unknown> {
    const id = ++this.#last;
    this.#process.send({ jsonrpc: "2.0", id, method, params });
    return await new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.request("shutdown", {});
    const ended = once(this.#process, "exit");
    this.notify("exit", {});
    await ended;
  }
}
