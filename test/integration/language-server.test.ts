import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import {
  CallGraph,
  CallViewResult,
  DataFlow,
  DiscoverResult,
  GraphResult,
  GraphTextResult,
  METHODS,
  ReadingProgress,
  SourcesChangedParams,
} from "../../src/model/index.ts";
import { buildServer, ServerError, ServerProcess } from "../support/language-server.ts";

const SAMPLE = join(import.meta.dirname, "..", "workspaces", "sample");
/** The codes of the protocol (https://microsoft.github.io/language-server-protocol/specification#responseMessage). */
const REQUEST_CANCELLED = -32_800;
const REQUEST_FAILED = -32_803;
const INVALID_PARAMS = -32_602;

const TEXT = `import os
from helpers import grow


class Tree:
    def __init__(self, height):
        self.height = height

    def shake(self, callback):
        callback(self)
        return os.path.join("a", "b")


def plant(count):
    trees = []
    for index in range(count):
        trees.append(Tree(index))
    if count > 3:
        trees = grow(trees)
    return trees


def main():
    return plant(2)
`;
const HELPERS = `def grow(trees):
    return trees
`;

let scratch = "";
let server: ServerProcess;
let uri = "";
let version = 0;

const place = (file: string): string => pathToFileURL(join(scratch, "ws", file)).toString();
const ask = async <S extends z.ZodType>(schema: S, method: string, params: object): Promise<z.infer<S>> =>
  schema.parse(await server.request(method, params));

/** Opens a file with a text of its own. */
function open(file: string, text: string): string {
  const opened = place(file);
  server.notify("textDocument/didOpen", { textDocument: { uri: opened, languageId: "python", version: 1, text } });
  return opened;
}

/** Replaces the whole text of the open file. */
function write(text: string): number {
  version += 1;
  server.notify("textDocument/didChange", { textDocument: { uri, version }, contentChanges: [{ text }] });
  return version;
}

async function refused(answer: Promise<unknown>): Promise<number> {
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ServerError)) throw new Error("it was not refused", { cause: error });
  return error.code;
}

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "toka-server-"));
  cpSync(SAMPLE, join(scratch, "ws"), { recursive: true });
  writeFileSync(join(scratch, "ws", "forest.py"), TEXT);
  writeFileSync(join(scratch, "ws", "helpers.py"), HELPERS);
  server = new ServerProcess(await buildServer(scratch));
  await server.open(join(scratch, "ws"));
  uri = open("forest.py", TEXT);
  version = 1;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true });
});

const Lenses = z.array(z.object({ command: z.object({ title: z.string(), command: z.string() }) }));
interface Symbol {
  readonly name: string;
  readonly detail?: string | undefined;
  readonly children?: readonly Symbol[] | undefined;
}
const Symbols: z.ZodType<Symbol[]> = z.array(
  z.object({
    name: z.string(),
    detail: z.string().optional(),
    get children() {
      return Symbols.optional();
    },
  }),
);

describe("requests of the protocol", () => {
  it("give lenses for control flow and calls, with their commands", async () => {
    const lenses = await ask(Lenses, "textDocument/codeLens", { textDocument: { uri } });
    const of = (command: string): number => lenses.filter((lens) => lens.command.command === command).length;
    expect(of("toka.showControlFlowGraph")).toBe(4);
    expect(of("toka.showCallGraph")).toBe(4);
  });

  it("give symbols one inside the other, with metrics", async () => {
    const [tree, plant] = await ask(Symbols, "textDocument/documentSymbol", { textDocument: { uri } });
    expect(tree?.children?.map(({ name }) => name)).toEqual(["__init__", "shake"]);
    expect(plant).toMatchObject({ name: "plant", detail: "complexity 3 · cognitive 2" });
  });

  it("hover over a function's name, and nowhere else", async () => {
    const at = (line: number, character: number): Promise<unknown> =>
      server.request("textDocument/hover", { textDocument: { uri }, position: { line, character } });
    expect(JSON.stringify(await at(13, 5))).toContain("Cyclomatic complexity");
    expect(await at(14, 6)).toBeNull();
  });

  it("highlight what reaches a use, and what a definition reaches", async () => {
    const Highlights = z.array(z.object({ range: z.object({ start: z.object({ line: z.int() }) }), kind: z.int() }));
    const position = { line: 19, character: 12 };
    const found = await ask(Highlights, "textDocument/documentHighlight", { textDocument: { uri }, position });
    expect(found.map(({ range }) => range.start.line).sort((a, b) => a - b)).toEqual([14, 18, 19]);
  });

  it("answer nothing for files that are not open, and for those that are no Python", async () => {
    const textDocument = { uri: place("helpers.py") };
    expect(await server.request("textDocument/codeLens", { textDocument })).toEqual([]);
    expect(
      await server.request("textDocument/hover", { textDocument, position: { line: 0, character: 5 } }),
    ).toBeNull();
    expect(await server.request("textDocument/documentSymbol", { textDocument })).toBeNull();
  });
});

