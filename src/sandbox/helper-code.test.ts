import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PreparedRun } from "./backend.ts";
import { compileConfig } from "./compile-config.ts";
import { HelperSource, nativeName, wantedHelper } from "./helper-code.ts";

const run: PreparedRun = {
  command: ["true"],
  cwd: "/w",
  config: compileConfig({ category: "utility", workspace: "/w" }),
  environment: {},
  hasInput: false,
};

describe.skipIf(process.platform === "win32")("HelperSource", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "toka-helper-"));
    await writeFile(join(folder, "helper.py"), "pass");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Puts something where the native program is looked for. */
  const place = async (text: string, mode = 0o755): Promise<string> => {
    const path = join(folder, nativeName(process.platform, process.arch));
    await writeFile(path, text);
    await chmod(path, mode);
    return path;
  };

  it("takes the native program where one answers", async () => {
    const path = await place("#!/bin/sh\necho toka-helper\n");
    const source = new HelperSource(join(folder, "helper.py"));
    expect(await source.name()).toBe("native");
    const found = await source.helperFor(run);
    expect(found).toMatchObject({ ok: true, value: { kind: "native", path } });
  });

  const unusable: [name: string, text: string, mode: number][] = [
    ["does not run", "\u007fELF of another machine", 0o755],
    ["may not be executed", "#!/bin/sh\necho toka-helper\n", 0o644],
    ["answers something else", "#!/bin/sh\necho hello\n", 0o755],
    ["fails", "#!/bin/sh\necho toka-helper\nexit 1\n", 0o755],
  ];
  it.each(unusable)("takes Python where the native program %s", async (_name, text, mode) => {
    await place(text, mode);
    expect(await new HelperSource(join(folder, "helper.py")).name()).toBe("python");
    const forced = new HelperSource(join(folder, "helper.py"), "native");
    expect(await forced.helperFor(run)).toMatchObject({ ok: false, problem: { code: "helper-native-missing" } });
  });

  it("takes Python where there is none, or when that is asked for", async () => {
    expect(await new HelperSource(join(folder, "helper.py")).name()).toBe("python");
    await place("#!/bin/sh\necho toka-helper\n");
    expect(await new HelperSource(join(folder, "helper.py"), "python").name()).toBe("python");
  });
});

describe("wantedHelper", () => {
  it.each([
    [{}, "auto"],
    [{ TOKA_HELPER: "" }, "auto"],
    [{ TOKA_HELPER: "other" }, "auto"],
    [{ TOKA_HELPER: "native" }, "native"],
    [{ TOKA_HELPER: "python" }, "python"],
  ])("reads %j", (environment, wanted) => {
    expect(wantedHelper(environment)).toBe(wanted);
  });
});
