export { compileWorkflow } from "./compile.ts";
export type { CompiledWorkflow } from "./compiled.ts";
export { workflowDiagram } from "./diagram.ts";
export { EXPRESSION_FUNCTIONS } from "./expressions/index.ts";
export { readWorkflow } from "./source.ts";
export { WorkflowStore } from "./store.ts";
export { toolFinder } from "./tool-finder.ts";
export { Workflows } from "./workflows.ts";
