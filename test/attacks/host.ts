import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./wait.ts";

/** Things that Node has no interface for: datagram and SysV and POSIX objects of the host, each with the secret in it. */
const KEEPER = String.raw`
import ctypes, os, select, socket, sys, tty
folder, name, secret = sys.argv[1:]
secret = secret.encode()
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
data = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); data.bind(folder + "/log.sock")
abstract = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); abstract.bind("\0" + name + "-log")
os.mkfifo(folder + "/control")
fifo = os.open(folder + "/control", os.O_RDWR | os.O_NONBLOCK)
segment = libc.shmget(0, 4096, 0o1666)
ctypes.memmove(libc.shmat(segment, None, 0), secret, len(secret))
queue = libc.msgget(0, 0o1666)
for _ in range(8):
    libc.msgsnd(queue, (1).to_bytes(8, sys.byteorder) + secret, len(secret), 0)
shared = "/dev/shm/" + name
with open(shared, "wb") as file: file.write(secret)
posix = ("/" + name).encode()
realtime = ctypes.CDLL("librt.so.1")  # a part of the C library from glibc 2.34 on
mq = realtime.mq_open(posix, os.O_CREAT | os.O_RDWR, 0o666, None)
for _ in range(8):
    realtime.mq_send(mq, secret, len(secret), 0)
master, slave = os.openpty()
tty.setraw(slave)
print("ready", segment, queue, os.ttyname(slave), flush=True)
try:
    while True:
        ready, _, _ = select.select([data, abstract, fifo, master, 0], [], [])
        for source, label in ((data, "datagram"), (abstract, "abstract datagram")):
            while select.select([source], [], [], 0)[0]: source.recv(4096); print(label, flush=True)
        for source, label in ((fifo, "FIFO"), (master, "terminal")):
            while select.select([source], [], [], 0)[0]: os.read(source, 4096); print(label, flush=True)
        if 0 in ready:
            if not os.read(0, 100): break
            print("settled", flush=True)
finally:
    libc.shmctl(segment, 0, None); libc.msgctl(queue, 0, None); realtime.mq_unlink(posix); os.unlink(shared)
`;

/** A datagram of the host's own. */
const SETTLING = "settling";
const LONGEST_SETTLING_MS = 10_000;

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** The services of the machine that attacks try to reach: listeners that note what arrives. */
export class Host {
  /** What must not come out of any run; `run.ts` gives it in this process' environment. */
  readonly secret = process.env["ATTACK_SECRET"] ?? `SECRET-${randomUUID()}`;
  readonly folder: string;
  readonly facts: Record<string, unknown> = {};
  readonly #servers: { close(): unknown }[] = [];
  readonly #places: ({ path: string } | { host: string; port: number })[] = [];
  #arrivals: string[] = [];
  #keeper: ChildProcess | undefined;
  #whenSettled: () => void = () => undefined;
  #udp: Socket | undefined;

  private constructor(root: string) {
    this.folder = join(root, "run");
  }

  static async start(root: string): Promise<Host> {
    const host = new Host(root);
    mkdirSync(host.folder);
    const name = `toka-attacks-${process.pid}`;
    for (const service of ["agent", "docker", "editor", "bus", "x11"]) {
      await host.#listen(service, { path: join(host.folder, `${service}.sock`) });
    }
    await host.#listen("abstract", { path: `\0${name}-abstract` });
    const tcp = await host.#listen("TCP", { host: "127.0.0.1", port: 0 });
    // A machine may be without IPv6; a plain run cannot reach a service there either, and the attack is skipped.
    const hasIPv6 = networkInterfaces()["lo"]?.some(({ address }) => address === "::1");
    const tcp6 = hasIPv6 ? await host.#listen("TCP over IPv6", { host: "::1", port: 0 }) : 1;
    const udp = createSocket("udp4", (message) => host.#arrivals.push(String(message) === SETTLING ? SETTLING : "UDP"));
    udp.bind(0, "127.0.0.1");
    await once(udp, "listening");
    host.#servers.push(udp);
    host.#udp = udp;
    const unused = createServer().listen(0, "127.0.0.1");
    await once(unused, "listening");
    const free = portOf(unused);
    unused.close();
    const [segment, queue, terminal] = await host.#keep(name);
    Object.assign(host.facts, {
      ...{
        run: host.folder,
        abstract: `${name}-abstract`,
        abstractLog: `${name}-log`,
        name,
        secretLength: host.secret.length,
      },
      ...{ tcp, tcp6, free, udp: udp.address().port, segment, queue, terminal, shared: `/dev/shm/${name}` },
      host: process.pid,
      tmp: tmpdir(),
    });
    return host;
  }

  /**
   * Forgets what was sent before now, also what is still under way: everything is taken in the order in which it came, and
   * so what is sent now comes last.
   */
  async settle(): Promise<void> {
    const keeper = new Promise<void>((resolve) => {
      this.#whenSettled = resolve;
    });
    this.#keeper?.stdin?.write("x");
    for (const place of this.#places) {
      const client = connect(place);
      client.resume();
      await once(client, "close");
    }
    const udp = this.#udp;
    if (udp !== undefined) {
      udp.send(SETTLING, udp.address().port, "127.0.0.1");
      await eventually(() => this.#arrivals.includes(SETTLING), LONGEST_SETTLING_MS);
    }
    await keeper;
    this.#arrivals = [];
  }

  /** What arrived since the last call. */
  takeArrivals(): string[] {
    const seen = this.#arrivals;
    this.#arrivals = [];
    return seen;
  }

  /** A further service, bound somewhere else. */
  async listenAt(label: string, path: string): Promise<Server> {
    await this.#listen(label, { path }, false);
    return this.#servers.at(-1) as Server;
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) server.close();
    if (this.#keeper) {
      this.#keeper.stdin?.end();
      await once(this.#keeper, "close");
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #listen(
    label: string,
    where: { path: string } | { host: string; port: number },
    lasting = true,
  ): Promise<number> {
    const server = createServer((socket) => {
      this.#arrivals.push(`a connection to ${label}`);
      socket.on("error", () => undefined);
      socket.end(this.secret);
    });
    server.listen(where);
    await once(server, "listening");
    this.#servers.push(server);
    if (lasting) this.#places.push("path" in where ? where : { ...where, port: portOf(server) });
    return portOf(server);
  }

  async #keep(name: string): Promise<[number, number, string]> {
    const keeper = spawn("python3", ["-c", KEEPER, this.folder, name, this.secret], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#keeper = keeper;
    return await new Promise((resolve, reject) => {
      keeper.once("close", () => reject(new Error("the keeper of the host's objects did not come up")));
      keeper.stdout.on("data", (chunk) => {
        for (const line of String(chunk).trim().split("\n")) {
          const [first, segment, queue, terminal] = line.split(" ");
          if (line === "settled") this.#whenSettled();
          else if (first === "ready") resolve([Number(segment), Number(queue), terminal ?? ""]);
          else this.#arrivals.push(line);
        }
      });
    });
  }
}
