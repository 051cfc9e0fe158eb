import {
  type CompletionItem,
  CompletionItemKind,
  type Connection,
  DiagnosticSeverity,
  type Hover,
  type Position,
} from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { compileWorkflow, EXPRESSION_FUNCTIONS, readWorkflow, toolFinder } from "../../kernel/index.ts";
import { Manifest, type Parameter, type Tool, WORKFLOW_FILE, Workflow } from "../../model/index.ts";
import { escapeMarkdown } from "../symbols.ts";
import { cursorsAt, type YamlCursor, type YamlPath } from "./cursor.ts";
import { type Schema, schemaOf, schemasAt, valuesOf } from "./schema.ts";
import { parameterAt, parameterDetail, type Suggestion, toolOf, workflowSuggestions } from "./workflow-help.ts";

const MANIFEST_FILE = /\.tool\.(?:ya?ml|json)$/i;

const KINDS: Readonly<Record<Suggestion["kind"], CompletionItemKind>> = {
  field: CompletionItemKind.Field,
  value: CompletionItemKind.Value,
  tool: CompletionItemKind.Module,
  parameter: CompletionItemKind.Property,
  step: CompletionItemKind.Reference,
  function: CompletionItemKind.Function,
  variable: CompletionItemKind.Variable,
};

/** Help with the files that describe tools and workflows, from the same schemas by which they are read. */
export class DescribedFiles {
  readonly #connection: Pick<Connection, "sendDiagnostics">;
  #schemas: { readonly workflow: Schema; readonly manifest: Schema } | undefined;

  constructor(connection: Pick<Connection, "sendDiagnostics">) {
    this.#connection = connection;
  }

  static isWorkflow(uri: string): boolean {
    return WORKFLOW_FILE.test(uri);
  }

  /** Tells everything that is wrong with an open workflow. @param file as it is told, relative to its folder */
  async publish(document: TextDocument, file: string, tools: readonly Tool[]): Promise<void> {
    const { problems } = compileWorkflow(readWorkflow(file, document.getText()), toolFinder(tools));
    const diagnostics = problems.map(({ line, column, endLine, endColumn, severity, code, message }) => ({
      range: {
        start: { line: line - 1, character: column - 1 },
        end: { line: endLine - 1, character: endColumn - 1 },
      },
      severity: severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
      code,
      source: "Toka",
      message,
    }));
    await this.#connection.sendDiagnostics({ uri: document.uri, version: document.version, diagnostics });
  }

  /** Takes back what was told of a document. */
  async forget(uri: string): Promise<void> {
    await this.#connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  completion(document: TextDocument, position: Position, tools: readonly Tool[]): CompletionItem[] {
    const schema = this.#schemaFor(document.uri);
    if (schema === undefined) return [];
    for (const cursor of cursorsAt(document.getText(), document.offsetAt(position))) {
      const items = this.#itemsAt(cursor, schema, document, position, tools);
      if (items.length > 0) return items;
    }
    return [];
  }

  #itemsAt(
    cursor: YamlCursor,
    schema: Schema,
    document: TextDocument,
    position: Position,
    tools: readonly Tool[],
  ): CompletionItem[] {
    const isWorkflow = DescribedFiles.isWorkflow(document.uri);
    const own = isWorkflow ? workflowSuggestions(cursor, { value: cursor.value, tools }) : [];
    const isOwn = cursor.expression !== undefined || (cursor.kind === "value" && own.length > 0);
    const all = isOwn ? own : [...own, ...schemaSuggestions(schema, cursor)];
    const isJson = document.uri.toLowerCase().endsWith(".json");
    // VS Code completes JSON by `jsonValidation`: only what no schema can know is added to that.
    const shown = isJson ? own.filter(({ kind }) => kind !== "field") : all;
    const range = { start: document.positionAt(cursor.start), end: position };
    return shown.map(({ label, kind, detail, documentation, text }) => ({
      label,
      kind: KINDS[kind],
      ...(detail === undefined ? {} : { detail }),
      ...(documentation === undefined || documentation === "" ? {} : { documentation }),
      textEdit: { range, newText: isJson ? label : (text ?? label) },
    }));
  }

  hover(document: TextDocument, position: Position, tools: readonly Tool[]): Hover | null {
    const schema = this.#schemaFor(document.uri);
    if (schema === undefined) return null;
    const text = document.getText();
    const offset = document.offsetAt(position);
    const word = wordAround(text, offset);
    if (word === undefined) return null;
    const isWorkflow = DescribedFiles.isWorkflow(document.uri);
    const called = isWorkflow ? EXPRESSION_FUNCTIONS.find(({ name }) => name === word.text) : undefined;
    const isCall = called !== undefined && text.charAt(word.end) === "(";
    const said = isCall
      ? `\`${called.signature}\`\n\n${called.help}`
      : describe(schema, text, word, isWorkflow ? tools : undefined);
    if (said === undefined || said === "") return null;
    const range = { start: document.positionAt(word.start), end: document.positionAt(word.end) };
    return { range, contents: { kind: "markdown", value: said } };
  }

  #schemaFor(uri: string): Schema | undefined {
    const isWorkflow = DescribedFiles.isWorkflow(uri);
    if (!isWorkflow && !MANIFEST_FILE.test(uri)) return undefined;
    this.#schemas ??= { workflow: schemaOf(Workflow), manifest: schemaOf(Manifest) };
    return isWorkflow ? this.#schemas.workflow : this.#schemas.manifest;
  }
}

