import { Argument, Command, CommanderError, Option } from "commander";
import { AnalysisKind } from "../model/index.ts";
import { analyzeCommand, superviseAnalysis } from "./commands/analyze.ts";
import { askCommand } from "./commands/ask.ts";
import { auditCommand } from "./commands/audit.ts";
import { backupCommand, restoreCommand } from "./commands/backup.ts";
import { CACHE_ACTIONS, cacheCommand } from "./commands/cache.ts";
import { cfgCommand } from "./commands/cfg.ts";
import { COMPLETE, completeCommand, completionCommand, SHELLS } from "./commands/completion.ts";
import { discoverCommand } from "./commands/discover.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { execCommand } from "./commands/exec.ts";
import { allowCommand, changesCommand, grantsCommand, revokeCommand } from "./commands/grants.ts";
import { historyCommand } from "./commands/history.ts";
import { runCommand } from "./commands/run.ts";
import {
  workflowCheckCommand,
  workflowPlanCommand,
  workflowRunCommand,
  workflowRunsCommand,
} from "./commands/workflow.ts";
import { Console } from "./console.ts";
import type { Context } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import type { StartOwn } from "./own-process.ts";
import { withFirstDashes } from "./tool-arguments.ts";

/** The exit code that shells give a program that a broken pipe ended (128 + SIGPIPE). */
const BROKEN_PIPE = 141;

const EXIT_HELP = `
Exit codes: 0 done, 1 the tool or check failed, 2 wrong use or bad input, 3 denied, 4 not enforceable here,
124 timed out, 130 cancelled. Results go to standard output, everything else to standard error.`;

/** Runs `toka` with a process's arguments and sets the exit code. */
export async function main(argv: readonly string[], startOwn: StartOwn): Promise<void> {
  const controller = new AbortController();
  let usedStdin: NodeJS.ReadStream | undefined;
  const context: Context = {
    console: new Console(process.stdout, process.stderr, () => {
      process.exitCode = BROKEN_PIPE;
      controller.abort();
    }),
    signal: controller.signal,
    environment: process.env,
    startOwn,
    stdin: () => {
      usedStdin = process.stdin;
      return usedStdin;
    },
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => controller.abort());
  const code = await runProgram(argv, context);
  process.exitCode ??= controller.signal.aborted ? EXIT.cancelled : code;
  // A standard input that nobody reads to its end would keep the process alive.
  usedStdin?.destroy();
}

async function runProgram(argv: readonly string[], context: Context): Promise<number> {
  let code: number = EXIT.done;
  const program = buildProgram(argv.slice(2), context, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    // Commander has said what was wrong by then.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUse;
    if (context.signal.aborted) return EXIT.cancelled;
    throw error;
  }
  return code;
}

function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function buildProgram(words: readonly string[], context: Context, done: (code: number) => void): Command {
  const program = new Command("toka")
    .description("Discovers the tools of a workspace, draws their control flow, and runs them in a sandbox.")
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError("(add --help for what can be given)")
    .addHelpText("after", EXIT_HELP);

  program
    .command("discover")
    .description("list the tools of a folder with their parameters and capabilities; reads, never runs")
    .argument("<dir>", "the workspace folder")
    .option("--json", "print one JSON object")
    .option("--fresh", "read every file, also those that did not change since the last time")
    .action(async (folder, options) => done(await discoverCommand(folder, options, context)));

  program
    .command("cfg")
    .description("control-flow graphs and complexity of Python files")
    .argument("[files...]", "Python files")
    .option("--json", "print one JSON object per line and file")
    .option("--format <format>", "json, mermaid, dot, html or table")
    .option("--detail <level>", "branch, block (the default), statement or expression")
    .option("--function <qualname>", "only this function, by its qualified name")
    .option("--output <file>", "write to a file instead of standard output")
    .option("--files-from <list>", "also the files listed in this file, one per line; - is standard input")
    .action(async (files, options) => done(await cfgCommand(files, options, context)));

  addAnalyze(program, words, context, done);
  addWorkflow(program, context, done);
  addExec(program, context, done);
  addRun(program, words, context, done);
  addGrants(program, context, done);

  program
    .command("ask")
    .description("the tool for a task in words, with its arguments; never runs it")
    .argument("[words]", "the task, as one argument")
    .option("--json", "print one JSON object")
    .option("--workspace <dir>", "the workspace whose tools are meant", ".")
    .option("--catalog <file>", "tools from this JSON file instead")
    .option("--batch <file>", "queries, one JSON object per line, answered one per line; - is standard input")
    .option("--rank-only", "only the ranking, up to 50 entries")
    .option("--model <name>", "a language model that picks and fills; its key is taken from TOKA_MODEL_KEY")
    .option("--no-model", "only ranking and the words themselves")
    .option("--model-url <url>", "where the model answers (OpenAI-compatible chat completions)")
    .action(async (words, options) => done(await askCommand(words, options, context)));

  program
    .command("doctor")
    .description("what the sandbox enforces on this machine, found by trying")
    .option("--json", "print one JSON object")
    .option("--backend <name>", "ask about this backend only", "auto")
    .option("--image <name>", "the image of --backend podman or docker")
    .action(async (options) => done(await doctorCommand(options, context)));

  program
    .command("history")
    .description("the runs of a workspace, newest first")
    .option("--json", "print one JSON object")
    .option("--stats", "what the runs of each tool were like instead: time, memory, failures, suggested limits")
    .option("--tool <id>", "only runs of this tool: an id or an unambiguous name")
    .option("--limit <n>", "at most this many (100)")
    .option("--workspace <dir>", "the workspace folder", ".")
    .action(async (options) => done(await historyCommand(options, context)));

  program
    .command("cache")
    .description("kept results of idempotent tools; allow says that a tool is one, forbid that it is not")
    .addArgument(new Argument("[action]", "what to do").choices(CACHE_ACTIONS).default("list"))
    .argument("[tool]", "an id or an unambiguous name; clear and list are about all tools without it")
    .option("--json", "print one JSON object: what is kept then")
    .option("--workspace <dir>", "the workspace folder", ".")
    .action(async (action, tool, options) => done(await cacheCommand(action, tool, options, context)));

  addBackup(program, context, done);
  addCompletion(program, context, done);
  return program;
}