describe("requests of our own", () => {
  it("find the tools of the folder", async () => {
    const folder = pathToFileURL(join(scratch, "ws")).toString();
    const report = await ask(DiscoverResult, METHODS.discover, { folder });
    expect(report.tools.map(({ file }) => file)).toContain("tools/harvest.py");
    expect(await refused(server.request(METHODS.discover, { folder: "file:///elsewhere" }))).toBe(INVALID_PARAMS);
    expect(await refused(server.request(METHODS.discover, { folder: 3 }))).toBe(INVALID_PARAMS);
  });

  it("draw a function, with the version of its text and its data flow", async () => {
    const found = await ask(GraphResult, METHODS.graph, { uri, line: 16, dataFlow: true });
    expect(found).toMatchObject({
      version,
      graph: { qualname: "plant", line: 14 },
      scope: { firstLine: 14, endLine: 20 },
    });
    expect(found.drawing?.nodes.length).toBeGreaterThan(4);
    expect(found.flow?.variables.map(({ name }) => name)).toContain("trees");
    expect(await refused(server.request(METHODS.graph, { uri, qualname: "gone" }))).toBe(REQUEST_FAILED);
  });

  it("draw a file that is not open, in the encoding that it declares", async () => {
    const file = join(scratch, "ws", "latin.py");
    writeFileSync(file, Buffer.from('# coding: latin-1\ndef caf\u00e9():\n    return "\u00fc"\n', "latin1"));
    const found = await ask(GraphResult, METHODS.graph, { uri: place("latin.py"), line: 2 });
    expect(found).toMatchObject({ version: null, graph: { qualname: "caf\u00e9" } });
    expect(await refused(server.request(METHODS.graph, { uri: place("none.py"), line: 2 }))).toBe(REQUEST_FAILED);
  });

  it.each(["mermaid", "dot", "json", "html"] as const)("give a graph and calls as %s", async (format) => {
    const graph = await ask(GraphTextResult, METHODS.graphText, { uri, qualname: "plant", format });
    expect(graph.text).toContain("plant");
    const around = { uri, qualname: "plant", callers: 1, callees: 1, others: "all", format };
    const { text } = await ask(GraphTextResult, METHODS.callViewText, around);
    expect(text).toContain("plant");
    expect(text).toContain("grow");
  });

  it("tell which definitions reach which uses", async () => {
    const flow = await ask(DataFlow, METHODS.dataFlow, { uri, qualname: "plant" });
    const trees = flow.variables.find(({ name }) => name === "trees");
    const returned = trees?.uses.find(({ line }) => line === 20);
    expect(returned?.definitions.map((index) => trees?.definitions[index]?.line)).toEqual([15, 19]);
    expect(await refused(server.request(METHODS.dataFlow, { uri, qualname: "gone" }))).toBe(REQUEST_FAILED);
  });

  it("join the calls of the whole folder", async () => {
    const folder = pathToFileURL(join(scratch, "ws")).toString();
    const graph = await ask(CallGraph, METHODS.callGraph, { folder });
    const id = (name: string): number | undefined => graph.nodes.find(({ qualname }) => qualname === name)?.id;
    expect(graph.edges).toContainEqual(expect.objectContaining({ from: id("main"), to: id("plant") }));
    expect(graph.edges).toContainEqual(expect.objectContaining({ from: id("plant"), to: id("grow") }));
  });

  it("draw the calls around a function, over files, as deep as asked for", async () => {
    const around = { uri, qualname: "plant", callers: 1, callees: 1, others: "all" };
    const found = await ask(CallViewResult, METHODS.callView, around);
    const kinds = Object.fromEntries(found.drawing?.nodes.map(({ id, kind }) => [id, kind]) ?? []);
    expect(kinds).toEqual({
      "forest.py:main": "function",
      "forest.py:plant": "function",
      "forest.py:plant external": "external",
      "forest.py:Tree.__init__": "method",
      "helpers.py:grow": "function",
      "forest.py:plant unknown": "unknown",
    });
    expect(found).toMatchObject({ qualname: "plant", line: 14, title: "plant", shown: 4 });
    const root = found.drawing?.nodes.find((node) => node.root);
    expect(root).toMatchObject({
      callers: { all: 1, hidden: 0, open: true },
      callees: { all: 2, hidden: 0, open: true },
    });
    const none = await ask(CallViewResult, METHODS.callView, { ...around, callers: 0, callees: 0, others: "none" });
    expect(none.drawing?.nodes.map(({ id }) => id)).toEqual(["forest.py:plant"]);
    expect(none.drawing?.nodes[0]).toMatchObject({ callers: { all: 1, hidden: 1, open: false } });
  });

  it("unfold and fold a side by hand, and keep calls that are not resolved apart", async () => {
    const around = { uri, qualname: "main", callers: 0, callees: 1, others: "unknown" };
    const folds = [{ node: "forest.py:plant", side: "callees", open: true }];
    const found = await ask(CallViewResult, METHODS.callView, { ...around, folds });
    expect(found.drawing?.nodes.map(({ id }) => id)).toContain("helpers.py:grow");
    const folded = await ask(CallViewResult, METHODS.callView, {
      ...around,
      folds: [{ node: "forest.py:main", side: "callees", open: false }],
    });
    expect(folded.drawing?.nodes.map(({ id }) => id)).toEqual(["forest.py:main"]);
    const shake = await ask(CallViewResult, METHODS.callView, { ...around, qualname: "Tree.shake" });
    const unknown = shake.drawing?.nodes.find(({ kind }) => kind === "unknown");
    expect(unknown).toMatchObject({ startLine: 10, label: expect.stringContaining("callback()") });
  });

  it("draw the calls of a whole file where no function is meant, and refuse what is not of the folder", async () => {
    const around = { callers: 0, callees: 0, others: "none" };
    const found = await ask(CallViewResult, METHODS.callView, { uri, line: 3, ...around });
    expect(found).toMatchObject({ qualname: null, title: "forest.py" });
    const names = found.drawing?.nodes.map(({ qualname }) => qualname) ?? [];
    expect(names).toContain("Tree.shake");
    expect(names).toContain("main");
    const elsewhere = { uri: "file:///elsewhere/a.py", ...around };
    expect(await refused(server.request(METHODS.callView, elsewhere))).toBe(REQUEST_FAILED);
  });
});

