import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, extname, join } from "node:path";
import { fail, type OutputFormat, ok, parseJson, type Result, type ResultFile } from "../model/index.ts";
import { sanitizeFile } from "./html.ts";

/** More files than this in one result folder are not looked at; nobody could look at them either. */
const MOST_FILES = 1000;
const DEEPEST_FOLDER = 8;
/** Enough of a file's start to tell its format. */
const HEAD_BYTES = 4096;

/** Decodes a stream of UTF-8 and keeps at most `limit` bytes of it; what is left out is counted. */
export class BoundedText {
  readonly #limit: number;
  readonly #decoder = new TextDecoder("utf-8");
  readonly #parts: string[] = [];
  #kept = 0;
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Uint8Array): void {
    const room = Math.max(0, this.#limit - this.#kept);
    const taken = chunk.subarray(0, room);
    if (taken.length > 0) this.#parts.push(this.#decoder.decode(taken, { stream: true }));
    this.#kept += taken.length;
    this.#dropped += chunk.length - taken.length;
  }

  /** Bytes that did not fit. */
  get dropped(): number {
    return this.#dropped;
  }

  text(): string {
    return this.#parts.join("") + this.#decoder.decode();
  }
}

const EXTENSIONS: Readonly<Record<string, OutputFormat>> = {
  ".json": "json",
  ".mmd": "mermaid",
  ".mermaid": "mermaid",
  ".html": "html",
  ".htm": "html",
  ".txt": "text",
  ".md": "text",
  ".csv": "text",
  ".log": "text",
};

/** The format that a file's name promises. */
function formatOfName(path: string): OutputFormat | undefined {
  return EXTENSIONS[extname(path).toLowerCase()];
}

/**
 * The format of a text by its content. JSON must parse as a whole (an object or a list); Mermaid starts with a diagram's
 * keyword after comments and front matter; HTML starts with a doctype or an `html` element.
 */
