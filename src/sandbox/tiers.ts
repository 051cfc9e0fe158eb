import type { Backend, EnforcementReport } from "../model/index.ts";
import type { SandboxBackend } from "./backend.ts";
import { BubblewrapBackend } from "./bubblewrap.ts";
import { type HelperName, HelperSource } from "./helper-code.ts";
import { LandlockBackend } from "./landlock.ts";
import { ContainerBackend } from "./platforms/container.ts";
import { JobBackend } from "./platforms/job.ts";
import { PlainBackend } from "./platforms/plain.ts";
import { SeatbeltBackend } from "./platforms/seatbelt.ts";

/** What backends are made from. */
export interface TierOptions {
  /** Absolute path of `helper.py`; the native one lies beside it. */
  readonly helperPath: string;
  /** Which program supervises runs on Linux; the native one where it runs, unless given. */
  readonly helper?: HelperName | "auto";
  /** The image of `podman` and `docker`. */
  readonly image?: string;
}

/** One backend by its name. */
export function makeBackend(name: Backend, { helperPath, helper, image }: TierOptions): SandboxBackend {
  switch (name) {
    case "bwrap":
      return new BubblewrapBackend(new HelperSource(helperPath, helper));
    case "landlock":
      return new LandlockBackend(new HelperSource(helperPath, helper));
    case "seatbelt":
      return new SeatbeltBackend();
    case "podman":
    case "docker":
      return new ContainerBackend(name, image);
    case "job":
      return new JobBackend();
    case "none":
      return new PlainBackend();
  }
}

/** The ways of holding policies on a system, the best first; and the one that is left when none of them holds. */
export function tiersOf(platform: NodeJS.Platform): { readonly isolating: readonly Backend[]; readonly last: Backend } {
  if (platform === "win32") return { isolating: [], last: "job" };
  return { isolating: platform === "darwin" ? ["seatbelt"] : ["bwrap", "landlock"], last: "none" };
}

const ABOUT: Readonly<Record<Backend, string>> = {
  bwrap: "Linux namespaces; not tried out in this report.",
  landlock: "Linux without namespaces; not tried out in this report.",
  seatbelt: "macOS; not tried out in this report.",
  podman: "The image is ready; not tried out in this report.",
  docker: "The image is ready; not tried out in this report.",
  job: "Limits without isolation: every run needs consent.",
  none: "No isolation: the environment, time and output are limited, and every run needs consent.",
};

/** The backends beside those of a report, and whether they may be chosen on this machine. */
export async function otherBackends(
  names: readonly Backend[],
  options: TierOptions,
): Promise<NonNullable<EnforcementReport["others"]>> {
  return await Promise.all(
    names.map(async (name) => {
      const missing = await makeBackend(name, options).missing();
      return { backend: name, available: missing === undefined, about: missing ?? ABOUT[name] };
    }),
  );
}
