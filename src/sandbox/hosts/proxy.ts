import { chmod, mkdtemp, rm } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect, type LookupFunction, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fail, type HostTraffic, type Result } from "../../model/index.ts";
import { helloName } from "./client-hello.ts";
import type { HostAddress, HostResolver } from "./resolve.ts";
import { canonicalHost, type HostRule, isAllowed, isNamed } from "./rules.ts";
import { TrafficCounter } from "./traffic.ts";

/** A host that was asked for and not reached, with the reason in words. */
export interface RefusedHost {
  readonly host: string;
  readonly port: number;
  readonly reason: string;
}

export interface HostProxyOptions {
  readonly rules: readonly HostRule[];
  readonly resolve: HostResolver;
  /** Called once for each host and port that is refused. */
  readonly onRefused: (refused: RefusedHost) => void;
}

const CONNECT_TIMEOUT_MS = 20_000;
const MOST_CONNECTIONS = 256;
/** Refused hosts that are told of; a port scan would otherwise fill the memory. */
const MOST_REFUSED = 100;

/** Headers between neighbours on the way (RFC 9110 section 7.6.1), and those that speak to the proxy. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * The only way out of a run with allowed hosts: an HTTP proxy on a unix socket that is mounted into the sandbox. It takes
 * plain requests and CONNECT tunnels (TLS, git, anything), looks names up itself, and connects to what it has checked.
 */
export class HostProxy {
  readonly #options: HostProxyOptions;
  readonly #folder: string;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #refused = new Set<string>();
  readonly #traffic = new TrafficCounter();

  private constructor(options: HostProxyOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#server = createServer((incoming, answer) => this.#settle(this.#forward(incoming, answer), answer));
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on("connection", (socket: Socket) => this.#track(socket));
    this.#server.on("connect", (incoming: IncomingMessage, client: Duplex, head: Buffer) =>
      this.#settle(this.#tunnel(incoming, client, head), client),
    );
    this.#server.on("clientError", (_error, socket) => socket.destroy());
  }

