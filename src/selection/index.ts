export { catalogTools } from "./catalog.ts";
export type { LanguageModel } from "./prompt.ts";
export { type Candidate, rankTools } from "./ranker.ts";
export { select } from "./select.ts";