function schemaSuggestions(root: Schema, { path, kind, siblings }: YamlCursor): readonly Suggestion[] {
  const schemas = schemasAt(root, path);
  if (kind === "value") {
    return schemas.flatMap((schema) =>
      valuesOf(schema).map((value): Suggestion => ({ label: String(value), kind: "value" })),
    );
  }
  const found = new Map<string, Suggestion>();
  for (const { properties = {}, required = [] } of schemas) {
    for (const [label, property] of Object.entries(properties)) {
      if (siblings.has(label)) continue;
      const documentation = property.description ?? "";
      const detail = required.includes(label) ? "required" : "";
      found.set(label, { label, kind: "field", detail, documentation, text: `${label}: ` });
    }
  }
  return [...found.values()];
}

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

function wordAround(text: string, offset: number): Word | undefined {
  const before = /[\w./#-]*$/.exec(text.slice(Math.max(0, offset - 200), offset))?.[0] ?? "";
  const after = /^[\w./#-]*/.exec(text.slice(offset, offset + 200))?.[0] ?? "";
  if (before + after === "") return undefined;
  return { text: before + after, start: offset - before.length, end: offset + after.length };
}

/** What a word in a file means: a field by its schema, a tool or its parameter by what was discovered. */
function describe(root: Schema, text: string, word: Word, tools: readonly Tool[] | undefined): string | undefined {
  const isKey = /^["']?\s*:(?:\s|$)/.test(text.slice(word.end, word.end + 4));
  const rest = text.slice(isKey ? keyEnd(text, word.end) : word.end);
  const [cursor] = cursorsAt(text.slice(0, word.start) + rest, word.start);
  if (cursor === undefined || cursor.expression !== undefined) return undefined;
  const { path, kind } = cursor;
  const context = { value: cursor.value, tools: tools ?? [] };
  if (isKey && kind === "key") {
    const parameter = path[2] === "with" ? parameterAt(context, path, word.text) : undefined;
    return parameter === undefined ? fieldText(root, [...path, word.text]) : parameterText(parameter);
  }
  if (path[0] !== "steps" || path[2] !== "tool") return undefined;
  const tool = toolOf({ ...context, value: { steps: { [String(path[1])]: { tool: word.text } } } }, path);
  return tool === undefined ? undefined : toolText(tool);
}

function fieldText(root: Schema, path: YamlPath): string | undefined {
  const described = schemasAt(root, path).find(({ description }) => description !== undefined);
  return described?.description === undefined ? undefined : escapeMarkdown(described.description);
}

function parameterText(parameter: Parameter): string {
  const { name, help = "" } = parameter;
  return `**${escapeMarkdown(name)}**: ${escapeMarkdown(parameterDetail(parameter))}\n\n${escapeMarkdown(help)}`;
}

function toolText({ name, id, description, capabilities }: Tool): string {
  const can = capabilities.map((capability) => capability.name).join(", ");
  const facts = [escapeMarkdown(description), escapeMarkdown(id), can === "" ? "" : `Can: ${escapeMarkdown(can)}`];
  return [`**${escapeMarkdown(name)}**`, ...facts.filter((fact) => fact !== "")].join("\n\n");
}

/** Behind a key's colon: what follows it would make a second one of the word that is put in its place. */
function keyEnd(text: string, end: number): number {
  const line = text.indexOf("\n", end);
  return line < 0 ? text.length : line;
}
