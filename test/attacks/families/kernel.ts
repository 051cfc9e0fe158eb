import { type Attack, said } from "../attack.ts";

const attack = (name: string, body: string, more: Partial<Attack> = {}): Attack => ({
  name,
  body,
  judge: said,
  ...more,
});
const done = (body: string): string => `${body}\nprint("possible")`;
const root = { needsRoot: true } as const;

/** Runs machine code (the tool has no compiler): the 32-bit entry of the kernel, with getpid. */
const MACHINE_CODE = (bytes: string): string => `code = bytes.fromhex("${bytes}")
memory = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
memory.write(code)
function = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
print("result", function(), flush=True)
print("possible")`;

const NAMESPACES = {
  user: 0x10000000,
  mount: 0x20000,
  pid: 0x20000000,
  network: 0x40000000,
  ipc: 0x8000000,
  time: 0x80,
  cgroup: 0x2000000,
};

export const kernel: readonly Attack[] = [
  ...Object.entries(NAMESPACES).map(([name, flag]) =>
    attack(`a nested ${name} namespace`, done(`call("unshare", ${flag})`), name === "user" ? { sample: true } : root),
  ),
  attack(
    "a process in a new user namespace",
    "p = call('clone', 0x10000000 | 17, 0, 0, 0, 0)\nif p == 0: os._exit(0)\nprint('possible')",
  ),
  attack(
    "a process in a new user namespace by clone3",
    "a = ctypes.create_string_buffer(struct.pack('QQQQQQQQ', 0x10000000, 0, 0, 0, 17, 0, 0, 0)); p = call('clone3', a, 64)\nif p == 0: os._exit(0)\nprint('possible')",
  ),
  attack(
    "enter another namespace",
    done("call('setns', os.open('/proc/%d/ns/uts' % A['host'], os.O_RDONLY), 0)"),
    root,
  ),
  attack(
    "mount",
    done("t = tempfile.mkdtemp(); call('mount', b'none', t.encode(), b'tmpfs', 0, 0); call('umount2', t.encode(), 2)"),
    root,
  ),
  attack(
    "mount the hierarchy of cgroups",
    done(
      "t = tempfile.mkdtemp(); call('mount', b'none', t.encode(), b'cgroup2', 0, 0); call('umount2', t.encode(), 2)",
    ),
    root,
  ),
  attack("mount by the new calls", done("call('fsopen', b'tmpfs', 0)"), root),
  attack("copy a mount tree", done("call('open_tree', -100, b'/', 1)"), root),
  attack(
    "change its root",
    `p = os.fork()
if p == 0:
    try: os.chroot(tempfile.mkdtemp()); os._exit(0)
    except OSError: os._exit(1)
print("possible" if os.wait()[1] == 0 else "refused")`,
    root,
  ),
  attack(
    "load a BPF program or map",
    done("call('bpf', 0, ctypes.create_string_buffer(struct.pack('IIII', 2, 4, 4, 1) + bytes(112)), 128)"),
    root,
  ),
  attack("keep a key", done("call('add_key', b'user', b'attack', b'x', 1, -1)")),
  attack("the kernel's keyring", done("call('keyctl', 0, -3, 0)")),
  attack("io_uring", done("call('io_uring_setup', 4, ctypes.create_string_buffer(120))")),
  attack(
    "performance counters",
    done(
      "call('perf_event_open', ctypes.create_string_buffer(struct.pack('IIQQQQQ', 1, 112, 0, 0, 0, 0, 0x60).ljust(112, b'\\0'), 112), 0, -1, -1, 0)",
    ),
  ),
  attack("handle page faults", done("call('userfaultfd', 1)")),
  attack("watch all files", done("call('fanotify_init', 0, 0)"), root),
  attack(
    "take a handle of a file",
    done(
      "call('name_to_handle_at', -100, b'.', ctypes.create_string_buffer(struct.pack('Ii', 100, 0) + bytes(128)), ctypes.byref(ctypes.c_int()), 0)",
    ),
  ),
  attack("load a module", "reached('init_module', 0, 0, b'')", root),
  attack("load a module from a file", "reached('finit_module', 0, b'', 0)", root),
  attack("load another kernel", "reached('kexec_load', 0, 17, 0, 0)", root),
  attack("restart the machine", "reached('reboot', 0, 0, 0, 0)", root),
  attack("use a file as swap", "reached('swapon', b'/nowhere', 0)", root),
  attack("the kernel's log", done("call('syslog', 3, ctypes.create_string_buffer(100), 100)"), root),
  attack("the clock", done("call('adjtimex', ctypes.create_string_buffer(400))")),
  attack("the machine's name", done("n = os.uname().nodename.encode(); call('sethostname', n, len(n))"), root),
  attack("another personality", done("call('personality', 0x40000)")),
  attack("a local descriptor table", "reached('modify_ldt', 0, ctypes.create_string_buffer(64), 64)", {
    x64Only: true,
  }),
  attack("ports of the hardware", done("call('ioperm', 0x80, 1, 1)"), { needsRoot: true, x64Only: true }),
  attack(
    "be traced and trace",
    "p = os.fork()\nif p == 0:\n  call('ptrace', 0, 0, 0, 0); os.kill(os.getpid(), signal.SIGSTOP); os._exit(0)\nprint('possible') if os.WIFSTOPPED(os.waitpid(p, os.WUNTRACED)[1]) and b'TracerPid:\\t0' not in open('/proc/%d/status' % p, 'rb').read() else None\nos.kill(p, 9)",
  ),
  attack("memory that no process has", done("os.memfd_create('x')")),
  attack(
    "type into its own terminal",
    `import pty, termios
pid, master = pty.fork()
if pid == 0:
    try: fcntl.ioctl(0, termios.TIOCSTI, b"x"); os.write(1, b"typed")
    except OSError as error: os.write(1, b"refused %d" % error.errno)
    os._exit(0)
seen = ""
while "typed" not in seen and "refused" not in seen: seen += os.read(master, 100).decode()
print("possible" if "typed" in seen else seen); os.waitpid(pid, 0)`,
    { absent: /^refused 5$/m }, // since Linux 6.2 a setting takes it from all but root: EIO
  ),
  attack("a call of the 32-bit kernel", MACHINE_CODE("b814000000cd80c3"), { x64Only: true }),
  attack("a call with the x32 bit", MACHINE_CODE("b8270000400f05c3"), { x64Only: true }),
  attack("a real-time priority", done("os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"), root),
  attack(
    "a capability",
    done(
      "print(open('/proc/self/status').read().split('CapEff:')[1].split()[0]); assert int(open('/proc/self/status').read().split('CapEff:')[1].split()[0], 16) or sys.exit(1)",
    ),
    root,
  ),
  attack("become somebody else", done("os.setgid(1234); os.setuid(1234)"), { ...root, sample: true }),
  attack(
    "run a set-user-id program with its rights",
    "status = subprocess.run(['cat', '/proc/self/status'], capture_output=True, text=True).stdout\nprint('possible' if 'NoNewPrivs:\\t0' in status else 'no')",
  ),
];
