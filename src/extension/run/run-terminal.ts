import { EventEmitter, l10n, type Pseudoterminal, type TerminalDimensions } from "vscode";

/** The character that Ctrl+C sends. */
const INTERRUPT = "\u0003";
const BOLD = "\u001b[1m";
/** Grey, which the editor's terminal makes dark or light enough to read in every theme; faint text it does not. */
const QUIET = "\u001b[90m";
const RESET = "\u001b[0m";

/**
 * The terminal of one run: it only shows. What a person types reaches no tool; Ctrl+C and closing it stop the run.
 * Text is expected to be free of control sequences but colours already.
 */
export class RunTerminal implements Pseudoterminal {
  readonly #write = new EventEmitter<string>();
  readonly #close = new EventEmitter<void>();
  readonly #stop: () => void;
  readonly #opened: Promise<void>;
  #resolveOpened: () => void = () => undefined;
  #ended: boolean = false;
  #closed: boolean = false;
  #lineStart: boolean = true;

  readonly onDidWrite = this.#write.event;
  readonly onDidClose = this.#close.event;

  /** @param stop called when the person wants the run to end; more than once is possible */
  constructor(stop: () => void) {
    this.#stop = stop;
    this.#opened = new Promise((resolve) => {
      this.#resolveOpened = resolve;
    });
  }

  /** The terminal is on the screen: what is written from now on is seen. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  /** The run is over. */
  get ended(): boolean {
    return this.#ended;
  }

  open(_size: TerminalDimensions | undefined): void {
    this.#resolveOpened();
  }

  close(): void {
    this.#closed = true;
    this.#resolveOpened();
    this.#stop();
    if (this.#ended) this.#dispose();
  }

  handleInput(data: string): void {
    if (this.#ended) this.#close.fire();
    else if (data.includes(INTERRUPT)) this.#stop();
  }

  /** The command about to run. */
  header(text: string): void {
    this.print(`${BOLD}${text}${RESET}\n\n`);
  }

  /** A part of the tool's output; line feeds become line ends of a terminal. */
  print(text: string): void {
    if (text === "") return;
    this.#lineStart = text.endsWith("\n");
    this.#write.fire(text.replaceAll(/\r?\n/g, "\r\n"));
  }

  /**
   * How the run ended; from now on any key closes the terminal.
   * @param details what a person should know of it
   * @param figures what matters less, and is not as bright
   */
  end(sentence: string, details: readonly string[] = [], figures: readonly string[] = []): void {
    this.#ended = true;
    this.print(`${RESET}${this.#lineStart ? "" : "\n"}\n${BOLD}${sentence}${RESET}\n`);
    for (const detail of details) this.print(`${detail}\n`);
    for (const line of [...figures, l10n.t("Press any key to close.")]) this.print(`${QUIET}${line}${RESET}\n`);
    if (this.#closed) this.#dispose();
  }

  /** Nobody sees it any more and nothing comes. */
  #dispose(): void {
    this.#write.dispose();
    this.#close.dispose();
  }
}
