import type { Capability, Tool } from "../../model/index.ts";
import { justTools } from "./just.ts";
import { makeTools } from "./make.ts";
import { baseOf } from "./recipe.ts";
import { taskfileTools } from "./taskfile.ts";

const MAKEFILES: ReadonlySet<string> = new Set(["Makefile", "makefile", "GNUmakefile"]);
const JUSTFILES: ReadonlySet<string> = new Set(["justfile", "Justfile", ".justfile"]);
const TASKFILE = /^[Tt]askfile(?:\.dist)?\.ya?ml$/u;

/** Whether a file of this name declares targets that people run. */
export function isRecipeFile(name: string): boolean {
  return MAKEFILES.has(name) || JUSTFILES.has(name) || TASKFILE.test(name);
}

/** The targets of a Makefile, justfile or Taskfile. */
export function recipeTools(file: string, text: string): Tool[] {
  const lines = text.split(/\r?\n/u);
  return toolsOf(file, text).map((tool) => ({
    ...tool,
    capabilities: tool.capabilities.map((one) => quoting(one, lines)),
  }));
}

function toolsOf(file: string, text: string): Tool[] {
  const name = baseOf(file);
  if (MAKEFILES.has(name)) return makeTools(file, text);
  return JUSTFILES.has(name) ? justTools(file, text) : taskfileTools(file, text);
}

/** Longest line kept as evidence. */
const MAX_TEXT = 200;

/** Evidence is the line as it stands in the file, with what the runner takes off before it runs it. */
function quoting(capability: Capability, lines: readonly string[]): Capability {
  const evidence = capability.evidence.map((item) => {
    const text = (lines[item.line - 1] ?? "").trim();
    return { ...item, text: text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text };
  });
  return { ...capability, evidence };
}
