import { execFileSync } from "node:child_process";
import { type Attack, fillsMemory, type Judge, MEMORY_LIMIT, said } from "../attack.ts";

const MEBIBYTE = 1024 * 1024;
const attack = (name: string, body: string, judge: Judge, more: Partial<Attack> = {}): Attack => ({
  name,
  body,
  judge,
  ...more,
});

const PROCESSES = 24;
const tooMany: Judge = (seen) => (seen.peakTasks > 4 * PROCESSES ? `${seen.peakTasks} tasks at once` : undefined);
const bomb = (name: string, body: string, more: Partial<Attack> = {}): Attack =>
  attack(name, body, tooMany, { limits: { processes: PROCESSES, timeMs: 4_000 }, measured: true, ...more });

const memory = (name: string, body: string, more: Partial<Attack> = {}): Attack =>
  attack(name, body, fillsMemory, { limits: { memoryBytes: MEMORY_LIMIT, timeMs: 6_000 }, measured: true, ...more });

const DISK = 8 * MEBIBYTE;
const onDisk: Judge = (_seen, stage) => {
  const bytes = Number(execFileSync("du", ["-s", "-B1", stage.results], { encoding: "utf8" }).split("\t")[0]);
  return bytes > 12 * DISK ? `${Math.round(bytes / MEBIBYTE)} MB lie in the result folder` : undefined;
};
const disk = (name: string, body: string, judge: Judge = onDisk): Attack =>
  attack(name, `R = os.environ["TOKA_RESULTS"]\n${body}`, judge, { limits: { diskBytes: DISK, timeMs: 6_000 } });

const INODES = { limit: 2_000, tried: 20_000 };
/** Counted by the system's own programs, which no mode keeps out and no depth. */
const filesIn = (folder: string): number => {
  execFileSync("chmod", ["-R", "u+rwx", folder]);
  return Number(execFileSync("du", ["-s", "--inodes", folder], { encoding: "utf8" }).split("\t")[0]);
};
const inodes = (what: string, make: string): Attack =>
  attack(
    `take all inodes by ${what}`,
    `R = os.environ["TOKA_RESULTS"]\nfor n in range(${INODES.tried}):\n  ${make}\ntime.sleep(0.5)`,
    (_seen, stage) => {
      const files = filesIn(stage.results);
      return files > 5 * INODES.limit ? `${files} files lie in the result folder` : undefined;
    },
    { limits: { files: INODES.limit, timeMs: 20_000 } },
  );

const OUTPUT = MEBIBYTE;
const flood = (name: string, body: string, more: Partial<Attack> = {}): Attack =>
  attack(
    name,
    body,
    (seen) =>
      seen.printedBytes > OUTPUT + 65_536 ? `${Math.round(seen.printedBytes / MEBIBYTE)} MB were printed` : undefined,
    {
      limits: { outputBytes: OUTPUT, timeMs: 6_000 },
      ...more,
    },
  );

const CPU_SECONDS = 4;
/** A fifth of one core for four seconds, and what the start is lent; a plain run as much as it gets. */
const hogs: Judge = (seen) =>
  seen.cpuSeconds > 1.3 ? `${seen.cpuSeconds.toFixed(1)} s of CPU in ${(seen.wallMs / 1000).toFixed(1)} s` : undefined;
const hog = (name: string, body: string, more: Partial<Attack> = {}): Attack =>
  attack(name, `END = time.time() + ${2 * CPU_SECONDS}\ndef burn():\n  while time.time() < END: pass\n${body}`, hogs, {
    limits: { cpuPercent: 20, timeMs: CPU_SECONDS * 1000 },
    measured: true,
    ...more,
  });

const CHUNKS =
  "def fill(hold, total=400, step=8):\n  for _ in range(0, total, step): hold.append(b'x' * (step << 20))\n";

