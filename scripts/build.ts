/**
 * Bundles everything that ships into dist/.
 *
 *   node scripts/build.ts [--production] [--watch]
 *
 * --production minifies and leaves source maps out; --watch rebuilds on every change until Ctrl+C.
 */
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import * as esbuild from "esbuild";
import { nodeBundle } from "./bundle.ts";
import { compileNative } from "./native.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");

const { values: options } = parseArgs({
  options: { production: { type: "boolean", default: false }, watch: { type: "boolean", default: false } },
});

const shared = {
  absWorkingDir: ROOT,
  bundle: true,
  metafile: true,
  minify: options.production,
  sourcemap: options.production ? false : "linked",
  legalComments: "none",
  logLevel: "warning",
} satisfies esbuild.BuildOptions;

/** Names the code that these sources, and the packages that they rest on, make. */
async function buildOf(rooms: string): Promise<string> {
  const hash = createHash("sha256");
  const sources = globSync(`src/${rooms}/**/*.{ts,py,c,h}`, { cwd: ROOT }).filter((file) => !/test/.test(file));
  for (const file of [...sources.toSorted(), "package.json", "package-lock.json"]) {
    hash.update(file).update(await readFile(join(ROOT, file)));
  }
  return hash.digest("hex").slice(0, 20);
}

/** What discovery stores is of use only to the code that found it. */
const discoveryBuild = await buildOf("{model,python,discovery}");
/** Fingerprints of built-in tools are taken of the command line's file, which has to change with all that it uses. */
const build = await buildOf("*");

const node = {
  ...nodeBundle,
  ...shared,
  define: { ...nodeBundle.define, DISCOVERY_BUILD: JSON.stringify(discoveryBuild) },
} satisfies esbuild.BuildOptions;

/**
 * Mermaid loads each kind of diagram and layout by a dynamic import: 5.3 MB in 109 files. The product draws
 * flowcharts, laid out by dagre; the rest is left out.
 */
const flowchartsOnly: esbuild.Plugin = {
  name: "mermaid-flowcharts-only",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, importer, path }) => {
      const left = kind === "dynamic-import" && /[/\\]mermaid[/\\]dist[/\\]/.test(importer);
      if (!left || /[/\\](flowDiagram|dagre)-/.test(path)) return undefined;
      return { path, namespace: "left-out" };
    });
    build.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not part of this build: only flowcharts are.`)});`,
    }));
  },
};

/** Rooms that several bundles need stand in one each, together with those that call each other all the time. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  model: ["model"],
  reading: ["python", "analysis", "discovery"],
  running: ["sandbox", "selection", "kernel"],
};
/** Packages that all of these use. Of zod's languages only one is spoken. */
const PACKAGES = ["zod", "yaml"] as const;

/** What a bundle of rooms gives others: each room under its own name. */
function roomsOf(bundle: string): string {
  return (SHARED[bundle] ?? []).map((room) => `export * as ${room} from "./src/${room}/index.ts";`).join("\n");
}

/**
 * Takes rooms and packages from their own bundles, when they are first needed.
 * @param own the name of the bundle that is made
 */
