export { BUILD } from "./build.ts";
export { capabilityPage } from "./capabilities/page.ts";
export { commandSequences, type DocoptOption, parsePatterns, type UsagePattern } from "./docopt/usage.ts";
export { holdHeapDown } from "./heap.ts";
export { type IndexFile, indexPath } from "./index-file.ts";
export type { ScanListener } from "./scan.ts";
export { type WalkedFile, type WalkOptions, type WalkResult, walk } from "./walk.ts";
export { type DiscoverOptions, discover, type ScanOptions, WorkspaceIndex } from "./workspace-index.ts";
