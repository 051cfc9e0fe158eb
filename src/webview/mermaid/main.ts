import mermaid from "mermaid";
import { mermaidConfig } from "./theme.ts";

const RENDER_ID = "graph";

/** Draws Mermaid text. The library is large, so this is a bundle of its own that pages load when they have some to draw. */
export async function mermaidSvg(text: string): Promise<SVGSVGElement> {
  mermaid.initialize(mermaidConfig(document.body));
  const { svg } = await mermaid.render(RENDER_ID, text);
  const drawing = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  if (drawing === null) throw new Error("nothing was drawn");
  return drawing;
}
