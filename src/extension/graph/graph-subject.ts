import type { CancellationToken } from "vscode";
import type {
  CallFold,
  CallViewOptions,
  GraphParams,
  GraphTextFormat,
  GraphViewInput,
  GraphViewOptions,
  GraphViewOutput,
  Result,
  SourcesChangedParams,
} from "../../model/index.ts";

/** What a panel draws: a function of a file, the calls around a function, or Mermaid text that a tool printed. */
export type GraphSource =
  | ({ readonly kind: "function"; readonly options: GraphViewOptions } & Pick<GraphParams, "uri" | "qualname" | "line">)
  | ({
      readonly kind: "calls";
      readonly options: CallViewOptions;
      readonly folds: readonly CallFold[];
    } & Pick<GraphParams, "uri" | "qualname" | "line">)
  | { readonly kind: "mermaid"; readonly text: string; readonly title: string };

/** A message with which the page draws. */
export type Drawing = Extract<GraphViewInput, { type: "graph" | "calls" | "mermaid" }>;

/** Where a cursor is; lines count from 1, columns from 0. */
export interface Cursor {
  readonly uri: string;
  readonly line: number;
  readonly column: number;
}

/** What a panel shows, and what it follows. */
export interface GraphSubject {
  readonly source: GraphSource;
  /** For the name of an exported file. */
  readonly title: string;
  /** Beside pictures and Mermaid. */
  readonly formats: readonly GraphTextFormat[];
  /** @param tell gets how far a long reading is, for the page */
  draw(token: CancellationToken, tell: (input: GraphViewInput) => void): Promise<Result<Drawing>>;
  text(format: GraphTextFormat, token: CancellationToken): Promise<Result<string>>;
  /** After how many milliseconds of quiet it is to be drawn anew; nothing when the changes do not concern it. */
  redrawAfter(changes: SourcesChangedParams["changes"]): number | undefined;
  /** Takes what a person chose on the page; true when it is to be drawn anew. */
  receive(output: GraphViewOutput): boolean;
  /** The cursor moved: what is marked, and whether something else is to be drawn. */
  moveTo(cursor: Cursor): { readonly select?: Cursor; readonly redraw: boolean };
}
