/**
 * The truth about capabilities: runs programs in a sandbox with audit hooks (PEP 578) that write down what they really
 * do, and compares it with what discovery claims. A run shows only part of what a program can do, so that a claim that no
 * run confirmed is not wrong by that; what happened and was not claimed is.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { discover } from "../../../src/discovery/index.ts";
import { CapabilityName } from "../../../src/model/index.ts";
import type { Material } from "./debian.ts";
import { runInJail } from "./jail.ts";
import { GENERATED_CALLS, STANDARD_PROGRAMS } from "./programs.ts";
import { candidates } from "./truth.ts";

const Event = z.object({
  capability: z.union([CapabilityName, z.literal("error")]),
  event: z.string(),
  place: z.string(),
  detail: z.string(),
});
type Event = z.infer<typeof Event>;

/** One program with what it did in all its runs, and what is claimed of it. */
export interface Audited {
  readonly group: "standard library" | "Debian packages";
  readonly name: string;
  readonly claimed: ReadonlySet<CapabilityName>;
  readonly done: ReadonlyMap<CapabilityName, Event>;
  readonly runs: number;
}

const SHIM = join(import.meta.dirname, "audit");
const SECONDS = 10;

interface Program {
  readonly group: Audited["group"];
  readonly name: string;
  readonly own: readonly string[];
  readonly calls: readonly (readonly string[])[];
  readonly claims: () => Promise<ReadonlySet<CapabilityName> | null>;
}

export interface AuditOptions {
  /** Only each Nth program of the Debian packages. */
  readonly every: number;
  /** How many programs run at once. */
  readonly jobs: number;
  /** Only these modules and packages. */
  readonly only: ReadonlySet<string> | null;
  /** A folder in which what programs do is kept for the next time. */
  readonly keep: string;
}

/**
 * @returns the programs that discovery lists and that did anything at all
 */
export async function audit(
  material: Material,
  scratch: string,
  options: AuditOptions,
  log: (text: string) => void,
): Promise<readonly Audited[]> {
  await mkdir(scratch, { recursive: true });
  const samples = await makeSamples(join(scratch, "samples"));
  const standard = await standardPrograms(material.root, join(scratch, "standard"));
  const programs = [...standard, ...(await packagePrograms(material, options.every))].filter(
    (program) => options.only === null || options.only.has(program.name.split("/")[0] ?? ""),
  );
  log(`${programs.length} programs to audit`);
  const hash = createHash("sha256").update(await readFile(join(SHIM, "sitecustomize.py")));
  const folder = join(options.keep, `deeds-${hash.digest("hex").slice(0, 12)}`);
  await mkdir(folder, { recursive: true });
  const audited: Audited[] = [];
  let next = 0;
  const work = async (job: number): Promise<void> => {
    for (let program = programs[next++]; program !== undefined; program = programs[next++]) {
      const claimed = await program.claims();
      if (claimed === null) continue;
      const done = await kept(join(folder, `${program.name.replaceAll("/", "+")}.json`), async () =>
        deeds(material.root, program, samples, join(scratch, `job-${job}`)),
      );
      audited.push({ group: program.group, name: program.name, claimed, done, runs: program.calls.length });
      if (audited.length % 25 === 0) log(`${audited.length} of ${programs.length}`);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, (_, job) => work(job)));
  return audited;
}

/** What a program does is found out once for each version of the hooks. */
async function kept(
  file: string,
  find: () => Promise<ReadonlyMap<CapabilityName, Event>>,
): Promise<ReadonlyMap<CapabilityName, Event>> {
  const known = await readFile(file, "utf8").catch(() => null);
  if (known !== null) return new Map(z.array(z.tuple([CapabilityName, Event])).parse(JSON.parse(known)));
  const found = await find();
  await writeFile(`${file}.new`, JSON.stringify([...found]));
  await rename(`${file}.new`, file);
  return found;
}

/** What a program does in all its calls, each with fresh samples. */
async function deeds(
  root: string,
  program: Program,
  samples: string,
  scratch: string,
): Promise<ReadonlyMap<CapabilityName, Event>> {
  const done = new Map<CapabilityName, Event>();
  const folder = `${scratch}-folder`;
  for (const call of program.calls) {
    await rm(folder, { recursive: true, force: true });
    await cp(samples, folder, { recursive: true });
    for (const event of await events(root, program, call, folder, scratch)) {
      if (event.capability !== "error" && !done.has(event.capability)) done.set(event.capability, event);
    }
  }
  return done;
}

async function events(
  root: string,
  program: Program,
  call: readonly string[],
  samples: string,
  scratch: string,
): Promise<readonly Event[]> {
  const { found } = await runInJail(
    {
      root,
      shim: SHIM,
      scratch,
      own: program.own,
      home: "/home/user",
      folder: "/tmp/work",
      user: "user",
      environment: {},
      samples,
      seconds: SECONDS,
    },
    call,
    "1\n",
  );
  return found === null ? [] : z.array(Event).parse(JSON.parse(found));
}

