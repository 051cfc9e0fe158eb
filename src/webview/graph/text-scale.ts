/** How much smaller than planned text must be for the page's monospaced font to fit the columns of a drawing. */
export function textScale(body: HTMLElement, { column, fontSize }: { column: number; fontSize: number }): number {
  const context = body.ownerDocument.createElement("canvas").getContext("2d");
  const font = getComputedStyle(body).getPropertyValue("--vscode-editor-font-family").trim() || "monospace";
  if (context === null) return 1;
  context.font = `${fontSize}px ${font}`;
  const sample = "abcmwi0_(";
  const width = context.measureText(sample).width / sample.length;
  return width > column ? column / width : 1;
}