function fromSharedBundles(own: string): esbuild.Plugin {
  return {
    name: "from-shared-bundles",
    setup(build) {
      build.onResolve({ filter: /\/index\.ts$/ }, ({ path, resolveDir, kind }) => {
        if (kind === "entry-point") return undefined;
        const room = basename(dirname(join(resolveDir, path)));
        const [bundle] = Object.entries(SHARED).find(([, rooms]) => rooms.includes(room)) ?? [];
        const isRoom = dirname(dirname(join(resolveDir, path))) === join(ROOT, "src");
        return isRoom && bundle !== undefined && bundle !== own
          ? { path: room, namespace: "shared", pluginData: `module.exports = require("./${bundle}.cjs").${room}` }
          : undefined;
      });
      build.onResolve({ filter: new RegExp(`^(?:${PACKAGES.join("|")})$`) }, ({ path }) => {
        if (path === own) return undefined;
        return { path, namespace: "shared", pluginData: `module.exports = require("./${path}.cjs")` };
      });
      build.onLoad({ filter: /.*/, namespace: "shared" }, ({ pluginData }) => ({ contents: String(pluginData) }));
      build.onResolve({ filter: /^\.\/[\w-]+\.cjs$/, namespace: "shared" }, ({ path }) => ({ path, external: true }));
      build.onLoad({ filter: /[/\\]zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => ({
        contents: 'export { default as en } from "./en.js";',
      }));
    },
  };
}

/** What one webview loads of another's folder when it needs it is that one's bundle, beside its own. */
const loadedWhenNeeded: esbuild.Plugin = {
  name: "loaded-when-needed",
  setup(build) {
    build.onResolve({ filter: /^\.\.\/[^/]+\/main\.ts$/ }, ({ kind, path }) => {
      return kind === "dynamic-import" ? { path: `./${basename(dirname(path))}.js`, external: true } : undefined;
    });
  },
};

/** A bundle for Node with this text as its entry. */
function nodePart(name: string, contents: string): esbuild.BuildOptions {
  const stdin = { contents, resolveDir: ROOT, sourcefile: `${name}.ts`, loader: "ts" } as const;
  return { ...node, stdin, outfile: `dist/${name}.cjs`, plugins: [fromSharedBundles(name)] };
}

function bundles(): esbuild.BuildOptions[] {
  const webviews = globSync("src/webview/*/main.ts", { cwd: ROOT });
  return [
    ...PACKAGES.map((name) => nodePart(name, `export * from "${name}";`)),
    ...Object.keys(SHARED).map((name) => nodePart(name, roomsOf(name))),
    { ...nodePart("extension", 'export * from "./src/extension/main.ts";'), external: ["vscode"] },
    nodePart("server", 'import "./src/server/main.ts";'),
    nodePart("discovery-worker", 'import "./src/discovery/worker.ts";'),
    {
      ...nodePart("cli", 'import "./src/cli/main.ts";'),
      banner: { js: `#!/usr/bin/env node\n// build ${build}\n${nodeBundle.banner.js}` },
    },
    ...webviews.map((entry) => ({
      ...shared,
      platform: "browser" as const,
      format: "esm" as const,
      target: "es2022",
      entryPoints: { [`webview/${basename(dirname(entry))}`]: entry },
      outdir: "dist",
      plugins: [flowchartsOnly, loadedWhenNeeded],
    })),
  ];
}

async function copyAssets(): Promise<void> {
  await copyFile(join(ROOT, "src/sandbox/helper.py"), join(DIST, "helper.py"));
  const native = await compileNative(DIST);
  if (native === undefined) console.log("no native supervisor (no C compiler): helper.py does the same");
  else console.log(`${basename(native.path)} by ${native.compiler}`);
}

/** The licences of every package that the bundles contain, as those licences ask. */
async function writeNotices(results: readonly esbuild.BuildResult<{ metafile: true }>[]): Promise<void> {
  const folders = new Set<string>();
  for (const input of results.flatMap((result) => Object.keys(result.metafile.inputs))) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  const notices: string[] = [];
  for (const folder of [...folders].sort((one, other) => one.localeCompare(other))) {
    const manifest: { name: string; version: string; license?: string } = JSON.parse(
      await readFile(join(ROOT, folder, "package.json"), "utf8"),
    );
    const [file] = globSync("{LICENSE,LICENCE,License,license}*", { cwd: join(ROOT, folder) });
    const text = file === undefined ? "" : await readFile(join(ROOT, folder, file), "utf8");
    notices.push(`${manifest.name} ${manifest.version} (${manifest.license ?? "see its text"})\n\n${text.trim()}\n`);
  }
  const title = "Toka Tools contains these packages:\n\n";
  await writeFile(join(DIST, "THIRD-PARTY-NOTICES.txt"), title + notices.join(`\n${"-".repeat(80)}\n\n`));
}

async function reportSizes(): Promise<void> {
  for (const file of globSync("**/*", { cwd: DIST })) {
    const status = await stat(join(DIST, file));
    if (status.isFile() && !file.endsWith(".map")) {
      console.log(`${(status.size / 1024).toFixed(1).padStart(9)} KB  dist/${file}`);
    }
  }
}

const started = performance.now();
await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
if (options.watch) {
  const contexts = await Promise.all(bundles().map((bundle) => esbuild.context({ ...bundle, logLevel: "info" })));
  await copyAssets();
  await Promise.all(contexts.map((context) => context.watch()));
} else {
  const results = await Promise.all(bundles().map((bundle) => esbuild.build({ ...bundle, metafile: true })));
  await copyAssets();
  await chmod(join(DIST, "cli.cjs"), 0o755);
  await writeNotices(results);
  await reportSizes();
  console.log(`built in ${Math.round(performance.now() - started)} ms`);
}
