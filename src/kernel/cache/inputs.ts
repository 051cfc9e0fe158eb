import { dirname, isAbsolute, join, resolve } from "node:path";
import type { CapabilityName, FileAccess, Observed, ObservedFile } from "../../model/index.ts";
import type { Plan } from "../request.ts";
import type { Input } from "./digest.ts";

/** What a run did of which observing cannot know the inputs. */
const OPAQUE: ReadonlySet<CapabilityName> = new Set(["process-spawn", "process-signal", "native-code", "stdin", "gui"]);

/** Packages that open files in native code, past Python's audit events. */
const NATIVE_READERS: ReadonlySet<string> = new Set([
  ...[
    "pyarrow",
    "polars",
    "duckdb",
    "h5py",
    "tables",
    "netCDF4",
    "cv2",
    "rasterio",
    "fiona",
    "pyogrio",
    "osgeo",
    "gdal",
  ],
  ...[
    "lxml",
    "soundfile",
    "av",
    "vtk",
    "pysam",
    "torchvision",
    "tensorflow",
    "xgboost",
    "lightgbm",
    "onnxruntime",
    "pymupdf",
  ],
  ...["fitz", "rocksdb", "lmdb", "apsw", "pygit2", "SimpleITK", "libarchive"],
]);

/** What a result rests on, or why that cannot be known. */
export type Inputs =
  | { readonly known: true; readonly inputs: readonly Input[] }
  | { readonly known: false; readonly why: string };

/**
 * The inputs of a run: those that the manifest declares, and what the run was seen to read, list, look at and import.
 * @param workspace real path of the workspace folder, the run's working directory
 */
export function inputsOf(plan: Plan, observed: Observed | undefined, workspace: string): Inputs {
  const { tool } = plan;
  const declared: Input[] = [
    { kind: "content", path: tool.file },
    ...(tool.inputs ?? []).map((path): Input => ({ kind: "tree", path })),
    ...(tool.kind === "python" ? moduleFolders(plan, workspace) : []).map((path): Input => ({ kind: "modules", path })),
  ];
  if (observed === undefined || observed.pythons === 0) {
    return tool.inputs === undefined ? unknown("the run could not be observed") : known(declared, workspace);
  }
  const opaque = tool.inputs === undefined ? whyOpaque(observed) : undefined;
  const wrong = opaque ?? whyNotPure(observed) ?? whyInexact(observed);
  if (wrong !== undefined) return unknown(wrong);
  const looked = (observed.looked ?? []).map((path): Input => ({ kind: "presence", path }));
  return known([...declared, ...observed.files.flatMap(inputsOfFile), ...looked], workspace);
}

function inputsOfFile({ path, access }: ObservedFile): Input[] {
  const has = (kind: FileAccess): boolean => access.includes(kind);
  return [
    ...(has("read") || has("import") ? [{ kind: "content", path } as const] : []),
    ...(has("list") ? [{ kind: "folder", path } as const] : []),
    ...(has("import") ? importFolders(path).map((folder) => ({ kind: "modules", path: folder }) as const) : []),
  ];
}

function known(inputs: readonly Input[], workspace: string): Inputs {
  const found = inputs.map(({ kind, path }): Input => ({ kind, path: resolve(workspace, path) }));
  return { known: true, inputs: [...new Map(found.map((input) => [`${input.kind} ${input.path}`, input])).values()] };
}

function unknown(why: string): Inputs {
  return { known: false, why };
}

/** The folders that Python looks for modules in before its own: the script's, the working directory, those of the plan. */
function moduleFolders(plan: Plan, workspace: string): string[] {
  const [, first = ""] = plan.argv;
  const script = first.startsWith("-") ? workspace : dirname(first);
  return [script, dirname(join(workspace, plan.tool.file)), ...(plan.modulePath?.split(":") ?? [])];
}

function whyOpaque({ lost, programs, actions, imports }: Observed): string | undefined {
  if (lost > 0) return "not all that it did was told";
  if (programs.length > 0) return "it started programs";
  const action = actions.find(({ capability }) => OPAQUE.has(capability));
  if (action !== undefined) return `it ${action.what}`;
  const native = imports.find((name) => NATIVE_READERS.has(name));
  return native === undefined ? undefined : `${native} reads files in native code`;
}

/** The folder of a module and those around it: a program may have put any of them on Python's path. */
function importFolders(path: string): string[] {
  const folder = dirname(path);
  return folder === "." || isAbsolute(path) ? [folder] : [folder, ...importFolders(folder)];
}

/** What a result that is used again would leave out. */
function whyNotPure({ hosts, files, sandbox }: Observed): string | undefined {
  if (hosts.length + sandbox.traffic.length + sandbox.refused.length > 0) return "it used the network";
  const changed = files.find(({ access }) => access.some((one) => CHANGES.has(one)));
  return changed === undefined ? undefined : `it changed ${changed.path}`;
}

const CHANGES: ReadonlySet<string> = new Set(["write", "delete", "attributes"]);

/** Names that were cut, or written with escapes to be harmless, name no file. */
function whyInexact({ files, looked = [] }: Observed): string | undefined {
  const paths = [...files.map(({ path }) => path), ...looked];
  const inexact = paths.find((path) => /\\u[0-9a-f]{4}|\u2026|\uFFFD/.test(path));
  return inexact === undefined ? undefined : `the name ${inexact} was not told exactly`;
}
