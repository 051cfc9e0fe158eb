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

/**
 * Adds one line of evidence, and what it names, to what was found.
 * @param tell the rest of the evidence, asked for only when it is kept
 */
export function gather(
  findings: Findings,
  name: CapabilityName,
  file: string,
  line: number,
  scope: Scope | null,
  tell: () => Omit<Evidence, "file" | "line">,
): void {
  let entry = findings.get(name);
  if (entry === undefined) {
    entry = { evidence: [], scope: { hosts: [], paths: [], programs: [] } };
    findings.set(name, entry);
  }
  if (scope !== null) addScope(entry, scope);
  if (entry.evidence.length >= MAX_EVIDENCE) return;
  if (!entry.evidence.some((item) => item.line === line && item.file === file)) {
    entry.evidence.push({ file, line, ...tell() });
  }
}

function addScope({ scope: known }: Gathered, scope: Scope): void {
  for (const kind of ["hosts", "paths", "programs"] as const) {
    for (const item of scope[kind] ?? []) {
      if (known[kind].length < MAX_SCOPE && !known[kind].includes(item)) known[kind].push(item);
    }
  }
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