describe("what changes", () => {
  const changed = (of: string, newest: number | null, from: number): Promise<unknown> =>
    server.hears(
      METHODS.sourcesChanged,
      (params) =>
        SourcesChangedParams.parse(params).changes.some((change) => change.uri === of && change.version === newest),
      from,
    );

  it("is pushed with its version, once for many keystrokes, and what is asked then is as new", async () => {
    const from = server.heard.length;
    for (let i = 0; i < 30; i++) write(`${TEXT}\n\ndef added_${i}():\n    pass\n`);
    await changed(uri, version, from);
    const pushes = server.heard.slice(from).filter(({ method }) => method === METHODS.sourcesChanged);
    expect(pushes.length).toBeLessThan(10);
    const found = await ask(GraphResult, METHODS.graph, { uri, qualname: "added_29" });
    expect(found.version).toBe(version);
    write(TEXT);
    await changed(uri, version, from);
  });

  it("has lenses fetched anew only where they are others now", async () => {
    await server.request("textDocument/codeLens", { textDocument: { uri } });
    const refresh = (from: number): number =>
      server.heard.slice(from).filter(({ method }) => method === "workspace/codeLens/refresh").length;
    let from = server.heard.length;
    write(`${TEXT}# nothing new\n`);
    await changed(uri, version, from);
    expect(refresh(from)).toBe(0);
    from = server.heard.length;
    write(TEXT.replace("    return trees", "    if count:\n        return []\n    return trees"));
    await server.hears("workspace/codeLens/refresh", () => true, from);
    write(TEXT);
    await changed(uri, version, from);
  });

  it("is in the calls at once, unsaved, and in other files too", async () => {
    const around = { uri, qualname: "main", callers: 0, callees: 1, others: "none" };
    const names = async (): Promise<string[]> =>
      (await ask(CallViewResult, METHODS.callView, around)).drawing?.nodes.map(({ id }) => id).toSorted() ?? [];
    expect(await names()).toEqual(["forest.py:main", "forest.py:plant"]);
    let from = server.heard.length;
    write(TEXT.replace("return plant(2)", "return grow(plant(2))"));
    expect(await names()).toEqual(["forest.py:main", "forest.py:plant", "helpers.py:grow"]);
    writeFileSync(join(scratch, "ws", "helpers.py"), "def other():\n    pass\n");
    server.notify("workspace/didChangeWatchedFiles", { changes: [{ uri: place("helpers.py"), type: 2 }] });
    await changed(place("helpers.py"), null, from);
    expect(await names()).toEqual(["forest.py:main", "forest.py:plant"]);
    writeFileSync(join(scratch, "ws", "helpers.py"), HELPERS);
    server.notify("workspace/didChangeWatchedFiles", { changes: [{ uri: place("helpers.py"), type: 2 }] });
    from = server.heard.length;
    write(TEXT);
    await changed(uri, version, from);
  });

  it("goes back to the file when a text is closed unsaved", async () => {
    const from = server.heard.length;
    const other = open("other.py", "def unsaved():\n    pass\n");
    await changed(other, 1, from);
    expect((await ask(GraphResult, METHODS.graph, { uri: other, line: 1 })).graph.qualname).toBe("unsaved");
    server.notify("textDocument/didClose", { textDocument: { uri: other } });
    await changed(other, null, from);
    expect(await refused(server.request(METHODS.graph, { uri: other, line: 1 }))).toBe(REQUEST_FAILED);
  });
});

