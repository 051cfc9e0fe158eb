import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { analysisTools, type ExitStatus, OWN_COMMAND, type Tool } from "../model/index.ts";

/** How the product's own command line is started: absolute paths of a Node executable and of the bundle. */
export interface OwnCommand {
  readonly node: string;
  readonly cli: string;
}

/** The desktop editor's own executable is a Node with this; any other one ignores it. */
export const OWN_ENVIRONMENT = { ELECTRON_RUN_AS_NODE: "1" } as const;

/** Megabytes of JavaScript objects: leaves room in the 512 MB of an analysis for everything else in the process. */
const HEAP_MEGABYTES = 320;

/** The command that this process itself belongs to, when its bundle is there (as in an installation, or after a build). */
export function ownCommand(folders: readonly string[]): OwnCommand | undefined {
  const cli = folders.map((folder) => join(folder, "cli.cjs")).find((path) => existsSync(path));
  return cli === undefined ? undefined : { node: process.execPath, cli: realpathSync(cli) };
}

/** What a built-in tool runs as, and what it must be able to read for that. */
interface BuiltinEntry {
  readonly argv: readonly string[];
  /** Of the bundle, which names the build, without the leading slash, as fingerprints take it. */
  readonly file: string;
  readonly readablePaths: readonly string[];
  /** The folder of what the analyses read before. */
  readonly writablePaths: readonly string[];
  readonly environment: readonly string[];
}

/** The tools that come with the product. A tool is built in by being one of these, never by what it says of itself. */
export class BuiltinTools {
  readonly tools: readonly Tool[];
  readonly #own: OwnCommand | undefined;
  readonly #cache: string;

  /** @param cache absolute path of the folder that the analyses of this workspace share */
  constructor(own: OwnCommand | undefined, cache: string) {
    this.#own = own;
    this.#cache = cache;
    this.tools = own === undefined ? [] : analysisTools();
  }

  /** How a tool is started; undefined for tools of the workspace. */
  entry(tool: Tool): BuiltinEntry | undefined {
    const own = this.#own;
    const [first, ...rest] = tool.entry.argv;
    if (own === undefined || first !== OWN_COMMAND || !this.tools.includes(tool)) return undefined;
    return {
      argv: [
        ...[own.node, `--max-old-space-size=${HEAP_MEGABYTES}`, own.cli],
        ...[...rest, `--cache=${this.#cache}`, "--supervised"],
      ],
      file: own.cli.slice(1),
      readablePaths: [nodeInstallation(own.node), ...bundles(own.cli)],
      writablePaths: [this.#cache],
      environment: Object.keys(OWN_ENVIRONMENT),
    };
  }
}

/** How far a run is. */
export interface RunProgress {
  readonly done: number;
  readonly of: number;
}

/** Longer lines are no progress. */
const LONGEST_LINE = 200;

/** Finds, in what a built-in tool says, how far it is. */
export class ProgressLines {
  readonly #tell: (progress: RunProgress) => void;
  readonly #decoder = new TextDecoder();
  #line = "";

  constructor(tell: (progress: RunProgress) => void) {
    this.#tell = tell;
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#line + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#line = (lines.pop() ?? "").slice(0, LONGEST_LINE);
    for (const line of lines) {
      const [, done, of] = /^toka: (\d{1,9}) of (\d{1,9}) files \w+$/.exec(line) ?? [];
      if (done !== undefined && of !== undefined) this.#tell({ done: Number(done), of: Number(of) });
    }
  }
}

/**
 * What to say of a built-in tool that ran out of memory: the interpreter then ends itself by a signal, or the sandbox
 * ends it.
 */
export function builtinEnd({ reason, code, message }: ExitStatus): string | undefined {
  const isOut =
    reason === "memory" ||
    (reason === "failed" && (code === 134 || code === 133 || /\bsignal [56]\b/.test(message ?? "")));
  if (!isOut) return undefined;
  return "The workspace is too large for the memory of an analysis: name folders or files to analyse a part of it";
}

/** The command line, and beside it the bundles of what it shares with the other programs. */
function bundles(cli: string): readonly string[] {
  const folder = dirname(cli);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".cjs"))
    .map((name) => join(folder, name));
}

/** A plain Node is one file; the editor's executable needs what lies beside it. */
function nodeInstallation(node: string): string {
  return /^node(?:\.exe)?$/.test(basename(node)) ? node : dirname(node);
}
