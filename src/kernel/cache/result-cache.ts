import { statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import {
  CacheEntry,
  type CacheReport,
  type Execution,
  fail,
  type Observed,
  ok,
  parseBoundary,
  parseJson,
  type Result,
  type Tool,
} from "../../model/index.ts";
import type { AttemptContext } from "../execution/attempt.ts";
import { folderBytes } from "../folder-size.ts";
import type { Plan, RunRequest } from "../request.ts";
import type { RunFolder, State } from "../state.ts";
import { changedSince, digest, type Input, InputKind } from "./digest.ts";
import { inputsOf } from "./inputs.ts";
import { copyIn, copyOut, type KeptOutcome, KeptRecord, removeEntry } from "./kept-result.ts";
import { cacheKey } from "./key.ts";

/** An input with what it was when the result was made. */
const KnownInput = z.object({ kind: InputKind, path: z.string(), digest: z.string() });
type KnownInput = z.infer<typeof KnownInput>;

const KeptRow = z.object({
  execution: z.string(),
  created_at: z.string(),
  inputs: z.string().transform((text) => z.array(KnownInput).parse(parseJson(text))),
  record: z.string().transform((text) => KeptRecord.parse(parseJson(text))),
});

/** A result that may be given again. */
export interface FoundResult {
  readonly from: { readonly execution: string; readonly at: string };
  /** Copies it into the folder of the run that it answers; nothing when it was cleared meanwhile. */
  readonly copyTo: (run: RunFolder) => Result<KeptOutcome | undefined>;
}

/** Watches over a run whose result may be kept. */
export interface Recording {
  /** The run has to tell what it reads. */
  readonly observe: boolean;
  /** Keeps the result, if it turns out to be one that can be given again. */
  readonly keep: (execution: Execution, observed: Observed | undefined) => Promise<Result<KeepOutcome>>;
}

/** Whether a result was kept, or why not, in a few words. */
export type KeepOutcome = { readonly kept: true } | { readonly kept: false; readonly why: string };

/** The moment on the clock of change times, in the steps that the system counts them: a folder is touched to see it. */
function changeTimeNow(folder: string): bigint {
  const now = new Date();
  utimesSync(folder, now, now);
  return statSync(folder, { bigint: true }).ctimeNs;
}

/** Whether the inputs of a tool can be known at all: Python is observed, other programs have to be described. */
export function canBeKept({ kind, inputs }: Tool): boolean {
  return kind === "python" || inputs !== undefined;
}

/** So many results of one command are kept, each for other contents of its inputs. */
const MOST_VARIANTS = 8;
const MEBIBYTE = 1024 * 1024;

export interface CacheOptions {
  readonly state: State;
  readonly context: AttemptContext;
  readonly clock: () => Date;
  /** All kept results together, in megabytes; 0 for none. */
  readonly maxMB: number;
}

/**
 * Results of idempotent tools. One is given again only where everything that it rests on is proved to be the same: the
 * key (see `cacheKey`), and every file and folder that the run was seen to read or that the manifest declares, by their
 * contents. Only successful runs are kept, of tools that reach no network and write nothing but results.
 */
export class ResultCache {
  readonly #options: CacheOptions;
  readonly #maxBytes: number;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#maxBytes = Math.round(options.maxMB * MEBIBYTE);
  }

  /** Whether a kept result may answer a run, and its result be kept: by the tool and by the run's policy. */
  mayUse({ tool, fingerprint, policy }: Plan, { unprotected }: RunRequest): boolean {
    if (this.#maxBytes === 0 || unprotected === true) return false;
    if (policy.network.mode !== "none" || policy.writablePaths.length > 0) return false;
    if (!canBeKept(tool)) return false;
    return tool.idempotent ?? this.isAllowed(tool.id, fingerprint);
  }

  /** Whether the user called this version of a tool idempotent. */
  isAllowed(tool: string, fingerprint: string): boolean {
    const found = this.#options.state.read((connection) =>
      connection.prepare("SELECT 1 FROM cache_allowed WHERE tool = ? AND fingerprint = ?").get(tool, fingerprint),
    );
    return found.ok && found.value !== undefined;
  }

  /** The user says that a tool, as it is now, gives the same result for the same inputs. */
  allow(tool: Tool, fingerprint: string): Result<void> {
    return this.#options.state.write((connection, audit) => {
      connection
        .prepare("INSERT OR REPLACE INTO cache_allowed (tool, fingerprint, at) VALUES (?, ?, ?)")
        .run(tool.id, fingerprint, this.#options.clock().toISOString());
      audit({ principal: "user", action: "cache-allowed", tool: tool.id, details: { fingerprint } });
    });
  }

  /** Takes `allow` back, and clears what was kept of the tool. */
  forbid(tool: string): Result<number> {
    const taken = this.#options.state.write((connection, audit) => {
      connection.prepare("DELETE FROM cache_allowed WHERE tool = ?").run(tool);
      audit({ principal: "user", action: "cache-forbidden", tool, details: {} });
    });
    return taken.ok ? this.clear(tool) : taken;
  }

  /** The kept result of a run that would be the same; call `mayUse` before. */
  async find(plan: Plan, request: RunRequest, signal: AbortSignal): Promise<Result<FoundResult | undefined>> {
    const key = await cacheKey(this.#options.context, plan, request, signal);
    // Without an interpreter the sandbox has the better words.
    if (!key.ok) return ok(undefined);
    const rows = this.#options.state.read((connection) =>
      connection
        .prepare("SELECT execution, created_at, inputs, record FROM cache WHERE key = ? ORDER BY created_at DESC")
        .all(key.value),
    );
    if (!rows.ok) return rows;
    const now = new Map<string, Promise<string | undefined>>();
    for (const row of rows.value) {
      const kept = parseBoundary(KeptRow, row, "a kept result");
      if (!kept.ok) return kept;
      const { execution, created_at, inputs, record } = kept.value;
      if (!(await this.#isSame(inputs, now, signal))) continue;
      const copyTo = (run: RunFolder): Result<KeptOutcome | undefined> => this.#copyOut(execution, record, run);
      return ok({ from: { execution, at: created_at }, copyTo });
    }
    return ok(undefined);
  }

  /** @param now what was found out about inputs, for several results that rest on the same ones */
  async #isSame(
    inputs: readonly KnownInput[],
    now: Map<string, Promise<string | undefined>>,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (const input of inputs) {
      const name = `${input.kind} ${input.path}`;
      const found = now.get(name) ?? digest(input, signal);
      now.set(name, found);
      if ((await found) !== input.digest) return false;
    }
    return true;
  }

  #copyOut(execution: string, record: KeptRecord, run: RunFolder): Result<KeptOutcome | undefined> {
    const outcome = copyOut(this.#folderOf(execution), record, run);
    const noted = this.#options.state.write((connection) => {
      if (outcome === undefined) connection.prepare("DELETE FROM cache WHERE execution = ?").run(execution);
      else {
        connection
          .prepare("UPDATE cache SET used_at = ?, uses = uses + 1 WHERE execution = ?")
          .run(this.#options.clock().toISOString(), execution);
      }
    });
    return noted.ok ? ok(outcome) : noted;
  }

  /** Begins to watch over a run whose result may be kept; nothing where it may not. */
  record(plan: Plan, request: RunRequest, run: RunFolder): Recording | undefined {
    if (!this.mayUse(plan, request)) return undefined;
    const since = changeTimeNow(run.folder);
    const signal = new AbortController().signal;
    const key = cacheKey(this.#options.context, plan, request, signal);
    return {
      observe: plan.tool.inputs === undefined,
      keep: async (execution, observed) => {
        const before = await key;
        const after = await cacheKey(this.#options.context, plan, request, signal);
        if (!before.ok || !after.ok) return no("its interpreter is not known");
        if (before.value !== after.value) return no("its interpreter changed meanwhile");
        return await this.#keep(before.value, { plan, execution, observed, run, since });
      },
    };
  }

  async #keep(
    key: string,
    {
      plan,
      execution,
      observed,
      run,
      since,
    }: {
      readonly plan: Plan;
      readonly execution: Execution;
      readonly observed: Observed | undefined;
      readonly run: RunFolder;
      readonly since: bigint;
    },
  ): Promise<Result<KeepOutcome>> {
    if (execution.exit.reason !== "ok" || execution.denied !== undefined) return no("it did not succeed");
    const inputs = inputsOf(plan, observed, this.#options.context.workspace);
    if (!inputs.known) return no(inputs.why);
    const known = await this.#digests(inputs.inputs, since);
    if (typeof known === "string") return no(known);
    const folder = this.#folderOf(execution.id);
    const copied = tryCopyIn(execution, run, folder);
    if (!copied.ok) return no(copied.problem.message);
    const record = copied.value;
    const bytes = folderBytes(folder);
    if (bytes > this.#maxBytes) {
      removeEntry(folder);
      return no("it is larger than all that may be kept");
    }
    const stored = this.#options.state.write((connection) => {
      const at = execution.startedAt;
      connection
        .prepare(
          `INSERT INTO cache (execution, tool, key, principal, argv, created_at, used_at, uses, bytes, inputs, record)
           VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`,
        )
        .run(
          ...[execution.id, execution.tool, key, execution.principal, JSON.stringify(execution.argv), at, at, bytes],
          ...[JSON.stringify(known), JSON.stringify(record)],
        );
    });
    if (!stored.ok) return stored;
    const evicted = this.#evict(key);
    return evicted.ok ? ok({ kept: true }) : evicted;
  }

  /** @returns the inputs as they are, or why the result does not surely rest on them */
  async #digests(inputs: readonly Input[], since: bigint): Promise<KnownInput[] | string> {
    const { signal } = new AbortController();
    const known: KnownInput[] = [];
    for (const input of inputs) {
      const found = await digest(input, signal);
      if (found === undefined) return `${input.path} cannot be compared`;
      known.push({ ...input, digest: found });
    }
    // Looked at after the digests: what changes from now on has another digest.
    for (const input of inputs) {
      if (await changedSince(input, since)) return `${input.path} changed while it ran`;
    }
    return known;
  }

  /** Takes away the older results of a command beyond those that are kept, and what was used longest ago beyond the bound. */
  #evict(key: string): Result<void> {
    const gone = this.#options.state.write((connection) => {
      const leaving = connection
        .prepare("SELECT execution FROM cache WHERE key = ? ORDER BY created_at DESC LIMIT -1 OFFSET ?")
        .all(key, MOST_VARIANTS)
        .map((row) => String(row["execution"]));
      let total = Number(connection.prepare("SELECT total(bytes) AS bytes FROM cache").get()?.["bytes"] ?? 0);
      const oldest = connection.prepare("SELECT execution, bytes FROM cache ORDER BY used_at, rowid");
      for (const row of oldest.iterate()) {
        if (total <= this.#maxBytes) break;
        leaving.push(String(row["execution"]));
        total -= Number(row["bytes"]);
      }
      const remove = connection.prepare("DELETE FROM cache WHERE execution = ?");
      for (const execution of leaving) remove.run(execution);
      return leaving;
    });
    if (!gone.ok) return gone;
    for (const execution of gone.value) removeEntry(this.#folderOf(execution));
    return ok(undefined);
  }

  /** Takes away all kept results, or those of one tool (by its id). @returns how many there were */
  clear(tool?: string): Result<number> {
    const gone = this.#options.state.write((connection) => {
      const rows =
        tool === undefined
          ? connection.prepare("DELETE FROM cache RETURNING execution").all()
          : connection.prepare("DELETE FROM cache WHERE tool = ? RETURNING execution").all(tool);
      return rows.map((row) => String(row["execution"]));
    });
    if (!gone.ok) return gone;
    for (const execution of gone.value) removeEntry(this.#folderOf(execution));
    return ok(gone.value.length);
  }

  /** What is kept, the one used last first. */
  report(): Result<CacheReport> {
    const read = this.#options.state.read((connection) => ({
      entries: connection
        .prepare(
          `SELECT execution, tool, argv, principal, created_at AS createdAt, used_at AS lastUsedAt, uses, bytes,
             json_array_length(inputs) AS inputs FROM cache ORDER BY used_at DESC, rowid DESC`,
        )
        .all()
        .map((row) => ({ ...row, argv: parseJson(String(row["argv"])) })),
      allowed: connection.prepare("SELECT tool, fingerprint, at FROM cache_allowed ORDER BY tool").all(),
    }));
    if (!read.ok) return read;
    const entries = parseBoundary(z.array(CacheEntry), read.value.entries, "the kept results");
    if (!entries.ok) return entries;
    const allowed = parseBoundary(Allowed, read.value.allowed, "the tools that may be cached");
    if (!allowed.ok) return allowed;
    const bytes = entries.value.reduce((sum, entry) => sum + entry.bytes, 0);
    return ok({ entries: entries.value, bytes, maxBytes: this.#maxBytes, allowed: allowed.value });
  }

  #folderOf(execution: string): string {
    return join(this.#options.state.places.cache, execution);
  }
}

const Allowed = z.array(z.object({ tool: z.string(), fingerprint: z.string(), at: z.string() }));

/** A full disk is no reason to lose a run that ended well. */
function tryCopyIn(execution: Execution, run: RunFolder, folder: string): Result<KeptRecord> {
  try {
    return ok(copyIn(execution, run, folder));
  } catch (error) {
    removeEntry(folder);
    return fail("not-copied", `it cannot be copied: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function no(why: string): Result<KeepOutcome> {
  return ok({ kept: false, why });
}
