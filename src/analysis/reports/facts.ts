import * as z from "zod";
import { DeadCodeFinding, FunctionComplexity, ModuleComplexity, parseJson } from "../../model/index.ts";

/** What an analysis keeps of one file: all that it needs of it, and nothing that depends on where the file lies. */
export const FileFacts = z.object({
  /** The first error of the syntax. */
  problem: z.object({ line: z.int().min(1), message: z.string() }).optional(),
  summary: z.object({ strings: z.array(z.string()), data: z.array(z.number()) }).optional(),
  unreachable: z.array(DeadCodeFinding.omit({ file: true })).optional(),
  functions: z.array(FunctionComplexity.omit({ file: true })).optional(),
  module: ModuleComplexity.omit({ file: true }).optional(),
  /** What was asked about functions of other files, and the answers: with others, the facts would be others. */
  asked: z.array(z.tuple([z.string(), z.boolean()])).optional(),
});
export type FileFacts = z.infer<typeof FileFacts>;

/** Where facts are kept between runs, by a hash of the file's bytes. */
export interface FactsStore {
  get(key: string): string | undefined;
  put(key: string, text: string): void;
  /** What was kept makes no sense. */
  drop(key: string): void;
}

/** What is known under a key, checked: anything else than facts is dropped. */
export function readFacts(store: FactsStore, key: string): FileFacts | undefined {
  const text = store.get(key);
  if (text === undefined) return undefined;
  const facts = FileFacts.safeParse(parseJson(text));
  if (facts.success) return facts.data;
  store.drop(key);
  return undefined;
}
