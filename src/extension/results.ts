import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import {
  commands,
  type Disposable,
  l10n,
  languages,
  type TextDocument,
  type TextDocumentContentProvider,
  Uri,
  ViewColumn,
  type WorkspaceFolder,
  window,
  workspace,
} from "vscode";
import * as z from "zod";
import { type Execution, fail, ok, parseBoundary, type Result, type ResultFile } from "../model/index.ts";
import type { GraphPanels } from "./graph/graph-panels.ts";
import type { Kernels } from "./kernels.ts";
import type { Reporter } from "./reporter.ts";
import { showPage } from "./scriptless-page.ts";
import { observedPage } from "./text/observed.ts";
import { plainMessage } from "./text/plain.ts";
import { executionText, formattedJson, nameOfId, pictureKind, svgPage } from "./text/result.ts";

const SCHEME = "toka-result";
/** A result larger than this is not opened in the editor. */
const LARGEST_BYTES = 20 * 1024 * 1024;

/** Names a kept run: by a command's argument, and in the address of a result document. */
export const ExecutionReference = z.object({ folder: z.string(), execution: z.string() });
export type ExecutionReference = z.infer<typeof ExecutionReference>;

/** A document of a run: `path` is one of its result files; without it the run as a whole. */
const ResultAddress = ExecutionReference.extend({ path: z.string().optional() });
type ResultAddress = z.infer<typeof ResultAddress>;

/** Opens what runs left: documents, graphs and pages, none of which can run anything. */
export class Results implements TextDocumentContentProvider, Disposable {
  readonly #kernels: Kernels;
  readonly #graphs: GraphPanels;
  readonly #reporter: Reporter;
  readonly #registration: Disposable;

  constructor(kernels: Kernels, graphs: GraphPanels, reporter: Reporter) {
    this.#kernels = kernels;
    this.#graphs = graphs;
    this.#reporter = reporter;
    this.#registration = workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  /** Finds a kept run. */
  async find({ folder, execution }: ExecutionReference): Promise<Result<Execution>> {
    const known = workspace.workspaceFolders?.find(({ uri }) => uri.toString() === folder);
    if (known === undefined) return fail("no-folder", l10n.t("The folder of this run is no longer open."));
    const kernel = await this.#kernels.get(known);
    if (!kernel.ok) return kernel;
    return kernel.value.execution(execution);
  }

  /** What a run printed, with how it ended, as a document. */
  async openExecution(reference: ExecutionReference): Promise<void> {
    const found = await this.find(reference);
    if (!found.ok) {
      this.#reporter.problem(found.problem);
      return;
    }
    const time = found.value.startedAt.slice(0, 19).replaceAll(":", ".");
    await show(address(`${nameOfId(found.value.tool)} ${time}.txt`, reference), true);
  }

  /** What an observed run did, and how that compares with its code, as a page. */
  async openObserved(reference: ExecutionReference): Promise<void> {
    const found = await this.find(reference);
    if (!found.ok) this.#reporter.problem(found.problem);
    else if (!this.#showObserved(found.value, true)) this.#reporter.notice(l10n.t("This run was not observed."));
  }

  #showObserved(execution: Execution, focus: boolean): boolean {
    const { observed } = execution;
    if (observed === undefined) return false;
    showPage(observedPage({ ...execution, observed }, l10n.t), l10n.t("What {0} Did", nameOfId(execution.tool)), focus);
    return true;
  }

  /**
   * Opens the results of a run: the files it left, and what it printed in a known format.
   * @param focus false when nobody asked for them: the keyboard stays where it is
   */
  async openResults(folder: WorkspaceFolder, execution: Execution, focus: boolean): Promise<void> {
    for (const file of execution.results) await this.#open(folder, execution, file, focus);
    this.#showObserved(execution, focus);
  }

  async #open(folder: WorkspaceFolder, execution: Execution, file: ResultFile, focus: boolean): Promise<void> {
    const tool = nameOfId(execution.tool);
    // What was printed has no name of its own; a file that the tool wrote has.
    const title = basename(file.path).replace(/^stdout\./, `${tool}.`);
    const reference = { folder: folder.uri.toString(), execution: execution.id, path: file.path };
    switch (file.format) {
      case "json":
        await show(address(title, reference), focus, "json");
        break;
      case "text":
        await show(address(title, reference), focus);
        break;
      case "mermaid":
      case "html": {
        const content = await readResult(execution, file.path);
        if (!content.ok) this.#reporter.problem(content.problem);
        else if (file.format === "mermaid") this.#graphs.showMermaid(content.value, title);
        else showPage(content.value, title, focus);
        break;
      }
      case "other":
        await this.#openOther(execution, file, title, focus);
    }
  }

