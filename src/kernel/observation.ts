import { posix } from "node:path";
import type {
  Capability,
  CapabilityComparison,
  CapabilityName,
  CodePlace,
  FileAccess,
  Observed,
  SandboxConfig,
  SeenCapability,
  TighterPolicy,
  Usage,
} from "../model/index.ts";
import { parseHostRule } from "../sandbox/index.ts";

const MEBIBYTE = 1024 * 1024;
/** So many things are named of one capability. */
const MOST_SEEN = 20;
/** A suggestion with more entries than this names the folders above instead. */
const MOST_PATHS = 12;
const WEB_PORTS = [80, 443];

/** Capabilities that cannot be used without being seen, as long as Python code alone is at work. */
const OBSERVABLE: ReadonlySet<CapabilityName> = new Set([
  "filesystem-read",
  "filesystem-write",
  "filesystem-delete",
  "file-permissions",
  "network-access",
  "network-listen",
  "process-spawn",
  "process-signal",
  "env-write",
  "native-code",
  "dynamic-code",
  "deserialization",
]);

/** What a run is compared with. */
export interface ComparisonBase {
  readonly capabilities: readonly Capability[];
  readonly policy: SandboxConfig;
  readonly usage: Usage;
}

/**
 * Compares what was inferred from a tool's code with what a run of it was seen to do. One run proves no absence: other
 * arguments may do what this one did not.
 */
export function compareObserved(observed: Observed, base: ComparisonBase): CapabilityComparison {
  const seen = seenCapabilities(observed);
  const inferred = new Set(base.capabilities.map(({ name }) => name));
  const names = new Set(seen.map(({ capability }) => capability));
  const missing = [...inferred].filter((name) => !names.has(name));
  const canSee = (name: CapabilityName): boolean => observed.pythons > 0 && OBSERVABLE.has(name);
  return {
    matched: seen.filter(({ capability }) => inferred.has(capability)),
    unseen: missing.filter(canSee),
    unexpected: seen.filter(({ capability }) => !inferred.has(capability)),
    unobservable: missing.filter((name) => !canSee(name)),
    tighter: tighterPolicy(observed, base),
  };
}

interface Sighting {
  readonly capability: CapabilityName;
  readonly what: string;
  readonly place?: CodePlace | undefined;
}

function seenCapabilities(observed: Observed): SeenCapability[] {
  const found = new Map<CapabilityName, { capability: CapabilityName; seen: Set<string>; place?: CodePlace }>();
  for (const { capability, what, place } of sightings(observed)) {
    const known = found.get(capability) ?? { capability, seen: new Set(), ...(place ? { place } : {}) };
    if (known.seen.size < MOST_SEEN) known.seen.add(what);
    found.set(capability, known);
  }
  return [...found.values()].map(({ seen, ...rest }) => ({ ...rest, seen: [...seen] }));
}

const FILE_CAPABILITIES = [
  ["filesystem-read", ["read", "list"]],
  ["filesystem-write", ["write"]],
  ["filesystem-delete", ["delete"]],
  ["file-permissions", ["attributes"]],
] as const satisfies [CapabilityName, FileAccess[]][];

function sightings(observed: Observed): Sighting[] {
  const files = FILE_CAPABILITIES.flatMap(([capability, kinds]) =>
    touched(observed, kinds).map(({ path, place }): Sighting => ({ capability, what: path, place })),
  );
  const hosts = observed.hosts
    .filter(({ host }) => !host.startsWith("unix:"))
    .map(({ host, port, how, place }): Sighting => {
      const what = port === undefined ? host : `${host}:${port}`;
      return { capability: how === "listen" ? "network-listen" : "network-access", what, place };
    });
  const routes = [...observed.sandbox.traffic, ...observed.sandbox.refused];
  const network = routes.map(({ host, port }): Sighting => ({ capability: "network-access", what: `${host}:${port}` }));
  const programs = observed.programs.flatMap(({ argv, place }): Sighting[] => {
    const what = argv.join(" ");
    const spawn: Sighting = { capability: "process-spawn", what, place };
    const installs = argv.includes("install") && argv.some((word) => /(^|\/)pip3?(\.\d+)?$/.test(word));
    return installs ? [spawn, { capability: "package-install", what, place }] : [spawn];
  });
  const environment = observed.environment.map(({ name }): Sighting => ({ capability: "env-write", what: name }));
  return [...files, ...hosts, ...network, ...programs, ...environment, ...observed.actions];
}

