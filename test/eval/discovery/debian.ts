/**
 * Debian packages as material: they and what they depend on are downloaded with `apt-get` and unpacked side by side
 * into a cache folder; nothing is installed on the machine. The result is one root folder in which their programs can be
 * run, and one workspace per package, laid out as a repository would be.
 */
import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import * as z from "zod";

/** Part of every root: an interpreter, and programs that tools commonly start. */
const BASE = ["python3", "dash", "bash", "coreutils", "git", "base-files"];

/** Larger files are data. */
const MAX_FILE_BYTES = 1_000_000;

/** A console script of a package: it stands for the `[project.scripts]` of the repository it was built from. */
const EntryPoint = z.object({ name: z.string(), module: z.string(), function: z.string() });
export type EntryPoint = z.infer<typeof EntryPoint>;

const Workspace = z.object({
  name: z.string(),
  folder: z.string(),
  /** Files of the workspace, with where they lie in the root. */
  files: z.array(z.object({ path: z.string(), installed: z.string() })),
  entryPoints: z.array(EntryPoint),
});
export type Workspace = z.infer<typeof Workspace>;

export interface Material {
  readonly root: string;
  readonly workspaces: readonly Workspace[];
  /** Packages that this mirror does not have, or whose dependencies cannot be met. */
  readonly missing: readonly string[];
}

const Index = z.object({ workspaces: z.array(Workspace), missing: z.array(z.string()) });

/** Whether this machine has Debian's package tools and a sandbox; else what is missing. */
export async function missingPrograms(): Promise<readonly string[]> {
  const programs = ["apt-get", "dpkg-deb", "tar", "bwrap"];
  const found = await Promise.all(programs.map((name) => execa("which", [name], { reject: false })));
  return programs.filter((_, index) => found[index]?.exitCode !== 0);
}

/** Downloads and unpacks the packages into the cache folder, or takes what is there already. */
export async function prepare(
  packages: readonly string[],
  cache: string,
  log: (text: string) => void,
): Promise<Material> {
  const key = createHash("sha256")
    .update([LAYOUT, ...packages].join("\n"))
    .digest("hex")
    .slice(0, 12);
  const folder = join(cache, `material-${key}`);
  const index = join(folder, "index.json");
  const root = join(folder, "root");
  if (!(await exists(index))) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(root, { recursive: true });
    const { archives, missing } = await download(packages, cache, log);
    log(`unpacking ${archives.length} archives`);
    const workspaces = await unpack(packages, archives, folder, root);
    await writeFile(`${index}.new`, JSON.stringify({ workspaces, missing }));
    await rename(`${index}.new`, index);
  }
  return { root, ...Index.parse(JSON.parse(await readFile(index, "utf8"))) };
}

/** Changes when workspaces are laid out differently. */
const LAYOUT = "layout 1";

interface Archive {
  readonly file: string;
  readonly name: string;
  readonly source: string;
}

/** @returns the archives of the packages and of all that they depend on, and the packages that cannot be had */
async function download(
  packages: readonly string[],
  cache: string,
  log: (text: string) => void,
): Promise<{ archives: readonly string[]; missing: readonly string[] }> {
  const folder = join(cache, "archives");
  await mkdir(join(folder, "partial"), { recursive: true });
  const status = join(cache, "no-status");
  await writeFile(status, "");
  const settings = [
    `Dir::State::status=${status}`,
    `Dir::Cache::archives=${folder}`,
    "Debug::NoLocking=true",
    "APT::Sandbox::User=root",
  ];
  const options = ["-qq", "--yes", "--no-install-recommends", ...settings.flatMap((setting) => ["-o", setting])];
  const simulate = async (names: readonly string[]) =>
    await execa("apt-get", ["install", "--simulate", ...options, ...BASE, ...names], { reject: false });
  let wanted = packages;
  let plan = await simulate(wanted);
  if (plan.exitCode !== 0) {
    // One that is missing or at odds with another spoils all: they are added one after the other.
    wanted = [];
    for (const name of packages) {
      if ((await simulate([...wanted, name])).exitCode === 0) wanted = [...wanted, name];
      else log(`${name} cannot be had`);
    }
    plan = await simulate(wanted);
  }
  log(`downloading ${plan.stdout.split("\n").length} archives`);
  await execa("apt-get", ["install", "--download-only", ...options, ...BASE, ...wanted]);
  // Inst name (version Debian:12/stable [amd64])
  const archives = [...plan.stdout.matchAll(/^Inst (\S+) \((\S+) .*\[(\w+)\]\)/gmu)].map(
    ([, name = "", version = "", architecture = ""]) =>
      join(folder, `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`),
  );
  return { archives, missing: packages.filter((name) => !wanted.includes(name)) };
}

