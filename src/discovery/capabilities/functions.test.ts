import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bodyOnce } from "../../python/index.ts";
import { ModuleStore, type ParsedFile } from "../modules.ts";
import { FileFunctions } from "./functions.ts";

const TEXT = `import os

@cache
def is_windows():
    return os.name == "nt"

class A:
    if True:
        def first(self):
            self.x = 1

    def second(self, a):
        """Says nothing."""
        return a

def third():
    return 1

def third():
    return 2
`;

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "toka-functions-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function read(text: string): Promise<{ store: ModuleStore; parsed: ParsedFile; functions: FileFunctions }> {
  await writeFile(join(folder, "a.py"), text);
  const store = new ModuleStore(folder, ["a.py"], new Set());
  const parsed = store.read("a.py");
  if (parsed === null) throw new Error("there is such a file");
  return { store, parsed, functions: new FileFunctions(parsed, store) };
}

/** The texts of the statements of all functions of a name. */
function statements(functions: FileFunctions, name: string): (readonly string[] | null)[] {
  return functions.of(name).map((known) => {
    const found = functions.read(known);
    return found && bodyOnce(found.node).map(({ start, end }) => found.text.slice(start, end));
  });
}

const NAMES = ["is_windows", "A.first", "A.second", "third", "nothing"];

describe("FileFunctions", () => {
  test("functions are the same, whether or not the tree is still there, and no file is parsed again for them", async () => {
    const { store, functions } = await read(TEXT);
    const fromTree = NAMES.map((name) => statements(functions, name));
    expect(fromTree).toEqual([
      [['return os.name == "nt"']],
      [["self.x = 1"]],
      [['"""Says nothing."""', "return a"]],
      [["return 2"], ["return 1"]],
      [],
    ]);
    store.release("a.py");
    expect(NAMES.map((name) => statements(functions, name))).toEqual(fromTree);
    expect(store.parsedCount).toBe(1);
  });

  test("tells which ones may be questions, and which stand right in a class", async () => {
    const { functions } = await read(TEXT);
    expect(functions.of("is_windows").map(({ isBrief }) => isBrief)).toEqual([true]);
    expect(functions.of("A.second").map(({ isBrief }) => isBrief)).toEqual([false]);
    expect(functions.methodsOf("A")).toEqual(functions.of("A.second"));
  });

  test.each([true, false])("leaves out functions whose text does not matter (tree is there: %s)", async (isThere) => {
    const { store, functions } = await read(TEXT);
    if (!isThere) store.release("a.py");
    const [second] = functions.of("A.second");
    const [first] = functions.of("A.first");
    if (first === undefined || second === undefined) throw new Error("there are such functions");
    expect(functions.read(first, (text) => text.includes("self.x"))).not.toBeNull();
    expect(functions.read(second, (text) => text.includes("self.x"))).toBeNull();
  });

  test("functions of a file that was changed meanwhile are not read, whoever tells of the change or does not", async () => {
    const { store, functions } = await read(TEXT);
    await writeFile(join(folder, "a.py"), TEXT.replace("return 1", "return 7"));
    store.change("a.py", true);
    expect(statements(functions, "third")).toEqual([null, null]);
    store.release("a.py");
    expect(statements(functions, "third")).toEqual([null, null]);
  });

  test("functions of a file that is no Python throughout are read with all that is around them", async () => {
    const { store, functions } = await read(`${TEXT}\ndef broken(:\n    return 3\n`);
    const fromTree = statements(functions, "third");
    store.release("a.py");
    expect(statements(functions, "third")).toEqual(fromTree);
    expect(store.parsedCount).toBe(2);
  });
});
