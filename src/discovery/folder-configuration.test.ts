import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readFolderConfiguration } from "./folder-configuration.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "toka-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string) {
  writeFileSync(join(folder, "toka.json"), text);
  return readFolderConfiguration(folder);
}

it("takes nothing away where there is no file", () => {
  expect(readFolderConfiguration(folder)).toEqual({
    ok: true,
    value: { exclude: [], limits: {}, network: true, agents: true, forbid: [] },
  });
});

it("reads what a folder takes away", () => {
  const found = read(
    '{"exclude": ["old/"], "limits": {"memoryMB": 64}, "network": false, "forbid": ["secrets", "a/.env"]}',
  );
  expect(found).toMatchObject({ ok: true, value: { network: false, forbid: ["secrets", "a/.env"] } });
});

it.each([
  ['{"limits": {"memory": 3}}', "limits.memory"],
  ['{"exclude": "old"}', "exclude"],
  ['{"hosts": ["example.org"]}', "hosts"],
  ['{"forbid": ["../other"]}', "forbid.0"],
  ['{"forbid": ["a", "/etc"]}', "forbid.1"],
  ['{"forbid": ["."]}', "forbid.0"],
])("refuses %s and names the field", (text, field) => {
  const found = read(text);
  expect(found.ok ? [] : found.problems.map(({ place }) => place)).toMatchObject([{ file: "toka.json", field }]);
});

it("never takes a file that it cannot read for none", () => {
  mkdirSync(join(folder, "elsewhere"));
  writeFileSync(join(folder, "elsewhere", "real.json"), "{}");
  symlinkSync(join(folder, "elsewhere", "real.json"), join(folder, "toka.json"));
  expect(readFolderConfiguration(folder).ok).toBe(false);
  rmSync(join(folder, "toka.json"));
  mkdirSync(join(folder, "toka.json"));
  expect(readFolderConfiguration(folder).ok).toBe(false);
});
