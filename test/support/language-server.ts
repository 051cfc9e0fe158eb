/** The language server in a process of its own, spoken to as the editor does. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { nodeBundle } from "../../scripts/bundle.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** Milliseconds in which what is to come must have come. */
const PATIENCE = 30_000;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** An error that the server answered with. */
export class ServerError extends Error {
  readonly code: number;

  constructor({ code, message }: { readonly code: number; readonly message: string }) {
    super(message);
    this.code = code;
  }
}

/** A request under way. */
export interface Pending {
  readonly answer: Promise<unknown>;
  readonly cancel: () => void;
}

/**
 * Bundles the server as it ships; gives back the place of the bundle.
 * @param discovery names the code that discovers, so that what it finds is stored
 */
export async function buildServer(folder: string, discovery?: string): Promise<string> {
  const define = discovery === undefined ? {} : { DISCOVERY_BUILD: JSON.stringify(discovery) };
  const outfile = join(folder, "server.cjs");
  const entryPoints = ["src/server/main.ts"];
  await build({
    ...nodeBundle,
    absWorkingDir: ROOT,
    minify: true,
    entryPoints,
    outfile,
    define: { ...nodeBundle.define, ...define },
  });
  return outfile;
}

export class ServerProcess implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  /** Notifications of the server, and its requests (which are all agreed to), in the order in which they came. */
  readonly heard: { readonly method: string; readonly params: unknown }[] = [];
  #last = 0;

  /** @param module the server's bundle */
  constructor(module: string) {
    this.#process = fork(module, ["--node-ipc"], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#process.on("message", (message: Message) => this.#receive(message));
    this.#process.on("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the server ended"));
    });
  }

  #receive({ id, method, params, result, error }: Message): void {
    if (method !== undefined) {
      this.heard.push({ method, params });
      if (id !== undefined) this.#process.send({ jsonrpc: "2.0", id, result: null });
      return;
    }
    const waiting = this.#waiting.get(id ?? -1);
    this.#waiting.delete(id ?? -1);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new ServerError(error));
  }

  /** Starts a session on a folder. */
  async open(folder: string, initializationOptions?: object): Promise<void> {
    await this.request("initialize", {
      processId: process.pid,
      rootUri: null,
      capabilities: { workspace: { codeLens: { refreshSupport: true } } },
      workspaceFolders: [{ uri: pathToFileURL(folder).toString(), name: "folder" }],
      ...(initializationOptions === undefined ? {} : { initializationOptions }),
    });
    this.notify("initialized", {});
  }

  notify(method: string, params: object): void {
    this.#process.send({ jsonrpc: "2.0", method, params });
  }

  async request(method: string, params: object): Promise<unknown> {
    return await this.begin(method, params).answer;
  }

  /** Sends a request that may be cancelled before its answer. */
  begin(method: string, params: object): Pending {
    const id = ++this.#last;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#process.send({ jsonrpc: "2.0", id, method, params });
    return { answer, cancel: () => this.notify("$/cancelRequest", { id }) };
  }

  /** What the server says under a method, once it satisfies; `from` leaves out what was heard before. */
  async hears(method: string, satisfies: (params: unknown) => boolean, from = 0): Promise<unknown> {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const found = this.heard.slice(from).find((one) => one.method === method && satisfies(one.params));
      if (found !== undefined) return found.params;
      if (performance.now() > deadline)
        throw new Error(`the server did not say ${method}: ${JSON.stringify(this.heard)}`);
      await wait(5);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.request("shutdown", {});
    const ended = once(this.#process, "exit");
    this.notify("exit", {});
    await ended;
  }
}