async function unpack(
  packages: readonly string[],
  archives: readonly string[],
  folder: string,
  root: string,
): Promise<Workspace[]> {
  await makeRoot(root);
  const known: Archive[] = [];
  for (const file of archives) {
    const fields = await execa("dpkg-deb", ["--field", file, "Package", "Source"]);
    const field = (name: string): string | undefined => new RegExp(`^${name}: (\\S+)`, "mu").exec(fields.stdout)?.[1];
    const name = field("Package") ?? "";
    known.push({ file, name, source: field("Source") ?? name });
    await extract(file, root);
  }
  const workspaces: Workspace[] = [];
  for (const name of packages) {
    const source = known.find((archive) => archive.name === name)?.source;
    const own = known.filter((archive) => archive.source === source);
    if (source !== undefined) workspaces.push(await layOut(name, own, join(folder, "workspaces", name)));
  }
  return workspaces;
}

/** What a package's installation scripts would have made, as far as Python programs need it. */
async function makeRoot(root: string): Promise<void> {
  for (const name of ["bin", "sbin", "lib"]) {
    await mkdir(join(root, "usr", name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  await mkdir(join(root, "usr/lib64"));
  await symlink("usr/lib64", join(root, "lib64"));
  for (const name of ["etc", "tmp", "home", "run", "dev", "proc", "var/tmp"]) {
    await mkdir(join(root, name), { recursive: true });
  }
  await writeFile(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:User,,,:/home/user:/bin/sh\n",
  );
  await writeFile(join(root, "etc/group"), "root:x:0:\nuser:x:1000:\n");
  await writeFile(join(root, "etc/hosts"), "127.0.0.1 localhost\n");
}

async function extract(archive: string, into: string): Promise<void> {
  await execa("dpkg-deb", ["--fsys-tarfile", archive], { encoding: "buffer", maxBuffer: 2 ** 30 }).pipe("tar", [
    "--extract",
    "--keep-directory-symlink",
    "--no-same-owner",
    "--exclude=./usr/share/doc/*/changelog*",
    "--exclude=./usr/share/locale",
    "--exclude=./usr/share/man",
    "--exclude=./dev",
    `--directory=${into}`,
  ]);
}

/** Where a file of a package would lie in the repository it was built from. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/^usr\/lib\/python3\/dist-packages\//u, ""],
  [/^usr\/(?:bin|sbin|games)\//u, "bin/"],
  [/^usr\/share\/doc\/[^/]+\/examples\//u, "examples/"],
  [/^usr\/share\/doc\//u, "doc/"],
  [/^usr\/share\//u, "share/"],
  [/^usr\/lib\//u, "libexec/"],
];

/** A generated script that looks its function up among the installed packages: no source of anybody. */
const GENERATED_SCRIPT = /EASY-INSTALL|load_entry_point\(/u;

async function layOut(name: string, archives: readonly Archive[], folder: string): Promise<Workspace> {
  const raw = `${folder}.raw`;
  await mkdir(raw, { recursive: true });
  for (const archive of archives) await extract(archive.file, raw);
  const files: { path: string; installed: string }[] = [];
  const entryPoints: EntryPoint[] = [];
  for (const entry of await readdir(raw, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const installed = join(entry.parentPath, entry.name).slice(raw.length + 1);
    if (/\.(?:egg|dist)-info\//u.test(installed)) {
      if (entry.name !== "entry_points.txt") continue;
      entryPoints.push(...consoleScripts(await readFile(join(raw, installed), "utf8")));
    } else {
      const path = await place(raw, installed, folder);
      if (path !== null) files.push({ path, installed });
    }
  }
  await rm(raw, { recursive: true });
  if (entryPoints.length > 0) await writeFile(join(folder, "pyproject.toml"), projectFile(name, entryPoints));
  files.sort((one, other) => (one.path < other.path ? -1 : 1));
  return { name, folder, files, entryPoints };
}

/** Copies a file of a package to its place in the workspace. @returns that place, or null for what is no source */
async function place(raw: string, installed: string, folder: string): Promise<string | null> {
  const from = join(raw, installed);
  const { size, mode } = await stat(from);
  const [prefix, replacement] = PLACES.find(([pattern]) => pattern.test(installed)) ?? [null, ""];
  if (prefix === null || size > MAX_FILE_BYTES) return null;
  const bytes = await readFile(from);
  const isGenerated = bytes.subarray(0, 2).toString() === "#!" && GENERATED_SCRIPT.test(bytes.toString("utf8"));
  if (isGenerated || bytes.subarray(0, 8_000).includes(0)) return null;
  const path = installed.replace(prefix, replacement);
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), bytes);
  await chmod(join(folder, path), mode & 0o777);
  return path;
}

function projectFile(name: string, entryPoints: readonly EntryPoint[]): string {
  const scripts = entryPoints.map((entry) => `${JSON.stringify(entry.name)} = "${entry.module}:${entry.function}"`);
  return ["[project]", `name = "${name}"`, "", "[project.scripts]", ...scripts, ""].join("\n");
}

function consoleScripts(text: string): EntryPoint[] {
  const section = /^\[console_scripts\]\s*$([^[]*)/mu.exec(text)?.[1] ?? "";
  return [...section.matchAll(/^\s*([^=\s]+)\s*=\s*([\w.]+)\s*:\s*([\w.]+)/gmu)].map(
    ([, name = "", module = "", function_ = ""]) => ({ name, module, function: function_ }),
  );
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
