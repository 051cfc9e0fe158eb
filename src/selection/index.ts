export { catalogTools } from "./catalog.ts";
export { type Filling, fillArguments } from "./fill.ts";
export type { LanguageModel } from "./prompt.ts";
export { type Candidate, rankTools } from "./ranker.ts";
export { type SelectRequest, select } from "./select.ts";
