import { CAPABILITIES, type CapabilityName, type Observed, type SeenCapability } from "../model/index.ts";

/** So many things are named in one line; the JSON has all. */
const MOST_NAMED = 5;

const title = (name: CapabilityName): string => CAPABILITIES[name].title;

function some(items: readonly string[]): string {
  const rest = items.length - MOST_NAMED;
  return rest > 0 ? `${items.slice(0, MOST_NAMED).join(", ")} and ${rest} more` : items.join(", ");
}

function seenLine({ capability, seen, place }: SeenCapability): string {
  const where = place === undefined ? "" : ` (${place.file}:${place.line})`;
  return `${title(capability)}: ${some(seen)}${where}`;
}

/** What an observed run did, for people: what was seen, how it compares with what was inferred, what would be enough. */
export function observedLines(observed: Observed): string[] {
  const { comparison, programs, lost } = observed;
  // A Python tells for itself.
  const names = programs.map(({ argv }) => argv[0] ?? "");
  const blind = [...new Set(names)].filter((name) => !/(^|\/)python[\d.]*$/.test(name));
  return [
    ...(observed.pythons === 0 ? ["observed nothing: no Python of the run told what it did"] : []),
    ...(comparison === undefined ? plainLines(observed) : comparisonLines(comparison)),
    ...(blind.length > 0 ? [`not seen is what these programs did: ${some(blind)}`] : []),
    ...(lost > 0 ? [`observations that are missing or made no sense: ${lost}`] : []),
  ];
}

function comparisonLines({ matched, unseen, unexpected, tighter }: NonNullable<Observed["comparison"]>): string[] {
  return [
    ...matched.map((seen) => `inferred and seen: ${seenLine(seen)}`),
    ...(unseen.length > 0 ? [`inferred, not seen in this run: ${unseen.map(title).join(", ")}`] : []),
    ...unexpected.map((seen) => `seen, NOT inferred: ${seenLine(seen)}`),
    ...(tighter.readable.length > 0 ? [`it only ever read ${some(tighter.readable)}`] : []),
    ...(tighter.writable.length > 0 ? [`it only ever changed ${some(tighter.writable)}`] : []),
    ...(tighter.hosts.length > 0 ? [`it only ever asked for ${some(tighter.hosts)}`] : []),
    ...limitLine(tighter.limits),
  ];
}

function limitLine({
  memoryMB,
  timeSeconds,
}: {
  memoryMB?: number | undefined;
  timeSeconds?: number | undefined;
}): string[] {
  const parts = [
    ...(memoryMB === undefined ? [] : [`memoryMB: ${memoryMB}`]),
    ...(timeSeconds === undefined ? [] : [`timeSeconds: ${timeSeconds}`]),
  ];
  return parts.length === 0 ? [] : [`limits that would have been enough, for its manifest: { ${parts.join(", ")} }`];
}

/** Without a tool there is nothing to compare with. */
function plainLines({ files, hosts, sandbox, programs, environment, imports }: Observed): string[] {
  const paths = (kind: "read" | "write" | "delete"): string[] =>
    files.filter(({ access }) => access.includes(kind)).map(({ path }) => path);
  const reached = sandbox.traffic.map(
    ({ host, port, sentBytes, receivedBytes }) => `${host}:${port} (${sentBytes} B sent, ${receivedBytes} B received)`,
  );
  const named = [
    ["read", paths("read")],
    ["wrote", paths("write")],
    ["deleted", paths("delete")],
    ["asked for", hosts.map(({ host, port }) => (port === undefined ? host : `${host}:${port}`))],
    ["reached", reached],
    ["started", programs.map(({ argv }) => argv.join(" "))],
    ["changed the environment", environment.map(({ name }) => name)],
    ["imported", imports],
  ] as const;
  return named.filter(([, items]) => items.length > 0).map(([what, items]) => `${what} ${some(items)}`);
}
