/** A language model for tests: it answers what it was told to, and remembers what it was asked. */
import * as vscode from "vscode";

export interface ScriptedModel {
  /** The answers from now on, in their order; the last one is repeated. With none, there is no model. */
  answer(answers: readonly string[]): void;
  /** The text of all requests since the last call of `answer`. */
  requests(): readonly string[];
}

const MODEL = {
  id: "scripted-1",
  name: "Scripted",
  family: "scripted",
  version: "1",
  maxInputTokens: 100_000,
  maxOutputTokens: 10_000,
  capabilities: { toolCalling: true },
} satisfies vscode.LanguageModelChatInformation;

class Provider implements vscode.LanguageModelChatProvider, ScriptedModel {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeLanguageModelChatInformation = this.#changed.event;
  #answers: readonly string[] = [];
  #requests: string[] = [];

  answer(answers: readonly string[]): void {
    this.#answers = answers;
    this.#requests = [];
    this.#changed.fire();
  }

  requests(): readonly string[] {
    return this.#requests;
  }

  provideLanguageModelChatInformation(): vscode.LanguageModelChatInformation[] {
    return this.#answers.length === 0 ? [] : [MODEL];
  }

  async provideLanguageModelChatResponse(
    _model: vscode.LanguageModelChatInformation,
    messages: readonly vscode.LanguageModelChatRequestMessage[],
    _options: vscode.ProvideLanguageModelChatResponseOptions,
    progress: vscode.Progress<vscode.LanguageModelResponsePart>,
  ): Promise<void> {
    const answer = this.#answers[Math.min(this.#requests.length, this.#answers.length - 1)] ?? "";
    this.#requests.push(messages.map(textOf).join("\n"));
    progress.report(new vscode.LanguageModelTextPart(answer));
  }

  async provideTokenCount(_model: unknown, text: string | vscode.LanguageModelChatRequestMessage): Promise<number> {
    return Math.ceil((typeof text === "string" ? text : textOf(text)).length / 4);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

function textOf(message: vscode.LanguageModelChatRequestMessage): string {
  return message.content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : "")).join("");
}

export function activate(context: vscode.ExtensionContext): ScriptedModel {
  const provider = new Provider();
  const fromSettings = (): void =>
    provider.answer(vscode.workspace.getConfiguration("scriptedModel").get<string[]>("answers", []));
  fromSettings();
  context.subscriptions.push(
    provider,
    vscode.lm.registerLanguageModelChatProvider("scripted", provider),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("scriptedModel.answers")) fromSettings();
    }),
  );
  return provider;
}
