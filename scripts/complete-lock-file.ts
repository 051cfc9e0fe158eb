/**
 * Adds to package-lock.json the optional packages for other platforms that the registry in use did not offer when it
 * was written (a partial mirror does that). Without them `npm ci` of npm 11 calls the file out of step. To be run after
 * `npm install`, by `npm run lock`; with `--check` nothing is written and a missing package is an error.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const FILE = join(import.meta.dirname, "..", "package-lock.json");

interface Entry {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock: { packages: Record<string, Entry> } = JSON.parse(readFileSync(FILE, "utf8"));
const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
  Object.entries(optionalDependencies).filter(([name]) => !isThere(path, name)),
);
if (process.argv.includes("--check") && missing.length > 0) {
  throw new Error(`package-lock.json lacks ${missing.map(([name]) => name).join(", ")}: \`npm run lock\` adds them.`);
}
const { "": root = {}, ...packages } = lock.packages;
for (const [name, version] of missing) packages[`node_modules/${name}`] = entryFor(name, version);
lock.packages = {
  "": root,
  ...Object.fromEntries(Object.entries(packages).sort(([one], [other]) => one.localeCompare(other, "en"))),
};
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(missing.length === 0 ? "package-lock.json is complete." : `Added ${missing.length} packages.`);

/** Looks for a package as Node does: beside the one that wants it, then further up. */
function isThere(path: string, name: string): boolean {
  let folder = path;
  for (;;) {
    if (lock.packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === "") return false;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")));
  }
}

/** The platform stands at the end of the name: `-linux-x64-musl`, or is the name in a scope: `/linux-x64`. */
function entryFor(name: string, version: string): Entry & Readonly<Record<string, unknown>> {
  const [, os, cpu, variant = ""] =
    /[-/](android|darwin|freebsd|linux|openharmony|win32)-(\w+)(?:-(\w+))?$/.exec(name) ?? [];
  if (os === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error(`${name}@${version} is missing in package-lock.json, and is not a package for one platform.`);
  }
  const libc = variant.startsWith("musl") ? ["musl"] : variant.startsWith("gnu") ? ["glibc"] : undefined;
  return { version, cpu: [cpu], dev: true, ...(libc ? { libc } : {}), optional: true, os: [os] };
}
