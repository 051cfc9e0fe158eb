import { basename } from "node:path";
import { type Document, isMap, isNode, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import * as z from "zod";
import {
  MAX_WORKFLOW_STEPS,
  WORKFLOW_FILE,
  Workflow,
  type WorkflowInput,
  WorkflowName,
  type WorkflowOutput,
  type WorkflowProblem,
  WorkflowStep,
} from "../../model/index.ts";

/** Keys and indexes from the top of a document. */
export type FieldPath = readonly (string | number)[];

/** From a place up to another one; lines and columns count from 1. */
export type TextRange = Pick<WorkflowProblem, "line" | "column" | "endLine" | "endColumn">;

/** Aliases that a document may expand to: enough for anchors in earnest, too few for a bomb. */
const MAX_ALIASES = 50;
/** A larger file is not read. */
export const MAX_WORKFLOW_BYTES = 1024 * 1024;

/** A YAML document (JSON is one) with the places of what stands in it. */
export class PlacedDocument {
  readonly text: string;
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    this.text = text;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  /** The root of the tree, for what looks through it. */
  get contents(): Node | null {
    return this.#document.contents;
  }

  get syntaxProblems(): readonly { readonly message: string; readonly range: TextRange }[] {
    return this.#document.errors.map(({ message, pos }) => ({ message, range: this.range(pos[0], pos[1]) }));
  }

  /** The document as plain values; undefined when aliases expand to too much. */
  value(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (error) {
      if (error instanceof ReferenceError) return undefined;
      throw error;
    }
  }

  /** @param start offset in the text; @param end offset behind the last character */
  range(start: number, end: number): TextRange {
    const from = this.#lines.linePos(start);
    const to = this.#lines.linePos(Math.max(start, end));
    return { line: from.line, column: from.col, endLine: to.line, endColumn: to.col };
  }

  /** Where the key of a field stands; of an item of a list, the item; of what is not there, what would contain it. */
  keyRange(path: FieldPath): TextRange {
    const last = path.at(-1);
    const parent = this.#nodeAt(path.slice(0, -1));
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last));
      const range = isScalar(pair?.key) ? pair.key.range : undefined;
      if (range) return this.range(range[0], range[1]);
    }
    return this.valueRange(path);
  }

  /** Where the value of a field stands; of what is not there, the key of what would contain it. */
  valueRange(path: FieldPath): TextRange {
    const node = this.#nodeAt(path);
    if (node?.range) return this.#firstLine(node.range[0], node.range[1]);
    return path.length === 0 ? this.range(0, 0) : this.keyRange(path.slice(0, -1));
  }

  /** Where a part of a scalar's text stands; the whole scalar where that cannot be told. */
  partRange(path: FieldPath, start: number, end: number): TextRange {
    const node = this.#nodeAt(path);
    if (!isScalar(node) || !node.range || typeof node.value !== "string") return this.valueRange(path);
    const raw = this.text.slice(node.range[0], node.range[1]);
    const wanted = node.value.slice(start, end);
    const nth = node.value.slice(0, start).split(wanted).length;
    let at = -1;
    for (let count = 0; count < nth && wanted !== ""; count++) at = raw.indexOf(wanted, at + 1);
    if (at >= 0) return this.range(node.range[0] + at, node.range[0] + at + wanted.length);
    return this.valueRange(path);
  }

  /** A long value is marked on its first line only. */
  #firstLine(start: number, end: number): TextRange {
    const raw = this.text.slice(start, end);
    const line = raw.search(/\r?\n/);
    return this.range(start, line < 0 ? end : start + line);
  }

  #nodeAt(path: FieldPath): Node | undefined {
    const found: unknown = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    if (isPair(found)) return undefined;
    return isNode(found) && !isMissing(found) ? found : undefined;
  }
}

function isMissing(node: Node): boolean {
  return !(isScalar(node) || isMap(node) || isSeq(node));
}

/** A step as far as it could be read. */
export interface ReadStep {
  readonly index: number;
  readonly step: WorkflowStep;
}

/** A workflow file, read field by field: what is wrong is a problem, the rest still counts. */
export interface WorkflowSource {
  /** As problems name it. */
  readonly file: string;
  readonly document: PlacedDocument;
  readonly name: string;
  readonly description: string | undefined;
  readonly inputs: ReadonlyMap<string, WorkflowInput>;
  readonly steps: readonly ReadStep[];
  /** Ids of all steps, also of those that could not be read. */
  readonly ids: ReadonlySet<string>;
  readonly outputs: ReadonlyMap<string, WorkflowOutput>;
  readonly problems: readonly WorkflowProblem[];
}

type Report = (code: string, message: string, range: TextRange) => void;

