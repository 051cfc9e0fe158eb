/**
 * Checks that the commands that package.json declares, those that the code registers and those that anything refers to
 * are the same. That every command of the table has a handler is checked by the types; that no other way of registering
 * one is used, and that menus, links and calls name commands that exist, is checked here.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { COMMANDS, VIEWS } from "../src/extension/contributions.ts";

const ROOT = join(import.meta.dirname, "..");
const REGISTRY = "src/extension/commands.ts";

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const manifest: Manifest = JSON.parse(read("package.json"));
const declared = new Set(manifest.contributes.commands.map(({ command }) => command));
const inTable = new Set<string>(Object.values(COMMANDS).map(({ id }) => id));
/** VS Code makes these itself. */
const ofViews = Object.values(VIEWS).map(({ id }) => `${id}.focus`);

const problems = [
  ...[...declared].filter((id) => !inTable.has(id)).map((id) => `${id} is declared, but nothing registers it`),
  ...[...inTable].filter((id) => !declared.has(id)).map((id) => `${id} is registered, but not declared`),
  ...globSync("src/extension/**/*.ts", { cwd: ROOT })
    .filter((file) => file !== REGISTRY && /\bregister(TextEditor)?Command\s*\(/.test(read(file)))
    .map((file) => `${file} registers a command by itself; ${REGISTRY} does that`),
  ...["package.json", "package.nls.json"].flatMap((file) =>
    referred(read(file)).map((id) => `${file} refers to ${id}, which does not exist`),
  ),
  ...globSync("src/**/*.ts", { cwd: ROOT }).flatMap((file) =>
    referred(read(file)).map((id) => `${file} refers to ${id}, which does not exist`),
  ),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Commands of ours in `"command": "…"`, `command:…` links and `executeCommand("…")` that are nobody's. */
function referred(text: string): string[] {
  const uses = text.matchAll(/(?:"command": "|command:|executeCommand(?:<[^>]*>)?\(\s*"|onCommand:)(toka\.[\w.]+)/g);
  return [...uses].map((use) => use[1] ?? "").filter((id) => !declared.has(id) && !ofViews.includes(id));
}
