import { randomUUID } from "node:crypto";
import {
  type CapabilityName,
  type ExplainedGrant,
  fail,
  type Grant,
  type GrantDuration,
  ok,
  type Principal,
  type Result,
  type Tool,
  type ToolChanges,
} from "../../model/index.ts";
import type { ToolParts } from "../fingerprint.ts";
import type { State } from "../state.ts";
import type { Approvals } from "./approvals.ts";
import { GrantStore } from "./grant-store.ts";
import { grantScope, isStillThere } from "./scope.ts";

/** A grant that a person gives. */
export interface GrantRequest {
  /** An id, or a name that only one tool has. */
  readonly tool: string;
  readonly capability: CapabilityName;
  readonly principal: Principal;
  readonly duration: GrantDuration;
  /** Absolute; what the code names when left out. */
  readonly paths?: readonly string[];
  /** What the code names when left out. */
  readonly hosts?: readonly string[];
  /** The fingerprint that the person looked at: a tool that changed since is granted nothing. */
  readonly approved?: string;
}

/** Which grants to take back. Without paths and hosts, whole grants; with them, these and no others. */
export interface RevokeRequest {
  /** An id, or a name that only one tool has; the id of a tool that is gone will do. */
  readonly tool: string;
  readonly capability: CapabilityName;
  readonly principal: Principal;
  readonly paths?: readonly string[];
  readonly hosts?: readonly string[];
}

/** What grants need to know of the kernel. */
export interface GrantsParts {
  readonly state: State;
  readonly approvals: Approvals;
  /** Real path of the workspace folder. */
  readonly workspace: string;
  /** The folder of all state. */
  readonly stateRoot: string;
  /** The state lies where the workspace itself could have put it: what it says was granted counts for nothing. */
  readonly isStateOfWorkspace: boolean;
  readonly clock: () => Date;
  /** The grants of the session by their ids. */
  readonly session: Map<string, Grant>;
  readonly find: (wanted: string) => Result<Tool>;
  readonly parts: (tool: Tool) => Result<ToolParts>;
}

const NOT_KEPT =
  "the state folder lies inside the workspace, which could then grant itself anything: only grants for this session count";

/**
 * What principals may do with tools, beyond what every run may. A grant is for one principal, one version of a tool and
 * one capability; nobody inherits another's.
 */
export class Grants {
  readonly #parts: GrantsParts;
  readonly #store: GrantStore;
  readonly #listeners = new Set<() => void>();

  constructor(parts: GrantsParts) {
    this.#parts = parts;
    this.#store = new GrantStore(parts.state, parts.session, parts.clock);
  }

  /** Calls back after grants were given, used up or revoked by this process, until the returned function is called. */
  onDidChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** All grants that were not revoked or used up, the newest first, with whether and why they hold. */
  list(): Result<readonly ExplainedGrant[]> {
    const grants = this.#store.all();
    if (!grants.ok) return grants;
    const explained: ExplainedGrant[] = [];
    const known = new Map<string, Result<{ tool: Tool; parts: ToolParts }>>();
    for (const grant of grants.value) {
      const current = known.get(grant.tool) ?? this.#current(grant.tool);
      known.set(grant.tool, current);
      const one = this.#explain(grant, current);
      if (!one.ok) return one;
      explained.push(one.value);
    }
    return ok(explained);
  }

