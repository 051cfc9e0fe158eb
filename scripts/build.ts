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

/** What discovery stores is of use only to the code that found it: its sources, and the packages that they rest on. */
async function discoveryBuild(): Promise<string> {
  const hash = createHash("sha256");
  const sources = globSync("src/{model,python,discovery}/**/*.ts", { cwd: ROOT }).filter((file) => !/test/.test(file));
  for (const file of [...sources.toSorted(), "package.json", "package-lock.json"]) {
    hash.update(file).update(await readFile(join(ROOT, file)));
  }
  return hash.digest("hex").slice(0, 20);
}

const node = {
  ...nodeBundle,
  ...shared,
  define: { ...nodeBundle.define, DISCOVERY_BUILD: JSON.stringify(await discoveryBuild()) },
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

/** What one webview loads of another's folder when it needs it is that one's bundle, beside its own. */
const loadedWhenNeeded: esbuild.Plugin = {
  name: "loaded-when-needed",
  setup(build) {
    build.onResolve({ filter: /^\.\.\/[^/]+\/main\.ts$/ }, ({ kind, path }) => {
      return kind === "dynamic-import" ? { path: `./${basename(dirname(path))}.js`, external: true } : undefined;
    });
  },
};

function bundles(): esbuild.BuildOptions[] {
  const webviews = globSync("src/webview/*/main.ts", { cwd: ROOT });
  return [
    { ...node, entryPoints: { extension: "src/extension/main.ts" }, external: ["vscode"] },
    { ...node, entryPoints: { server: "src/server/main.ts" } },
    { ...node, entryPoints: { "discovery-worker": "src/discovery/worker.ts" } },
    {
      ...node,
      entryPoints: { cli: "src/cli/main.ts" },
      banner: { js: `#!/usr/bin/env node\n${nodeBundle.banner.js}` },
    },
    ...webviews.map((entry) => ({
      ...shared,
      platform: "browser" as const,
      format: "esm" as const,
      target: "es2022",
      entryPoints: { [`webview/${basename(dirname(entry))}`]: entry },
      plugins: [flowchartsOnly, loadedWhenNeeded],
    })),
  ].map((bundle) => ({ ...bundle, outdir: "dist" }));
}

async function copyAssets(): Promise<void> {
  await copyFile(join(ROOT, "src/sandbox/helper.py"), join(DIST, "helper.py"));
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
