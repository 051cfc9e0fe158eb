import {
  CancellationTokenSource,
  type LanguageModelChat,
  LanguageModelChatMessage,
  LanguageModelTextPart,
  l10n,
  lm,
} from "vscode";
import type { LanguageModel } from "../selection/index.ts";

/** The editor's language model, when it has one. */
export async function findModel(): Promise<LanguageModelChat | undefined> {
  const [first] = await lm.selectChatModels();
  return first;
}

/** The editor's language model as selection wants it. The editor asks for consent at the first use. */
export function asLanguageModel(model: LanguageModelChat): LanguageModel {
  return {
    name: model.name,
    complete: async ({ system, user }, signal) => {
      const cancellation = new CancellationTokenSource();
      const cancel = (): void => cancellation.cancel();
      signal.addEventListener("abort", cancel, { once: true });
      if (signal.aborted) cancel();
      try {
        // Models of the editor know no system role: the instructions go first, as a message of their own.
        const messages = [LanguageModelChatMessage.User(system), LanguageModelChatMessage.User(user)];
        const justification = l10n.t("Toka chooses one of your workspace's tools for the words you typed.");
        const response = await model.sendRequest(messages, { justification }, cancellation.token);
        let text = "";
        for await (const part of response.stream) if (part instanceof LanguageModelTextPart) text += part.value;
        return text;
      } finally {
        signal.removeEventListener("abort", cancel);
        cancellation.dispose();
      }
    },
  };
}
