import { join } from "node:path";
import { SITE_FOLDER } from "./python-start.ts";

/** Where programs are looked for inside every sandbox, after the interpreter's own folder. */
const SYSTEM_PATH = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The sandbox's home, a tmpfs of its own. */
export const SANDBOX_HOME = "/home/sandbox";

/** Where the relay to the proxy of allowed hosts listens, on the sandbox's own loopback. */
export const RELAY_PORT = 61_080;

/** What `pip`, `requests`, `urllib`, `curl`, `git` and `npm` read to find their proxy; most know only one spelling. */
function proxyVariables(): Record<string, string> {
  const proxy = `http://127.0.0.1:${RELAY_PORT}`;
  const own = "localhost,127.0.0.1,::1";
  const names = ["http_proxy", "https_proxy", "all_proxy"];
  return {
    ...Object.fromEntries(names.flatMap((name) => [[name, proxy] as const, [name.toUpperCase(), proxy] as const])),
    no_proxy: own,
    NO_PROXY: own,
  };
}

/** Variables of the dynamic loader. They would run foreign code inside the supervisor, so no policy lets them pass. */
export function isLoaderVariable(name: string): boolean {
  return /^(LD_|DYLD_|GLIBC_TUNABLES$|GCONV_PATH$)/.test(name);
}

export interface EnvironmentInput {
  /** Names that pass from `caller`. */
  readonly allowed: readonly string[];
  readonly caller: NodeJS.ProcessEnv;
  /** The folder of the interpreter that `python` means; it comes first on PATH. */
  readonly interpreterFolder?: string;
  readonly virtualEnvironment?: string;
  readonly resultFolder?: string;
  /** The run may reach some hosts, through the proxy. */
  readonly proxied?: boolean;
}

/** The whole environment of a sandboxed command: fixed values, then the allowed ones of the caller. */
export function compileEnvironment(input: EnvironmentInput): Record<string, string> {
  const environment: Record<string, string> = {
    PATH: [...(input.interpreterFolder ? [input.interpreterFolder] : []), ...SYSTEM_PATH].join(":"),
    HOME: SANDBOX_HOME,
    XDG_CACHE_HOME: join(SANDBOX_HOME, ".cache"),
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    TMPDIR: "/tmp",
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONNOUSERSITE: "1",
  };
  if (input.virtualEnvironment) environment["VIRTUAL_ENV"] = input.virtualEnvironment;
  for (const name of input.allowed) {
    const value = input.caller[name];
    if (value !== undefined && !isLoaderVariable(name)) environment[name] = value;
  }
  environment["PYTHONPATH"] = [SITE_FOLDER, ...(environment["PYTHONPATH"] ? [environment["PYTHONPATH"]] : [])].join(
    ":",
  );
  if (input.resultFolder) environment["TOKA_RESULTS"] = input.resultFolder;
  return input.proxied ? { ...environment, ...proxyVariables() } : environment;
}