describe("broken and unsaved texts", () => {
  it("are answered by every request, whatever has been typed so far", async () => {
    for (let end = 0; end <= TEXT.length; end += 7) {
      write(TEXT.slice(0, end));
      const textDocument = { uri };
      const position = { line: Math.floor(end / 30), character: 4 };
      const around = { uri, line: position.line + 1, callers: 1, callees: 1, others: "all" };
      await Promise.all([
        server.request("textDocument/codeLens", { textDocument }),
        server.request("textDocument/documentSymbol", { textDocument }),
        server.request("textDocument/hover", { textDocument, position }),
        server.request("textDocument/documentHighlight", { textDocument, position }),
        server.request(METHODS.graph, { uri, line: position.line + 1, dataFlow: true }),
        end % 5 === 0 ? server.request(METHODS.callView, around) : undefined,
      ]);
    }
    write(TEXT);
  });

  it("leave the functions around a broken line as they are", async () => {
    write(TEXT.replace("if count > 3:", "if count > (3:"));
    const [tree, , main] = await ask(Symbols, "textDocument/documentSymbol", { textDocument: { uri } });
    expect([tree?.children?.length, main?.name]).toEqual([2, "main"]);
    expect((await ask(GraphResult, METHODS.graph, { uri, qualname: "main" })).graph.qualname).toBe("main");
    write(TEXT);
  });

  it("need no file", async () => {
    const textDocument = { uri: "untitled:Untitled-1", languageId: "python", version: 1, text: TEXT };
    server.notify("textDocument/didOpen", { textDocument });
    const found = await ask(GraphResult, METHODS.graph, { uri: textDocument.uri, qualname: "plant" });
    expect(found.version).toBe(1);
    const lenses = await ask(Lenses, "textDocument/codeLens", { textDocument });
    expect(new Set(lenses.map(({ command }) => command.command))).toEqual(new Set(["toka.showControlFlowGraph"]));
    server.notify("textDocument/didClose", { textDocument });
  });
});

describe("cancelling", () => {
  it("ends requests before they are worked out", async () => {
    const textDocument = { uri };
    const position = { line: 13, character: 5 };
    const around = { uri, qualname: "main", callers: 1, callees: 1, others: "all" };
    const begun = [
      ["textDocument/codeLens", { textDocument }],
      ["textDocument/documentSymbol", { textDocument }],
      ["textDocument/hover", { textDocument, position }],
      ["textDocument/documentHighlight", { textDocument, position }],
      [METHODS.graph, { uri, line: 16 }],
      [METHODS.callView, around],
    ] as const;
    // Busy with something long, the server hears of a request and of its end together.
    const large = open("large.py", TEXT.repeat(2000));
    const long = server.request("textDocument/documentSymbol", { textDocument: { uri: large } });
    const refusals = begun.map(([method, params]) => {
      const { answer, cancel } = server.begin(method, params);
      cancel();
      return refused(answer);
    });
    expect(await Promise.all(refusals)).toEqual(begun.map(() => REQUEST_CANCELLED));
    await long;
    server.notify("textDocument/didClose", { textDocument: { uri: large } });
  });

  it("ends the reading of many files, which tells how far it is, and the next one goes on", async () => {
    const ws = join(scratch, "many");
    cpSync(SAMPLE, ws, { recursive: true });
    const body = readFileSync(join(SAMPLE, "tools", "harvest.py"), "utf8").repeat(10);
    for (let i = 0; i < 400; i++) writeFileSync(join(ws, `part_${i}.py`), `${body}\n\ndef part_${i}():\n    main()\n`);
    await using other = new ServerProcess(join(scratch, "server.cjs"));
    await other.open(ws);
    const params = {
      uri: pathToFileURL(join(ws, "part_7.py")).toString(),
      qualname: "part_7",
      callers: 1,
      callees: 1,
      others: "none",
      progress: "reading",
    };
    const reading = other.begin(METHODS.callView, params);
    const said = await other.hears("$/progress", () => true);
    const { done, of } = ReadingProgress.parse(z.object({ value: z.unknown() }).parse(said).value);
    expect([done < of, of > 400]).toEqual([true, true]);
    reading.cancel();
    expect(await refused(reading.answer)).toBe(REQUEST_CANCELLED);
    const found = CallViewResult.parse(await other.request(METHODS.callView, params));
    expect(found.drawing?.nodes.map(({ id }) => id)).toContain("part_7.py:main");
    expect(found.files).toBeGreaterThan(400);
  });
});
