import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { execa } from "execa";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../../scripts/setup.mjs";
import { toDot, toHtml, toMermaid } from "../../src/analysis/index.ts";
import { viewOf } from "../../src/analysis/view.ts";
import { launchBrowser } from "../support/browser.ts";
import { hostileGraphs } from "../support/hostile.ts";

const GRAPHS = 300;
/** Graphviz takes long for large graphs. */
const MAX_NODES = 40;
const MINUTES = 60_000;

/** The elements of which Graphviz makes pictures. */
const DRAWN: ReadonlySet<string> = new Set(["svg", "g", "title", "text", "path", "polygon", "polyline", "ellipse"]);

const dot = findProgram("dot");
if (dot === undefined) console.warn("NOT TESTED: DOT against Graphviz: this machine has no dot (package graphviz)");
const chromium = findProgram("chromium", "chromium-browser", "google-chrome");
if (chromium === undefined)
  console.warn("NOT TESTED: Mermaid's parser and HTML in a browser: this machine has no Chromium");

const graphs = hostileGraphs(GRAPHS, MAX_NODES);
const views = graphs.map((graph) => viewOf(graph, "handled"));
const counts = views.map(({ nodes, edges }) => ({ nodes: nodes.length, edges: edges.length }));

test("there are hundreds of graphs with hostile texts", () => {
  expect(graphs.length).toBeGreaterThanOrEqual(200);
});

describe.skipIf(dot === undefined)("DOT in Graphviz", () => {
  const run = async (format: string): Promise<string> => {
    const input = graphs.map((graph) => toDot(graph)).join("");
    const { stdout, stderr } = await execa(dot ?? "dot", [`-T${format}`], { input });
    // Graphviz warns of what it does not understand and goes on.
    expect(
      stderr
        .split("\n")
        .filter((line) => !/fontname|Pango|no value for width/i.test(line))
        .join("\n"),
    ).toBe("");
    return stdout;
  };

  test("it finds every node and every edge", { timeout: 5 * MINUTES }, async () => {
    const found = (await run("plain")).split(/^stop$/m).slice(0, -1);
    expect(
      found.map((text) => ({
        nodes: text.match(/^node /gm)?.length ?? 0,
        edges: text.match(/^edge /gm)?.length ?? 0,
      })),
    ).toEqual(counts);
  });

  test("it draws each with its kind, and nothing that a text smuggled in", { timeout: 5 * MINUTES }, async () => {
    const svg = await run("svg");
    const pictures = svg.split("</svg>").slice(0, -1);
    expect(
      pictures.map((text) => ({
        nodes: text.match(/<g id="node\d+" class="node [a-z]/g)?.length ?? 0,
        edges: text.match(/<g id="edge\d+" class="edge [a-z]/g)?.length ?? 0,
      })),
    ).toEqual(counts);
    const tags = new Set([...svg.matchAll(/<([a-zA-Z][\w:-]*)/g)].map(([, tag]) => tag));
    expect([...tags].filter((tag) => !DRAWN.has(tag ?? ""))).toEqual([]);
  });
});

describe.skipIf(chromium === undefined)("in a browser", () => {
  let browser: Browser;
  let page: Page;
  let scratch: string;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "toka-"));
    browser = await launchBrowser();
    page = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  });

  test("Mermaid's own parser reads every graph, with equal nodes, edges and texts", {
    timeout: 5 * MINUTES,
  }, async () => {
    const library = dirname(fileURLToPath(import.meta.resolve("mermaid")));
    await page.route("http://mermaid.invalid/**", async (route) => {
      const path = new URL(route.request().url()).pathname;
      if (path === "/")
        await route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Mermaid</title>" });
      else await route.fulfill({ contentType: "text/javascript", body: await readFile(join(library, path)) });
    });
    await page.goto("http://mermaid.invalid/");
    await page.addScriptTag({
      type: "module",
      content: 'import mermaid from "/mermaid.esm.min.mjs"; globalThis.mermaid = mermaid;',
    });
    await page.waitForFunction(() => "mermaid" in globalThis);
    const found = await page.evaluate(
      readAsMermaid,
      graphs.map((graph) => toMermaid(graph)),
    );
    expect(found.map(({ nodes, edges }) => ({ nodes: nodes.length, edges }))).toEqual(counts);
    for (const [i, { nodes }] of found.entries()) {
      const labels = views[i]?.nodes.map(({ id, label }) => [id, start(label)]);
      expect(nodes.map(({ id, text }) => [id, start(text)])).toEqual(labels);
    }
  });

  test("a page opens from a file: no network, no script, no handler, the right colours", {
    timeout: MINUTES,
  }, async () => {
    const file = join(scratch, "graphs.html");
    await writeFile(file, toHtml(graphs.slice(0, 40), { title: '</title><script>document.title="evil"</script>' }));
    const requests: string[] = [];
    const complaints: string[] = [];
    const own = await browser.newPage();
    own.on("request", (request) => requests.push(request.url()));
    own.on("console", (message) => complaints.push(message.text()));
    own.on("pageerror", (error) => complaints.push(error.message));
    own.on("dialog", (dialog) => complaints.push(`dialog ${dialog.message()}`));
    const url = pathToFileURL(file).href;
    await own.goto(url);
    expect(requests).toEqual([url]);
    expect(await own.title()).toBe('</title><script>document.title="evil"</script>');
    expect(await own.evaluate(INSPECT_PAGE)).toEqual({ scripts: 0, handlers: 0, addresses: 0, pictures: 40 });
    const backgrounds: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await own.emulateMedia({ colorScheme });
      backgrounds.push(await own.evaluate<string>("getComputedStyle(document.body).backgroundColor"));
    }
    expect(new Set(backgrounds).size).toBe(2);
    await own.emulateMedia({ forcedColors: "active" });
    const forced = await own.evaluate<string>('getComputedStyle(document.querySelector("svg .node path")).stroke');
    expect(forced).toMatch(/^rgb/);
    expect(complaints).toEqual([]);
    await own.close();
  });
});

