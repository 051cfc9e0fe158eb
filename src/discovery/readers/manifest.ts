import { LineCounter, parseDocument } from "yaml";
import type * as z from "zod";
import {
  acceptedParameters,
  CAPABILITIES,
  type Capability,
  type CapabilityName,
  type Diagnostic,
  Manifest,
  ManifestParameter,
  type Parameter,
  type Tool,
} from "../../model/index.ts";
import { categoryOf } from "../category.ts";
import { fieldLines, nearestLine } from "../document-lines.ts";
import { argumentsSchema } from "../schema.ts";

/** A manifest as far as it can be read. */
export interface ManifestReading {
  /** Of the manifest, relative to the workspace. */
  readonly file: string;
  readonly manifest: Manifest;
  /** Lines of fields by dotted path, such as `parameters.0.type`. */
  readonly lines: ReadonlyMap<string, number>;
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** Aliases that a document may expand to: enough for anchors in earnest, too few for a bomb. */
const MAX_ALIASES = 50;

/**
 * Reads a `*.tool.yaml` or `*.tool.json` (which YAML contains) field by field: a field that is wrong is one diagnostic
 * on its line, and the others still count.
 */
export function readManifest(file: string, text: string): ManifestReading {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const diagnostics: Diagnostic[] = [];
  const report = (line: number, severity: Diagnostic["severity"], code: string, message: string): void => {
    diagnostics.push({ file, line, severity, code, message });
  };
  for (const error of document.errors)
    report(counter.linePos(error.pos[0]).line, "error", "manifest-syntax", error.message);
  const lines = fieldLines(document.contents, counter);
  const empty: ManifestReading = { file, manifest: {}, lines, text, diagnostics };
  const value = toValue(() => document.toJS({ maxAliasCount: MAX_ALIASES }), report);
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    if (document.errors.length === 0) report(1, "error", "manifest-shape", "A manifest is a mapping of fields.");
    return empty;
  }
  const lineOf = (field: string): number => nearestLine(lines, field);
  const manifest = readFields(value, lineOf, report);
  checkTarget(manifest, lineOf, report);
  return { ...empty, manifest };
}

type Report = (line: number, severity: Diagnostic["severity"], code: string, message: string) => void;

function toValue(convert: () => unknown, report: Report): unknown {
  try {
    return convert();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    report(1, "error", "manifest-syntax", error.message);
    return null;
  }
}

// --- fields -----------------------------------------------------------------------------------------------------

const FIELDS = Manifest.shape;

function isField(name: string): name is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, name);
}

function readFields(value: object, lineOf: (field: string) => number, report: Report): Manifest {
  const kept: Record<string, unknown> = {};
  for (const [name, content] of Object.entries(value)) {
    if (!isField(name)) {
      report(lineOf(name), "warning", "manifest-unknown-field", `There is no field “${name}”; it is left out.`);
    } else if (name === "parameters") kept[name] = readList(content, name, ManifestParameter, lineOf, report);
    else if (name === "capabilities") kept[name] = readList(content, name, CAPABILITY, lineOf, report);
    else {
      const checked = check(FIELDS[name], content, name, lineOf, report);
      if (checked !== undefined) kept[name] = checked;
    }
  }
  // Every field was checked on its own; what is left is valid as a whole.
  return Manifest.parse(kept);
}

const CAPABILITY = FIELDS.capabilities.unwrap().element;

/** Keeps the good items of a list. */
function readList<S extends z.ZodType>(
  content: unknown,
  name: string,
  schema: S,
  lineOf: (field: string) => number,
  report: Report,
): z.infer<S>[] {
  if (!Array.isArray(content)) {
    report(lineOf(name), "error", "manifest-field", `“${name}” has to be a list.`);
    return [];
  }
  return content.flatMap((item: unknown, index) => {
    const checked = check(schema, item, `${name}.${index}`, lineOf, report);
    return checked === undefined ? [] : [checked];
  });
}

