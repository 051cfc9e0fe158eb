import type { Execution } from "../../model/index.ts";
import { shownCommand } from "./confirm.ts";
import { exitSentence, usageText } from "./exit.ts";
import { escapeHtml } from "./html.ts";
import { observedLines } from "./observed.ts";
import { principalText } from "./principal.ts";
import { resultNames } from "./result-files.ts";
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

/** More results than this are counted in the terminal instead of named. */
const NAMED_RESULTS = 6;

/** The files that a run left, for the lines below its output; what it printed stands above already. */
export function resultLines(execution: Pick<Execution, "results">, t: Translate): string[] {
  const names = resultNames(execution);
  if (names.length === 0) return [];
  const shown = names.slice(0, NAMED_RESULTS).join(", ");
  const rest = names.length - NAMED_RESULTS;
  const listed = rest > 0 ? t("{0} and {1} more", shown, rest) : shown;
  return [t("Files it left, kept with the run in the history: {0}", listed)];
}

/** What an image viewer shows, by the ends of names. */
const PICTURES = /\.(?:png|jpe?g|gif|webp|bmp|avif|ico)$/i;

/** How a file is shown that is no text: in the editor's image viewer, as a page, or not at all. */
export function pictureKind(path: string): "raster" | "svg" | undefined {
  if (PICTURES.test(path)) return "raster";
  return /\.svg$/i.test(path) ? "svg" : undefined;
}

/** A drawing as a page; as an image none of its scripts runs, and it loads nothing. */
export function svgPage(svg: string, title: string): string {
  const data = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  return `<title>${escapeHtml(title)}</title><img alt="${escapeHtml(title)}" src="${data}" style="max-width: 100%">`;
}

/** A run as a document: what ran, how it ended, what it printed. */
export function executionText(execution: Execution, t: Translate): string {
  const section = (title: string, text: string): string[] =>
    text === "" ? [] : ["", `── ${title} ──`, text.trimEnd()];
  const { cachedFrom, principal, startedAt } = execution;
  const when = (time: string): string => new Date(time).toLocaleString();
  const sentence = exitSentence(execution, t);
  return [
    `$ ${shownCommand(execution.argv)}`,
    cachedFrom === undefined ? `${sentence} (${usageText(execution.usage, t)})` : sentence,
    t("started {0} by {1}", when(startedAt), principalText(principal, t)),
    ...(cachedFrom === undefined ? [] : [t("cached: the result of a run at {0}", when(cachedFrom.at))]),
    ...(execution.denied === undefined ? [] : ["", execution.denied.message]),
    ...section(t("output"), execution.stdout),
    ...section(t("errors"), execution.stderr),
    ...section(
      t("what it did"),
      execution.observed ? observedLines(execution.observed, execution.results, t).join("\n") : "",
    ),
    "",
  ].join("\n");
}

/** Nothing of the page runs or is fetched: no scripts, no network, no forms. */
const HTML_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'";

/** A tool's HTML as a page without scripts. The policy stands before anything that the tool wrote. */
export function scriptlessPage(html: string): string {
  return `<!DOCTYPE html><meta http-equiv="Content-Security-Policy" content="${HTML_POLICY}">${html}`;
}
