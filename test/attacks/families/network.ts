import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Attack, any, arrives, leaks, said, witnessed } from "../attack.ts";

const attack = (name: string, body: string, more: Partial<Attack> = {}): Attack => ({
  name,
  body,
  judge: any(arrives, leaks),
  ...more,
});
const tcp = (address: string): string =>
  `s = socket.create_connection(${address}, 2); os.write(1, s.recv(99)); time.sleep(0.1)`;
const family = (name: string, body: string, more: Partial<Attack> = {}): Attack =>
  attack(name, `${body}\nprint("possible")`, { judge: said, ...more });

/** Asks the proxy of allowed hosts, where there is one, for an address that no policy may allow. */
const throughProxy = (target: string): string => `import urllib.parse
proxy = urllib.parse.urlsplit(os.environ.get("https_proxy") or "http://127.0.0.1:9")
target = ${target}
try:
    s = socket.create_connection((proxy.hostname, proxy.port), 2)
    s.sendall(("CONNECT " + target + " HTTP/1.1\\r\\nHost: " + target + "\\r\\n\\r\\n").encode()); s.settimeout(2)
    answer = s.recv(4096)
    if b" 200 " in answer: os.write(1, s.recv(99))
except OSError as error: print("stopped", error)`;
/** What an address of IPv6 gives on a machine without it, as Python words it. */
const absent = /Address family not supported|Cannot assign requested address|Network is unreachable/;
const hosts = ["example.org", "*.example.net"];
const directly = `s = socket.create_connection(("127.0.0.1", A["tcp"]), 2); os.write(1, s.recv(99))`;

export const network: readonly Attack[] = [
  attack("a service on localhost", tcp("('127.0.0.1', A['tcp'])"), { sample: true }),
  attack("a service on localhost by name", tcp("('localhost', A['tcp'])")),
  attack(
    "a service on localhost by another of its addresses",
    `${tcp("('127.0.0.1', A['tcp'])").replace("127.0.0.1", "127.1")}`,
  ),
  attack("a service on localhost by 0.0.0.0", tcp("('0.0.0.0', A['tcp'])")),
  attack("a service over IPv6", tcp("('::1', A['tcp6'])"), { absent }),
  attack(
    "a service over IPv6 with an IPv4 address",
    "s = socket.socket(socket.AF_INET6); s.connect(('::ffff:127.0.0.1', A['tcp'])); os.write(1, s.recv(99))",
    { absent },
  ),
  attack(
    "a service, with data in the first packet",
    "s = socket.socket(); s.sendto(b'x', 0x20000000, ('127.0.0.1', A['tcp'])); os.write(1, s.recv(99))",
  ),
  attack(
    "a service by multipath TCP",
    "s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262); s.connect(('127.0.0.1', A['tcp'])); os.write(1, s.recv(99))",
  ),
  attack(
    "a service, from a child",
    "if os.fork() == 0: socket.create_connection(('127.0.0.1', A['tcp']), 2); os._exit(0)\nos.wait(); time.sleep(0.1)",
  ),
  attack(
    "a service by another program",
    "r = subprocess.run(['bash', '-c', 'cat < /dev/tcp/127.0.0.1/%d' % A['tcp']], capture_output=True, timeout=3); os.write(1, r.stdout)",
  ),
  attack(
    "a datagram",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', A['udp'])); time.sleep(0.2)",
    { sample: true },
  ),
  attack(
    "a connected datagram",
    "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('127.0.0.1', A['udp'])); s.send(b'x'); time.sleep(0.2)",
  ),
  attack(
    "a question to a name server",
    "q = b'\\x12\\x34\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7example\\3org\\0\\0\\1\\0\\1'; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(q, ('127.0.0.1', A['udp'])); time.sleep(0.2)",
  ),
  family("a way to the internet", "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 53))"),
  family(
    "a way to the internet over IPv6",
    "s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.connect(('2001:db8::1', 53))",
    { absent },
  ),
  family(
    "a way to the cloud's metadata",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('169.254.169.254', 80))",
  ),
  family("a raw socket", "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)", { needsRoot: true }),
  family("a packet socket", "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)", { needsRoot: true }),
  family("the kernel's routes by netlink", "s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); s.bind((0, 0))"),
  family("the machine's hypervisor", "socket.socket(40, socket.SOCK_STREAM)"),
  attack(
    "the names of the machine's network devices",
    "print('possible') if set(n for _, n in socket.if_nameindex()) - {'lo'} else None",
    { judge: said },
  ),
  attack(
    "be reached from the host",
    "s = socket.create_server(('127.0.0.1', A['free'])); s.settimeout(3); s.accept(); print('reached')",
    {
      during: async (stage, signal) => {
        while (!signal.aborted) {
          const reached = await new Promise<boolean>((resolve) => {
            const client = connect(Number(stage.facts["free"]), "127.0.0.1");
            client.once("connect", () => {
              client.destroy();
              resolve(true);
            });
            client.once("error", () => resolve(false));
          });
          if (reached) return "the host could connect to it";
          await pause(50);
        }
        return undefined;
      },
      judge: witnessed,
    },
  ),
  attack("localhost through the proxy of allowed hosts", throughProxy("'127.0.0.1:%d' % A['tcp']"), {
    hosts,
    plainBody: directly,
  }),
  attack("localhost by name through the proxy", throughProxy("'localhost:%d' % A['tcp']"), {
    hosts,
    plainBody: directly,
  }),
  attack("localhost in another notation through the proxy", throughProxy("'2130706433:%d' % A['tcp']"), {
    hosts,
    plainBody: directly,
  }),
  attack("localhost over IPv6 through the proxy", throughProxy("'[::ffff:127.0.0.1]:%d' % A['tcp']"), {
    hosts,
    plainBody: directly,
  }),
  attack("localhost beside the proxy", tcp("('127.0.0.1', A['tcp'])"), { hosts }),
  attack("a name that only ends like an allowed one", throughProxy("'evilexample.net@127.0.0.1:%d' % A['tcp']"), {
    hosts,
    plainBody: directly,
  }),
];
