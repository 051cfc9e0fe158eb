/** What a picture needs of the page's styles; as attributes every program understands them. */
const PROPERTIES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-opacity",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "paint-order",
  "stroke-linejoin",
  "text-anchor",
] as const;

/** Pictures are drawn at twice their size, so that text stays sharp, where a browser can. */
const SCALE = 2;
const MAX_SIDE = 16_000;
const MAX_PIXELS = 100_000_000;

export interface Picture {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/** A drawing as an SVG file of its own: with the colours and fonts that it has on the page, without what only serves it. */
export function pictureOf(drawing: SVGSVGElement): Picture {
  const { width, height } = drawing.viewBox.baseVal;
  const copy = drawing.cloneNode(true);
  if (!(copy instanceof SVGSVGElement)) throw new TypeError("a drawing is an svg element");
  const invisible = [...copy.querySelectorAll(".hit, .knob.fold")];
  const originals = drawing.querySelectorAll<SVGElement>("*");
  for (const [i, element] of [...copy.querySelectorAll<SVGElement>("*")].entries()) {
    const original = originals[i];
    if (original === undefined || element.localName === "style" || element.localName === "title") continue;
    writeStyle(element, getComputedStyle(original));
  }
  for (const element of invisible) element.remove();
  for (const name of ["style", "class", "tabindex"]) copy.removeAttribute(name);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const background = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  background.setAttribute("width", String(width));
  background.setAttribute("height", String(height));
  background.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(background);
  return { svg: `${new XMLSerializer().serializeToString(copy)}\n`, width, height };
}

function writeStyle(element: SVGElement, style: CSSStyleDeclaration): void {
  for (const property of PROPERTIES) {
    const value = style.getPropertyValue(property);
    if (value !== "") element.setAttribute(property, value);
  }
  for (const name of [
    "class",
    "style",
    "tabindex",
    "role",
    "aria-label",
    "aria-current",
    "aria-hidden",
    "aria-expanded",
    "aria-description",
  ]) {
    element.removeAttribute(name);
  }
  if (element.localName === "text") element.setAttribute("xml:space", "preserve");
}

/** The picture's pixels as a PNG file in base64. */
export async function pngOf({ svg, width, height }: Picture): Promise<string> {
  const scale = Math.min(SCALE, MAX_SIDE / width, MAX_SIDE / height, Math.sqrt(MAX_PIXELS / (width * height)));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(Math.floor(width * scale), 1);
  canvas.height = Math.max(Math.floor(height * scale), 1);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("the browser gives no canvas");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob === null) throw new Error("the picture is too large");
  return await base64(blob);
}

async function base64(blob: Blob): Promise<string> {
  return await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error ?? new Error("the picture cannot be read"));
    reader.readAsDataURL(blob);
  });
}