/** A field's value, without its own bad parts where it is an object; `undefined` when nothing good is left. */
function check<S extends z.ZodType>(
  schema: S,
  content: unknown,
  path: string,
  lineOf: (field: string) => number,
  report: Report,
): z.infer<S> | undefined {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const bad = new Set<string>();
  for (const issue of parsed.error.issues) {
    const keys = issue.code === "unrecognized_keys" ? issue.keys : [issue.path[0]];
    for (const key of keys) if (key !== undefined) bad.add(String(key));
    const field = [
      path,
      ...issue.path.map(String),
      ...(issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : []),
    ].join(".");
    report(lineOf(field), "error", "manifest-field", `“${field}”: ${issue.message}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content) || bad.size === 0) return undefined;
  const rest = Object.fromEntries(Object.entries(content).filter(([key]) => !bad.has(key)));
  const again = schema.safeParse(rest);
  return again.success ? again.data : undefined;
}

function checkTarget(manifest: Manifest, lineOf: (field: string) => number, report: Report): void {
  if (manifest.file !== undefined && manifest.command !== undefined) {
    report(
      lineOf("command"),
      "error",
      "manifest-target",
      "Give either “file” or “command”, not both; “command” is left out.",
    );
  } else if (manifest.file === undefined && manifest.command === undefined) {
    report(1, "error", "manifest-target", "Say which tool it is: “file” for a script beside it, or “command”.");
  }
  const escapes = manifest.file?.startsWith("/") === true || manifest.file?.split("/").includes("..") === true;
  if (escapes) report(lineOf("file"), "error", "manifest-target", "“file” has to lie beside or below the manifest.");
  for (const [index, input] of (manifest.inputs ?? []).entries()) {
    if (targetOf("", input) !== null) continue;
    report(lineOf(`inputs.${index}`), "error", "manifest-target", "An input has to lie beside or below the manifest.");
  }
}

// --- merging ----------------------------------------------------------------------------------------------------

/** Inferred tools corrected by manifests, and the tools that manifests alone describe. */
export function applyManifests(
  inferred: readonly Tool[],
  manifests: readonly ManifestReading[],
): { readonly tools: readonly Tool[]; readonly diagnostics: readonly Diagnostic[] } {
  const tools = new Map(inferred.map((tool) => [tool.id, tool]));
  const diagnostics: Diagnostic[] = [];
  for (const reading of manifests) {
    const { manifest, file } = reading;
    if (manifest.file === undefined) {
      const tool = externalTool(reading);
      if (tool !== null) tools.set(tool.id, tool);
      continue;
    }
    const target = targetOf(file, manifest.file);
    const found = target === null ? undefined : tools.get(target);
    if (target === null) continue;
    if (found === undefined) {
      diagnostics.push({
        file,
        line: nearestLine(reading.lines, "file"),
        severity: "warning",
        code: "manifest-no-tool",
        message: `No tool was found in ${target}, so this manifest describes nothing.`,
      });
      continue;
    }
    tools.set(target, merge(found, reading));
  }
  return { tools: [...tools.values()], diagnostics };
}

/** The described file, relative to the workspace; `null` when it would lie outside the manifest's folder. */
function targetOf(manifestFile: string, file: string): string | null {
  const folder = manifestFile.slice(0, manifestFile.lastIndexOf("/") + 1);
  const parts = file.split("/").filter((part) => part !== "." && part !== "");
  return file.startsWith("/") || parts.includes("..") ? null : folder + parts.join("/");
}

function merge(tool: Tool, reading: ManifestReading): Tool {
  const { manifest } = reading;
  const parameters = mergeParameters(withStatedRest(tool, reading), reading);
  const { rest, ...entry } = tool.entry;
  const keptRest = parameters.some(({ name, flags }) => flags.length === 0 || name === rest?.name) ? undefined : rest;
  const capabilities = addCapabilities(tool.capabilities, reading);
  const name = manifest.name ?? tool.name;
  const description = manifest.description ?? tool.description;
  const category = manifest.category ?? categoryOf(name, description, capabilities, manifest.output);
  const inferred = tool.inferredCategory ?? tool.category;
  return {
    ...tool,
    name,
    description,
    source: "both",
    entry: { ...entry, ...(keptRest === undefined ? {} : { rest: keptRest }) },
    parameters,
    schema: argumentsSchema(parameters, tool.subcommands, keptRest),
    capabilities,
    category,
    ...(category === inferred ? {} : { inferredCategory: inferred }),
    ...(manifest.output === undefined ? {} : { output: manifest.output }),
    ...(manifest.limits === undefined ? {} : { limits: manifest.limits }),
    ...runningOf(reading),
    ...(manifest.examples === undefined ? {} : { examples: manifest.examples }),
  };
}

/**
 * What a manifest says about how a tool is run. Inputs count as a whole: a result that rests on some of them alone would be
 * given again when another one changed.
 */
function runningOf({ manifest, file }: ManifestReading): Pick<Tool, "idempotent" | "inputs" | "heavy" | "retry"> {
  const targets = manifest.inputs?.map((input) => targetOf(file, input));
  const inputs = targets?.every((target) => target !== null) === true ? targets : undefined;
  return {
    ...(manifest.idempotent === undefined ? {} : { idempotent: manifest.idempotent }),
    ...(inputs === undefined ? {} : { inputs }),
    ...(manifest.heavy === undefined ? {} : { heavy: manifest.heavy }),
    ...(manifest.retry === undefined ? {} : { retry: manifest.retry }),
  };
}

/** Words that the parser leaves over are a parameter of the tool's where the manifest describes them under their name. */
function withStatedRest(tool: Tool, reading: ManifestReading): readonly Parameter[] {
  const isStated = (reading.manifest.parameters ?? []).some(({ name }) => name === tool.entry.rest?.name);
  return isStated ? acceptedParameters(tool) : tool.parameters;
}

/** What the manifest says of a parameter stands over what was inferred; parameters that it adds come last. */
function mergeParameters(inferred: readonly Parameter[], reading: ManifestReading): Parameter[] {
  const states = (reading.manifest.parameters ?? []).length > 0;
  // What stands for arguments that could not be read gives way to what the manifest says they are.
  const result = inferred.filter(
    (parameter) => !(states && parameter.confidence === "unknown" && parameter.name === "args"),
  );
  for (const [index, described] of (reading.manifest.parameters ?? []).entries()) {
    const at = result.findIndex(
      (parameter) =>
        parameter.name === described.name &&
        (described.subcommand === undefined || described.subcommand === parameter.subcommand),
    );
    const known = result[at];
    const stated = statedOnly(described);
    if (known !== undefined) result[at] = { ...known, ...stated, confidence: "certain" };
    else result.push(newParameter(stated, nearestLine(reading.lines, `parameters.${index}`)));
  }
  return result;
}

function newParameter(stated: Partial<Parameter> & { readonly name: string }, line: number): Parameter {
  return { ...stated, flags: stated.flags ?? [], required: stated.required ?? false, confidence: "certain", line };
}

/** Only what the manifest states; an absent field must not hide what was inferred. */
function statedOnly(described: ManifestParameter): Partial<Parameter> & { readonly name: string } {
  const stated: Partial<Parameter> = Object.fromEntries(
    Object.entries(described).filter(([, value]) => value !== undefined),
  );
  return { ...stated, name: described.name };
}

/** Adds capabilities that the manifest states; what was inferred stays, whatever it says. */
function addCapabilities(inferred: readonly Capability[], reading: ManifestReading): Capability[] {
  const known = new Set(inferred.map((capability) => capability.name));
  const sourceLines = reading.text.split(/\r?\n/u);
  const added: Capability[] = [];
  for (const [index, name] of (reading.manifest.capabilities ?? []).entries()) {
    if (known.has(name)) continue;
    known.add(name);
    const line = nearestLine(reading.lines, `capabilities.${index}`);
    const text = (sourceLines[line - 1] ?? "").trim();
    added.push({
      name,
      severity: CAPABILITIES[name].severity,
      evidence: [{ file: reading.file, line, text, why: "The manifest says so." }],
    });
  }
  const order = Object.keys(CAPABILITIES) as CapabilityName[];
  return [...inferred, ...added].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

/** The tool that a manifest with a `command` describes. It starts a program, so that is what it needs at least. */
function externalTool(reading: ManifestReading): Tool | null {
  const { manifest, file } = reading;
  const { command } = manifest;
  const [program] = command ?? [];
  if (command === undefined || program === undefined) return null;
  const base = file.slice(file.lastIndexOf("/") + 1).replace(/\.tool\.(?:ya?ml|json)$/u, "");
  const name = manifest.name ?? base;
  const description = manifest.description ?? "";
  const line = nearestLine(reading.lines, "command");
  const parameters = mergeParameters([], reading);
  const capabilities = addCapabilities(
    [
      {
        name: "process-spawn",
        severity: CAPABILITIES["process-spawn"].severity,
        evidence: [{ file, line, text: command.join(" "), why: `The manifest's command starts ${program}.` }],
        scope: { programs: [program] },
      },
    ],
    reading,
  );
  return {
    id: file,
    name,
    kind: "external",
    file,
    line: 1,
    framework: "manifest",
    description,
    category: manifest.category ?? categoryOf(name, description, capabilities, manifest.output),
    source: "manifest",
    entry: { argv: [...command] },
    parameters,
    subcommands: [...new Set(parameters.flatMap((parameter) => parameter.subcommand ?? []))].map((path) => ({
      path,
      line,
    })),
    schema: argumentsSchema(parameters, []),
    capabilities,
    ...(manifest.output === undefined ? {} : { output: manifest.output }),
    ...(manifest.limits === undefined ? {} : { limits: manifest.limits }),
    ...runningOf(reading),
    ...(manifest.examples === undefined ? {} : { examples: manifest.examples }),
  };
}