  #current(id: string): Result<{ tool: Tool; parts: ToolParts }> {
    const tool = this.#parts.find(id);
    if (!tool.ok) return tool;
    const parts = this.#parts.parts(tool.value);
    return parts.ok ? ok({ tool: tool.value, parts: parts.value }) : parts;
  }

  #explain(grant: Grant, current: Result<{ tool: Tool; parts: ToolParts }>): Result<ExplainedGrant> {
    if (!current.ok) return ok({ ...grant, holds: false, why: `Does not hold: ${current.problem.message}.` });
    const { tool, parts } = current.value;
    const named = { ...grant, name: tool.name };
    if (grant.duration !== "session" && this.#parts.isStateOfWorkspace) {
      return ok({ ...named, holds: false, why: `Does not hold: ${NOT_KEPT}.` });
    }
    if (parts.fingerprint !== grant.fingerprint) {
      const changes = this.#parts.approvals.changes(grant.tool, parts, grant.fingerprint);
      if (!changes.ok) return changes;
      const what = changes.value === undefined ? "" : `: ${changedText(changes.value)}`;
      const why = `Does not hold: ${tool.name} changed since it was given${what}.`;
      return ok({ ...named, holds: false, why, ...(changes.value === undefined ? {} : { changes: changes.value }) });
    }
    const gone = grant.paths.filter((path) => !isStillThere(path, this.#parts.stateRoot));
    if (gone.length > 0) {
      return ok({ ...named, holds: gone.length < grant.paths.length, why: `No longer there: ${gone.join(", ")}.` });
    }
    return ok({ ...named, holds: true, why: `${tool.name} has not changed since it was granted.` });
  }

  /**
   * How a tool differs from the version that was approved last; nothing when it does not, or none was.
   * @param wanted an id, or a name that only one tool has
   */
  changes(wanted: string): Result<ToolChanges | undefined> {
    const current = this.#current(wanted);
    return current.ok ? this.#parts.approvals.changes(current.value.tool.id, current.value.parts) : current;
  }

  /** Gives a grant for a tool as it is now. Problems: those of finding the tool, `bad-grant`, `tool-changed`. */
  allow(request: GrantRequest): Result<Grant> {
    const { principal, capability, duration } = request;
    if (duration !== "session" && this.#parts.isStateOfWorkspace) return fail("bad-grant", `Not granted: ${NOT_KEPT}`);
    const found = this.#parts.find(request.tool);
    if (!found.ok) return found;
    const tool = found.value;
    const parts = this.#parts.parts(tool);
    if (!parts.ok) return parts;
    const { fingerprint } = parts.value;
    if (request.approved !== undefined && request.approved !== fingerprint) {
      return fail("tool-changed", `${tool.name} changed after it was looked at: look at it again, then grant it`);
    }
    const claimed = tool.capabilities.find(({ name }) => name === capability);
    const scope = grantScope(capability, claimed, request, this.#parts);
    if (!scope.ok) return scope;
    const grant: Grant = {
      id: randomUUID(),
      ...{ tool: tool.id, fingerprint, principal, capability, duration },
      paths: [...scope.value.paths],
      hosts: [...scope.value.hosts],
      grantedAt: this.#parts.clock().toISOString(),
      grantedBy: "user",
      evidence: claimed?.evidence ?? [],
    };
    const approved = this.#parts.approvals.note(tool.id, parts.value);
    if (!approved.ok) return approved;
    const added = this.#store.add(grant);
    if (!added.ok) return added;
    this.#changed();
    return ok(grant);
  }

  /**
   * Takes grants back, also those that no longer hold.
   * @returns how many; problem `no-grant` when there is none
   */
  revoke(request: RevokeRequest): Result<number> {
    const found = this.#parts.find(request.tool);
    if (!found.ok && found.problem.code === "ambiguous-tool") return found;
    const tool = found.ok ? found.value.id : request.tool;
    const all = this.#store.all();
    if (!all.ok) return all;
    const { capability, principal, paths, hosts } = request;
    const isMeant = (grant: Grant): boolean =>
      grant.tool === tool && grant.capability === capability && grant.principal === principal;
    const isWhole = paths === undefined && hosts === undefined;
    const meant = all.value.filter(isMeant).filter((grant) => isWhole || without(grant, paths, hosts) !== grant);
    const rest = isWhole ? [] : meant.map((grant) => without(grant, paths, hosts)).filter(namesAnything);
    if (meant.length === 0) {
      const what = [...(paths ?? []), ...(hosts ?? [])].join(", ");
      const detail = what === "" ? "" : ` for ${what}`;
      return fail("no-grant", `${principal} has no grant of “${capability}” for ${tool}${detail}`);
    }
    return this.#end(meant, rest);
  }

  /** Takes one grant back. @returns whether it still held */
  revokeOne(id: string): Result<boolean> {
    const all = this.#store.all();
    if (!all.ok) return all;
    const ended = this.#end(
      all.value.filter((grant) => grant.id === id),
      [],
    );
    return ended.ok ? ok(ended.value > 0) : ended;
  }

  #end(grants: readonly Grant[], rest: readonly Grant[]): Result<number> {
    const again = rest.map((grant) => ({ ...grant, id: randomUUID() }));
    const ended = this.#store.end(grants, { by: "revoked", who: "user" }, again);
    this.#changed();
    return ended;
  }

  /**
   * The grants that count for a run, with the paths that are still what was granted.
   * @param run the run that asks, which keeps what it has used up itself
   */
  holding(tool: Tool, fingerprint: string, principal: Principal, run?: string): Result<readonly Grant[]> {
    const found = this.#store.holding(tool.id, fingerprint, principal, run);
    if (!found.ok) return found;
    const counting = found.value.filter(({ duration }) => duration === "session" || !this.#parts.isStateOfWorkspace);
    return ok(
      counting.map((grant) => ({
        ...grant,
        paths: grant.paths.filter((path) => isStillThere(path, this.#parts.stateRoot)),
      })),
    );
  }

  /** The capabilities that a principal was granted for other versions of a tool. */
  ofOtherVersions(tool: string, fingerprint: string, principal: Principal): Result<ReadonlySet<CapabilityName>> {
    const all = this.#store.all();
    if (!all.ok) return all;
    const others = all.value.filter(
      (grant) => grant.tool === tool && grant.principal === principal && grant.fingerprint !== fingerprint,
    );
    return ok(new Set(others.map(({ capability }) => capability)));
  }

  /**
   * Uses up the grants for one run.
   * @returns whether all of them still held: another run may have come first
   */
  use(grants: readonly Grant[], run: string): Result<boolean> {
    const once = grants.filter(({ duration }) => duration === "once");
    if (once.length === 0) return ok(true);
    const used = this.#store.end(once, { by: "used", run });
    this.#changed();
    return used.ok ? ok(used.value === once.length) : used;
  }
}

/** What is left of a grant without some of its paths and hosts; the grant itself when it names none of them. */
function without(grant: Grant, paths: readonly string[] = [], hosts: readonly string[] = []): Grant {
  const left = {
    paths: grant.paths.filter((path) => !paths.includes(path)),
    hosts: grant.hosts.filter((host) => !hosts.includes(host)),
  };
  const isSame = left.paths.length === grant.paths.length && left.hosts.length === grant.hosts.length;
  return isSame ? grant : { ...grant, ...left };
}

function namesAnything({ paths, hosts }: Grant): boolean {
  return paths.length + hosts.length > 0;
}

/** What changed, in a few words. */
export function changedText({ files, description }: ToolChanges): string {
  const named = files.map(({ file, change }) => (change === "changed" ? file : `${file} (${change})`));
  return [...named, ...(description ? ["its command or schema"] : [])].join(", ");
}
