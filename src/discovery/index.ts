export { commandSequences, type DocoptOption, parsePatterns, type UsagePattern } from "./docopt/usage.ts";
export { type WalkedFile, type WalkOptions, type WalkResult, walk } from "./walk.ts";
export { type DiscoverOptions, discover, WorkspaceIndex } from "./workspace-index.ts";
