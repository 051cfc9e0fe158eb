import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromHtml } from "hast-util-from-html";
import { describe, expect, it } from "vitest";
import { sanitizeHtml } from "./html.ts";
import { cleanPages } from "./output.ts";

type Part = ReturnType<typeof fromHtml>["children"][number];

const TAGS = /^(?:script|iframe|object|embed|form|base|link|math|animate|set|template)$/i;

/** What an attribute of an element does when it acts. */
const ACTS: readonly ((tag: string, name: string, value: string) => boolean)[] = [
  (_, name) => /^on/i.test(name),
  (_tag, _name, value) => /^javascript:/i.test([...value].filter((letter) => letter > " ").join("")),
  (_, name, value) => /^(?:src|srcset|data|action|formAction|poster)$/.test(name) && !value.startsWith("data:"),
  (_, name, value) => name === "httpEquiv" && !/content-security-policy/i.test(value),
  (tag, name, value) => /^(?:href|xLinkHref)$/.test(name) && tag !== "a" && !value.startsWith("#"),
];

/** Whatever acts in a page as a browser reads it, in words. */
function acting(html: string): string[] {
  const ofPart = (part: Part): string[] => {
    if (part.type !== "element") return [];
    const { tagName, properties, children } = part;
    const names = Object.entries(properties)
      .filter(([name, value]) => ACTS.some((acts) => acts(tagName, name, String(value))))
      .map(([name]) => `${tagName} ${name}`);
    return [...(TAGS.test(tagName) ? [tagName] : []), ...names, ...children.flatMap(ofPart)];
  };
  return fromHtml(html).children.flatMap(ofPart);
}

describe("pages of tools", () => {
  it.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    '<base href="https://evil.example/">',
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    '<form action="https://evil.example/"><button formaction="javascript:alert(1)">x</button></form>',
    '<object data="https://evil.example/x.swf"></object><embed src="https://evil.example/">',
    '<img src="https://evil.example/pixel.png" srcset="https://evil.example/2.png 2x">',
    '<video poster="https://evil.example/p.png" src="https://evil.example/v.mp4"></video>',
    '<svg><script>alert(1)</script><a xlink:href="javascript:alert(1)"><path d="M0 0"/></a></svg>',
    '<svg><use href="https://evil.example/x.svg#a"/><animate attributeName="href" to="javascript:alert(1)"/></svg>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<svg><foreignObject><body onload=alert(1)></foreignObject></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "<!--><img src=x onerror=alert(1)>-->",
    "<template><img src=x onerror=alert(1)></template>",
  ])("do not act: %s", async (part) => {
    const given = `<!doctype html><html><body><p>stays</p>${part}</body></html>`;
    expect(acting(given)).not.toEqual([]);
    const { html, isChanged } = await sanitizeHtml(given);
    expect(isChanged).toBe(true);
    expect(html).toContain("<p>stays</p>");
    expect(acting(html)).toEqual([]);
    // Read again, it says the same.
    expect((await sanitizeHtml(html)).html.replaceAll(/<meta [^>]*>/g, "")).toBe(html.replaceAll(/<meta [^>]*>/g, ""));
  });

  it("do not act where a browser with scripts reads them differently", async () => {
    const { html } = await sanitizeHtml(
      '<p>stays</p><noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    );
    expect(html).not.toContain("noscript");
    expect(html).toContain("stays");
  });

  it("have a policy before everything else", async () => {
    const { html } = await sanitizeHtml("<style>@import url(https://evil.example/)</style>hello");
    expect(html).toMatch(/^<html><head><meta http-equiv="Content-Security-Policy" content="default-src /);
  });

  it("keep how they look", async () => {
    const page =
      '<!doctype html><html lang="de"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>x</title><style>p{color:red}</style></head><body class="a" style="color:red">' +
      '<h1 id="a">T</h1><svg viewBox="0 0 1 1"><g transform="scale(2)" stroke-width="2" stroke-dasharray="1 2"><path d="M0 0"></path></g>' +
      '<use href="#a"></use></svg><table><tbody><tr><td colspan="2">x</td></tr></tbody></table><a href="https://example.org">y</a>' +
      '<img src="data:image/png;base64,xx" alt="q"><details><summary>s</summary></details></body></html>';
    const { html, isChanged } = await sanitizeHtml(page);
    expect(isChanged).toBe(false);
    expect(html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "")).toBe(page);
  });

  it("are cleaned in their files, and kept back when they are too large for that", async () => {
    const folder = mkdtempSync(join(tmpdir(), "toka-pages-"));
    try {
      const write = (name: string, text: string) => {
        writeFileSync(join(folder, name), text);
        return { path: join(folder, name), format: "html", bytes: text.length } as const;
      };
      const small = write("small.html", "<p>hi<script>alert(1)</script>");
      const large = write("large.html", "<p>".padEnd(5_000_000, "x"));
      const { results, withheld } = await cleanPages([small, large]);
      const clean = readFileSync(small.path, "utf8");
      expect(clean).not.toContain("script>");
      expect(results).toEqual([{ ...small, bytes: Buffer.byteLength(clean) }]);
      expect(withheld).toHaveLength(2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
