import { analysisTools, type Tool } from "../../model/index.ts";
import { Registry } from "../registry.ts";
import type { FindTool } from "./compiled.ts";

/** Finds tools by id or unambiguous name as the kernel does, with those that are built in. @param tools of the workspace */
export function toolFinder(tools: readonly Tool[]): FindTool {
  const registry = new Registry();
  registry.register(analysisTools(), "builtin");
  registry.register(tools, "workspace");
  return (wanted) => registry.find(wanted);
}
