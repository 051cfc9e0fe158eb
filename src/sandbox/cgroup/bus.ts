import { connect, type Socket } from "node:net";
import { fail, ok, type Result } from "../../model/index.ts";
import { type BusReply, BusWriter, encodeCall, takeMessage } from "./bus-message.ts";

/** How long a manager may take for an answer. */
const LONGEST_ANSWER_MS = 5_000;

type Waiting = (reply: Result<BusReply>) => void;

/**
 * A connection to a systemd manager by the private socket that `systemctl` uses, too: the manager itself is the other end,
 * and no bus needs to run. Calls are those of org.freedesktop.systemd1(5).
 */
export class ManagerBus {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #received: Buffer = Buffer.alloc(0);
  #serial = 0;
  #closed: boolean = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", () => this.close());
    socket.on("close", () => this.close());
    socket.unref();
  }

  /** Problem: `bus-refused`. */
  static async open(path: string, uid: number): Promise<Result<ManagerBus>> {
    const socket = connect(path);
    const timer = setTimeout(() => socket.destroy(new Error("no answer")), LONGEST_ANSWER_MS);
    try {
      // D-Bus specification, "Authentication Protocol": the kernel tells the other end who this is.
      const greeting = await new Promise<string>((resolve, reject) => {
        socket.once("error", reject);
        socket.once("close", () => reject(new Error("closed")));
        socket.once("data", (chunk) => resolve(chunk.toString("latin1")));
        socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString("hex")}\r\n`);
      });
      if (!greeting.startsWith("OK ")) throw new Error(greeting.trim());
      socket.removeAllListeners();
      socket.write("BEGIN\r\n");
      return ok(new ManagerBus(socket));
    } catch (error) {
      socket.on("error", () => undefined).destroy();
      return fail("bus-refused", `${path}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Starts a scope whose cgroup is left to whoever asks (`Delegate=yes`), with a process in it. */
  async startScope(name: string, description: string, pid: number): Promise<Result<void>> {
    const body = new BusWriter();
    body.text(name).text("fail");
    body.array(8, (properties) => {
      const property = (key: string, signature: string, value: (to: BusWriter) => void): void => {
        properties.align(8).text(key).signature(signature);
        value(properties);
      };
      property("Description", "s", (to) => to.text(description));
      property("Delegate", "b", (to) => to.number(1));
      property("CollectMode", "s", (to) => to.text("inactive-or-failed"));
      property("PIDs", "au", (to) => to.array(4, (pids) => pids.number(pid)));
    });
    body.array(8, () => undefined);
    return await this.#call("StartTransientUnit", "ssa(sv)a(sa(sv))", body);
  }

  /** Moves a process to a cgroup of a unit that was delegated. @param path absolute, from the unit's own cgroup on */
  async attach(unit: string, path: string, pid: number): Promise<Result<void>> {
    const body = new BusWriter();
    body
      .text(unit)
      .text(path)
      .array(4, (pids) => pids.number(pid));
    return await this.#call("AttachProcessesToUnit", "ssau", body);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    for (const waiting of this.#waiting.values())
      waiting(fail("bus-closed", "the systemd manager closed the connection"));
    this.#waiting.clear();
  }

  async #call(member: string, signature: string, body: BusWriter): Promise<Result<void>> {
    if (this.#closed) return fail("bus-closed", "the systemd manager closed the connection");
    this.#serial++;
    const serial = this.#serial;
    const { promise, resolve } = Promise.withResolvers<Result<BusReply>>();
    this.#waiting.set(serial, resolve);
    const timer = setTimeout(
      () => resolve(fail("bus-timeout", `the systemd manager does not answer to ${member}`)),
      LONGEST_ANSWER_MS,
    );
    this.#socket.write(encodeCall(serial, member, signature, body));
    const reply = await promise;
    clearTimeout(timer);
    this.#waiting.delete(serial);
    if (!reply.ok) return reply;
    return reply.value.error === undefined ? ok(undefined) : fail("bus-error", `${member}: ${reply.value.error}`);
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const taken = takeMessage(this.#received);
      if (taken === undefined) return;
      if (!taken.ok) {
        this.close(); // nothing that follows can be read either
        return;
      }
      this.#received = this.#received.subarray(taken.value.size);
      const { reply } = taken.value;
      if (reply) this.#waiting.get(reply.serial)?.(ok(reply));
    }
  }
}
