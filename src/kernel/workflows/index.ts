export { type CompiledWorkflow, compileWorkflow, type FindTool } from "./compile.ts";
export { workflowDiagram } from "./diagram.ts";
export { EXPRESSION_FUNCTIONS } from "./expressions/index.ts";
export { readWorkflow } from "./source.ts";
export { WorkflowStore } from "./store.ts";
export { toolFinder } from "./tool-finder.ts";
export { type WorkflowGate, type WorkflowRequest, Workflows } from "./workflows.ts";
