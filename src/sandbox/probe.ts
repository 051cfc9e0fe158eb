import type { Enforcement } from "../model/index.ts";
import type { SandboxBackend } from "./backend.ts";

export interface ProbeResult {
  readonly usable: boolean;
  readonly mechanisms: readonly Enforcement[];
}

export async function probeBackend(_backend: SandboxBackend, _signal: AbortSignal): Promise<ProbeResult> {
  return { usable: true, mechanisms: [] };
}