/** The beginning of a label's first line: labels are shortened. */
function start(label: string): string {
  return label.split("\n")[0]?.replaceAll(/\s+/g, " ").trim().slice(0, 40) ?? "";
}

interface MermaidGraph {
  readonly nodes: { readonly id: string; readonly text: string }[];
  readonly edges: number;
}

/** Runs in the page. */
async function readAsMermaid(texts: readonly string[]): Promise<MermaidGraph[]> {
  interface Database {
    getVertices(): ReadonlyMap<string, { readonly text?: string }>;
    getEdges(): readonly unknown[];
  }
  interface Mermaid {
    initialize(config: object): void;
    readonly mermaidAPI: { getDiagramFromText(text: string): Promise<{ readonly db: Database }> };
  }
  const { mermaid } = globalThis as unknown as { readonly mermaid: Mermaid };
  mermaid.initialize({ startOnLoad: false, maxEdges: 20_000, maxTextSize: 5_000_000 });
  const found: MermaidGraph[] = [];
  for (const text of texts) {
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    found.push({
      nodes: [...db.getVertices()].map(([id, vertex]) => ({
        id,
        text: (vertex.text ?? "")
          .replaceAll(/<br\s*\/?>/g, "\n")
          // How Mermaid keeps `#40;` until it draws.
          .replaceAll(/ﬂ°°(\d+)¶ß/g, (_, code: string) => String.fromCodePoint(Number(code))),
      })),
      edges: db.getEdges().length,
    });
  }
  return found;
}

/** Runs in the page; a text, because the types of tests do not include a page's. */
const INSPECT_PAGE = `(() => {
  const attributes = [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]);
  return {
    scripts: document.querySelectorAll("script, iframe, object, embed, img, link").length,
    handlers: attributes.filter(({ name }) => name.startsWith("on")).length,
    addresses: attributes.filter(({ name }) => name === "src" || name === "href" || name === "xlink:href").length,
    pictures: document.querySelectorAll("svg").length,
  };
})()`;