export function formatOfText(text: string): OutputFormat {
  const start = text.trimStart();
  if (/^(?:<!doctype html|<html[\s>])/i.test(start)) return "html";
  if (/^[{[]/.test(start) && parseJson(start) !== undefined) return "json";
  return isMermaid(start) ? "mermaid" : "text";
}

/** Mermaid's diagram keywords (mermaid 12, `diagram-api/diagram-orchestration`), as the first word of a diagram. */
const MERMAID_START =
  /^(?:(?:flowchart|graph)[ \t]+(?:TB|TD|BT|RL|LR)\b|(?:sequenceDiagram|classDiagram(?:-v2)?|stateDiagram(?:-v2)?|erDiagram|gantt|journey|gitGraph|mindmap|timeline|quadrantChart|requirementDiagram|kanban|C4(?:Context|Container|Component|Dynamic|Deployment)|(?:xychart|sankey|block|packet|architecture|radar)(?:-beta)?)[ \t]*[:;]?[ \t]*$|pie(?:[ \t]+(?:showData|title\b.*))?[ \t]*$)/m;

/** True for the text of a Mermaid diagram; front matter and comments before it are skipped. */
function isMermaid(text: string): boolean {
  const body = text.trimStart().replace(/^---\r?\n[\s\S]*?\n---\r?\n/, "");
  const start = body.replace(/^(?:\s*%%.*\n)+/, "").trimStart();
  return start.search(MERMAID_START) === 0;
}

/** What the output gate took from a run, and what it kept back. */
export interface Collected {
  readonly results: readonly ResultFile[];
  /** One sentence for each thing that was kept back, for people. */
  readonly withheld: readonly string[];
}

export interface GateLimits {
  /** Bytes of all results together. */
  readonly bytes: number;
  readonly formats: readonly OutputFormat[];
}

/**
 * Collects the files that a run left in its result folder. Nothing in there is trusted: folders are walked without
 * following links, files are opened with `O_NOFOLLOW | O_NONBLOCK` and must be regular, and links, pipes, sockets and
 * devices are removed so that nobody opens them later. The run's processes must have ended.
 * @param folder absolute path of the result folder
 */
export function collectResults(folder: string, limits: GateLimits): Collected {
  const results: ResultFile[] = [];
  const withheld: string[] = [];
  const room = { bytes: limits.bytes, files: MOST_FILES };
  for (const path of walk(folder, withheld)) {
    const name = path.slice(folder.length + 1);
    const looked = attempt(() => inspect(path));
    if (!looked.ok) {
      withheld.push(`${name} was kept back: ${looked.problem.message}`);
      continue;
    }
    const file = looked.value;
    if (file === undefined) {
      unlinkSync(path);
      withheld.push(`${name} was removed: it is not a regular file`);
      continue;
    }
    const reason = reasonToWithhold(file, limits, room);
    if (reason !== undefined) {
      withheld.push(`${name} was kept back: ${reason}`);
      continue;
    }
    room.bytes -= file.bytes;
    room.files--;
    results.push({ path, format: file.format, bytes: file.bytes });
  }
  return { results, withheld };
}

/** Takes what acts out of the pages among results; what cannot be cleaned is kept back. */
export async function cleanPages(found: readonly ResultFile[]): Promise<Collected> {
  const results: ResultFile[] = [];
  const withheld: string[] = [];
  for (const result of found) {
    if (result.format !== "html") {
      results.push(result);
      continue;
    }
    const name = basename(result.path);
    const cleaned = await sanitizeFile(result.path, result.bytes);
    if (!cleaned.ok) withheld.push(`${name} was kept back: ${cleaned.problem.message}`);
    else {
      results.push({ ...result, bytes: cleaned.value.bytes });
      if (cleaned.value.isChanged)
        withheld.push(`${name} was cleaned: scripts and what loads from elsewhere are taken out`);
    }
  }
  return { results, withheld };
}

function attempt<T>(action: () => T): Result<T> {
  try {
    return ok(action());
  } catch (error) {
    return fail("unreadable", error instanceof Error ? error.message : String(error));
  }
}

function* walk(folder: string, withheld: string[], depth = 0): Generator<string> {
  const entries = attempt(() => readdirSync(folder, { withFileTypes: true }));
  if (!entries.ok) {
    withheld.push(`${basename(folder)} was kept back: ${entries.problem.message}`);
    return;
  }
  for (const entry of entries.value.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) yield path;
    else if (depth < DEEPEST_FOLDER) yield* walk(path, withheld, depth + 1);
    else withheld.push(`${entry.name} was kept back: it lies more than ${DEEPEST_FOLDER} folders deep`);
  }
}

interface Inspected {
  readonly bytes: number;
  readonly format: OutputFormat | "other";
}

/** Size and format of a regular file; `undefined` for anything else. */
function inspect(path: string): Inspected | undefined {
  if (!lstatSync(path).isFile()) return undefined;
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return undefined;
    const head = Buffer.alloc(Math.min(HEAD_BYTES, stat.size));
    const read = readSync(descriptor, head, 0, head.length, 0);
    return { bytes: stat.size, format: formatOfFile(path, head.subarray(0, read)) };
  } finally {
    closeSync(descriptor);
  }
}

function formatOfFile(path: string, head: Buffer): OutputFormat | "other" {
  const named = formatOfName(path);
  if (head.includes(0)) return "other";
  if (named !== undefined) return named;
  const sniffed = formatOfText(head.toString("utf8"));
  return sniffed === "text" && extname(path) !== "" ? "other" : sniffed;
}

function reasonToWithhold(
  file: Inspected,
  limits: GateLimits,
  room: { readonly bytes: number; readonly files: number },
): string | undefined {
  if (room.files <= 0) return `a run may leave at most ${MOST_FILES} files`;
  if (file.bytes > room.bytes) return `the results are larger than the ${limits.bytes} bytes allowed`;
  const restricted = !limits.formats.includes("text");
  if (restricted && (file.format === "other" || !limits.formats.includes(file.format))) {
    return `only ${limits.formats.join(", ")} may come out of this tool`;
  }
  return undefined;
}

const STDOUT_NAMES: Readonly<Record<Exclude<OutputFormat, "text">, string>> = {
  json: "stdout.json",
  mermaid: "stdout.mmd",
  html: "stdout.html",
};

/**
 * Keeps standard output as a result file when it is in a format worth showing.
 * @param declared what the tool says it prints; believed only where the text does not contradict it
 */
export function stdoutResult(
  folder: string,
  text: string,
  declared: OutputFormat | undefined,
  formats: readonly OutputFormat[],
): ResultFile | undefined {
  if (text.trim() === "") return undefined;
  const sniffed = formatOfText(text);
  const format = sniffed === "text" && declared === "html" ? "html" : sniffed;
  if (format === "text" || !formats.includes(format)) return undefined;
  const path = join(folder, STDOUT_NAMES[format]);
  writeFileSync(path, text, { flag: "wx", mode: 0o600 });
  return { path, format, bytes: Buffer.byteLength(text) };
}
