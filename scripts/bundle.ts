import type { BuildOptions } from "esbuild";

/**
 * How code for Node is bundled: as CommonJS, because VS Code loads extensions that way, with what modules know about
 * themselves mapped to it. VS Code 1.138, the oldest that is supported, runs extensions in Node 22.
 */
export const nodeBundle = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  mainFields: ["module", "main"],
  outExtension: { ".js": ".cjs" },
  define: {
    "import.meta.dirname": "__dirname",
    "import.meta.filename": "__filename",
    "import.meta.url": "importMetaUrl",
    // zod looks at it to recognise a certain cloud, and VS Code logs every look at it as an error.
    navigator: "undefined",
  },
  banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  logLevel: "warning",
} as const satisfies BuildOptions;