function addCompletion(program: Command, context: Context, done: (code: number) => void): void {
  program
    .command("completion")
    .description("completion of commands, options, tools and their parameters for a shell")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .addHelpText("after", '\nBash: eval "$(toka completion bash)", for example in ~/.bashrc; zsh and fish likewise.')
    .action(async (shell) => done(await completionCommand(shell, context)));
  program
    .command(COMPLETE, { hidden: true })
    .argument("[words...]")
    .allowUnknownOption()
    .action(async (words) => done(await completeCommand(program, words, context)));
}

function addBackup(program: Command, context: Context, done: (code: number) => void): void {
  for (const [name, about, command] of [
    ["backup", "write a workspace's grants, history, results and audit into one file", backupCommand],
    ["restore", "put a backup in the place of a workspace's state; what was there is kept", restoreCommand],
  ] as const) {
    program
      .command(name)
      .description(about)
      .argument("<file>", "the backup")
      .option("--json", "print one JSON object")
      .option("--workspace <dir>", "the workspace folder", ".")
      .action(async (file, options) => done(await command(file, options, context)));
  }
}

function addAnalyze(program: Command, words: readonly string[], context: Context, done: (code: number) => void): void {
  program
    .command("analyze")
    .description(`analyses of all Python files of a folder: ${AnalysisKind.options.join(", ")}`)
    .argument("<kind>", "which analysis")
    .argument("[paths...]", "files and folders; the current folder when left out")
    .addOption(new Option("--format <format>", "how the result is printed").default("json"))
    .option("--function <qualname>", "control-flow: only functions of this qualified name")
    .option("--limit <n>", "at most this many entries, the most telling ones")
    .option("--max-bytes <size>", "shorten the result until it is no larger")
    .option("--output <file>", "write to a file instead of standard output")
    .option(
      "--cache <dir>",
      "where to keep what was read of each file for the next time (the workspace's state folder)",
    )
    .option("--memory <size>", "for what is kept of the files, such as 2GB; else what Node.js takes on this machine")
    // For whoever bounds the process and tells how it ended: this program itself, or the kernel in its sandbox.
    .addOption(new Option("--supervised").hideHelp())
    .action(async (kind, paths, options) => {
      const command = options.supervised === true ? analyzeCommand : superviseAnalysis(words);
      done(await command(kind, paths, options, context));
    });
}

function addGrants(program: Command, context: Context, done: (code: number) => void): void {
  const WORKSPACE = ["--workspace <dir>", "the workspace folder", "."] as const;
  const grants = program
    .command("grants")
    .description("what was granted to whom, since when, by what evidence, and whether it still holds")
    .enablePositionalOptions()
    .option("--json", "print one JSON object")
    .option(...WORKSPACE)
    .action(async (options) => done(await grantsCommand(options, context)));
  for (const [name, about, command] of [
    ["allow", "grant a tool, as it is now, a capability; until it is revoked or the tool changes", allowCommand],
    ["revoke", "take a grant back, also one that no longer holds", revokeCommand],
  ] as const) {
    const sub = grants
      .command(name)
      .description(about)
      .argument("<tool>", "an id (as discover prints it) or an unambiguous name")
      .argument("<capability>", "such as network-access or filesystem-write")
      .option("--principal <who>", "user, chat, mcp:<client> or workflow:<name>", "user")
      .option("--path <path>", "for capabilities about files: a file or folder (repeatable)", collect)
      .option("--host <name>", "for network-access: name, *.name or name:port (repeatable)", collect)
      .option("--json", "print one JSON object")
      .option(...WORKSPACE)
      .action(async (tool, capability, options) => done(await command(tool, capability, options, context)));
    if (name === "allow") sub.option("--once", "for one run only");
  }
  grants
    .command("changes")
    .description("how a tool differs from the version that was approved last")
    .argument("<tool>", "an id (as discover prints it) or an unambiguous name")
    .option("--json", "print one JSON object")
    .option(...WORKSPACE)
    .action(async (tool, options) => done(await changesCommand(tool, options, context)));
  program
    .command("audit")
    .description("what was asked, refused, granted, denied, revoked and run, oldest first; nothing is ever taken out")
    .option("--json", "print one JSON object per line")
    .option("--output <file>", "write JSON Lines to a file instead")
    .option("--tool <id>", "only about this tool, by its id")
    .option("--principal <who>", "only about this principal")
    .option("--action <what>", "asked, declined, denied, started, ended, granted, used or revoked")
    .option("--since <date>", "nothing before this day or moment")
    .option(...WORKSPACE)
    .action(async (options) => done(await auditCommand(options, context)));
}

