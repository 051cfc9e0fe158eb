/** Runs programs of the unpacked root under a shim, without network, in throw-away folders. */
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

export interface Jail {
  /** The unpacked packages: the file system of the program. */
  readonly root: string;
  /** The folder with the `sitecustomize` module to use, and what else the program is to find in {@link SHIM_FOLDER}. */
  readonly shim: string;
  /** A folder that is emptied before; the shim writes its findings there as `found.json`. */
  readonly scratch: string;
  /** The files of the tool's own code, as they are installed. */
  readonly own: readonly string[];
  readonly home: string;
  readonly folder: string;
  readonly user: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Further files to bring into `folder`, by name. */
  readonly samples?: string;
  readonly seconds: number;
}

export interface JailRun {
  readonly found: string | null;
  readonly exitCode: number | null;
  readonly isLate: boolean;
  readonly errors: string;
}

/** Where the shim is inside. Roots may be read-only, but all have `/run`. */
export const SHIM_FOLDER = "/run/shim";

export const DIST_PACKAGES = "usr/lib/python3/dist-packages/";

/** @param argv what follows the interpreter */
export async function runInJail(jail: Jail, argv: readonly string[], input = ""): Promise<JailRun> {
  const { root, shim, scratch, own, home, folder, user, samples, seconds } = jail;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  const environment: Readonly<Record<string, string>> = {
    HOME: home,
    USER: user,
    LOGNAME: user,
    PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
    LANG: "C.UTF-8",
    TERM: "dumb",
    PYTHONPATH: SHIM_FOLDER,
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONHASHSEED: "0",
    LD_LIBRARY_PATH: "/usr/lib/x86_64-linux-gnu/blas:/usr/lib/x86_64-linux-gnu/lapack",
    TOKA_SHIM_OUT: "/run/out/found.json",
    TOKA_SHIM_ROOTS: ownPrefixes(own).join(":"),
    ...jail.environment,
  };
  const sandbox = [
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    ...["--ro-bind", root, "/"],
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/home", "--tmpfs", "/run"],
    ...["--ro-bind", shim, SHIM_FOLDER],
    ...["--bind", scratch, "/run/out"],
    ...["--dir", home, "--dir", folder],
    ...(samples === undefined ? [] : ["--bind", samples, folder]),
    ...["--chdir", folder],
    ...Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
  ];
  const ended = await execa("bwrap", [...sandbox, "/usr/bin/python3", ...argv], {
    reject: false,
    input,
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
    maxBuffer: 1_000_000,
  });
  return {
    found: await readFile(join(scratch, "found.json"), "utf8").catch(() => null),
    exitCode: ended.exitCode ?? null,
    isLate: ended.timedOut,
    errors: ended.stderr,
  };
}

/**
 * Paths by which a file is known to be the tool's own: top-level packages, shared folders, and single scripts. (All
 * files of a package in one variable would be too long.)
 */
function ownPrefixes(files: readonly string[]): readonly string[] {
  const prefixes = files.map((file) => {
    if (file.startsWith("/usr/share/")) return file.split("/").slice(0, 4).join("/");
    if (!file.startsWith(`/${DIST_PACKAGES}`)) return file;
    const [top = ""] = file.slice(DIST_PACKAGES.length + 1).split("/");
    return `/${DIST_PACKAGES}${top}`;
  });
  return [...new Set(prefixes)];
}
