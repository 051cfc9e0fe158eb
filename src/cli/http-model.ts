import * as z from "zod";
import { parseBoundary } from "../model/index.ts";
import type { LanguageModel } from "../selection/index.ts";

/** The part of a chat completion that is read. */
const ChatCompletion = z.looseObject({
  choices: z.array(z.looseObject({ message: z.looseObject({ content: z.string() }) })).min(1),
});

/** A model that has not answered by then will not. */
const TIMEOUT_MS = 120_000;
const LONGEST_COMPLAINT = 300;

/**
 * A model behind the chat-completions protocol (OpenAI's, spoken by llama.cpp, vLLM, Ollama and most services).
 * @param url with or without `/chat/completions` at its end
 * @param key sent as a bearer token, when there is one
 */
export function httpModel(name: string, url: string, key: string | undefined): LanguageModel {
  const endpoint = /\/chat\/completions\/?$/.test(url) ? url : `${url.replace(/\/+$/, "")}/chat/completions`;
  return {
    name,
    async complete({ system, user }, signal) {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify({
          model: name,
          temperature: 0,
          messages: [
            { role: "system", content: system },
            { role: "user", content: user },
          ],
        }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${endpoint} answered ${response.status}: ${text.slice(0, LONGEST_COMPLAINT)}`);
      const completion = parseBoundary(ChatCompletion, JSON.parse(text), `the answer of ${endpoint}`);
      if (!completion.ok) throw new Error(completion.problem.message);
      return completion.value.choices[0]?.message.content ?? "";
    },
  };
}
