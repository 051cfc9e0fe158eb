export { type DiscoverOptions, discover, WorkspaceIndex } from "./workspace-index.ts";
