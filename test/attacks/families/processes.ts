import { type Attack, harms, leaks, said } from "../attack.ts";

const attack = (name: string, body: string, more: Partial<Attack> = {}): Attack => ({
  name,
  body,
  judge: harms,
  victim: true,
  ...more,
});

/** Raises a signal of one's choice for another process by a descriptor's owner (fcntl(2), F_SETOWN and F_SETSIG). */
const BY_OWNER = `a, b = socket.socketpair()
fcntl.fcntl(a, fcntl.F_SETOWN, A["victim"])
fcntl.fcntl(a, 10, int(signal.SIGKILL))
fcntl.fcntl(a, fcntl.F_SETFL, fcntl.fcntl(a, fcntl.F_GETFL) | os.O_ASYNC)
b.send(b"x"); time.sleep(0.2)`;

/**
 * Goes through every cgroup (v2) of the machine that can be seen; what it makes it removes. The names that a host would
 * have are tried, too, in case that they cannot be listed.
 */
const CGROUPS = `folders = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
for top in list(folders):
  for line in open("/proc/self/cgroup"):
    if line.startswith("0::"): folders.append(os.path.normpath(top + line[3:].strip()))
  for folder, names, _ in os.walk(top): folders += [os.path.join(folder, name) for name in names]
folders = [f for f in dict.fromkeys(folders) if os.path.exists(f + "/cgroup.controllers") or not os.path.exists(f)]
def each_cgroup(action):
  for folder in folders:
    try:
      action(folder); print("possible", flush=True)
      return
    except OSError as error:
      last = error
  print("none of the cgroups could be written to:", last, flush=True)
`;
const cgroup = (name: string, action: string): Attack =>
  attack(name, `${CGROUPS}${action}`, { judge: said, victim: false, absent: /^none of the cgroups/m });

