import {
  type CancellationToken,
  CancellationTokenSource,
  l10n,
  ProgressLocation,
  Uri,
  window,
  workspace,
} from "vscode";
import {
  type CallFold,
  type CallViewOptions,
  type CallViewParams,
  fail,
  type GraphTextFormat,
  type GraphViewInput,
  type GraphViewOutput,
  ok,
  type ReadingProgress,
  type Result,
  type SourcesChangedParams,
} from "../../model/index.ts";
import type { LanguageServer } from "../language-server.ts";
import type { Drawing, GraphSource, GraphSubject } from "./graph-subject.ts";

type CallsSource = Extract<GraphSource, { kind: "calls" }>;

export const CALL_OPTIONS: CallViewOptions = { callers: 1, callees: 2, others: "unknown" };

/** A reading that lasts longer than this is told in a message with a button that ends it. */
const TELL_AFTER_MS = 700;
/** Typing pauses at least this long before calls are put together anew; where that takes longer, as long as it takes. */
const QUIET_MS = 150;
const LONGEST_QUIET_MS = 5_000;

/** The calls around a function, or around all functions of a file. */
export class CallsSubject implements GraphSubject {
  readonly formats = ["dot", "json", "html"] as const;
  readonly #server: LanguageServer;
  #source: CallsSource;
  #lasted = 0;

  constructor(source: CallsSource, server: LanguageServer) {
    this.#source = source;
    this.#server = server;
  }

  get source(): CallsSource {
    return this.#source;
  }

  get title(): string {
    return this.#source.qualname ?? workspace.asRelativePath(Uri.parse(this.#source.uri, true), false);
  }

  #params(): CallViewParams {
    const { uri, qualname, line, options, folds } = this.#source;
    return {
      uri,
      ...options,
      folds: [...folds],
      ...(qualname === undefined ? {} : { qualname }),
      ...(line === undefined ? {} : { line }),
    };
  }

  async draw(token: CancellationToken, tell: (input: GraphViewInput) => void): Promise<Result<Drawing>> {
    const asked = this.#source;
    const started = performance.now();
    const found = await withLateProgress(token, (stop, report) => {
      return this.#server.callView(this.#params(), stop, (progress) => {
        tell({ type: "reading", ...progress });
        report(progress);
      });
    });
    if (!found.ok) return found;
    this.#lasted = performance.now() - started;
    const result = found.value;
    const { uri, qualname, line, title } = result;
    if (this.#source === asked) {
      const { kind, options, folds } = asked;
      this.#source = { kind, uri, options, folds, ...(qualname === null ? {} : { qualname, line }) };
    }
    const { options, folds } = this.#source;
    return ok({ type: "calls", result, title: l10n.t("Calls: {0}", title), options, folds: [...folds] });
  }

  async text(format: GraphTextFormat, token: CancellationToken): Promise<Result<string>> {
    const found = await this.#server.callViewText({ ...this.#params(), format }, token);
    return found.ok ? ok(found.value.text) : found;
  }

  /** Any file of the folder may hold a caller. */
  redrawAfter(changes: SourcesChangedParams["changes"]): number | undefined {
    const folder = (uri: string): string | undefined =>
      workspace.getWorkspaceFolder(Uri.parse(uri, true))?.uri.toString();
    const own = folder(this.#source.uri);
    if (!changes.some(({ uri }) => folder(uri) === own)) return undefined;
    return Math.min(Math.max(this.#lasted, QUIET_MS), LONGEST_QUIET_MS);
  }

  receive(output: GraphViewOutput): boolean {
    switch (output.type) {
      case "callOptions":
        this.#source = { ...this.#source, options: output.options };
        return true;
      case "fold":
        this.#source = { ...this.#source, folds: withFold(this.#source.folds, output.fold) };
        return true;
      case "centre": {
        const { uri, line, qualname } = output;
        const { kind, options } = this.#source;
        this.#source = { kind, uri, line, options, folds: [], ...(qualname === undefined ? {} : { qualname }) };
        return true;
      }
      default:
        return false;
    }
  }

  moveTo(): { readonly redraw: boolean } {
    return { redraw: false };
  }
}

/** What was chosen last for a side of a function counts. */
function withFold(folds: readonly CallFold[], fold: CallFold): CallFold[] {
  return [...folds.filter(({ node, side }) => node !== fold.node || side !== fold.side), fold];
}

/** Runs a request; when it lasts, a message tells how far it is and can end it. */
async function withLateProgress<T>(
  token: CancellationToken,
  work: (token: CancellationToken, report: (progress: ReadingProgress) => void) => Promise<Result<T>>,
): Promise<Result<T>> {
  const stop = new CancellationTokenSource();
  const outer = token.onCancellationRequested(() => stop.cancel());
  let last: ReadingProgress | undefined;
  let report: (progress: ReadingProgress) => void = () => undefined;
  let isEndedByHand = false;
  const running = work(stop.token, (progress) => {
    last = progress;
    report(progress);
  });
  const timer = setTimeout(() => {
    const title = l10n.t("Toka: Reading the calls of the workspace");
    const options = { location: ProgressLocation.Notification, title, cancellable: true };
    window
      .withProgress(options, async (progress, cancel) => {
        cancel.onCancellationRequested(() => {
          isEndedByHand = true;
          stop.cancel();
        });
        let told = 0;
        report = ({ done, of }) => {
          const percent = of === 0 ? 0 : (done / of) * 100;
          progress.report({ message: l10n.t("{0} of {1} files", done, of), increment: Math.max(0, percent - told) });
          told = Math.max(told, percent);
        };
        if (last !== undefined) report(last);
        await running.catch(() => undefined);
      })
      .then(undefined, () => undefined);
  }, TELL_AFTER_MS);
  try {
    const found = await running;
    return isEndedByHand && !found.ok ? fail("stopped", l10n.t("The reading was stopped.")) : found;
  } finally {
    clearTimeout(timer);
    outer.dispose();
    stop.dispose();
  }
}