  /** Pictures are shown; anything else can be taken away. */
  async #openOther(execution: Execution, { path }: ResultFile, title: string, focus: boolean): Promise<void> {
    switch (pictureKind(path)) {
      case "raster":
        await commands.executeCommand("vscode.open", Uri.file(path), {
          ...{ viewColumn: ViewColumn.Beside, preview: true, preserveFocus: !focus },
        });
        return;
      case "svg": {
        const svg = await readResult(execution, path);
        if (svg.ok) showPage(svgPage(svg.value, title), title, focus);
        else this.#reporter.problem(svg.problem);
        return;
      }
      default:
        this.#reporter.background(this.#offerCopy(path), l10n.t("saving a copy"));
    }
  }

  async #offerCopy(path: string): Promise<void> {
    const save = l10n.t("Save a Copy…");
    const text = l10n.t("The run left a file that cannot be shown here: {0}", basename(path));
    if ((await window.showInformationMessage(plainMessage(text), save)) !== save) return;
    const [folder] = workspace.workspaceFolders ?? [];
    const defaultUri = folder === undefined ? Uri.file(path) : Uri.joinPath(folder.uri, basename(path));
    const target = await window.showSaveDialog({ defaultUri });
    if (target !== undefined) await workspace.fs.copy(Uri.file(path), target, { overwrite: true });
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const content = await this.#content(uri);
    // A document has no other way to say why it is empty.
    return content.ok ? content.value : content.problem.message;
  }

  async #content(uri: Uri): Promise<Result<string>> {
    const parsed = parseBoundary(ResultAddress, parseQuery(uri.query), "result address");
    if (!parsed.ok) return parsed;
    const { path, ...reference } = parsed.value;
    const found = await this.find(reference);
    if (!found.ok) return found;
    if (path !== undefined) {
      const content = await readResult(found.value, path);
      return content.ok && uri.path.endsWith(".json") ? ok(formattedJson(content.value)) : content;
    }
    return ok(executionText(found.value, l10n.t));
  }

  dispose(): void {
    this.#registration.dispose();
  }
}

function address(title: string, reference: ResultAddress): Uri {
  return Uri.from({ scheme: SCHEME, path: `/${title}`, query: JSON.stringify(reference) });
}

function parseQuery(query: string): unknown {
  try {
    return JSON.parse(query);
  } catch {
    // The schema says what is wrong with it.
    return query;
  }
}

/** Only files that the run's own record names are read. */
async function readResult(execution: Execution, path: string): Promise<Result<string>> {
  if (!execution.results.some((file) => file.path === path)) {
    return fail("no-result", l10n.t("{0} is not a result of this run.", path));
  }
  try {
    const { size } = await stat(path);
    if (size > LARGEST_BYTES) return fail("result-too-large", l10n.t("{0} is too large to open here.", path));
    return ok(await readFile(path, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail("result-unreadable", l10n.t("{0} cannot be read: {1}", path, why));
  }
}

async function show(uri: Uri, focus: boolean, language?: string): Promise<void> {
  const opened = await workspace.openTextDocument(uri);
  const document: TextDocument =
    language === undefined || opened.languageId === language
      ? opened
      : await languages.setTextDocumentLanguage(opened, language);
  await window.showTextDocument(document, { preview: true, preserveFocus: !focus });
}
