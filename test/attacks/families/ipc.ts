import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Attack, any, arrives, leaks } from "../attack.ts";

const attack = (name: string, body: string, more: Partial<Attack> = {}): Attack => ({
  name,
  body,
  judge: any(arrives, leaks),
  ...more,
});
const connect = (path: string): string =>
  `s = socket.socket(socket.AF_UNIX); s.connect(${path}); os.write(1, s.recv(99)); time.sleep(0.1)`;

const DATAGRAM = (address: string): string => `a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
each(lambda: a.sendto(b"x", ${address}), lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", ${address}))
time.sleep(0.2)`;

export const ipc: readonly Attack[] = [
  attack("the ssh agent", connect("os.environ.get('SSH_AUTH_SOCK') or A['run'] + '/agent.sock'"), { sample: true }),
  attack("Docker", connect("A['run'] + '/docker.sock'"), { sample: true }),
  attack("the editor's own socket", connect("A['run'] + '/editor.sock'")),
  attack("D-Bus", connect("A['run'] + '/bus.sock'")),
  attack("X11", connect("A['run'] + '/x11.sock'")),
  attack("an abstract socket", connect("'\\0' + A['abstract']")),
  attack(
    "an abstract socket, from a child",
    `if os.fork() == 0:\n  ${connect("'\\0' + A['abstract']")}\n  os._exit(0)\nos.wait()`,
  ),
  attack(
    "by a link in the temporary folder",
    `p = tempfile.mkdtemp() + "/l"; os.symlink(A["run"] + "/agent.sock", p)\n${connect("p")}`,
  ),
  attack(
    "by a link in the results",
    `p = os.environ["TOKA_RESULTS"] + "/l"; os.symlink(A["run"] + "/agent.sock", p)\n${connect("p")}`,
  ),
  attack("by a relative path", `os.chdir(A["run"])\n${connect("'agent.sock'")}`),
  attack("by a path descriptor", `d = os.open(A["run"], O_PATH)\n${connect("'/proc/self/fd/%d/agent.sock' % d")}`),
  attack(
    "by changing the address while it is looked at",
    `good = tempfile.mkdtemp() + "/good.sock"
server = socket.socket(socket.AF_UNIX); server.bind(good); server.listen(100); server.setblocking(False)
pad = lambda path: (b"\\1\\0" + path.encode()).ljust(110, b"\\0")
address = ctypes.create_string_buffer(pad(good), 110)
texts = pad(good), pad(A["run"] + "/agent.sock")
def swap():
    while True:
        for text in texts: ctypes.memmove(address, text, 110)
threading.Thread(target=swap, daemon=True).start()
end = time.time() + 1.5
while time.time() < end:
    s = socket.socket(socket.AF_UNIX)
    try:
        call("connect", s.fileno(), address, 110)
    except OSError: pass
    try: server.accept()[0].close()
    except OSError: pass
    s.close()`,
  ),
  attack("a socket that was bound in the workspace", connect("'service.sock'"), {
    before: (stage) => stage.serve("a socket in the workspace", join(stage.workspace, "service.sock")),
  }),
  attack("a socket in a granted folder", connect("'granted.sock'"), {
    before: (stage) => stage.serve("a socket in the workspace", join(stage.workspace, "granted.sock")),
    writable: (stage) => [stage.workspace],
  }),
  attack("a log socket by a datagram", DATAGRAM("A['run'] + '/log.sock'")),
  attack("an abstract log socket by a datagram", DATAGRAM("'\\0' + A['abstractLog']")),
  attack(
    "a System V segment",
    "libc.shmat.restype = ctypes.c_void_p\np = libc.shmat(A['segment'], None, 0o10000)\nif p in (None, ctypes.c_void_p(-1).value): raise OSError('no segment')\nos.write(1, ctypes.string_at(p, 99))",
  ),
  attack(
    "a System V queue",
    "b = ctypes.create_string_buffer(4096); call('msgrcv', A['queue'], b, 4000, 0, 0o4000); os.write(1, b.raw[8:200])",
  ),
  attack(
    "a POSIX queue",
    "b = ctypes.create_string_buffer(9000); q = call('mq_open', A['name'].encode(), 0o4000, 0, 0); call('mq_timedreceive', q, b, 8192, 0, 0); os.write(1, b.raw[:200])",
  ),
  attack("POSIX shared memory", "leak(A['shared'])"),
  attack(
    "a FIFO",
    "fd = os.open(A['run'] + '/control', os.O_WRONLY | os.O_NONBLOCK); os.write(fd, b'evil'); time.sleep(0.1)",
  ),
  attack(
    "another terminal",
    "fd = os.open(A['terminal'], os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK); os.write(fd, b'evil'); time.sleep(0.1)",
  ),
  attack(
    "hand a descriptor to the host",
    "s = socket.socket(socket.AF_UNIX); s.connect(A['run'] + '/agent.sock'); s.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack('i', 0))]); time.sleep(0.1)",
  ),
  attack(
    "a socket that the host binds in the workspace later",
    `end = time.time() + 7
while time.time() < end:
  try:
    s = socket.socket(socket.AF_UNIX); s.connect("later.sock"); os.write(1, s.recv(99)); break
  except OSError as error: last = error; time.sleep(0.05)
print(last)`,
    {
      during: async (stage) => {
        await pause(2_500); // after the sandbox has looked for sockets, also on a busy machine
        await stage.serve("a later socket", join(stage.workspace, "later.sock"));
        return undefined;
      },
      known: { bwrap: "a read-only mount does not stop connecting, and what is bound after the start is not hidden" },
    },
  ),
];