export const resources: readonly Attack[] = [
  bomb("a fork bomb", "for _ in range(9):\n  try: os.fork()\n  except OSError: pass\ntime.sleep(2)", { sample: true }),
  bomb(
    "a fork bomb of daemons",
    "for _ in range(200):\n  if os.fork() == 0:\n    os.setsid()\n    if os.fork(): os._exit(0)\n    time.sleep(3); os._exit(0)\n  os.wait()\ntime.sleep(2)",
  ),
  bomb("a bomb of threads", "for _ in range(300): threading.Thread(target=time.sleep, args=(2,)).start()"),
  bomb(
    "a bomb of vforks",
    "for _ in range(200): subprocess.Popen(['sh', '-c', 'sleep 2; :', sys.argv[2]])\ntime.sleep(1)",
  ),
  bomb(
    "a bomb of raw clones",
    "for _ in range(200):\n  if call('clone', 17, 0, 0, 0, 0) == 0: time.sleep(3); os._exit(0)\ntime.sleep(2)",
  ),
  bomb(
    "zombies that nobody collects",
    "for _ in range(300):\n  if os.fork() == 0: os._exit(0)\ntime.sleep(2)\nprint('possible', len([1 for p in os.listdir('/proc') if p.isdigit()]))",
    {
      judge: (seen) => (/^possible/m.test(seen.stdout) ? "300 zombies were made" : undefined),
    },
  ),
  memory("memory in one process", `${CHUNKS}hold = []\nfill(hold); print("holds", len(hold) << 23); time.sleep(0.3)`, {
    sample: true,
  }),
  memory(
    "memory in one piece",
    "hold = bytearray(400 << 20)\nfor i in range(0, len(hold), 4096): hold[i] = 1\nprint('holds', len(hold)); time.sleep(0.3)",
  ),
  memory(
    "memory in children",
    `${CHUNKS}for _ in range(8):\n  if os.fork() == 0:\n    hold = []; fill(hold, 48); time.sleep(2); os._exit(0)\ntime.sleep(2)`,
  ),
  memory(
    "memory of exec'ed children",
    `for _ in range(8): subprocess.Popen([sys.executable, "-c", "import time; h = b'x' * (48 << 20); time.sleep(2)", sys.argv[2]])\ntime.sleep(2.5)`,
  ),
  memory(
    "memory in shared mappings",
    "hold = [mmap.mmap(-1, 16 << 20) for _ in range(25)]\nfor m in hold:\n  for i in range(0, len(m), 4096): m[i] = 1\nprint('holds', 400 << 20); time.sleep(0.3)",
  ),
  memory(
    "memory in mapped /dev/zero",
    "fd = os.open('/dev/zero', os.O_RDWR)\nhold = [mmap.mmap(fd, 16 << 20) for _ in range(25)]\nfor m in hold:\n  for i in range(0, len(m), 4096): m[i] = 1\nprint('holds', 400 << 20)",
  ),
  memory(
    "memory in a memfd",
    "f = os.memfd_create('x')\nfor _ in range(50): os.write(f, bytes(8 << 20))\nprint('holds', os.fstat(f).st_size)",
  ),
  memory(
    "memory in /dev/shm",
    "p = '/dev/shm/attack-%d' % os.getpid(); f = os.open(p, os.O_CREAT | os.O_RDWR); os.unlink(p)\nfor _ in range(50): os.write(f, bytes(8 << 20))\nprint('holds', os.fstat(f).st_blocks * 512)",
  ),
  memory(
    "memory in the temporary folder",
    "f = tempfile.TemporaryFile()\nfor _ in range(50): f.write(bytes(8 << 20)); f.flush()\nprint('holds', os.fstat(f.fileno()).st_blocks * 512)",
  ),
  memory(
    "memory in System V segments",
    "libc.shmat.restype = ctypes.c_void_p\nfor _ in range(25):\n  i = call('shmget', 0, 16 << 20, 0o1600); p = libc.shmat(i, None, 0); libc.shmctl(i, 0, None); ctypes.memset(p, 1, 16 << 20)\nprint('holds', 400 << 20)",
  ),
  memory(
    "memory in socket pairs",
    `total = 0; hold = []
resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
try:
  while total < 400 << 20:
    a, b = socket.socketpair(); a.setblocking(False); hold.append((a, b))
    try: a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    except OSError: pass
    try:
      while True: total += a.send(bytes(1 << 16))
    except BlockingIOError: pass
except OSError: pass
print("holds", total); time.sleep(0.5)`,
  ),
  memory(
    "memory in sockets that wait to be accepted",
    `total = 0; hold = []; p = tempfile.mkdtemp() + "/s"
resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
s = socket.socket(socket.AF_UNIX); s.bind(p); s.listen(4000); hold.append(s)
try:
  while total < 400 << 20:
    c = socket.socket(socket.AF_UNIX); c.connect(p); c.setblocking(False); hold.append(c)
    try:
      while True: total += c.send(bytes(1 << 16))
    except BlockingIOError: pass
    if len(hold) % 400 == 0: time.sleep(0.05)
except OSError: pass
print("holds", total); time.sleep(0.5)`,
  ),
  memory(
    "memory in TCP connections",
    `total = 0; hold = []
s = socket.create_server(("127.0.0.1", 0)); s.listen(100)
for _ in range(200):
  c = socket.create_connection(s.getsockname()); d, _ = s.accept(); hold += [c, d]
  for e in (c, d):
    e.setblocking(False)
    try:
      while True: total += e.send(bytes(1 << 18))
    except BlockingIOError: pass
  if total > 400 << 20: break
print("holds", total); time.sleep(0.5)`,
  ),
  memory(
    "memory in pipes of many processes",
    `import fcntl
def fill():
  hold = []; total = 0
  try:
    while total < 60 << 20:
      r, w = os.pipe(); hold += [r, w]; os.set_blocking(w, False)
      try: fcntl.fcntl(w, 1031, 1 << 20)
      except OSError: pass
      try:
        while True: total += os.write(w, bytes(1 << 16))
      except BlockingIOError: pass
  except OSError: pass
  return total
r, w = os.pipe()
for _ in range(8):
  if os.fork() == 0: os.write(w, b"%d\\n" % fill()); time.sleep(2); os._exit(0)
time.sleep(1.5); print("holds", sum(map(int, os.read(r, 9999).split())))`,
    { needsRoot: true },
  ),
  attack(
    "raise the limits of its cgroup",
    `tried = 0; last = None
for top in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
  folders = [top] + [os.path.normpath(top + line[3:].strip()) for line in open("/proc/self/cgroup") if line.startswith("0::")]
  folders += [os.path.join(folder, name) for folder, names, _ in os.walk(top) for name in names]
  for folder in folders:
    if os.path.exists(folder) and not os.path.exists(folder + "/cgroup.controllers"): continue
    for name in ("memory.max", "memory.high", "pids.max", "cpu.max", "memory.oom.group"):
      try: os.close(os.open(folder + "/" + name, os.O_WRONLY)); tried += 1
      except OSError as error: last = error
print("possible" if tried else "no cgroup with limits: %s" % last)`,
    said,
    { absent: /^no cgroup with limits/m },
  ),
  disk(
    "fill the disk with one file",
    "f = open(R + '/a', 'wb')\nfor _ in range(160): f.write(bytes(1 << 20)); f.flush()",
  ),
  disk("fill the disk with many files", "for n in range(160): open(R + '/%d' % n, 'wb').write(bytes(1 << 20))"),
  disk(
    "fill the disk with deleted files",
    "hold = []\nfor n in range(64):\n  f = open(R + '/a', 'wb'); os.unlink(R + '/a'); f.write(bytes(1 << 20)); f.flush(); hold.append(f)\nprint('holds', sum(os.fstat(f.fileno()).st_blocks * 512 for f in hold), flush=True); time.sleep(0.6); print('possible')",
    (seen) => (/^possible$/m.test(seen.stdout) ? "64 MB of deleted files were kept" : undefined),
  ),
  disk(
    "reserve the disk",
    "f = os.open(R + '/a', os.O_CREAT | os.O_RDWR); os.posix_fallocate(f, 0, 160 << 20); time.sleep(1)",
  ),
  disk("a huge sparse file", "os.truncate(os.open(R + '/a', os.O_CREAT | os.O_RDWR), 1 << 40)", (_seen, stage) => {
    const size = Number(execFileSync("du", ["-s", "-b", stage.results], { encoding: "utf8" }).split("\t")[0]);
    return size > 1 << 30 ? `a file of ${size} bytes` : undefined;
  }),
  inodes("files", "os.close(os.open(R + '/%d' % n, os.O_CREAT | os.O_WRONLY))"),
  inodes("folders", "os.mkdir(R + '/%d' % n)"),
  inodes("links", "os.symlink('x', R + '/%d' % n)"),
  inodes("files in folders", "n % 200 or (os.mkdir(R + '/d%d' % n), os.chdir(R + '/d%d' % n)); spill(str(n), '')"),
  inodes(
    "files in an unreadable folder",
    "n or (os.mkdir(R + '/d'), os.chdir(R + '/d'), os.chmod(R + '/d', 0o300)); spill(str(n), '')",
  ),
  inodes(
    "files in folders too deep to be named",
    "if n == 0:\n    os.chdir(R)\n    for _ in range(300): os.mkdir('d' * 20); os.chdir('d' * 20)\n  spill(str(n), '')",
  ),
  inodes("files of several processes", "n or (os.fork(), os.fork()); spill(R + '/%d-%d' % (os.getpid(), n), '')"),
  attack(
    "take all inodes of the temporary folder",
    `T = tempfile.mkdtemp()\nfor n in range(${INODES.tried}): spill(T + '/%d' % n, '')\nprint('possible')`,
    said,
    { limits: { files: INODES.limit, timeMs: 20_000 } },
  ),
  disk(
    "fill the temporary folder",
    "f = tempfile.TemporaryFile()\nfor _ in range(64): f.write(bytes(1 << 20)); f.flush()\ntime.sleep(0.6); print('possible')",
    (seen) => (/^possible$/m.test(seen.stdout) ? "64 MB were kept" : undefined),
  ),
  attack(
    "many descriptors",
    "resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)\nn = 0\ntry:\n  for n in range(3000): os.open('/dev/null', os.O_RDONLY)\nfinally: print('opened', n)",
    (seen) =>
      Number(/^opened (\d+)$/m.exec(seen.stdout)?.[1] ?? 0) > 2_000 ? "2000 descriptors were opened" : undefined,
  ),
  attack(
    "raise its own limits",
    "for name in ('RLIMIT_NOFILE', 'RLIMIT_FSIZE', 'RLIMIT_DATA', 'RLIMIT_MEMLOCK'):\n  number = getattr(resource, name); soft, hard = resource.getrlimit(number)\n  resource.setrlimit(number, (hard, hard))\n  if resource.getrlimit(number)[0] in (-1, 1 << 60) or resource.getrlimit(number)[0] > 1 << 40: print('possible')",
    (seen) => (/^possible$/m.test(seen.stdout) ? "a limit was raised" : undefined),
  ),
  flood("a flood of output", "for _ in range(400): os.write(1, bytes(65536))", { sample: true }),
  flood("a flood of errors", "for _ in range(400): os.write(2, bytes(65536))"),
  flood(
    "a flood of both, from children",
    "for fd in (1, 2, 1):\n  if os.fork() == 0:\n    for _ in range(200): os.write(fd, bytes(65536))\n    os._exit(0)\nfor _ in range(3): os.wait()",
  ),
  flood(
    "a flood after the end",
    "if os.fork() == 0:\n  os.setsid()\n  for _ in range(400): os.write(1, bytes(65536))\n  os._exit(0)\ntime.sleep(0.5)",
  ),
  hog("one busy process", "burn()"),
  hog("many busy processes", "for _ in range(4):\n  if os.fork() == 0: burn(); os._exit(0)\ntime.sleep(4)"),
  hog(
    "many busy threads",
    "import hashlib\ndef work():\n  while time.time() < END: hashlib.sha256(bytes(1 << 20))\n[threading.Thread(target=work).start() for _ in range(6)]",
  ),
  attack(
    "short-lived children",
    `END = time.time() + (${2 * CPU_SECONDS} if A["plain"] else ${CPU_SECONDS - 0.3})
while time.time() < END:
  if os.fork() == 0:
    t = time.process_time() + 0.05
    while time.process_time() < t: pass
    os._exit(0)
  os.wait()
u = resource.getrusage(resource.RUSAGE_CHILDREN); print("used", u.ru_utime + u.ru_stime)`,
    (seen) =>
      Number(/^used ([\d.]+)$/m.exec(seen.stdout)?.[1] ?? 0) > 2 ? "2 s of CPU were used by children" : undefined,
    { limits: { cpuPercent: 20, timeMs: CPU_SECONDS * 1000 }, measured: true },
  ),
  hog(
    "children that continue each other",
    "pids = []\nfor _ in range(6):\n  p = os.fork()\n  if p == 0:\n    while time.time() < END:\n      try: os.kill(0, signal.SIGCONT)\n      except OSError: pass\n    os._exit(0)\nburn()",
  ),
  hog(
    "a timer that continues it",
    `event = struct.pack("Qii", 0, int(signal.SIGCONT), 0) + bytes(48)
timer = ctypes.c_int()
call("timer_create", 0, ctypes.create_string_buffer(event), ctypes.byref(timer))
call("timer_settime", timer.value, 0, struct.pack("qqqq", 0, 1000000, 0, 1000000), 0)
burn()`,
  ),
  hog(
    "a descriptor that continues it",
    `r, w = os.pipe()
for fd in (1, w):
  try:
    fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid()); fcntl.fcntl(fd, 10, int(signal.SIGCONT)); fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
  except OSError as error: print("stopped", error)
while time.time() < END: os.write(1, b"x" * 100)`,
  ),
  hog(
    "real-time scheduling",
    "try: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)); print('real-time')\nexcept OSError: pass\nburn()",
  ),
];
