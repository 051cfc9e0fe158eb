import type { ServerConfiguration } from "../model/index.ts";

/** What the server does until it is told otherwise. */
export const DEFAULTS: ServerConfiguration = {
  exclude: {},
  capabilities: {},
  lenses: { controlFlow: true, callGraph: true, run: true },
  highlights: true,
  texts: {
    controlFlow: "Control flow · complexity {0}",
    callGraph: "Calls",
    calls: { external: "out of the workspace: {0}", unknown: "not resolved: {0}", module: "module {0}" },
    run: "▶ Run {0}",
    symbol: "complexity {0} · cognitive {1}",
    lines: "lines {0} to {1}",
    metrics: {
      cyclomatic: { name: "Cyclomatic complexity", meaning: "" },
      cognitive: { name: "Cognitive complexity", meaning: "" },
    },
  },
};