function touched(observed: Observed, kinds: readonly FileAccess[]): Observed["files"] {
  return observed.files.filter(({ access }) => access.some((one) => kinds.includes(one)));
}

function tighterPolicy(observed: Observed, { policy, usage }: ComparisonBase): TighterPolicy {
  const folders = new Set(touched(observed, ["list"]).map(({ path }) => path));
  const paths = (kinds: readonly FileAccess[]): string[] =>
    fewestPaths(
      touched(observed, kinds).map(({ path }) => path),
      folders,
    );
  const memoryMB = Math.max(32, Math.ceil((2 * usage.peakMemoryBytes) / MEBIBYTE / 16) * 16);
  const timeSeconds = Math.max(5, Math.ceil(usage.wallMs / 100));
  return {
    readable: paths(["read", "list"]),
    code: paths(["import"]),
    writable: paths(["write", "delete", "attributes"]),
    hosts: hostRules(observed),
    programs: [...new Set(observed.programs.map(({ argv }) => posix.basename(argv[0] ?? "")))].filter(Boolean),
    limits: {
      ...(memoryMB * MEBIBYTE < policy.memoryBytes ? { memoryMB } : {}),
      ...(timeSeconds * 1000 < policy.timeMs ? { timeSeconds } : {}),
    },
  };
}

/**
 * Few paths that cover all those that were touched: a folder (written with a slash at its end) where it was listed or
 * several of its files were touched, else the file. The working directory itself stays a list of files while it is short.
 */
export function fewestPaths(paths: readonly string[], folders: ReadonlySet<string>): string[] {
  const perFolder = Map.groupBy(
    paths.filter((path) => !folders.has(path)),
    (path) => posix.dirname(path),
  );
  const chosen = new Set(paths.filter((path) => folders.has(path) && path !== ".").map((path) => `${path}/`));
  for (const [folder, files] of perFolder) {
    const isRoot = folder === "." || folder === "/";
    if (files.length > (isRoot ? MOST_PATHS : 1)) chosen.add(folder === "/" ? "/" : `${folder}/`);
    else for (const file of files) chosen.add(file);
  }
  const covering = withoutCovered(chosen);
  if (covering.length <= MOST_PATHS) return covering;
  return withoutCovered(new Set(covering.map(upperFolder)));
}

function withoutCovered(paths: ReadonlySet<string>): string[] {
  if (paths.has("./")) return ["./", ...[...paths].filter((path) => path.startsWith("/"))];
  const covers = (folder: string, path: string): boolean =>
    folder !== path && folder.endsWith("/") && path.startsWith(folder);
  return [...paths]
    .filter((path) => ![...paths].some((other) => covers(other, path)))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

/** `a/b/c.txt` and `a/b/` are `a/`; a file beside the working directory stays. */
function upperFolder(path: string): string {
  const at = path.indexOf("/", 1);
  return at < 0 ? path : path.slice(0, at + 1);
}

function hostRules(observed: Observed): string[] {
  const hosts = [
    ...observed.hosts.filter(({ how }) => how !== "listen"),
    ...observed.sandbox.traffic,
    ...observed.sandbox.refused,
  ];
  const texts = hosts.map(({ host, port }) => {
    const name = host.includes(":") ? `[${host}]` : host;
    return port === undefined || port === 0 || WEB_PORTS.includes(port) ? name : `${name}:${port}`;
  });
  return [...new Set(texts)].filter((text) => parseHostRule(text).ok && !/^(localhost|127\.)/.test(text));
}
