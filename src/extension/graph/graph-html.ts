import { randomBytes } from "node:crypto";
import { Uri, type Webview } from "vscode";
import { DetailLevel, ExceptionDetail, type GraphViewTexts } from "../../model/index.ts";
import { escapeHtml } from "../text/html.ts";

/** The page of the graph webview; its script and style come from the extension, and scripts need this page's nonce. */
export function graphHtml(webview: Webview, extension: Uri, texts: GraphViewTexts, language: string): string {
  const nonce = randomBytes(16).toString("base64");
  const script = webview.asWebviewUri(Uri.joinPath(extension, "dist", "webview", "graph.js")).toString();
  const style = webview.asWebviewUri(Uri.joinPath(extension, "media", "graph.css")).toString();
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
    label: string,
    keys: readonly K[],
    words: Readonly<Record<K, string>>,
  ) => {
    const items = keys.map((key) => `<option value="${key}">${escapeHtml(words[key])}</option>`).join("");
    return `<select id="${id}" class="of-graph" title="${escapeHtml(label)}" aria-label="${escapeHtml(label)}">${items}</select>`;
  };
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}">
<title>Toka</title>
</head>
<body data-state="loading" data-texts="${escapeHtml(JSON.stringify(texts))}">
<header>
<div class="heading"><h1 id="title"></h1><p id="summary"></p></div>
<div class="tools" role="toolbar" aria-label="${escapeHtml(texts.toolbar)}">
${select("level", texts.level, DetailLevel.options, texts.levels)}
${select("exceptions", texts.exceptions, ExceptionDetail.options, texts.exceptionDetails)}
${button("zoom-out", texts.zoomOut, "−")}
<output id="zoom" aria-live="off">100 %</output>
${button("zoom-in", texts.zoomIn, "+")}
${button("fit", texts.fit, escapeHtml(texts.fitSign))}
${button("copy", texts.copy, escapeHtml(texts.copySign))}
${button("export", texts.export, escapeHtml(texts.exportSign))}
</div>
</header>
<p id="status" role="status">${escapeHtml(texts.loading)}</p>
<div id="failure" role="alert" hidden><p id="reason"></p><pre id="source"></pre></div>
<main id="canvas" tabindex="0" aria-label="${escapeHtml(texts.help)}"><div id="stage"></div></main>
<script type="module" nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
