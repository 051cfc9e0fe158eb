import { closeSync, constants, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { fromHtml } from "hast-util-from-html";
import type { Schema } from "hast-util-sanitize";
import { fail, ok, type Result } from "../model/index.ts";

/**
 * What a page of a tool may do wherever it is opened: show itself. It stands before everything else, for browsers, where
 * no view of ours limits it.
 */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'; base-uri 'none'";

type Root = ReturnType<typeof fromHtml>;
type Element = Extract<Root["children"][number], { type: "element" }>;

/** Pages are read whole, as a tree some twenty times their size. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A page without what acts, and whether there was any. */
export interface CleanPage {
  readonly html: string;
  readonly isChanged: boolean;
}

/** HTML elements that structure and format; none that loads, embeds, submits or runs anything. */
const HTML_TAGS = `a abbr address article aside b bdi bdo blockquote body br button caption cite code col colgroup dd del
  details dfn dialog div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 head header hgroup hr html i img ins kbd label
  legend li main mark menu meta meter nav ol optgroup option output p pre progress q rp rt ruby s samp search section select
  small span strong style sub summary sup table tbody td tfoot th thead time title tr u ul var wbr`;

/** SVG elements that draw; neither `foreignObject` (HTML inside SVG, where parsers differ) nor animation of links. */
const SVG_TAGS = `circle clipPath defs desc ellipse feBlend feColorMatrix feComposite feFlood feGaussianBlur feMerge
  feMergeNode feOffset filter g line linearGradient marker mask path pattern polygon polyline radialGradient rect stop svg
  symbol text textPath tspan use`;

const ATTRIBUTES = `abbr align alt ariaControls ariaCurrent ariaDescribedBy ariaDetails ariaExpanded ariaHidden ariaLabel
  ariaLabelledBy ariaLevel ariaLive ariaModal ariaPressed ariaRoleDescription ariaSelected ariaSort ariaValueMax ariaValueMin
  ariaValueNow ariaValueText border charSet cite className color cols colSpan data* dateTime dir disabled headers height hidden
  high id label lang low max min name open optimum reversed role rows rowSpan scope selected size span start style tabIndex
  title translate type vAlign value width wrap xmlLang
  baselineShift clipPath clipPathUnits clipRule cx cy d dominantBaseline dx dy fill fillOpacity fillRule filter floodColor
  floodOpacity fontFamily fontSize fontStyle fontWeight fx fy gradientTransform gradientUnits in in2 markerEnd markerHeight
  markerMid markerStart markerUnits markerWidth mask maskUnits mode offset opacity operator orient overflow paintOrder
  pathLength patternTransform patternUnits points pointerEvents preserveAspectRatio r refX refY result rotate rx ry
  shapeRendering spreadMethod stdDeviation stopColor stopOpacity stroke strokeDashArray strokeDashOffset strokeLineCap
  strokeLineJoin strokeMiterLimit strokeOpacity strokeWidth textAnchor textDecoration textLength textRendering transform
  transformOrigin values vectorEffect viewBox visibility writingMode x x1 x2 xmlns y y1 y2`;

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

/** References to other parts of the page. */
const INSIDE: [string, RegExp][] = [
  ["href", /^#/],
  ["xLinkHref", /^#/],
];

const SCHEMA: Schema = {
  tagNames: [...words(HTML_TAGS), ...words(SVG_TAGS)],
  attributes: {
    "*": words(ATTRIBUTES),
    a: ["href"],
    img: [["src", /^data:image\//]],
    use: INSIDE,
    textPath: INSIDE,
    linearGradient: INSIDE,
    radialGradient: INSIDE,
    // Without `http-equiv`, which is in no list, nothing that a browser obeys but the encoding and the viewport.
    meta: ["charSet", "content"],
  },
  // An address without a protocol (`#part`, `other.html`) is always allowed.
  protocols: { href: ["http", "https", "mailto"], src: ["data"], cite: ["http", "https"] },
  // With these, what is inside goes, too.
  strip: [
    "script",
    "template",
    "noscript",
    "iframe",
    "object",
    "embed",
    "noembed",
    "noframes",
    "textarea",
    "xmp",
    "math",
  ],
  allowComments: false,
  allowDoctypes: true,
  clobber: [],
};

/**
 * A page of a tool without anything that acts: scripts, handlers, frames, forms, refreshes, addresses of scripts, and what
 * is fetched from elsewhere. Read and written by the rules of the HTML standard (parse5), with lists of what may stay, and
 * a content security policy in front, in case the lists forgot something.
 */
export async function sanitizeHtml(text: string): Promise<CleanPage> {
  const [{ fromHtml }, { sanitize }, { toHtml }] = await Promise.all([
    import("hast-util-from-html"),
    import("hast-util-sanitize"),
    import("hast-util-to-html"),
  ]);
  const given = fromHtml(text);
  const before = toHtml(given);
  const page = sanitize(given, SCHEMA);
  const isChanged = toHtml(page) !== before;
  return { html: toHtml(withPolicy(page.type === "root" ? page : { type: "root", children: [] })), isChanged };
}

/** Cleans a page in its file. Problem: `html-too-large`; such a file is left as it is, for nobody to open. */
export async function sanitizeFile(
  path: string,
  bytes: number,
): Promise<Result<Omit<CleanPage, "html"> & { bytes: number }>> {
  if (bytes > MOST_BYTES) return fail("html-too-large", `a page of more than ${MOST_BYTES >> 20} MB is not cleaned`);
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  let text: string;
  try {
    text = readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
  const { html, isChanged } = await sanitizeHtml(text);
  const draft = `${path}.clean`;
  writeFileSync(draft, html, { flag: "wx", mode: 0o600 });
  renameSync(draft, path);
  return ok({ isChanged, bytes: Buffer.byteLength(html) });
}

function meta(properties: Element["properties"]): Element {
  return { type: "element", tagName: "meta", properties, children: [] };
}

/** Puts the policy first into the page's head. */
function withPolicy(page: Root): Root {
  const policy = meta({ httpEquiv: ["Content-Security-Policy"], content: POLICY });
  const charset = meta({ charSet: "utf-8" });
  for (const html of page.children) {
    if (html.type !== "element" || html.tagName !== "html") continue;
    for (const head of html.children) {
      if (head.type !== "element" || head.tagName !== "head") continue;
      const says = head.children.some((part) => part.type === "element" && part.properties["charSet"] !== undefined);
      head.children.unshift(policy, ...(says ? [] : [charset]));
    }
  }
  return page;
}
