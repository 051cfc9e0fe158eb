import type { Execution } from "../../model/index.ts";
import { shownCommand } from "./confirm.ts";
import { exitSentence, usageText } from "./exit.ts";
import { observedLines } from "./observed.ts";
import type { Translate } from "./translate.ts";

/** A tool's name from its id, for when the tool itself may be gone: `tools/prune.py` is `prune`. */
export function nameOfId(id: string): string {
  const last = id.slice(id.lastIndexOf("/") + 1);
  return /^(.+)\.\w+$/.exec(last)?.[1] ?? last;
}

/** JSON indented for reading; text that is no JSON stays as it is. */
export function formattedJson(text: string): string {
  try {
    return `${JSON.stringify(JSON.parse(text), undefined, 2)}\n`;
  } catch {
    // What the tool printed is shown as it is.
    return text;
  }
}

/** A run as a document: what ran, how it ended, what it printed. */
export function executionText(execution: Execution, t: Translate): string {
  const section = (title: string, text: string): string[] =>
    text === "" ? [] : ["", `── ${title} ──`, text.trimEnd()];
  return [
    `$ ${shownCommand(execution.argv)}`,
    `${exitSentence(execution, t)} (${usageText(execution.usage, t)})`,
    t("started {0} by {1}", execution.startedAt, execution.principal),
    ...(execution.cachedFrom === undefined ? [] : [t("cached: the result of a run at {0}", execution.cachedFrom.at)]),
    ...section(t("output"), execution.stdout),
    ...section(t("errors"), execution.stderr),
    ...section(t("what it did"), execution.observed ? observedLines(execution.observed, t).join("\n") : ""),
    "",
  ].join("\n");
}

/** Nothing of the page runs or is fetched: no scripts, no network, no forms. */
const HTML_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'";

/** A tool's HTML as a page without scripts. The policy stands before anything that the tool wrote. */
export function scriptlessPage(html: string): string {
  return `<!DOCTYPE html><meta http-equiv="Content-Security-Policy" content="${HTML_POLICY}">${html}`;
}
