import MiniSearch from "minisearch";
import { acceptedParameters, type RankedTool, type Tool } from "../model/index.ts";
import { stem, tokens } from "./terms.ts";

/** What selection needs to know of a tool; a catalogue's entries are as good as a workspace's. */
export type Candidate = Pick<
  Tool,
  "id" | "name" | "description" | "parameters" | "subcommands" | "schema" | "examples"
> & { readonly entry?: Pick<Tool["entry"], "rest"> };

/** Never more than this many entries, as many as `toka ask --rank-only` may print. */
const MOST_RANKED = 50;

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly examples: string;
  readonly parameters: string;
}

/**
 * How much a match in each field counts. The name is the tool's one-word summary and the description its sentence;
 * parameters are many, and words such as "file" or "output" in them say little.
 */
const BOOSTS: Readonly<Record<Exclude<keyof Entry, "id">, number>> = {
  name: 2,
  description: 1.5,
  examples: 1,
  parameters: 0.5,
};

function entryOf(tool: Candidate): Entry {
  const parameters = acceptedParameters(tool).flatMap(({ name, help, choices }) => [
    name,
    help ?? "",
    ...(choices ?? []).map(String),
  ]);
  const subcommands = tool.subcommands.flatMap(({ path, help }) => [path, help ?? ""]);
  return {
    id: tool.id,
    name: tool.name,
    description: tool.description,
    examples: (tool.examples ?? []).join("\n"),
    parameters: [...subcommands, ...parameters].join("\n"),
  };
}

/** An index over one set of tools. Making it costs about as much as ten searches, so it is kept with the set. */
const indexes = new WeakMap<readonly Candidate[], MiniSearch<Entry>>();

function indexOf(tools: readonly Candidate[]): MiniSearch<Entry> {
  const known = indexes.get(tools);
  if (known !== undefined) return known;
  const index = new MiniSearch<Entry>({
    fields: Object.keys(BOOSTS),
    tokenize: tokens,
    processTerm: (term) => stem(term) || null,
  });
  const unique = new Map(tools.map((tool) => [tool.id, tool]));
  index.addAll([...unique.values()].map(entryOf));
  indexes.set(tools, index);
  return index;
}

/**
 * Ranks tools by a task in words, best first, at most 50; tools that share no word with it are left out. BM25+ over
 * name, description, parameters and examples; words match by stem, by their beginning, and with small mistakes.
 * @returns entries whose `name` is the tool's id
 */
export function rankTools(tools: readonly Candidate[], words: string): RankedTool[] {
  const found = indexOf(tools).search(words, {
    boost: BOOSTS,
    prefix: (term) => term.length > 3,
    fuzzy: (term) => (term.length > 5 ? 0.15 : false),
    weights: { prefix: 0.3, fuzzy: 0.2 },
  });
  return found
    .slice(0, MOST_RANKED)
    .map(({ id, score }) => ({ name: String(id), score: Math.round(score * 1000) / 1000 }));
}
