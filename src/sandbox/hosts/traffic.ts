import type { Socket } from "node:net";
import type { HostTraffic } from "../../model/index.ts";

/** Hosts that are told of; a run with a wildcard could reach any number. */
const MOST_HOSTS = 1_000;

/** Counts what passes between a run and each host, by the sockets of the proxy. */
export class TrafficCounter {
  readonly #hosts = new Map<string, { host: string; port: number; sentBytes: number; receivedBytes: number }>();
  readonly #open = new Map<Socket, { host: string; port: number }>();

  /** Counts a connection to a host from now until it is closed. */
  follow(socket: Socket, host: string, port: number): void {
    this.#open.set(socket, { host, port });
    socket.once("close", () => {
      if (this.#open.delete(socket)) this.#add(socket, host, port);
    });
  }

  #add(socket: Socket, host: string, port: number): void {
    const key = `${host}:${port}`;
    const known = this.#hosts.get(key) ?? { host, port, sentBytes: 0, receivedBytes: 0 };
    if (!this.#hosts.has(key) && this.#hosts.size >= MOST_HOSTS) return;
    known.sentBytes += socket.bytesWritten;
    known.receivedBytes += socket.bytesRead;
    this.#hosts.set(key, known);
  }

  /** The sums; what is still open is counted as it is now and then closed for the count. */
  finish(): HostTraffic[] {
    for (const [socket, { host, port }] of this.#open) this.#add(socket, host, port);
    this.#open.clear();
    return [...this.#hosts.values()].map((entry) => ({ ...entry }));
  }
}
