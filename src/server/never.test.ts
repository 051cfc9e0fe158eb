import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { graphResult, graphText } from "./graphs.ts";
import { highlightsOf } from "./highlights.ts";
import { FolderNevers } from "./never.ts";
import { Source } from "./sources.ts";

const USER = "from stop import stop\ndef use():\n    stop()\n    after()\n";
const NEVER = "def stop():\n    raise SystemExit\n";
const ALWAYS = "def stop():\n    return None\n";

describe("FolderNevers", () => {
  let folder = "";
  let seconds = 1000;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "toka-never-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function write(file: string, text: string): void {
    writeFileSync(join(folder, file), text);
    // Another time for each version, however coarse the clock is.
    seconds++;
    utimesSync(join(folder, file), seconds, seconds);
  }

  function isDead(nevers: FolderNevers, overlay: Readonly<Record<string, string>> = {}): boolean {
    const never = nevers.of("user.py", (file) => overlay[file]);
    const text = graphText(new Source(USER), { uri: "", qualname: "use", level: "statement" }, "json", never);
    if (!text.ok) throw new Error(text.problem.message);
    return text.value.includes('"unreachable": true');
  }

  it("knows functions of other files, as they are now", () => {
    const nevers = new FolderNevers(folder);
    expect(isDead(nevers)).toBe(false);
    write("stop.py", NEVER);
    expect(isDead(nevers)).toBe(true);
    write("stop.py", ALWAYS);
    expect(isDead(nevers)).toBe(false);
    expect(isDead(nevers, { "stop.py": NEVER })).toBe(true);
    expect(isDead(nevers, { "stop.py": "def stop(:\n" })).toBe(false);
    rmSync(join(folder, "stop.py"));
    expect(isDead(nevers)).toBe(false);
  });

  it("tells data flow and highlights, too, which ways end", () => {
    write("stop.py", NEVER);
    const text = "from stop import stop\ndef use(x):\n    if x:\n        x = 1\n        stop()\n    return x\n";
    const source = new Source(text);
    const never = new FolderNevers(folder).of("user.py", () => undefined);
    const lines = (neverReturns?: typeof never): number[] | undefined =>
      highlightsOf(source, { line: 5, character: 11 }, neverReturns)
        ?.map(({ range }) => range.start.line)
        .toSorted((a, b) => a - b);
    expect(lines()).toEqual([1, 3, 5]);
    expect(lines(never)).toEqual([1, 5]);
    const params = { uri: "", qualname: "use", level: "statement", dataFlow: true } as const;
    const drawn = graphResult(source, params, null, never);
    if (!drawn.ok) throw new Error(drawn.problem.message);
    const variable = drawn.value.flow?.variables.find(({ name }) => name === "x");
    expect(variable?.uses.find(({ line }) => line === 6)?.definitions).toEqual([0]);
  });
});
