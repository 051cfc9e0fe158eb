import { realpathSync } from "node:fs";
import type { Grant, Limits, Result } from "../model/index.ts";
import type { BuiltinTools } from "./builtin-tools.ts";
import { isInside } from "./entry.ts";
import { Fingerprints } from "./fingerprint.ts";
import { Approvals } from "./grants/approvals.ts";
import { Grants } from "./grants/grants.ts";
import { Planner } from "./planner.ts";
import type { Registry } from "./registry.ts";
import type { RunRequest } from "./request.ts";
import type { State } from "./state.ts";
import { stateRoot } from "./state-folder.ts";

/** The options of a kernel that are about what may be done. */
interface SecurityOptions {
  readonly clock?: () => Date;
  readonly environment?: NodeJS.ProcessEnv;
  readonly limits?: Partial<Limits>;
  readonly trusted?: () => boolean;
  readonly session?: Map<string, Grant>;
}

interface SecurityParts {
  readonly workspace: string;
  readonly root: string;
  readonly state: State;
  readonly registry: Registry;
  readonly builtins: BuiltinTools;
  readonly readableFor: (request: RunRequest) => Result<readonly string[]>;
}

/** What decides on a run and remembers what was decided. */
export interface Security {
  readonly planner: Planner;
  readonly grants: Grants;
  readonly approvals: Approvals;
}

/** Puts together what decides what may be done. */
export function startSecurity(options: SecurityOptions, parts: SecurityParts): Security {
  const { workspace, root, state, registry, builtins, readableFor } = parts;
  const clock = options.clock ?? (() => new Date());
  const approvals = new Approvals(state, workspace, clock);
  const grants = new Grants({
    ...{ state, approvals, workspace, clock, stateRoot: root, session: options.session ?? new Map<string, Grant>() },
    isStateOfWorkspace: isOfWorkspace(root, workspace, options.environment ?? process.env),
    find: (wanted) => registry.find(wanted),
    parts: (tool) => planner.partsOf(tool),
  });
  const planner = new Planner({
    ...{ workspace, state, registry, builtins, approvals, grants, readableFor, stateRoot: root },
    fingerprints: new Fingerprints(),
    limits: options.limits ?? {},
    trusted: options.trusted ?? (() => true),
  });
  return { planner, grants, approvals };
}

/**
 * Whether the workspace could have made the state itself: it holds the folder, and not because it is a folder like the
 * home folder, which holds the platform's own place.
 */
function isOfWorkspace(root: string, workspace: string, environment: NodeJS.ProcessEnv): boolean {
  const { XDG_STATE_HOME: _chosen, ...rest } = environment;
  const real = realpathSync(root);
  return isInside(workspace, real) && real !== realPath(stateRoot(rest, process.platform));
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // nothing is there, so it is not the folder in question
  }
}
