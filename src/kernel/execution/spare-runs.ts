import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { SpareFolders } from "../../sandbox/index.ts";
import type { State } from "../state.ts";

/**
 * Runs that may come: their folders are made ahead, because a sandbox that is kept ready has its result folder mounted
 * already. A run of the same tool then takes the number of one.
 */
export class SpareRuns {
  readonly #state: Pick<State, "makeRunFolder">;
  /** Numbers by tool, the oldest first. */
  readonly #ids = new Map<string, string[]>();

  constructor(state: Pick<State, "makeRunFolder">) {
    this.#state = state;
  }

  /** The number for a new run of a tool. */
  take(tool: string): string {
    return this.#ids.get(tool)?.shift() ?? randomUUID();
  }

  /** Makes folders for runs of a tool, as the sandbox asks for them. */
  foldersFor(tool: string): SpareFolders {
    return {
      make: () => {
        const id = randomUUID();
        const made = this.#state.makeRunFolder(id);
        if (!made.ok) return undefined;
        this.#ids.set(tool, [...(this.#ids.get(tool) ?? []), id]);
        return made.value.results;
      },
      discard: (results) => {
        const folder = dirname(results);
        const ids = this.#ids.get(tool) ?? [];
        const at = ids.indexOf(basename(folder));
        if (at < 0) return; // it belongs to a run
        ids.splice(at, 1);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }
}
