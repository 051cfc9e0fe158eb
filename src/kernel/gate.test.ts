import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/*
 * Nothing but the sandbox starts a process for a tool, and nothing takes a line out of the audit: looked for in the text
 * of everything that ships, whatever the import rules say. What is allowed is listed with its reason.
 */

const SOURCE = join(import.meta.dirname, "..");

/** Ways of starting a process, or code in another thread. */
const STARTS: Readonly<Record<string, RegExp>> = {
  "child processes": /["'`](?:node:)?child_process["'`]/,
  clusters: /["'`](?:node:)?cluster["'`]/,
  "packages that start processes":
    /(?:from|import\(|require\()\s*["'`](?:execa|cross-spawn|node-pty|zx|shelljs|open|tinyexec|nano-spawn)["'`]/,
  "worker threads": /["'`](?:node:)?worker_threads["'`]/,
  "Node's own bindings": /process\s*\.\s*(?:binding|dlopen)\b/,
  "modules by name": /\b(?:createRequire|getBuiltinModule)\b/,
  "Python in the helper":
    /\b(?:os\.(?:exec\w+|spawn\w+|posix_spawn\w*|system|popen|fork|forkpty)|subprocess|pty\.spawn)\b/,
  "the editor's own terminals, tasks and debuggers":
    /\b(?:shellPath|ShellExecution|ProcessExecution|executeTask|startDebugging|sendText)\b/,
};

/** File (below src/) to what it may, and why. */
const ALLOWED: readonly { readonly file: RegExp; readonly what: keyof typeof STARTS; readonly why: string }[] = [
  { file: /^sandbox\//, what: "child processes", why: "the sandbox itself" },
  { file: /^sandbox\//, what: "packages that start processes", why: "the sandbox itself" },
  { file: /^sandbox\/.*\.py$/, what: "Python in the helper", why: "the supervisor starts the tool inside the sandbox" },
  { file: /^sandbox\/probe-script\.ts$/, what: "Python in the helper", why: "what the probe tries inside the sandbox" },
  { file: /^cli\/main\.ts$/, what: "child processes", why: "the command line starts its own bundle, nothing else" },
  { file: /^kernel\/database\.ts$/, what: "modules by name", why: "node:sqlite, which older hosts do not have" },
  {
    file: /^sandbox\/observing\/hook\.ts$/,
    what: "Python in the helper",
    why: "names of events that the hook inside tells",
  },
  {
    file: /^discovery\/(?:crew|worker)\.ts$/,
    what: "worker threads",
    why: "reads files in several threads; runs no tool",
  },
  { file: /^python\/standard-library\.ts$/, what: "Python in the helper", why: "names of Python's modules" },
  { file: /^discovery\//, what: "Python in the helper", why: "names of calls in the table of capabilities" },
];

function files(folder: string): string[] {
  return readdirSync(join(SOURCE, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ts|py|sh)$/.test(entry.name) && !/\.test\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(SOURCE.length + 1));
}

describe("everything that ships", () => {
  const all = files("").map((file) => ({ file, text: withoutComments(readFileSync(join(SOURCE, file), "utf8")) }));

  it("is looked at", () => {
    expect(all.length).toBeGreaterThan(300);
    expect(all.some(({ file }) => file === "sandbox/supervise.ts")).toBe(true);
  });

  it.each(Object.keys(STARTS))("starts nothing by %s outside of the sandbox", (what) => {
    const pattern = STARTS[what] ?? /^/;
    const found = all.filter(({ text }) => pattern.test(text)).map(({ file }) => file);
    const allowed = ALLOWED.filter((one) => one.what === what);
    expect(found.filter((file) => !allowed.some((one) => one.file.test(file)))).toEqual([]);
    for (const one of allowed)
      expect(
        found.some((file) => one.file.test(file)),
        one.why,
      ).toBe(true);
  });

  it("runs tools in one place alone", () => {
    const outside = all.filter(({ file }) => !file.startsWith("sandbox/"));
    const runs = outside.filter(({ text }) => /\bsandbox\.run\(/.test(text)).map(({ file }) => file);
    expect(runs.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["kernel/command.ts", "kernel/execution/attempt.ts"]);
  });

  it("never changes or takes away a line of the audit", () => {
    const against = /\b(?:DELETE\s+FROM|UPDATE|REPLACE\s+INTO|DROP\s+TABLE|ALTER\s+TABLE)\s+audit\b|DROP\s+TRIGGER/i;
    const removing = all.filter(({ text }) => against.test(text)).map(({ file }) => file);
    expect(removing).toEqual([]);
    const keeping = all.filter(({ text }) => /BEFORE DELETE ON audit/.test(text)).map(({ file }) => file);
    expect(keeping).toEqual(["kernel/migrations.ts"]);
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");
}
