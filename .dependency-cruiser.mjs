/**
 * Who may import whom, as the table of rooms in docs/architecture.md says it. `npm run check` enforces it.
 */

import swcVisitor from "@swc/core/Visitor.js";

// The visitor through which dependency-cruiser reads TypeScript does not know `using` yet: it is read like `const`.
const { prototype } = swcVisitor.Visitor;
const { visitStatement } = prototype;
prototype.visitStatement = function visitStatementOrUsing(statement) {
  if (statement.type !== "UsingDeclaration") return visitStatement.call(this, statement);
  return { ...statement, decls: this.visitVariableDeclarators(statement.decls) };
};

/** Each room with those it may use. */
const ROOMS = {
  model: [],
  python: ["model"],
  analysis: ["model", "python"],
  discovery: ["model", "python"],
  sandbox: ["model"],
  selection: ["model"],
  kernel: ["model", "python", "analysis", "discovery", "sandbox", "selection"],
  mcp: ["model", "python", "analysis", "discovery", "sandbox", "selection", "kernel"],
  cli: ["model", "python", "analysis", "discovery", "sandbox", "selection", "kernel", "mcp"],
  server: ["model", "python", "analysis", "discovery", "sandbox", "selection", "kernel"],
  extension: ["model", "python", "analysis", "discovery", "sandbox", "selection", "kernel"],
  webview: ["model"],
};

const rooms = Object.entries(ROOMS).map(([room, uses]) => ({
  name: `room-${room}`,
  comment: `${room}/ may use ${uses.length === 0 ? "no other room" : uses.join(", ")}.`,
  severity: "error",
  from: { path: `^src/${room}/` },
  to: { path: "^src/", pathNot: `^src/(${[room, ...uses].join("|")})/` },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...rooms,
    {
      name: "known-room",
      comment: "Every file of the product stands in a room of the table.",
      severity: "error",
      from: { path: "^src/", pathNot: `^src/(${Object.keys(ROOMS).join("|")})/` },
      to: {},
    },
    {
      name: "by-the-door",
      comment: "A room is entered by its index.ts only.",
      severity: "error",
      from: { path: "^src/([^/]+)/" },
      to: { path: "^src/", pathNot: ["^src/$1/", "^src/[^/]+/index[.]ts$"] },
    },
    {
      name: "product-without-tests",
      comment: "What ships does not import scripts or tests.",
      severity: "error",
      from: { path: "^src/", pathNot: "[.]test[.]ts$" },
      to: { path: ["^(test|scripts)/", "[.]test[.]ts$"] },
    },
    {
      name: "vscode-in-extension-only",
      comment: "Only extension/ knows VS Code.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/extension/" },
      to: { path: ["^vscode$", "^vscode-languageclient", "/(@types/vscode|vscode-languageclient)/"] },
    },
    {
      name: "processes-in-sandbox-only",
      comment:
        "Only sandbox/ starts processes. (The command line goes on in the pinned Node by starting itself again.)",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/sandbox/", "^src/cli/main[.]ts$", "[.]test[.]ts$"] },
      to: { path: ["^(node:)?(child_process|cluster)$", "^execa$", "/execa/"] },
    },
    {
      name: "browser-without-node",
      comment: "A webview runs in a browser.",
      severity: "error",
      from: { path: "^src/webview/", pathNot: "[.]test[.]ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-cycles",
      comment:
        "Two files that need each other at run time are one thing or three. (But the parts of an interpreter call each other by nature.)",
      severity: "error",
      from: { pathNot: "^src/discovery/evaluate/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      comment: "An import that leads nowhere is a mistake.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^vscode$" },
    },
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(test/workspaces|dist)/" },
    enhancedResolveOptions: {
      extensions: [".ts", ".mts", ".mjs", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
