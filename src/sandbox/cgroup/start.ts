import type { Result } from "../../model/index.ts";
import type { PreparedRun } from "../backend.ts";
import type { RunCgroup } from "./tree.ts";

/** What a supervised command gets where its run has a cgroup of its own. */
export interface CgroupPart {
  readonly options: readonly string[];
  readonly command: { readonly cgroup?: () => Result<RunCgroup> };
}

/** @param descriptor the first number that no other descriptor of the command has */
export function cgroupPart({ cgroups, config }: PreparedRun, descriptor: number): CgroupPart {
  if (cgroups === undefined) return { options: [], command: {} };
  const controllers = cgroups.controllers.join(",");
  return {
    options: [`cgroup=${descriptor}:${controllers}`],
    command: { cgroup: () => cgroups.make(config) },
  };
}
