import {
  type Disposable,
  type LanguageModelChat,
  l10n,
  ProgressLocation,
  type QuickPick,
  type QuickPickItem,
  QuickPickItemKind,
  ThemeIcon,
  window,
} from "vscode";
import type { Selection } from "../model/index.ts";
import { asLanguageModel, findModel } from "./language-model.ts";
import type { Reporter } from "./reporter.ts";
import type { Runner } from "./run/runner.ts";
import { badges } from "./text/capability.ts";
import { splitParameters } from "./text/parameter.ts";
import { plainMessage } from "./text/plain.ts";
import type { LocatedTool, ToolStore } from "./tool-store.ts";

/** More tools than this are not listed: the words were not enough. */
const LISTED = 30;

interface AskItem extends QuickPickItem {
  /** The tool of this row; none for the row that lets the model choose. */
  readonly located?: LocatedTool;
}

interface Wish {
  readonly words: string;
  /** The tool that the person chose; none when the model is to choose. */
  readonly chosen: LocatedTool | undefined;
}

/** `Toka: Ask…`: from typed words to a tool with its arguments, confirmed and run. */
export class Ask {
  readonly #store: ToolStore;
  readonly #runner: Runner;
  readonly #reporter: Reporter;

  constructor(store: ToolStore, runner: Runner, reporter: Reporter) {
    this.#store = store;
    this.#runner = runner;
    this.#reporter = reporter;
  }

  async ask(): Promise<void> {
    const model = await this.#model();
    const wish = await this.#wish(model);
    if (wish === undefined) return;
    const selection = await this.#select(wish, model);
    if (selection === undefined) return;
    const located = this.#store.runnable().find(({ tool }) => tool.id === selection.tool) ?? wish.chosen;
    if (located === undefined) {
      this.#reporter.notice(selection.message);
      return;
    }
    // The model was asked and did not decide: the message says why, and the words alone were used.
    if (model !== undefined && selection.model === undefined) this.#reporter.notice(selection.message);
    // A model's complete call is confirmed as it is; words alone leave more open, so the steps are shown filled in.
    const complete = selection.kind === "call" && (selection.model !== undefined || !hasParameters(located));
    await this.#runner.run(located, { args: selection.args, complete, provenance: selection.provenance });
  }

  async #model(): Promise<LanguageModelChat | undefined> {
    try {
      return await findModel();
    } catch (error) {
      this.#reporter.log(`no language model: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** Lets the person type; the tools are ranked with every key. */
  async #wish(model: LanguageModelChat | undefined): Promise<Wish | undefined> {
    const { rankTools } = await import("../selection/index.ts");
    const located = this.#store.runnable();
    const tools = located.map(({ tool }) => tool);
    const byId = new Map(located.map((one) => [one.tool.id, one]));
    const picker = window.createQuickPick<AskItem>();
    picker.title = l10n.t("Toka: Ask");
    picker.placeholder = l10n.t("What do you want done? For example: count the lines of the log files");
    if (model === undefined) picker.prompt = l10n.t("No language model: tools are ranked by your words.");
    const rows = (words: string): AskItem[] => {
      const ranked =
        words.trim() === ""
          ? located
          : rankTools(tools, words)
              .map(({ name }) => byId.get(name))
              .filter((one) => one !== undefined);
      return [...(words.trim() === "" ? [] : modelRows(model)), ...ranked.slice(0, LISTED).map(toolRow)];
    };
    picker.items = rows("");
    return await untilAccepted(picker, rows);
  }

  /** The arguments for the chosen tool, or the model's choice; nothing when the person cancelled. */
  async #select({ words, chosen }: Wish, model: LanguageModelChat | undefined): Promise<Selection | undefined> {
    const { select } = await import("../selection/index.ts");
    const tools = (chosen === undefined ? this.#store.runnable() : [chosen]).map(({ tool }) => tool);
    const only = chosen === undefined ? {} : { tool: chosen.tool.id };
    if (model === undefined) return await select({ words, tools, ...only, signal: new AbortController().signal });
    return await withSignal(plainMessage(l10n.t("Asking {0}", model.name)), (signal) =>
      select({ words, tools, ...only, model: asLanguageModel(model), signal }),
    );
  }
}

function hasParameters({ tool }: LocatedTool): boolean {
  const { required, optional } = splitParameters(tool, undefined);
  return tool.subcommands.length + required.length + optional.length > 0;
}

function modelRows(model: LanguageModelChat | undefined): AskItem[] {
  if (model === undefined) return [];
  return [
    {
      label: l10n.t("Let {0} choose the tool and fill in its parameters", model.name),
      iconPath: new ThemeIcon("sparkle"),
      alwaysShow: true,
    },
    { label: l10n.t("Tools"), kind: QuickPickItemKind.Separator },
  ];
}

function toolRow(located: LocatedTool): AskItem {
  const { tool } = located;
  return {
    label: tool.name,
    description: badges(tool.capabilities, l10n.t),
    ...(tool.description === "" ? {} : { detail: tool.description.replaceAll(/\s+/g, " ") }),
    iconPath: new ThemeIcon(tool.kind === "python" ? "symbol-method" : "terminal"),
    // The ranking has decided already what fits: the list must not filter by letters again.
    alwaysShow: true,
    located,
  };
}

async function untilAccepted(
  picker: QuickPick<AskItem>,
  rows: (words: string) => AskItem[],
): Promise<Wish | undefined> {
  const owned: Disposable[] = [picker];
  try {
    return await new Promise((resolve) => {
      owned.push(
        picker.onDidChangeValue((words) => {
          picker.items = rows(words);
        }),
        picker.onDidAccept(() => {
          const [picked] = picker.activeItems;
          if (picked !== undefined) resolve({ words: picker.value.trim(), chosen: picked.located });
        }),
        picker.onDidHide(() => resolve(undefined)),
      );
      picker.show();
    });
  } finally {
    for (const one of owned) one.dispose();
  }
}

/** Runs work with a progress message whose cancel button aborts it; nothing when it was pressed. */
async function withSignal<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  return await window.withProgress(
    { location: ProgressLocation.Notification, cancellable: true, title },
    async (_progress, token) => {
      const controller = new AbortController();
      const cancel = token.onCancellationRequested(() => controller.abort());
      try {
        return await work(controller.signal);
      } catch (error) {
        if (controller.signal.aborted) return undefined;
        throw error;
      } finally {
        cancel.dispose();
      }
    },
  );
}