function addExec(program: Command, context: Context, done: (code: number) => void): void {
  program
    .command("exec")
    .description("run a command in the sandbox; its standard streams are passed through, its exit code returned")
    .argument("<command...>", "the command and its arguments, after --")
    .option("--category <category>", "default limits: analysis, general or utility", "general")
    .option("--workspace <dir>", "readable; the working directory", ".")
    .option("--writable <paths...>", "may be written to")
    .option("--readable <paths...>", "may be read")
    .option("--forbid <paths...>", "hidden, whatever else is readable")
    .option("--network <mode>", "none, or hosts with --allow-host", "none")
    .option("--allow-host <names...>", "may be reached")
    .option("--memory <size>", "such as 256MB")
    .option("--cpu <share>", "of one core, such as 25%")
    .option("--time <time>", "wall time, such as 60s")
    .option("--processes <n>", "processes and threads at once")
    .option("--disk <size>", "written in all, such as 100MB")
    .option("--files <n>", "files, folders and links made and not removed again")
    .option("--output <size>", "printed in all, such as 10MB")
    .option("--env <names...>", "a variable of the environment that passes")
    .option("--report <file>", "write what happened and what was enforced as JSON")
    .option("--image <name>", "the image of --backend podman or docker")
    .option(
      "--unprotected",
      "go on, this once, where nothing isolates: only the environment, time and output are limited",
    )
    .option("--observe", "let the command's Pythons tell what they open, reach and start; in the report, too")
    .addOption(new Option("--backend <name>", "the mechanism that isolates").default("auto"))
    .passThroughOptions()
    .action(async (argv, options) => done(await execCommand(argv, options, context)));
}

function addRun(program: Command, words: readonly string[], context: Context, done: (code: number) => void): void {
  program
    .command("run")
    .description("run a tool of the workspace in its sandbox, checked and kept in the history")
    .usage("<tool> [--param value ...] [options]")
    .argument("<tool>", "an id (as discover prints it) or an unambiguous name")
    .argument("[parameters...]", "the tool's parameters, by their names or flags")
    .option("--args <json>", "all arguments as one JSON object instead")
    .option("--json", "print one JSON object when the run has ended")
    .option("--workspace <dir>", "the workspace folder", ".")
    .option("--writable <path>", "let this run write to a file or folder (repeatable)", collect)
    .option("--allow-host <name>", "let this run reach a host: name, *.name or name:port (repeatable)", collect)
    .option(
      "--unprotected",
      "go on, this once, where nothing isolates: only the environment, time and output are limited",
    )
    .option("--observe", "tell what the run did, and compare it with what was inferred from the code")
    .option("--no-cache", "run it, whatever result is kept, and keep none of this run")
    .allowUnknownOption()
    .addHelpText(
      "after",
      "\nA parameter with the name of an option above goes after --, as in: toka run report -- --json true",
    )
    .action(async (tool, parameters, options) =>
      done(await runCommand(tool, withFirstDashes(words, parameters), options, context)),
    );
}

function addWorkflow(program: Command, context: Context, done: (code: number) => void): void {
  const workflow = program
    .command("workflow")
    .description("check, plan and run *.workflow.yaml files, whose steps are tools of the workspace");
  const command = (name: string, file: string, what: string): Command =>
    workflow
      .command(name)
      .description(what)
      .argument(file, "the workflow file")
      .option("--json", "print one JSON object")
      .option("--workspace <dir>", "the workspace folder", ".");
  const input = "an input of the workflow; several of one name are a list (repeatable)";

  command("check", "<file>", "everything that is wrong with it, with line and column; nothing runs").action(
    async (file, options) => done(await workflowCheckCommand(file, options, context)),
  );
  command("plan", "<file>", "its steps in waves, with commands, capabilities and limits; nothing runs")
    .option("--input <name=value>", input, collect)
    .action(async (file, options) => done(await workflowPlanCommand(file, options, context)));
  command("run", "<file>", "run its steps, as many at once as can be")
    .option("--input <name=value>", input, collect)
    .option("--resume [run]", "go on with this earlier run, or the last one; steps that had finished are not run again")
    .action(async (file, options) => done(await workflowRunCommand(file, options, context)));
  command("runs", "[file]", "earlier runs, newest first")
    .option("--limit <n>", "at most this many (20)")
    .action(async (file, options) => done(await workflowRunsCommand(file, options, context)));
}
