import { randomBytes } from "node:crypto";
import { Uri, type Webview } from "vscode";
import {
  DetailLevel,
  ExceptionDetail,
  type GraphViewTexts,
  MAX_CALL_DEPTH,
  OtherCallDetail,
} from "../../model/index.ts";
import { escapeHtml } from "../text/html.ts";

/** The page of the graph webview; its script and style come from the extension, and scripts need this page's nonce. */
export function graphHtml(webview: Webview, extension: Uri, texts: GraphViewTexts, language: string): string {
  const nonce = randomBytes(16).toString("base64");
  const script = webview.asWebviewUri(Uri.joinPath(extension, "dist", "webview", "graph.js")).toString();
  const style = (name: string): string => webview.asWebviewUri(Uri.joinPath(extension, "media", name)).toString();
  // Mermaid writes a style element into its drawing: without unsafe-inline for styles all shapes are black.
  const policy = [
    "default-src 'none'",
    `img-src ${webview.cspSource} data:`,
    `font-src ${webview.cspSource}`,
    `style-src ${webview.cspSource} 'unsafe-inline'`,
    `script-src 'nonce-${nonce}'`,
  ].join("; ");
  const button = (id: string, label: string, sign: string): string =>
    `<button type="button" id="${id}" title="${escapeHtml(label)}" aria-label="${escapeHtml(label)}">${sign}</button>`;
  const select = <K extends string>(
    id: string,
    kind: "graph" | "calls",
    label: string,
    keys: readonly K[],
    words: Readonly<Record<K, string>>,
  ) => {
    const items = keys.map((key) => `<option value="${key}">${escapeHtml(words[key])}</option>`).join("");
    return `<select id="${id}" class="of-${kind}" title="${escapeHtml(label)}" aria-label="${escapeHtml(label)}">${items}</select>`;
  };
  const depths = Array.from({ length: MAX_CALL_DEPTH + 1 }, (_, depth) => String(depth));
  const depthWords = (text: string): Record<string, string> => {
    return Object.fromEntries(depths.map((depth) => [depth, text.replaceAll("{0}", depth)]));
  };
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style("relations.css")}">
<link rel="stylesheet" href="${style("graph.css")}">
<title>Toka</title>
</head>
<body data-state="loading" data-texts="${escapeHtml(JSON.stringify(texts))}">
<header>
<div class="heading"><h1 id="title"></h1><p id="summary"></p></div>
<div class="tools" role="toolbar" aria-label="${escapeHtml(texts.toolbar)}">
${select("level", "graph", texts.level, DetailLevel.options, texts.levels)}
${select("exceptions", "graph", texts.exceptions, ExceptionDetail.options, texts.exceptionDetails)}
${select("variable", "graph", texts.variable, [], {})}
<button type="button" id="follow" class="of-graph" aria-pressed="false" title="${escapeHtml(texts.follow)}" aria-label="${escapeHtml(texts.follow)}">${escapeHtml(texts.followSign)}</button>
${select("callers", "calls", texts.callers, depths, depthWords(texts.callersDepth))}
${select("callees", "calls", texts.callees, depths, depthWords(texts.calleesDepth))}
${select("others", "calls", texts.others, OtherCallDetail.options, texts.otherDetails)}
<div class="together">
${button("zoom-out", texts.zoomOut, "−")}
<output id="zoom" aria-live="off">100 %</output>
${button("zoom-in", texts.zoomIn, "+")}
${button("fit", texts.fit, escapeHtml(texts.fitSign))}
</div>
${button("copy", texts.copy, escapeHtml(texts.copySign))}
${button("export", texts.export, escapeHtml(texts.exportSign))}
</div>
</header>
<p id="status" role="status">${escapeHtml(texts.loading)}</p>
<div id="failure" role="alert" hidden><p id="reason"></p><pre id="source"></pre></div>
<section id="flow" aria-live="polite" aria-label="${escapeHtml(texts.variable)}" hidden></section>
<main id="canvas" tabindex="0" aria-label="${escapeHtml(texts.help)}"><div id="stage"></div></main>
<script type="module" nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
