import { isAbsolute, relative } from "node:path";
import * as z from "zod";
import {
  type CapabilityName,
  type CodePlace,
  FileAccess,
  type Observed,
  type ObservedHost,
  parseJson,
} from "../../model/index.ts";
import { isInside } from "../paths.ts";

/** What is kept of a run's own words. */
const MOST_BYTES = 2 * 1024 * 1024;
const MOST_ENTRIES = 2_000;
/** Longer lines than the hook writes are none of its. */
const LONGEST_LINE = 4_096;

/** Capabilities of which a run may tell by itself. */
const TOLD = [
  "process-spawn",
  "process-signal",
  "native-code",
  "dynamic-code",
  "deserialization",
  "stdin",
  "gui",
] as const;

const Text = z.string().min(1).max(LONGEST_LINE);
const place = z.object({ file: Text, line: z.int().min(1).max(10_000_000) }).optional();
const port = z.int().min(0).max(65_535).optional();

/** One line of the hook. Whoever runs inside may write any of these, and anything else. */
const ObservationRecord = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("python") }),
  z.object({ kind: z.literal("file"), access: FileAccess, path: Text, place }),
  z.object({ kind: z.literal("look"), path: Text, place }),
  z.object({ kind: z.literal("host"), how: z.enum(["lookup", "connect", "listen"]), host: Text, port, place }),
  z.object({ kind: z.literal("program"), argv: z.array(z.string().max(LONGEST_LINE)).min(1).max(64), place }),
  z.object({ kind: z.literal("environment"), name: Text, change: z.enum(["set", "unset"]) }),
  z.object({ kind: z.literal("import"), name: Text }),
  z.object({ kind: z.literal("action"), capability: z.enum(TOLD), what: Text, place }),
  z.object({ kind: z.literal("lost"), count: z.int().min(1).max(1_000_000) }),
]);
type ObservationRecord = z.infer<typeof ObservationRecord>;

/** What decides how a run's paths are told. All absolute. */
export interface ObservationContext {
  /** Paths inside become relative to it. */
  readonly cwd: string;
  /** Folders that are the run's own and vanish with it, or hold its results. */
  readonly temporary: readonly string[];
  /** Folders of the policy; what lies in them is told, also below a temporary folder. */
  readonly shared: readonly string[];
  /** The port on the run's loopback behind which the proxy is; connections to it are told by the proxy. */
  readonly relayPort: number;
}

/** Files of the kernel that tell nothing about what a program is for. */
const SILENT = ["/proc", "/sys", "/dev"];

/**
 * Reads what a run writes about itself. Bounded in bytes and entries, and made harmless to show: control and reordering
 * characters are written as escapes.
 */
export class ObservationLog {
  readonly #context: ObservationContext;
  readonly #files = new Map<string, { access: Set<FileAccess>; place: CodePlace | undefined }>();
  readonly #looked = new Set<string>();
  readonly #temporary = new Set<string>();
  readonly #hosts = new Map<string, ObservedHost>();
  readonly #programs = new Map<string, { argv: string[]; place?: CodePlace }>();
  readonly #environment = new Map<string, Observed["environment"][number]>();
  readonly #imports = new Set<string>();
  readonly #actions = new Map<string, { capability: CapabilityName; what: string; place?: CodePlace }>();
  readonly #decoder = new TextDecoder();
  #rest = "";
  #bytes = 0;
  #entries = 0;
  #pythons = 0;
  #lost = 0;

  constructor(context: ObservationContext) {
    this.#context = context;
  }

