import { GraphViewTexts } from "../../model/index.ts";

/** The localised words that the extension wrote into the page. */
export function readTexts(body: HTMLElement): GraphViewTexts {
  return GraphViewTexts.parse(JSON.parse(body.dataset["texts"] ?? "null"));
}

/** Puts values in the places of `{0}`, `{1}`… */
export function fill(text: string, ...values: readonly (string | number)[]): string {
  return text.replaceAll(/\{(\d+)\}/g, (whole, index: string) => String(values[Number(index)] ?? whole));
}
