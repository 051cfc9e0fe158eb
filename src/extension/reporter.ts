import { type LogOutputChannel, l10n, window } from "vscode";
import type { Problem } from "../model/index.ts";
import { plainMessage } from "./text/plain.ts";

/** Tells people about problems and keeps the details in the log. */
export class Reporter {
  readonly #log: LogOutputChannel;

  constructor(log: LogOutputChannel) {
    this.#log = log;
  }

  /** Something worth knowing later, but not worth a message. */
  log(message: string): void {
    this.#log.info(message);
  }

  /** Something that a person should know now, though nothing failed. */
  notice(message: string): void {
    this.#log.info(message);
    this.#show(window.showInformationMessage(plainMessage(message)));
  }

  /** A problem that stopped what a person asked for. */
  problem(problem: Problem): void {
    const place =
      problem.place === undefined ? "" : ` (${[problem.place.file, problem.place.line ?? []].flat().join(":")})`;
    this.#log.warn(`${problem.code}: ${problem.message}${place}`);
    this.#show(window.showErrorMessage(plainMessage(problem.message), l10n.t("Show Log")));
  }

  /** An exception: a bug of ours or of what we call. */
  exception(error: unknown, doing: string): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#log.error(`${doing}: ${error instanceof Error ? (error.stack ?? message) : message}`);
    this.#show(
      window.showErrorMessage(plainMessage(l10n.t("Toka: {0} failed: {1}", doing, message)), l10n.t("Show Log")),
    );
  }

  /** Runs something whose end nobody waits for; a failure is told, not lost. */
  background(work: Thenable<unknown>, doing: string): void {
    work.then(undefined, (error: unknown) => this.exception(error, doing));
  }

  #show(choice: Thenable<string | undefined>): void {
    choice.then(
      (picked) => {
        if (picked !== undefined) this.#log.show(true);
      },
      (error: unknown) => this.#log.error(`showing a message: ${String(error)}`),
    );
  }
}