/** Each module or package of the library as a workspace of its own, so that the rest of it is a library to it. */
async function standardPrograms(root: string, folder: string): Promise<Program[]> {
  const library = await libraryFolder(root);
  const programs: Program[] = [];
  for (const [module, ...calls] of STANDARD_PROGRAMS) {
    const [top = module] = module.split(".");
    const isPackage = await copyModule(join(root, library), top, join(folder, module));
    // Debian ships some of the library apart (`ensurepip`).
    if (isPackage === undefined) continue;
    const inside = module.replaceAll(".", "/");
    const files = [`${inside}.py`, `${inside}/__main__.py`, `${inside}/__init__.py`];
    programs.push({
      group: "standard library",
      name: module,
      own: [isPackage ? `${library}/${top}/` : `${library}/${top}.py`],
      calls: calls.map((call) => ["-m", module, ...call]),
      claims: async () => await claimsOf(join(folder, module), (file) => files.includes(file)),
    });
  }
  return programs;
}

/** Where the root keeps the standard library. */
async function libraryFolder(root: string): Promise<string> {
  const names = await readdir(join(root, "usr/lib"));
  const name = names.filter((item) => /^python3\.\d+$/u.test(item)).sort((one, other) => (one < other ? 1 : -1))[0];
  if (name === undefined) throw new Error(`${root} has no standard library of Python`);
  return `/usr/lib/${name}`;
}

/** @returns whether it is a package; nothing when the library does not have it */
async function copyModule(library: string, top: string, folder: string): Promise<boolean | undefined> {
  await mkdir(folder, { recursive: true });
  const isFile = await copyFile(join(library, `${top}.py`), join(folder, `${top}.py`)).then(
    () => true,
    () => false,
  );
  if (isFile) return false;
  if (!existsSync(join(library, top))) return undefined;
  await cp(join(library, top), join(folder, top), { recursive: true });
  return true;
}

async function packagePrograms({ workspaces }: Material, every: number): Promise<Program[]> {
  const programs: Program[] = [];
  let index = 0;
  for (const workspace of workspaces) {
    const { starts } = await candidates(workspace);
    const tools = discover(workspace.folder, { signal: new AbortController().signal });
    for (const start of starts) {
      index += 1;
      if (index % every !== 0) continue;
      programs.push({
        group: "Debian packages",
        name: `${workspace.name}/${start.file}`,
        own: workspace.files.map((file) => `/${file.installed}`),
        calls: GENERATED_CALLS.map((call) => [...start.argv, ...call]),
        claims: async () => {
          const found = (await tools).tools.filter((tool) => tool.file === start.file);
          return found.length === 0
            ? null
            : new Set(found.flatMap((tool) => tool.capabilities.map(({ name }) => name)));
        },
      });
    }
  }
  return programs;
}

async function claimsOf(
  folder: string,
  isWanted: (file: string) => boolean,
): Promise<ReadonlySet<CapabilityName> | null> {
  const { tools } = await discover(folder, { signal: new AbortController().signal });
  const found = tools.filter((tool) => isWanted(tool.file));
  return found.length === 0 ? null : new Set(found.flatMap((tool) => tool.capabilities.map(({ name }) => name)));
}

/** Small files of common kinds for programs to work on. */
async function makeSamples(folder: string): Promise<string> {
  await mkdir(join(folder, "folder"), { recursive: true });
  await mkdir(join(folder, "application"), { recursive: true });
  const texts: Readonly<Record<string, string>> = {
    "sample.txt": "one two three\nfour five six\n",
    "sample.json": '{"name": "one", "values": [1, 2, 3]}\n',
    "sample.csv": "name,value\none,1\ntwo,2\n",
    "sample.py":
      '"""A sample.\n\n>>> 1 + 1\n2\n"""\n\n\ndef double(value):\n    return 2 * value\n\n\nprint(double(2))\n',
    "folder/inner.txt": "inner\n",
    "folder/inner.py": "print(1)\n",
    "application/__main__.py": "print(1)\n",
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
  const script = [
    "import cProfile, gzip, pickle, tarfile, zipfile",
    "pickle.dump({'one': 1}, open('sample.pickle', 'wb'))",
    "zipfile.ZipFile('sample.zip', 'w').write('sample.txt')",
    "tarfile.open('sample.tar', 'w').add('sample.txt')",
    "gzip.open('sample.txt.gz', 'wb').write(b'one')",
    "cProfile.run('1', 'sample.prof')",
  ].join("\n");
  await execa("python3", ["-c", script], { cwd: folder });
  return folder;
}
