export { isTestFile } from "./prefilter.ts";
export { type DiscoverOptions, discover, WorkspaceIndex } from "./workspace-index.ts";
