import { readFile } from "node:fs/promises";
import { ErrorCodes, LSPErrorCodes, ResponseError, type TextDocuments } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { decodeSource } from "../python/index.ts";
import { pathOfUri } from "./places.ts";
import { answered } from "./requests.ts";
import { type Source, Sources } from "./sources.ts";

/** Texts as the editor has them, else as they are on disk; each version is read once for all who ask. */
export class Texts {
  readonly #documents: TextDocuments<TextDocument>;
  readonly #sources = new Sources();

  constructor(documents: TextDocuments<TextDocument>) {
    this.#documents = documents;
  }

  /** Answers from an open Python document; of others there is nothing to say. */
  ofPython<R>(uri: string, answer: (source: Source) => R): R | null {
    const document = this.#documents.get(uri);
    return document?.languageId === "python" ? answer(this.#sources.get(uri, document.getText())) : null;
  }

  /**
   * What a document or file holds.
   * @throws ResponseError when it is neither open nor a file that can be read and decoded
   */
  async source(uri: string): Promise<Source> {
    return this.#sources.get(uri, await this.#text(uri));
  }

  /** The texts of the open documents, as they are now, by the names that `nameOf` gives their URIs. */
  open(nameOf: (uri: string) => string | undefined): (name: string) => string | undefined {
    const texts = new Map(
      this.#documents.all().flatMap((document) => {
        const name = nameOf(document.uri);
        return name === undefined ? [] : [[name, document.getText()] as const];
      }),
    );
    return (name) => texts.get(name);
  }

  forget(uri: string): void {
    this.#sources.forget(uri);
  }

  async #text(uri: string): Promise<string> {
    const document = this.#documents.get(uri);
    if (document !== undefined) return document.getText();
    const path = pathOfUri(uri);
    if (path === undefined) throw new ResponseError(ErrorCodes.InvalidParams, `${uri} is not open`);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ResponseError(LSPErrorCodes.RequestFailed, `${path} cannot be read: ${why}`);
    }
    return answered(decodeSource(bytes));
  }
}
