import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Settings } from "../model/index.ts";
import { COMMANDS, MENUS, SETTINGS, WALKTHROUGH, WELCOMES } from "./contributions.ts";

const ROOT = join(import.meta.dirname, "../..");

describe("contributions", () => {
  it("guard every command that runs a tool by workspace trust", () => {
    for (const key of ["runTool", "observeTool", "runAgain", "ask", "runWorkflow", "resumeWorkflow"] as const)
      expect(COMMANDS[key].enablement).toBe("isWorkspaceTrusted");
  });

  it("declare exactly the settings that the schema knows, with its defaults", () => {
    const declared = SETTINGS.flatMap(({ settings }) => settings);
    const defaults = Settings.parse(Object.fromEntries(Object.keys(Settings.shape).map((section) => [section, {}])));
    const known = Object.entries(defaults).flatMap(([section, values]) =>
      Object.entries(values).map(([name, value]) => [`toka.${section}.${name}`, value]),
    );
    expect(Object.fromEntries(declared.map(({ key, schema }) => [key, schema["default"]]))).toEqual(
      Object.fromEntries(known),
    );
  });

  it("link only to commands of ours or of the editor", () => {
    const ids = new Set<string>(Object.values(COMMANDS).map(({ id }) => id));
    const texts = [...WELCOMES.map(({ text }) => text), ...WALKTHROUGH.steps.map(({ description }) => description)];
    const links = texts.flatMap((text) => [...text.matchAll(/\(command:([\w.]+)\)/g)].map((match) => String(match[1])));
    expect(links.length).toBeGreaterThan(5);
    for (const id of links) expect(id.startsWith("workbench.") || id.endsWith(".focus") || ids.has(id), id).toBe(true);
  });

  it("have a picture for every step of the walkthrough", () => {
    for (const { image } of WALKTHROUGH.steps) expect(readFileSync(join(ROOT, image), "utf8")).toContain("<svg");
  });

  it("put every command that needs an argument into a menu or behind an item", () => {
    const inMenus = new Set(Object.values(MENUS).flatMap((items) => items.map(({ command }) => command)));
    for (const [key, command] of Object.entries(COMMANDS)) {
      if (command.palette === false) expect([...inMenus], key).toContain(key);
    }
  });
});
