import {
  checkArguments,
  coerceArguments,
  fail,
  hostileValues,
  type ModelReply,
  ok,
  type Provenance,
  type RankedTool,
  type Result,
  type Selection,
  type ToolArguments,
} from "../model/index.ts";
import { fillArguments } from "./fill.ts";
import { type LanguageModel, parseReply, repairPrompt, SYSTEM_PROMPT, userPrompt } from "./prompt.ts";
import { type Candidate, rankTools } from "./ranker.ts";

export interface SelectRequest {
  /** The task, as a person wrote it. */
  readonly words: string;
  readonly tools: readonly Candidate[];
  /** Picks from the shortlist and fills the arguments; without one, the words alone decide. */
  readonly model?: LanguageModel;
  readonly signal: AbortSignal;
  /** Only this tool's arguments are filled. */
  readonly tool?: string;
}

/** How many of the ranked tools a model is shown. */
const SHORTLIST = 8;

/**
 * Finds the tool for a task in words, and its arguments. It never runs anything. A model's answer counts only when it
 * names a tool of the shortlist and its arguments are valid; it gets one chance to mend it, then the words alone decide.
 * Rejects only when the signal is aborted.
 */
export async function select(request: SelectRequest): Promise<Selection> {
  request.signal.throwIfAborted();
  const { words, tools } = request;
  const ranked = rankTools(tools, words);
  const candidates =
    request.tool === undefined ? shortlistOf(tools, ranked) : tools.filter(({ id }) => id === request.tool);
  const [best] = candidates;
  if (best === undefined)
    return nothing(tools.length === 0 ? "There are no tools here." : "No tool fits these words.", ranked);
  if (request.model === undefined) return fromWords(best, words, ranked);
  const answered = await askModel(request.model, candidates, words, request.signal);
  if (answered.ok) return { ...fromModel(answered.value, ranked), model: request.model.name };
  const own = fromWords(best, words, ranked);
  return { ...own, message: `${request.model.name} was not used: ${answered.problem.message}. ${own.message}` };
}

function shortlistOf(tools: readonly Candidate[], ranked: readonly RankedTool[]): readonly Candidate[] {
  const byId = new Map(tools.map((tool) => [tool.id, tool]));
  return ranked
    .slice(0, SHORTLIST)
    .map(({ name }) => byId.get(name))
    .filter((tool) => tool !== undefined);
}

function nothing(message: string, ranked: readonly RankedTool[]): Selection {
  return { kind: "none", args: {}, provenance: {}, flags: [], message, ranked: [...ranked] };
}

function flagsOf(args: ToolArguments): string[] {
  return hostileValues(args).map(({ parameter, value, reason }) => `${parameter}: ${JSON.stringify(value)} ${reason}`);
}

function fromWords(tool: Candidate, words: string, ranked: readonly RankedTool[]): Selection {
  const { args, provenance, missing, subcommandMissing } = fillArguments(tool, words);
  const base = { tool: tool.id, args, provenance, flags: flagsOf(args), ranked: [...ranked] };
  if (subcommandMissing) {
    const paths = tool.subcommands.map(({ path }) => path).join(", ");
    return { ...base, kind: "clarify", message: `${tool.name}: which subcommand? One of ${paths}.` };
  }
  if (missing.length > 0) {
    const wanted = missing.map(({ name, help }) => (help === undefined || help === "" ? name : `${name} (${help})`));
    return { ...base, kind: "clarify", message: `${tool.name} also needs ${wanted.join(", ")}.` };
  }
  const problems = checkArguments(tool, args);
  if (problems.length > 0) {
    return { ...base, kind: "clarify", message: `${problems.map(({ message }) => message).join("; ")}.` };
  }
  return { ...base, kind: "call", message: `${tool.name} fits these words best.` };
}

/** A model's answer that names a known tool and, unless something is missing, has valid arguments. */
interface Answer {
  readonly model: string;
  readonly message: string;
  readonly tool?: Candidate;
  readonly args: ToolArguments;
  /** What the task does not say and the tool needs. */
  readonly missing: readonly string[];
}

async function askModel(
  model: LanguageModel,
  shortlist: readonly Candidate[],
  words: string,
  signal: AbortSignal,
): Promise<Result<Answer>> {
  const user = userPrompt(shortlist, words);
  const first = await complete(model, user, signal);
  if (!first.ok) return first;
  const read = readAnswer(model, first.value, shortlist);
  if (read.ok) return read;
  const second = await complete(model, repairPrompt(user, first.value, read.problem.message), signal);
  return second.ok ? readAnswer(model, second.value, shortlist) : second;
}

async function complete(model: LanguageModel, user: string, signal: AbortSignal): Promise<Result<string>> {
  try {
    return ok(await model.complete({ system: SYSTEM_PROMPT, user }, signal));
  } catch (error) {
    signal.throwIfAborted();
    return fail("model-failed", error instanceof Error ? error.message : String(error));
  }
}

function readAnswer(model: LanguageModel, text: string, shortlist: readonly Candidate[]): Result<Answer> {
  const reply = parseReply(text);
  if (!reply.ok) return reply;
  const { tool: wanted, message } = reply.value;
  if (wanted === null) return ok({ model: model.name, message, args: {}, missing: [] });
  const tool = toolOf(wanted, shortlist);
  if (tool === undefined) {
    const ids = shortlist.map(({ id }) => id).join(", ");
    return fail("invalid-input", `“${wanted}” is not one of the listed tools: ${ids}`);
  }
  return readArguments(model, reply.value, tool);
}

function readArguments(model: LanguageModel, reply: ModelReply, tool: Candidate): Result<Answer> {
  const args = coerceArguments(tool, reply.arguments);
  const problems = checkArguments(tool, args);
  const wrong = problems.filter(({ code }) => code !== "missing-argument");
  if (wrong.length > 0) return fail("invalid-input", wrong.map(({ message }) => message).join("; "));
  const missing = problems.map(({ place }) => place?.field ?? "").filter((name) => name !== "");
  return ok({ model: model.name, message: reply.message, tool, args, missing });
}

/** Only the shortlist counts: by id, or by a name that one tool in it has. */
function toolOf(wanted: string, shortlist: readonly Candidate[]): Candidate | undefined {
  const byId = shortlist.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const named = shortlist.filter(({ name }) => name === wanted);
  return named.length === 1 ? named[0] : undefined;
}

function fromModel(answer: Answer, ranked: readonly RankedTool[]): Selection {
  const { tool, args, missing, model } = answer;
  if (tool === undefined) return nothing(answer.message || `${model} found no tool for this.`, ranked);
  const from: Provenance = { from: "model", text: model };
  return {
    kind: missing.length === 0 ? "call" : "clarify",
    tool: tool.id,
    args,
    provenance: Object.fromEntries(Object.keys(args).map((name) => [name, from])),
    flags: flagsOf(args),
    message:
      missing.length === 0
        ? answer.message || `${model} chose ${tool.name}.`
        : `${tool.name} also needs ${missing.join(", ")}.`,
    ranked: [...ranked],
  };
}
