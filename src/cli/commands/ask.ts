import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as z from "zod";
import { analysisTools, fail, ok, parseBoundary, type Result, type Selection } from "../../model/index.ts";
import { type Candidate, catalogTools, type LanguageModel, rankTools, select } from "../../selection/index.ts";
import type { Console } from "../console.ts";
import { type Context, discoverTools } from "../context.ts";
import { EXIT, exitCodeOfProblem } from "../exit-codes.ts";
import { httpModel } from "../http-model.ts";
import { linesOf } from "../lines.ts";
import { table } from "../table.ts";

export interface AskOptions {
  readonly json?: true;
  readonly catalog?: string;
  readonly batch?: string;
  readonly rankOnly?: true;
  /** `--model NAME`, or false for `--no-model`. */
  readonly model?: string | boolean;
  readonly modelUrl?: string;
  readonly workspace: string;
}

/** One line of a batch file. */
const BatchQuery = z.object({ id: z.union([z.string(), z.number()]), query: z.string(), tool: z.string().optional() });

/** Where a model's key is read from; on the command line other users of the machine could see it. */
const KEY_VARIABLE = "TOKA_MODEL_KEY";
const LISTED = 10;

/** `toka ask WORDS`: the tool for a task in words, with its arguments. It never runs the tool. */
export async function askCommand(words: string | undefined, options: AskOptions, context: Context): Promise<number> {
  const asked = await prepare(words, options, context);
  if (!asked.ok) {
    context.console.problem(asked.problem);
    return exitCodeOfProblem(asked.problem);
  }
  if (options.batch !== undefined) return batch(options.batch, asked.value, options, context);
  const { tools, model } = asked.value;
  const answer = await answerOne(words ?? "", undefined, tools, model, options, context);
  if (options.json) await context.console.json(answer);
  else await print(answer, context.console);
  return EXIT.done;
}

interface Asked {
  readonly tools: readonly Candidate[];
  readonly model: LanguageModel | undefined;
}

async function prepare(words: string | undefined, options: AskOptions, context: Context): Promise<Result<Asked>> {
  if ((words === undefined) === (options.batch === undefined)) {
    return fail("bad-option", "Give either the words of a task or --batch");
  }
  const model = readModel(options, context.environment);
  if (!model.ok) return model;
  const tools = options.catalog === undefined ? await workspaceTools(options, context) : readCatalog(options.catalog);
  return tools.ok ? ok({ tools: tools.value, model: model.value }) : tools;
}

function readModel(options: AskOptions, environment: NodeJS.ProcessEnv): Result<LanguageModel | undefined> {
  const name = typeof options.model === "string" ? options.model : undefined;
  if (options.model === false || (name === undefined && options.modelUrl === undefined)) return ok(undefined);
  if (name === undefined || options.modelUrl === undefined) {
    return fail("bad-option", "--model and --model-url belong together");
  }
  if (!/^https?:\/\//.test(options.modelUrl) || !URL.canParse(options.modelUrl)) {
    return fail("bad-option", `--model-url is no web address: ${options.modelUrl}`);
  }
  return ok(httpModel(name, options.modelUrl, environment[KEY_VARIABLE]));
}

async function workspaceTools(options: AskOptions, context: Context): Promise<Result<readonly Candidate[]>> {
  const report = await discoverTools(resolve(options.workspace), context);
  return report.ok ? ok([...report.value.tools, ...analysisTools()]) : report;
}

function readCatalog(file: string): Result<readonly Candidate[]> {
  try {
    return catalogTools(JSON.parse(readFileSync(file, "utf8")), file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail("bad-option", `The catalogue cannot be read: ${why}`, { file });
  }
}

type Answer = Selection | Pick<Selection, "ranked">;

async function answerOne(
  words: string,
  tool: string | undefined,
  tools: readonly Candidate[],
  model: LanguageModel | undefined,
  options: AskOptions,
  context: Context,
): Promise<Answer> {
  if (options.rankOnly) return { ranked: rankTools(tools, words) };
  return select({
    words,
    tools,
    signal: context.signal,
    ...(model === undefined ? {} : { model }),
    ...(tool === undefined ? {} : { tool }),
  });
}

/** One answer per line of the file, in its order. A line that is no query is answered by its problem. */
async function batch(file: string, asked: Asked, options: AskOptions, context: Context): Promise<number> {
  let code: number = EXIT.done;
  let number = 0;
  try {
    for await (const line of linesOf(file, context)) {
      number++;
      context.signal.throwIfAborted();
      if (line.trim() === "") continue;
      const query = readQuery(line, `${file}:${number}`);
      if (query.ok) {
        await context.console.json(await answerQuery(query.value, asked, options, context));
        continue;
      }
      code = EXIT.wrongUse;
      context.console.problem(query.problem);
      await context.console.json({ error: query.problem });
    }
  } catch (error) {
    if (context.signal.aborted) return EXIT.cancelled;
    const why = error instanceof Error ? error.message : String(error);
    context.console.problem({ code: "bad-option", message: `The batch file cannot be read: ${why}` });
    return EXIT.wrongUse;
  }
  return code;
}

function readQuery(line: string, source: string): Result<z.infer<typeof BatchQuery>> {
  try {
    return parseBoundary(BatchQuery, JSON.parse(line), source);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail("invalid-input", `${source} is not JSON: ${why}`);
  }
}

async function answerQuery(
  { id, query, tool }: z.infer<typeof BatchQuery>,
  { tools, model }: Asked,
  options: AskOptions,
  context: Context,
): Promise<Answer & { id: string | number }> {
  return { id, ...(await answerOne(query, tool, tools, model, options, context)) };
}

async function print(answer: Answer, console: Console): Promise<void> {
  if ("kind" in answer) {
    console.say(answer.message);
    for (const flag of answer.flags) console.say(`look at ${flag}`);
    if (answer.tool !== undefined) await console.line(`${answer.tool} ${JSON.stringify(answer.args)}`);
  }
  const rows = answer.ranked.slice(0, LISTED).map(({ name, score }) => [name, score.toFixed(1)]);
  await console.write(table(["Tool", "Score"], rows));
}
