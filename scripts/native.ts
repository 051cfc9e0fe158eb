/**
 * Compiles the native supervisor from src/sandbox/native/*.c, for the machine that it is compiled on: what could not be tried
 * here is not handed out, and helper.py does the same.
 *
 *   node scripts/native.ts
 *
 * compiles twice, in folders of their own, with warnings as errors, and compares the bytes. Whoever has the same compiler and
 * C library gets the same file: nothing of the place or time of a build is in it.
 */
import { globSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { execa } from "execa";
import { findProgram } from "./setup.mjs";

const ROOT = join(import.meta.dirname, "..");
const SOURCES = join(ROOT, "src/sandbox/native");

const WARNINGS = [
  ...["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes"],
  ...["-Wvla", "-Wformat=2"],
] as const;

/** Small, without anything that tells where or when it was made, and with nothing undefined in what overflows. */
const OPTIONS = [
  ...WARNINGS,
  ...["-Os", "-ffunction-sections", "-fdata-sections", "-fno-asynchronous-unwind-tables"],
  ...["-fstack-protector-strong", "-fwrapv", "-fno-strict-aliasing", "-fno-delete-null-pointer-checks"],
  ...["-s", "-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,-z,noexecstack", "-Wl,-z,relro", "-Wl,-z,now"],
] as const;

/** What not every compiler knows: no stack without a guard page below, no variable with what stood in memory before. */
const HARDENING = ["-fstack-clash-protection", "-ftrivial-auto-var-init=zero", "-fcf-protection=full"] as const;

/** What makes a program that needs nothing of the machine. */
interface Compiler {
  readonly compiler: string;
  readonly options: readonly string[];
  /** What stands behind the files. */
  readonly last: readonly string[];
}

const STATIC = { options: ["-static"], last: [] } as const;
/** Loaded at another address each time. */
const STATIC_PIE = { options: ["-fPIE", "-static-pie"], last: [] } as const;

/** By Node's names of the processor architectures that the sandbox knows. */
const MUSL = new Map([
  ["x64", "/usr/lib/x86_64-linux-musl"],
  ["arm64", "/usr/lib/aarch64-linux-musl"],
]);

/** The ways to compile, the best first: the small C library, whose compiler has no word for static-pie, makes a seventh of the size. */
function ways(library: string): Compiler[] {
  const start = ["-nostartfiles", join(library, "rcrt1.o"), join(library, "crti.o")];
  const pie = ["-fPIE", "-static", "-Wl,-pie,--no-dynamic-linker,-z,text", ...start];
  return [
    { compiler: "musl-gcc", options: pie, last: [join(library, "crtn.o")] },
    { compiler: "musl-gcc", ...STATIC },
    { compiler: "gcc", ...STATIC_PIE },
    { compiler: "gcc", ...STATIC },
  ];
}

export interface CompiledHelper {
  readonly compiler: string;
  readonly path: string;
}

/**
 * Compiles into a folder, under the name that the sandbox looks for; nothing where there is no compiler.
 * @param sources the folder of the C files
 * @throws what the compiler says, when it refuses
 */
export async function compileNative(
  folder: string,
  sources: string = SOURCES,
  more: readonly string[] = [],
): Promise<CompiledHelper | undefined> {
  const found = await findCompiler(folder);
  if (found === undefined) return undefined;
  const { compiler, options, last } = found;
  const path = join(folder, `helper-${process.platform}-${process.arch}`);
  const files = globSync("*.c", { cwd: sources }).toSorted();
  const place = [`-ffile-prefix-map=${sources}=.`];
  await execa(compiler, [...OPTIONS, ...options, ...more, ...place, "-o", path, ...files, ...last], {
    cwd: sources,
    env: { LC_ALL: "C", SOURCE_DATE_EPOCH: "0" },
  });
  return { compiler, path };
}

/**
 * Compiles with what finds mistakes while the program runs (AddressSanitizer, UndefinedBehaviorSanitizer). False where the
 * compiler has none.
 * @throws what the compiler says, when it refuses
 */
export async function compileSanitized(path: string): Promise<boolean> {
  const options = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-static-libasan"];
  const compiler = findProgram("gcc");
  if (process.platform !== "linux" || compiler === undefined) return false;
  if (!(await works({ compiler, options, last: [] }, `${path}-trial`))) return false;
  const files = globSync("*.c", { cwd: SOURCES });
  await execa(compiler, [...WARNINGS, "-Werror", ...options, "-o", path, ...files], { cwd: SOURCES });
  return true;
}

/** The best way to compile that makes static programs here, as not everyone has a static C library; with all that it can. */
async function findCompiler(folder: string): Promise<Compiler | undefined> {
  const library = MUSL.get(process.arch);
  if (process.platform !== "linux" || library === undefined) return undefined;
  const trial = join(folder, ".trial");
  for (const way of ways(library)) {
    const compiler = findProgram(way.compiler);
    if (compiler === undefined || !(await works({ ...way, compiler }, trial))) continue;
    const options = [...way.options];
    for (const option of HARDENING) {
      if (await works({ ...way, compiler, options: [...options, option] }, trial)) options.push(option);
    }
    return { ...way, compiler, options };
  }
  return undefined;
}

/** Whether a program comes out that runs. */
async function works({ compiler, options, last }: Compiler, trial: string): Promise<boolean> {
  const input = "#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n";
  const source = ["-x", "c", "-", "-x", "none"];
  try {
    const args = ["-Werror", ...options, "-o", trial, ...source, ...last];
    if ((await execa(compiler, args, { input, reject: false })).failed) return false;
    return !(await execa(trial, [], { reject: false })).failed;
  } finally {
    await rm(trial, { force: true });
  }
}

/** Whether two builds in different folders are equal; says what they are. */
async function check(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "toka-native-"));
  try {
    const one = await buildIn(join(folder, "one"));
    const other = await buildIn(join(folder, "another/place"));
    if (one === undefined || other === undefined) {
      process.stderr.write("!!! SKIPPED, NOT PASSED: no compiler for the native supervisor\n");
      return true;
    }
    const bytes = await readFile(one.path);
    const equal = bytes.equals(await readFile(other.path));
    console.log(`${bytes.length} bytes by ${one.compiler}, two builds ${equal ? "are equal" : "DIFFER"}`);
    return equal;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function buildIn(folder: string): Promise<CompiledHelper | undefined> {
  await mkdir(folder, { recursive: true });
  const sources = join(folder, "sources");
  await cp(SOURCES, sources, { recursive: true });
  return await compileNative(folder, sources, ["-Werror"]);
}

if (process.argv[1] === import.meta.filename) process.exitCode = (await check()) ? 0 : 1;