  /** Starts listening in a folder that only this user can enter. */
  static async start(options: HostProxyOptions): Promise<HostProxy> {
    const proxy = new HostProxy(options, await mkdtemp(join(shortTemporaryFolder(), "toka-proxy-")));
    await chmod(proxy.#folder, 0o700);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen(proxy.socketPath, resolve);
    });
    return proxy;
  }

  get socketPath(): string {
    return join(this.#folder, "proxy");
  }

  /** Takes the socket out of the file system; where it is mounted it works on. So nothing is left when we are killed. */
  async hide(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** What passed between the run and each host until now. Call it once, when the run is over. */
  traffic(): HostTraffic[] {
    return this.#traffic.finish();
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await this.hide();
  }

  #track(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    // Either side may go away at any time; the other is then closed by whoever joins them.
    socket.on("error", () => socket.destroy());
  }

  /** A failure of one connection ends that connection alone. */
  #settle(work: Promise<void>, client: Duplex | ServerResponse): void {
    work.catch(() => client.destroy());
  }

  /** Where the client may be connected to. The reason of a refusal is told once. */
  async #admit(host: string, port: number): Promise<Result<readonly HostAddress[]>> {
    const name = canonicalHost(host);
    if (name === undefined) return this.#refuse(host, port, `“${host}” is not a host name`);
    if (!isAllowed(this.#options.rules, name, port)) {
      return this.#refuse(name, port, `${name}:${port} is not among the allowed hosts of this run`);
    }
    const found = await this.#options.resolve(name);
    return found.ok ? found : this.#refuse(name, port, found.problem.message);
  }

  #refuse(host: string, port: number, reason: string): Result<never> {
    const key = `${host}:${port}`;
    if (!this.#refused.has(key) && this.#refused.size < MOST_REFUSED) {
      this.#refused.add(key);
      this.#options.onRefused({ host, port, reason });
    }
    return fail("host-refused", reason);
  }

  async #tunnel(incoming: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    const target = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(incoming.url ?? "");
    if (target === null) return void client.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    const [, host = "", digits = ""] = target;
    const port = Number(digits);
    const admitted = await this.#admit(host, port);
    if (!admitted.ok) return void client.end(rawRefusal(admitted.problem.message));
    const upstream = await this.#connect(admitted.value, canonicalHost(host) ?? host, port);
    if (upstream === undefined) return void client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    // What the server says first (ssh, smtp) passes at once; what the client says first is looked at.
    const answers = pipeline(upstream, client);
    const questions = this.#passQuestions(client, upstream, head, port);
    await Promise.all([answers, questions]);
  }

  async #passQuestions(client: Duplex, upstream: Socket, head: Buffer, port: number): Promise<void> {
    const first = await firstBytes(client, head);
    if (first.name !== undefined && !isNamed(this.#options.rules, first.name.toLowerCase())) {
      const reason = `${first.name} was named inside a connection to another host`;
      this.#refuse(first.name.toLowerCase(), port, reason);
      upstream.destroy();
      client.destroy();
      return;
    }
    upstream.write(first.bytes);
    await pipeline(client, upstream);
  }

  async #connect(addresses: readonly HostAddress[], host: string, port: number): Promise<Socket | undefined> {
    // The name is not used: the lookup answers with the checked addresses, which are tried in turn.
    const upstream = connect({ host: "checked", port, lookup: pinned(addresses), autoSelectFamily: true });
    this.#track(upstream);
    this.#traffic.follow(upstream, host, port);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    upstream.setTimeout(CONNECT_TIMEOUT_MS, () => upstream.destroy());
    upstream.once("connect", () => resolve(true));
    upstream.once("close", () => resolve(false));
    if (!(await promise)) return undefined;
    upstream.setTimeout(0);
    return upstream;
  }

  async #forward(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = URL.canParse(incoming.url ?? "") ? new URL(incoming.url ?? "") : undefined;
    if (url?.protocol !== "http:") {
      answer.writeHead(400).end("This proxy takes absolute http addresses, and CONNECT.\n");
      return;
    }
    const port = url.port === "" ? 80 : Number(url.port);
    const admitted = await this.#admit(url.hostname, port);
    if (!admitted.ok) {
      answer.writeHead(403, { "content-type": "text/plain; charset=utf-8" }).end(`${admitted.problem.message}\n`);
      return;
    }
    const onward = request({
      host: "checked",
      port,
      method: incoming.method,
      path: `${url.pathname}${url.search}`,
      // The host that was checked, whatever the request's own header says.
      headers: { ...passed(incoming.headers), host: url.host },
      lookup: pinned(admitted.value),
      agent: false,
      timeout: CONNECT_TIMEOUT_MS,
    });
    onward.once("socket", (socket) => {
      this.#track(socket);
      this.#traffic.follow(socket, canonicalHost(url.hostname) ?? url.hostname, port);
    });
    const answered = new Promise<IncomingMessage | undefined>((resolve) => {
      onward.once("response", resolve);
      onward.once("error", () => resolve(undefined));
    });
    const sent = pipeline(incoming, onward).catch(() => undefined); // told by `answered`
    const reply = await answered;
    if (reply === undefined) {
      answer.writeHead(502, { "content-type": "text/plain; charset=utf-8" }).end(`${url.host} did not answer.\n`);
      return;
    }
    answer.writeHead(reply.statusCode ?? 502, passed(reply.headers));
    await pipeline(reply, answer);
    await sent;
  }
}

/** A unix socket's path has at most 107 bytes. */
function shortTemporaryFolder(): string {
  return tmpdir().length > 70 ? "/tmp" : tmpdir();
}

function rawRefusal(message: string): string {
  const body = `${message}\n`;
  const head = `HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close`;
  return `${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** What may be passed on of a message's headers; its `Connection` header may name more that may not. */
function passed(headers: IncomingMessage["headers"]): OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? "").toLowerCase().split(/\s*,\s*/));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)));
}

/** A lookup that knows one answer. */
function pinned(addresses: readonly HostAddress[]): LookupFunction {
  return (_name, { all }, callback) => {
    const [first] = addresses;
    if (all) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family ?? 0);
  };
}

/** Reads until it is known whether the client speaks TLS and whom it names. The stream is left paused after `bytes`. */
async function firstBytes(client: Duplex, head: Buffer): Promise<{ bytes: Buffer; name?: string }> {
  let bytes = head;
  for (;;) {
    const hello = helloName(bytes);
    if (hello.kind === "name") return { bytes, name: hello.name };
    if (hello.kind === "none" && bytes.length > 0) return { bytes };
    const chunk = await nextChunk(client);
    if (chunk === undefined) return { bytes };
    bytes = Buffer.concat([bytes, chunk]);
  }
}

async function nextChunk(stream: Duplex): Promise<Buffer | undefined> {
  for (;;) {
    const chunk: unknown = stream.read();
    if (Buffer.isBuffer(chunk)) return chunk;
    if (stream.readableEnded || stream.destroyed) return undefined;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        for (const event of ["readable", "end", "close"]) stream.off(event, done);
        resolve();
      };
      for (const event of ["readable", "end", "close"]) stream.on(event, done);
    });
  }
}
