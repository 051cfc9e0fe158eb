import { Buffer } from "node:buffer";
import { CancellationTokenSource, l10n, type QuickPickItem, Uri, window, workspace } from "vscode";
import type { GraphTextFormat, PictureFormat } from "../../model/index.ts";
import type { Reporter } from "../reporter.ts";
import type { GraphSubject } from "./graph-subject.ts";

interface FormatItem extends QuickPickItem {
  readonly format: PictureFormat | GraphTextFormat;
}

const ENDINGS: Readonly<Record<PictureFormat | GraphTextFormat, string>> = {
  svg: "svg",
  png: "png",
  mermaid: "mmd",
  dot: "dot",
  json: "json",
  html: "html",
};

/** Saves a graph where a person says: pictures come from the page that drew them, texts from the language server. */
export class GraphExport {
  readonly #subject: GraphSubject;
  readonly #reporter: Reporter;
  readonly #takePicture: (format: PictureFormat) => Promise<void>;
  /** The picture that the page was asked for. */
  #awaited: PictureFormat | undefined;

  constructor(subject: GraphSubject, reporter: Reporter, takePicture: (format: PictureFormat) => Promise<void>) {
    this.#subject = subject;
    this.#reporter = reporter;
    this.#takePicture = takePicture;
  }

  /** Asks for the format, then for the place. */
  async ask(): Promise<void> {
    const items: FormatItem[] = [
      { format: "svg", label: "SVG", description: l10n.t("a picture that can be scaled") },
      { format: "png", label: "PNG", description: l10n.t("a picture of pixels") },
      { format: "mermaid", label: "Mermaid", description: l10n.t("text that Markdown viewers draw") },
    ];
    const texts: readonly FormatItem[] = [
      { format: "dot", label: "DOT", description: l10n.t("text for Graphviz") },
      { format: "json", label: "JSON", description: l10n.t("all that is known of nodes and edges") },
      { format: "html", label: "HTML", description: l10n.t("a page of its own with drawing and list") },
    ];
    const { formats } = this.#subject;
    items.push(...texts.filter(({ format }) => formats.some((one) => one === format)));
    const picked = await window.showQuickPick(items, { title: l10n.t("Export the graph as") });
    if (picked === undefined) return;
    const { format } = picked;
    if (format === "svg" || format === "png") {
      this.#awaited = format;
      await this.#takePicture(format);
      return;
    }
    const text = await this.#text(format);
    if (text !== undefined) await this.#write(format, Buffer.from(text, "utf8"));
  }

  /** Takes the picture that the page made; one that nobody asked for is dropped. */
  async save(format: PictureFormat, data: string): Promise<void> {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    if (awaited !== format) return;
    await this.#write(format, Buffer.from(data, format === "png" ? "base64" : "utf8"));
  }

  async #text(format: GraphTextFormat): Promise<string | undefined> {
    const request = new CancellationTokenSource();
    try {
      const found = await this.#subject.text(format, request.token);
      if (found.ok) return found.value;
      this.#reporter.problem(found.problem);
      return undefined;
    } finally {
      request.dispose();
    }
  }

  async #write(format: PictureFormat | GraphTextFormat, bytes: Uint8Array): Promise<void> {
    const { source, title } = this.#subject;
    const ending = ENDINGS[format];
    const name = `${title.replaceAll(/[^\p{L}\p{N}._-]+/gu, "_").replaceAll(/^[._]+|_+$/g, "") || "graph"}.${ending}`;
    const file = source.kind === "mermaid" ? undefined : Uri.parse(source.uri, true);
    const folder =
      (file === undefined ? undefined : workspace.getWorkspaceFolder(file)) ?? workspace.workspaceFolders?.[0];
    const target = await window.showSaveDialog({
      title: l10n.t("Save the graph"),
      filters: { [ending.toUpperCase()]: [ending] },
      ...(folder === undefined ? {} : { defaultUri: Uri.joinPath(folder.uri, name) }),
    });
    if (target !== undefined) await workspace.fs.writeFile(target, bytes);
  }
}
