import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import {
  type ChangedFile,
  fail,
  ok,
  parseBoundary,
  parseJson,
  type Result,
  type ToolChanges,
} from "../../model/index.ts";
import type { ToolParts } from "../fingerprint.ts";
import type { State } from "../state.ts";

const MEBIBYTE = 1024 * 1024;
/** Larger files are told to have changed, and not shown. */
const MAX_FILE_BYTES = MEBIBYTE;
/** What is kept of all tools together. */
const MAX_BYTES = 64 * MEBIBYTE;
/** So many approved versions of each tool are remembered. */
const VERSIONS = 5;

/** What was approved, as it is kept. */
const KeptParts = z.object({ description: z.string(), files: z.record(z.string(), z.string()) });
type KeptParts = z.infer<typeof KeptParts>;

interface Approval extends KeptParts {
  readonly fingerprint: string;
  readonly at: string;
}

/**
 * The versions of tools that a person approved (by running one or granting it something), with their sources, so that what
 * changed since can be shown. Sources lie in the state folder under their hashes.
 */
export class Approvals {
  readonly #state: State;
  readonly #workspace: string;
  readonly #clock: () => Date;

  /** @param workspace real path of the workspace folder */
  constructor(state: State, workspace: string, clock: () => Date) {
    this.#state = state;
    this.#workspace = workspace;
    this.#clock = clock;
  }

  /** Notes that a version was approved; one that was already the newest is not noted again. */
  note(tool: string, parts: ToolParts): Result<void> {
    const latest = this.#latest(tool);
    if (!latest.ok) return latest;
    if (latest.value?.fingerprint === parts.fingerprint) return ok(undefined);
    const kept = JSON.stringify({ description: parts.description, files: Object.fromEntries(parts.files) });
    const noted = this.#state.write((connection) => {
      connection
        .prepare("INSERT INTO approvals (tool, fingerprint, at, parts) VALUES (?, ?, ?, ?)")
        .run(tool, parts.fingerprint, this.#clock().toISOString(), kept);
      connection
        .prepare(
          "DELETE FROM approvals WHERE tool = ? AND seq NOT IN (SELECT seq FROM approvals WHERE tool = ? ORDER BY seq DESC LIMIT ?)",
        )
        .run(tool, tool, VERSIONS);
    });
    return noted.ok ? this.#keepSources(parts) : noted;
  }

  /** How a tool differs from the version approved last, or from the approved one of a fingerprint; nothing if it does not. */
  changes(tool: string, parts: ToolParts, since?: string): Result<ToolChanges | undefined> {
    const found = since === undefined ? this.#latest(tool) : this.#version(tool, since);
    if (!found.ok) return found;
    const approval = found.value;
    if (approval === undefined || approval.fingerprint === parts.fingerprint) return ok(undefined);
    const names = [...new Set([...Object.keys(approval.files), ...parts.files.keys()])].sort((a, b) =>
      a < b ? -1 : 1,
    );
    const files = names.flatMap((file): ChangedFile[] => {
      const before = approval.files[file];
      const now = parts.files.get(file);
      if (before === now) return [];
      const change = before === undefined ? "added" : now === undefined ? "removed" : "changed";
      return [{ file, change, hasText: before === undefined || existsSync(this.#source(before)) }];
    });
    const description = approval.description !== parts.description;
    return ok({ tool, approvedAt: approval.at, files, description });
  }

  /**
   * A file's text as it was in the version approved last; empty for one that did not belong to it.
   * @returns problem `no-source` when it was not kept
   */
  approvedText(tool: string, file: string): Result<string> {
    const latest = this.#latest(tool);
    if (!latest.ok) return latest;
    const hash = latest.value?.files[file];
    if (hash === undefined) return ok("");
    try {
      const bytes = readFileSync(this.#source(hash));
      if (createHash("sha256").update(bytes).digest("hex") === hash) return ok(bytes.toString("utf8"));
      return fail("no-source", `What was kept of ${file} is damaged`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail("no-source", `The approved text of ${file} was not kept: ${why}`);
    }
  }

  #latest(tool: string): Result<Approval | undefined> {
    return this.#one("tool = ? ORDER BY seq DESC LIMIT 1", [tool]);
  }

  #version(tool: string, fingerprint: string): Result<Approval | undefined> {
    return this.#one("tool = ? AND fingerprint = ? ORDER BY seq DESC LIMIT 1", [tool, fingerprint]);
  }

  #one(where: string, values: readonly string[]): Result<Approval | undefined> {
    const row = this.#state.read((connection) =>
      connection.prepare(`SELECT fingerprint, at, parts FROM approvals WHERE ${where}`).get(...values),
    );
    if (!row.ok || row.value === undefined) return row.ok ? ok(undefined) : row;
    const { fingerprint, at, parts } = row.value;
    const kept = readParts(parts);
    if (!kept.ok) return kept;
    return ok({ fingerprint: String(fingerprint), at: String(at), ...kept.value });
  }

  #source(hash: string): string {
    return join(this.#state.places.sources, hash);
  }

  /** Keeps the texts of a version, as long as there is room, and drops those that no version needs any more. */
  #keepSources(parts: ToolParts): Result<void> {
    const rows = this.#state.read((connection) => connection.prepare("SELECT parts FROM approvals").all());
    if (!rows.ok) return rows;
    const needed = new Set<string>();
    for (const row of rows.value) {
      const kept = readParts(row["parts"]);
      if (!kept.ok) return kept;
      for (const hash of Object.values(kept.value.files)) needed.add(hash);
    }
    const folder = this.#state.places.sources;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      let bytes = 0;
      for (const name of readdirSync(folder)) {
        if (needed.has(name)) bytes += statSync(join(folder, name)).size;
        else rmSync(join(folder, name), { force: true });
      }
      for (const [file, hash] of parts.files) bytes += this.#keepSource(file, hash, MAX_BYTES - bytes);
      return ok(undefined);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail("state-unavailable", `Approved sources cannot be kept: ${why}`, { file: folder });
    }
  }

  /** @returns how many bytes were added; none for what is there, does not fit, or changed in this moment */
  #keepSource(file: string, hash: string, room: number): number {
    const target = this.#source(hash);
    if (existsSync(target)) return 0;
    const bytes = regularFile(join(this.#workspace, file), Math.min(MAX_FILE_BYTES, room));
    if (bytes === undefined || createHash("sha256").update(bytes).digest("hex") !== hash) return 0;
    writeFileSync(target, bytes, { mode: 0o600 });
    return bytes.length;
  }
}

/** The bytes of a file; nothing for what is no regular file, too large, or gone. A pipe cannot hold us up. */
function regularFile(path: string, limit: number): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined; // it was there a moment ago: then its text is not kept, and the change told without it
  }
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() && stat.size <= limit ? readFileSync(descriptor) : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function readParts(text: unknown): Result<KeptParts> {
  const parts = parseBoundary(KeptParts, typeof text === "string" ? parseJson(text) : undefined, "an approved version");
  return parts.ok ? parts : fail("state-corrupt", parts.problem.message);
}