/** @param file relative to the workspace, with `/` */
export function readWorkflow(file: string, text: string): WorkflowSource {
  const problems: WorkflowProblem[] = [];
  const report: Report = (code, message, range) => problems.push({ severity: "error", code, message, file, ...range });
  const large = Buffer.byteLength(text) > MAX_WORKFLOW_BYTES;
  const document = new PlacedDocument(large ? "" : text);
  const reader = new FieldReader(document, report);
  for (const { message, range } of document.syntaxProblems) report("workflow-syntax", message, range);
  const value = document.value();
  const start = document.range(0, 0);
  if (large) report("workflow-syntax", `A workflow has at most ${MAX_WORKFLOW_BYTES} bytes`, start);
  else if (value === undefined) report("workflow-syntax", "Its aliases expand to too much", start);
  else if (!isObject(value) && document.syntaxProblems.length === 0) {
    report("workflow-field", "A workflow is a mapping of fields, with “steps” among them", start);
  }
  const fields = isObject(value) ? value : {};
  const own = { file, document, problems, ids: idsIn(fields["steps"]) };
  const named = reader.field(fields, "name", WorkflowName);
  const { name: _name, inputs: _inputs, steps: _steps, outputs: _outputs, ...plain } = Workflow.shape;
  for (const key of Object.keys(fields)) {
    if (Object.hasOwn(Workflow.shape, key)) continue;
    const known = Object.keys(Workflow.shape).join(", ");
    report("workflow-field", `There is no field “${key}”: there is ${known}`, document.keyRange([key]));
  }
  return {
    ...own,
    name: named ?? nameOfFile(file),
    description: reader.field(fields, "description", plain.description.unwrap()),
    inputs: reader.record(fields, "inputs", Workflow.shape.inputs.unwrap()),
    steps: isObject(value) ? reader.steps(fields["steps"]) : [],
    outputs: reader.record(fields, "outputs", Workflow.shape.outputs.unwrap()),
  };
}

/** The name of a workflow that has none: that of its file, without what no name may have. */
function nameOfFile(file: string): string {
  const name = basename(file).replace(WORKFLOW_FILE, "");
  const clean = name.replaceAll(/[^\p{L}\p{N}_. -]/gu, "_").slice(0, 64);
  return WorkflowName.safeParse(clean).success ? clean : "workflow";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function idsIn(steps: unknown): ReadonlySet<string> {
  const ids = Array.isArray(steps) ? steps.map((step: unknown) => (isObject(step) ? step["id"] : undefined)) : [];
  return new Set(ids.filter((id) => typeof id === "string"));
}

class FieldReader {
  readonly #document: PlacedDocument;
  readonly #report: Report;

  constructor(document: PlacedDocument, report: Report) {
    this.#document = document;
    this.#report = report;
  }

  field<S extends z.ZodType>(
    fields: Readonly<Record<string, unknown>>,
    name: string,
    schema: S,
  ): z.infer<S> | undefined {
    return fields[name] === undefined ? undefined : this.#parse(schema, fields[name], [name]);
  }

  record<K extends z.ZodType<string>, V extends z.core.$ZodType>(
    fields: Readonly<Record<string, unknown>>,
    name: string,
    { keyType, valueType }: { readonly keyType: K; readonly valueType: V },
  ): ReadonlyMap<string, z.infer<V>> {
    const given = fields[name];
    const read = new Map<string, z.infer<V>>();
    if (given === undefined) return read;
    if (!isObject(given)) {
      this.#report("workflow-field", `“${name}” is a mapping of names`, this.#document.keyRange([name]));
      return read;
    }
    for (const [key, value] of Object.entries(given)) {
      if (!keyType.safeParse(key).success) {
        this.#report(
          "workflow-field",
          `“${key}” is no name of letters, digits and “_”`,
          this.#document.keyRange([name, key]),
        );
      }
      const parsed = this.#parse(valueType, value, [name, key]);
      if (parsed !== undefined) read.set(key, parsed);
    }
    return read;
  }

  steps(given: unknown): ReadStep[] {
    if (!Array.isArray(given) || given.length === 0) {
      const range = this.#document.keyRange(["steps"]);
      this.#report("workflow-field", "“steps” is a list with at least one step", range);
      return [];
    }
    if (given.length > MAX_WORKFLOW_STEPS) {
      const message = `A workflow has at most ${MAX_WORKFLOW_STEPS} steps`;
      this.#report("workflow-field", message, this.#document.keyRange(["steps"]));
    }
    return given.slice(0, MAX_WORKFLOW_STEPS).flatMap((value: unknown, index) => {
      const step = this.#parse(WorkflowStep, value, ["steps", index]);
      return step === undefined ? [] : [{ index, step }];
    });
  }

  #parse<S extends z.core.$ZodType>(schema: S, value: unknown, path: FieldPath): z.infer<S> | undefined {
    const parsed = z.safeParse(schema, value, { reportInput: true });
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) this.#issue(issue, path);
    return undefined;
  }

  #issue(issue: z.core.$ZodIssue, base: FieldPath): void {
    const path = [...base, ...issue.path.filter((key) => typeof key !== "symbol")];
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        this.#report("workflow-field", `There is no field “${key}” here`, this.#document.keyRange([...path, key]));
      }
      return;
    }
    const name = path.at(-1);
    const what = typeof name === "string" ? `“${name}”` : `Item ${Number(name) + 1}`;
    const missing = issue.code === "invalid_type" && issue.input === undefined;
    const message = missing ? `${what} is missing` : `${what}: ${issue.message}`;
    this.#report("workflow-field", message, this.#document.valueRange(path));
  }
}
