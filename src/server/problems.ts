import { type Connection, DiagnosticSeverity, type Diagnostic as LspDiagnostic } from "vscode-languageserver/node";
import type { Diagnostic } from "../model/index.ts";
import type { FolderTools } from "./folder-tools.ts";
import { uriInFolder } from "./places.ts";

const SEVERITIES: Readonly<Record<Diagnostic["severity"], DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};

/** Editors cut a range at the line's end. */
const WHOLE_LINE = 10_000;

/** A diagnostic of discovery as the protocol has it: it marks its whole line. */
function toLsp({ line, severity, code, message }: Diagnostic): LspDiagnostic {
  return {
    range: { start: { line: line - 1, character: 0 }, end: { line: line - 1, character: WHOLE_LINE } },
    severity: SEVERITIES[severity],
    code,
    source: "Toka",
    message,
  };
}

/** Publishes what discovery says about files, and takes back what it no longer says. */
export class Problems {
  readonly #connection: Pick<Connection, "sendDiagnostics">;
  /** What is published now, by folder, then URI. */
  readonly #published = new Map<string, ReadonlyMap<string, string>>();

  constructor(connection: Pick<Connection, "sendDiagnostics">) {
    this.#connection = connection;
  }

  async publish(folder: FolderTools): Promise<void> {
    const byUri = new Map<string, LspDiagnostic[]>();
    for (const diagnostic of folder.report?.diagnostics ?? []) {
      const uri = uriInFolder(folder.path, diagnostic.file);
      const list = byUri.get(uri) ?? [];
      list.push(toLsp(diagnostic));
      byUri.set(uri, list);
    }
    const before = this.#published.get(folder.uri) ?? new Map<string, string>();
    const now = new Map([...byUri].map(([uri, diagnostics]) => [uri, JSON.stringify(diagnostics)]));
    this.#published.set(folder.uri, now);
    const changed = [...byUri].filter(([uri]) => before.get(uri) !== now.get(uri));
    for (const uri of before.keys()) if (!now.has(uri)) changed.push([uri, []]);
    await Promise.all(changed.map(([uri, diagnostics]) => this.#connection.sendDiagnostics({ uri, diagnostics })));
  }

  async forget(folder: FolderTools): Promise<void> {
    const uris = [...(this.#published.get(folder.uri)?.keys() ?? [])];
    this.#published.delete(folder.uri);
    await Promise.all(uris.map((uri) => this.#connection.sendDiagnostics({ uri, diagnostics: [] })));
  }
}
