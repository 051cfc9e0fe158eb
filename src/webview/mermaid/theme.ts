import type { MermaidConfig } from "mermaid";

/** More edges and text than this are refused by mermaid; raised together so that large functions are still drawn. */
const MAX_EDGES = 20_000;
const MAX_TEXT = 5_000_000;

/** Resolves colours of the editor's theme to what a colour library understands: `rgb(…)`. */
class Colors {
  readonly #probe: HTMLElement;

  constructor(body: HTMLElement) {
    this.#probe = body.ownerDocument.createElement("span");
    this.#probe.hidden = true;
    body.append(this.#probe);
  }

  /** The first of the variables that the theme defines. */
  get(...names: readonly [string, ...string[]]): string {
    const style = getComputedStyle(this.#probe.ownerDocument.documentElement);
    const defined = names.find((name) => style.getPropertyValue(name).trim() !== "");
    this.#probe.style.color = defined === undefined ? "gray" : `var(${defined})`;
    return getComputedStyle(this.#probe).color;
  }

  dispose(): void {
    this.#probe.remove();
  }
}

/** Mermaid's settings for the theme that the editor has now. */
export function mermaidConfig(body: HTMLElement): MermaidConfig {
  const colors = new Colors(body);
  const style = getComputedStyle(body);
  const font = style.getPropertyValue("--vscode-editor-font-family").trim() || "monospace";
  const background = colors.get("--vscode-editor-background");
  const foreground = colors.get("--vscode-editor-foreground");
  // As strong as the lines: the border of the editor's widgets is too faint to tell a box by.
  const border = colors.get("--vscode-contrastBorder", "--vscode-descriptionForeground", "--vscode-editor-foreground");
  const node = colors.get("--vscode-editorWidget-background", "--vscode-editor-background");
  const line = colors.get("--vscode-contrastBorder", "--vscode-descriptionForeground", "--vscode-editor-foreground");
  colors.dispose();
  return {
    startOnLoad: false,
    suppressErrorRendering: true,
    securityLevel: "strict",
    layout: "dagre",
    look: "classic",
    theme: "base",
    darkMode: body.classList.contains("vscode-dark") || isDarkContrast(body),
    fontFamily: font,
    maxEdges: MAX_EDGES,
    maxTextSize: MAX_TEXT,
    flowchart: { htmlLabels: false, useMaxWidth: false, wrappingWidth: 480, nodeSpacing: 40, rankSpacing: 44 },
    themeVariables: {
      background,
      mainBkg: node,
      primaryColor: node,
      primaryTextColor: foreground,
      primaryBorderColor: border,
      nodeBorder: border,
      nodeTextColor: foreground,
      secondaryColor: node,
      secondaryTextColor: foreground,
      tertiaryColor: background,
      tertiaryTextColor: foreground,
      clusterBkg: background,
      clusterBorder: border,
      titleColor: foreground,
      textColor: foreground,
      lineColor: line,
      edgeLabelBackground: background,
      fontFamily: font,
      fontSize: "13px",
    },
  };
}

function isDarkContrast(body: HTMLElement): boolean {
  return body.classList.contains("vscode-high-contrast") && !body.classList.contains("vscode-high-contrast-light");
}