  /** @returns false when enough was read: there is no use in reading on */
  push(chunk: Uint8Array): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_BYTES) {
      this.#lost += 1;
      return false;
    }
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
    if (this.#rest.length <= LONGEST_LINE) return true;
    this.#rest = "";
    this.#lost += 1;
    return true;
  }

  /** @param sandbox what the sandbox saw itself */
  observed(sandbox: Observed["sandbox"]): Observed {
    return {
      pythons: this.#pythons,
      files: [...this.#files]
        .map(([path, { access, place }]) => ({
          path,
          access: FileAccess.options.filter((one) => access.has(one)),
          ...(place ? { place } : {}),
        }))
        .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      looked: [...this.#looked].toSorted((a, b) => (a < b ? -1 : 1)),
      temporaryFiles: this.#temporary.size,
      hosts: [...this.#hosts.values()],
      programs: [...this.#programs.values()],
      environment: [...this.#environment.values()],
      imports: [...this.#imports].toSorted((a, b) => (a < b ? -1 : 1)),
      actions: [...this.#actions.values()],
      lost: this.#lost + (this.#rest === "" ? 0 : 1),
      sandbox,
    };
  }

  #line(line: string): void {
    const record = line.length > LONGEST_LINE ? undefined : ObservationRecord.safeParse(parseJson(line)).data;
    if (record === undefined) this.#lost += 1;
    else this.#take(record);
  }

  #take(record: ObservationRecord): void {
    switch (record.kind) {
      case "python":
        this.#pythons = Math.min(this.#pythons + 1, MOST_ENTRIES);
        break;
      case "lost":
        this.#lost += record.count;
        break;
      case "file":
        this.#file(record.path, record.access, record.place);
        break;
      case "look":
        this.#look(record.path);
        break;
      case "host":
        this.#host(record);
        break;
      case "program": {
        const argv = record.argv.map(harmless);
        this.#keep(this.#programs, argv.join("\0"), { argv, ...this.#placed(record.place) });
        break;
      }
      case "environment": {
        const name = harmless(record.name);
        this.#keep(this.#environment, `${name}=${record.change}`, { name, change: record.change });
        break;
      }
      case "import":
        if (!this.#imports.has(record.name) && this.#hasRoom()) this.#imports.add(harmless(record.name));
        break;
      case "action": {
        const what = harmless(record.what);
        const kept = { capability: record.capability, what, ...this.#placed(record.place) };
        this.#keep(this.#actions, `${record.capability} ${what}`, kept);
        break;
      }
    }
  }

  #file(path: string, access: FileAccess, place: CodePlace | undefined): void {
    if (!isAbsolute(path)) {
      this.#lost += 1;
      return;
    }
    if (SILENT.some((folder) => isInside(path, folder))) return;
    if (this.#isTemporary(path)) {
      if (!this.#temporary.has(path) && this.#hasRoom()) this.#temporary.add(path);
      return;
    }
    const shown = this.#shown(path);
    const known = this.#files.get(shown);
    if (known) known.access.add(access);
    else if (this.#hasRoom()) {
      this.#files.set(shown, { access: new Set([access]), place: this.#placed(place).place });
    }
  }

  #look(path: string): void {
    if (!isAbsolute(path)) this.#lost += 1;
    else if (!SILENT.some((folder) => isInside(path, folder)) && !this.#isTemporary(path)) {
      const shown = this.#shown(path);
      if (!this.#looked.has(shown) && this.#hasRoom()) this.#looked.add(shown);
    }
  }

  #host({ how, host, port, place }: Extract<ObservationRecord, { kind: "host" }>): void {
    const own = host === "127.0.0.1" && port === this.#context.relayPort;
    if (own || (host.startsWith("unix:") && this.#isTemporary(host.slice(5)))) return;
    const name = harmless(host);
    const kept = { host: name, how, ...(port === undefined ? {} : { port }), ...this.#placed(place) };
    this.#keep(this.#hosts, `${how} ${name} ${port}`, kept);
  }

  #keep<T>(into: Map<string, T>, key: string, value: T): void {
    if (!into.has(key) && this.#hasRoom()) into.set(key, value);
  }

  #hasRoom(): boolean {
    this.#entries += 1;
    if (this.#entries <= MOST_ENTRIES) return true;
    this.#lost += 1;
    return false;
  }

  #isTemporary(path: string): boolean {
    const { temporary, shared } = this.#context;
    const within = (folders: readonly string[]): number =>
      Math.max(-1, ...folders.filter((folder) => isInside(path, folder)).map(({ length }) => length));
    return within(temporary) > within(shared);
  }

  #placed(place: CodePlace | undefined): { place?: CodePlace } {
    return place === undefined ? {} : { place: { file: this.#shown(place.file), line: place.line } };
  }

  /** Relative to the working directory when it lies in it. */
  #shown(path: string): string {
    const { cwd } = this.#context;
    return harmless(isAbsolute(path) && isInside(path, cwd) ? relative(cwd, path) || "." : path);
  }
}

/** Text of a run that cannot do anything to whoever shows it. */
function harmless(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(
      /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
      (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
    );
}
