import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Settings } from "../../model/index.ts";
import { limitsOf, userConfigurationPath, userSettings, variableOf } from "./user.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "toka-configuration-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function settings(file: string | undefined, environment: NodeJS.ProcessEnv = {}) {
  const all = { XDG_CONFIG_HOME: home, ...environment };
  if (file !== undefined) {
    mkdirSync(join(home, "toka"), { recursive: true });
    writeFileSync(userConfigurationPath(all, "linux"), file);
  }
  return userSettings(all, "linux");
}

describe("the user's settings outside of the editor", () => {
  it("are the defaults where nothing was said", () => {
    const { settings: found, problems } = settings(undefined);
    expect(problems).toEqual([]);
    expect(found.limits).toEqual({ memoryMB: null, cpuPercent: null, timeSeconds: null });
    expect(found.discovery).toEqual({ exclude: [], capabilities: [] });
  });

  it("come from the environment before the file before the defaults", () => {
    const file = JSON.stringify({ limits: { memoryMB: 100, timeSeconds: 5 }, discovery: { exclude: ["old/"] } });
    const { settings: found, problems } = settings(file, { TOKA_LIMITS_MEMORY_MB: "300" });
    expect(problems).toEqual([]);
    expect(found.limits).toEqual({ memoryMB: 300, cpuPercent: null, timeSeconds: 5 });
    expect(found.discovery.exclude).toEqual(["old/"]);
  });

  it("takes words, JSON and numbers from the environment", () => {
    const environment = {
      TOKA_DISCOVERY_EXCLUDE: "old/, *_draft.py",
      TOKA_PYTHON_INTERPRETER_PATH: "/opt/python/bin/python3",
      TOKA_DISCOVERY_CAPABILITIES: '[{"calls":["acme.send"],"capability":"network-access"}]',
    };
    const { settings: found, problems } = settings(undefined, environment);
    expect(problems).toEqual([]);
    expect(found.discovery.exclude).toEqual(["old/", "*_draft.py"]);
    expect(found.python.interpreterPath).toBe("/opt/python/bin/python3");
    expect(found.discovery.capabilities).toMatchObject([{ calls: ["acme.send"], capability: "network-access" }]);
  });

  it("names every invalid value with its file, line and field", () => {
    const file = '{\n  "limits": {\n    "memoryMB": -1,\n    "timeSeconds": "soon"\n  },\n  "colour": 1\n}';
    const { settings: found, problems } = settings(file, { TOKA_LIMITS_CPU_PERCENT: "much" });
    expect(problems.map(({ place }) => [place?.line, place?.field])).toEqual([
      [3, "limits.memoryMB"],
      [4, "limits.timeSeconds"],
      [6, "colour"],
      [undefined, "limits.cpuPercent"],
    ]);
    expect(problems.at(-1)?.message).toContain("TOKA_LIMITS_CPU_PERCENT");
    expect(found.limits.cpuPercent).toBeNull();
  });

  it("says where a file stops being JSON", () => {
    const { problems } = settings('{\n  "limits": {\n    "memoryMB": 1,,\n  }\n}');
    expect(problems).toMatchObject([{ code: "bad-configuration", place: { line: 3 } }]);
  });

  it("has a variable of its own for every setting", () => {
    const names = Object.entries(Settings.shape).flatMap(([section, { shape }]) =>
      Object.keys(shape).map((key) => variableOf(section, key)),
    );
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("TOKA_CODE_LENS_CONTROL_FLOW");
  });
});

it("gives limits in bytes and milliseconds, and leaves out what is not set", () => {
  expect(limitsOf({ memoryMB: 1.5, cpuPercent: null, timeSeconds: 0.2 })).toEqual({
    memoryBytes: 1_572_864,
    timeMs: 200,
  });
});