export const processes: readonly Attack[] = [
  attack("end it", "os.kill(A['victim'], signal.SIGKILL)", { sample: true }),
  attack("stop it", "os.kill(A['victim'], signal.SIGSTOP)"),
  attack("end its group", "os.killpg(A['victim'], signal.SIGKILL)"),
  attack("continue every process that may be signalled", "os.kill(-1, signal.SIGCONT)", {
    before: (stage) => stage.stopVictim(),
    plainBody: "os.kill(A['victim'], signal.SIGCONT); time.sleep(0.1)",
  }),
  attack("end its thread", "call('tgkill', A['victim'], A['victim'], 9)"),
  attack("end it by its thread", "call('tkill', A['victim'], 9)"),
  attack(
    "queue a signal",
    "call('rt_sigqueueinfo', A['victim'], 15, struct.pack('iiiiii', 15, 0, -1, 0, os.getpid(), os.getuid()) + bytes(104))",
  ),
  attack("signal it by a process descriptor", "call('pidfd_send_signal', call('pidfd_open', A['victim'], 0), 9, 0, 0)"),
  attack(
    "signal it by its folder in /proc",
    "call('pidfd_send_signal', os.open('/proc/%d' % A['victim'], os.O_RDONLY | os.O_DIRECTORY), 9, 0, 0)",
  ),
  attack("signal it as the owner of a descriptor", BY_OWNER),
  attack(
    "signal it as the owner of a socket, by ioctl",
    BY_OWNER.replace(
      'fcntl.fcntl(a, fcntl.F_SETOWN, A["victim"])',
      'fcntl.ioctl(a, 0x8901, struct.pack("i", A["victim"]))',
    ),
  ),
  attack("signal it from a child", "if os.fork() == 0: os.setsid(); os.kill(A['victim'], 9); os._exit(0)\nos.wait()"),
  attack("lower its priority", "os.setpriority(os.PRIO_PROCESS, A['victim'], 15)"),
  attack("lower the priority of all of the user's processes", "os.setpriority(os.PRIO_USER, 0, 3)", {
    plainBody: "os.setpriority(os.PRIO_PROCESS, A['victim'], 3)",
  }),
  attack("lower its I/O priority", "call('ioprio_set', 1, A['victim'], 3 << 13)"),
  attack("lower the I/O priority of all of the user's processes", "call('ioprio_set', 3, 0, 3 << 13)", {
    plainBody: "call('ioprio_set', 1, A['victim'], 3 << 13)",
  }),
  attack("change its scheduling", "os.sched_setscheduler(A['victim'], os.SCHED_IDLE, os.sched_param(0))"),
  attack("pin it to one processor", "os.sched_setaffinity(A['victim'], [0])"),
  attack("take away its descriptors", "resource.prlimit(A['victim'], resource.RLIMIT_NOFILE, (8, 8))"),
  attack("trace it", "call('ptrace', 16, A['victim'], 0, 0); print('possible')", { judge: said }),
  attack("seize it", "call('ptrace', 0x4206, A['victim'], 0, 0); print('possible')", { judge: said }),
  attack(
    "read its memory",
    "b = ctypes.create_string_buffer(99)\nl = struct.pack('QQ', ctypes.addressof(b), 99); r = struct.pack('QQ', A['victimAddress'], 99)\ncall('process_vm_readv', A['victim'], l, 1, r, 1, 0); os.write(1, b.raw)",
    { judge: leaks },
  ),
  attack(
    "write to its memory",
    "b = ctypes.create_string_buffer(b'X')\nl = struct.pack('QQ', ctypes.addressof(b), 1); r = struct.pack('QQ', A['victimAddress'], 1)\ncall('process_vm_writev', A['victim'], l, 1, r, 1, 0); time.sleep(0.3)",
  ),
  attack(
    "write to its memory by /proc",
    "f = open('/proc/%d/mem' % A['victim'], 'r+b', 0); f.seek(A['victimAddress']); f.write(b'X'); time.sleep(0.3)",
  ),
  attack(
    "take a copy of its descriptor",
    "p = call('pidfd_open', A['victim'], 0); os.write(1, os.read(call('pidfd_getfd', p, A['victimPipe'], 0), 99))",
    { judge: leaks },
  ),
  attack("compare its files with one's own", "call('kcmp', os.getpid(), A['victim'], 2, 0, 0); print('possible')", {
    judge: said,
  }),
  attack(
    "make it the first to be ended when memory is short",
    "open('/proc/%d/oom_score_adj' % A['victim'], 'w').write('900'); print('possible')",
    { judge: said },
  ),
  attack("raise its own priority", "os.nice(5); os.nice(-15); print('possible')", { judge: said, needsRoot: true }),
  cgroup(
    "move to a cgroup that has no limits",
    `def move(folder):
  with open(folder + "/cgroup.procs", "w") as file: file.write("0")
each_cgroup(move)`,
  ),
  cgroup(
    "make a cgroup of its own",
    `def make(folder):
  inner = "%s/attack-%d" % (folder, os.getpid())
  os.mkdir(inner); os.rmdir(inner)
each_cgroup(make)`,
  ),
  cgroup(
    "let a cgroup have controllers",
    "each_cgroup(lambda f: os.close(os.open(f + '/cgroup.subtree_control', os.O_WRONLY)))",
  ),
  cgroup("end everything in a cgroup", "each_cgroup(lambda f: os.close(os.open(f + '/cgroup.kill', os.O_WRONLY)))"),
  attack(
    "ask the service manager for a scope",
    `last = None
for path in ("/run/systemd/private", "/run/user/%d/systemd/private" % os.getuid(), "/run/user/%d/bus" % os.getuid()):
  try:
    s = socket.socket(socket.AF_UNIX); s.settimeout(2); s.connect(path)
    s.send(b"\\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\\r\\n")
    if s.recv(99).startswith(b"OK"): print("possible", flush=True)
  except OSError as error: last = error
print("no service manager answers:", last)`,
    { judge: said, victim: false, absent: /^no service manager answers/m },
  ),
  attack("signal the editor", "os.kill(A['host'], 0); print('possible')", { judge: said }),
];
