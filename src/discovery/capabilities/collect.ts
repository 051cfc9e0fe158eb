import { CAPABILITIES, type Capability, type CapabilityName, type Evidence, type Scope } from "../../model/index.ts";

/** What was gathered about one capability. */
export interface Gathered {
  readonly evidence: Evidence[];
  readonly scope: { readonly hosts: string[]; readonly paths: string[]; readonly programs: string[] };
}

export type Findings = Map<CapabilityName, Gathered>;

/** Lines of evidence kept per capability, first ones first. */
const MAX_EVIDENCE = 20;

/** Literal hosts, paths or programs kept per capability. */
const MAX_SCOPE = 40;

/** Adds one line of evidence, and what it names, to what was found. */
export function gather(findings: Findings, name: CapabilityName, evidence: Evidence, scope: Scope | null): void {
  let entry = findings.get(name);
  if (entry === undefined) {
    entry = { evidence: [], scope: { hosts: [], paths: [], programs: [] } };
    findings.set(name, entry);
  }
  for (const kind of ["hosts", "paths", "programs"] as const) {
    const known = entry.scope[kind];
    for (const item of scope?.[kind] ?? []) {
      if (!known.includes(item) && known.length < MAX_SCOPE) known.push(item);
    }
  }
  const isKnown = entry.evidence.some((item) => item.file === evidence.file && item.line === evidence.line);
  if (!isKnown && entry.evidence.length < MAX_EVIDENCE) entry.evidence.push(evidence);
}

/** In the order of the product's table. */
export function toCapabilities(found: Findings): Capability[] {
  return (Object.keys(CAPABILITIES) as CapabilityName[]).flatMap((name) => {
    const entry = found.get(name);
    if (entry === undefined) return [];
    const { hosts, paths, programs } = entry.scope;
    const scope: Scope = {
      ...(hosts.length > 0 ? { hosts } : {}),
      ...(paths.length > 0 ? { paths } : {}),
      ...(programs.length > 0 ? { programs } : {}),
    };
    return [
      {
        name,
        severity: CAPABILITIES[name].severity,
        evidence: entry.evidence,
        ...(Object.keys(scope).length > 0 ? { scope } : {}),
      },
    ];
  });
}
