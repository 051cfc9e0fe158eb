import { type Attack, any, outlasts, survives } from "../attack.ts";

const TIME = { limits: { timeMs: 1_500 } };
const attack = (name: string, body: string, more: Partial<Attack> = {}): Attack => ({
  name,
  body,
  judge: any(outlasts, survives),
  ...TIME,
  ...more,
});
const leaves = (name: string, body: string, more: Partial<Attack> = {}): Attack => ({
  name,
  body,
  judge: survives,
  ...more,
});

/** What a supervisor that is brought down would leave behind, and how it is told: the daemon prints nothing. */
const DAEMON = "if os.fork() == 0:\n  os.setsid()\n  if os.fork(): os._exit(0)\n  signal.pause()\n";

export const lifetime: readonly Attack[] = [
  attack("sleep for ever", "time.sleep(30)", { sample: true }),
  attack(
    "ignore every signal",
    "for n in range(1, 32):\n  try: signal.signal(n, signal.SIG_IGN)\n  except OSError: pass\nwhile True: time.sleep(1)",
  ),
  attack("block every signal", "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: time.sleep(1)"),
  attack("stop itself", "os.kill(os.getpid(), signal.SIGSTOP)"),
  attack("stop itself and everything around", "if os.fork() == 0: time.sleep(30)\nos.kill(0, signal.SIGSTOP)"),
  attack("wait on standard input", "sys.stdin.read()", { openInput: true }),
  attack("wait on a child for ever", "if os.fork() == 0: time.sleep(30)\nos.wait()"),
  attack(
    "respawn itself",
    "while True:\n  p = os.fork()\n  if p == 0: time.sleep(0.05); os._exit(0)\n  os.waitpid(p, 0)",
  ),
  attack("become another program", "os.execvp('sleep', ['sleep', '30'])"),
  attack("wait without signals in a futex", "l = threading.Lock(); l.acquire(); l.acquire()"),
  leaves("leave a daemon", `${DAEMON}time.sleep(0.1)`, { sample: true }),
  leaves(
    "leave a daemon that holds the output open",
    "if os.fork() == 0:\n  os.setsid(); time.sleep(30)\nprint('done')",
  ),
  leaves(
    "leave a chain of daemons",
    "def chain(n):\n  if n and os.fork() == 0: os.setsid(); chain(n - 1); time.sleep(30); os._exit(0)\nchain(8); time.sleep(0.2)",
  ),
  leaves(
    "leave a respawner",
    "if os.fork() == 0:\n  os.setsid()\n  for n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n    except OSError: pass\n  signal.signal(signal.SIGCHLD, signal.SIG_DFL)\n  while True:\n    p = os.fork()\n    if p == 0: time.sleep(0.02); os._exit(0)\n    os.waitpid(p, 0)\ntime.sleep(0.1)",
  ),
  leaves(
    "leave a racer that forks and ends",
    "if os.fork() == 0:\n  os.setsid()\n  end = time.time() + 3\n  while time.time() < end:\n    if os.fork(): os._exit(0)\n    os.setsid(); time.sleep(0.01)\ntime.sleep(0.2)",
  ),
  leaves(
    "leave a child with its own end signal",
    "if call('clone', 0, 0, 0, 0, 0) == 0: os.setsid(); time.sleep(30)\ntime.sleep(0.1)",
  ),
  leaves(
    "leave a child of a child's parent",
    "if call('clone', 0x8000 | 17, 0, 0, 0, 0) == 0: os.setsid(); time.sleep(30)\ntime.sleep(0.1)",
  ),
  leaves(
    "leave a stopped daemon",
    "if os.fork() == 0: os.setsid(); os.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(0.2)",
  ),
  leaves(
    "take in orphans",
    "libc.prctl(36, 1, 0, 0, 0)\nfor _ in range(3):\n  if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(30)\n    os._exit(0)\ntime.sleep(0.2); os.kill(os.getpid(), signal.SIGKILL)",
  ),
  leaves(
    "a shell's background job",
    "subprocess.run('nohup sleep 30 > /dev/null 2>&1 & disown; exec 3< /dev/null', shell=True, executable='/bin/bash'); subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)', sys.argv[2]], start_new_session=True)",
  ),
  leaves(
    "end the supervisor",
    `${DAEMON}each(*[lambda n=n: os.kill(os.getppid(), n) for n in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM)])\ntime.sleep(0.3)`,
    { plainBody: `${DAEMON}time.sleep(0.1)` },
  ),
  attack("stop the supervisor", "each(lambda: os.kill(os.getppid(), signal.SIGSTOP))\ntime.sleep(30)", {
    plainBody: "time.sleep(30)",
  }),
  leaves(
    "confuse the supervisor with wild addresses",
    `${DAEMON}
for address in (1, 0x7fffffffffff, -1, -4096, 1 << 62, -(1 << 62)):
  for name, values in (("fchmodat", (-100, address, 0o777)), ("fchmodat2", (-100, address, 0o777, 0)), ("utimensat", (-100, address, address, 0)), ("connect", (0, address, 110)), ("utimensat", (0, 0, address, 0))):
    try: call(name, *values)
    except OSError: pass
time.sleep(0.3)`,
  ),
  leaves(
    "confuse the supervisor with wild times",
    `${DAEMON}
p = os.environ["TOKA_RESULTS"] + "/f"; spill(p)
for seconds in (1 << 62, -(1 << 62), (1 << 63) - 1, 1 << 40):
  for nano in (0, 999999999, 1 << 40, -1, 0x3fffffff, 0x3ffffffe):
    times = ctypes.create_string_buffer(struct.pack("qqqq", seconds, nano, seconds, nano))
    try: call("utimensat", -100, p.encode(), times, 0)
    except OSError: pass
time.sleep(0.3)`,
  ),
  leaves(
    "confuse the supervisor with strange paths",
    `${DAEMON}
for path in (b"", b"/proc/self/", b"/proc/self/fd/0", b"\\xff\\xfe", b"a" * 4096, b"/" * 5000, b"/proc/self/task/../../1/root", b"."):
  for folder in (-100, -1, 0, 99999):
    try: call("fchmodat", folder, path, 0o777)
    except OSError: pass
    for value in (-2147483648, 2147483647, -1 << 40):
      try: call("tkill", value, 0)
      except OSError: pass
time.sleep(0.3)`,
  ),
  attack(
    "make the supervisor wait for a full socket",
    `p = tempfile.mkdtemp() + "/s"
s = socket.socket(socket.AF_UNIX); s.bind(p); s.listen(0)
for _ in range(8):
  if os.fork() == 0: socket.socket(socket.AF_UNIX).connect(p); time.sleep(30)
socket.socket(socket.AF_UNIX).connect(p); socket.socket(socket.AF_UNIX).connect(p); time.sleep(30)`,
  ),
  attack(
    "make the supervisor wait for a full socket that is made to block again",
    `p = tempfile.mkdtemp() + "/s"
s = socket.socket(socket.AF_UNIX); s.bind(p); s.listen(0)
c = [socket.socket(socket.AF_UNIX) for _ in range(6)]
def block():
  while True:
    for x in c: fcntl.fcntl(x, fcntl.F_SETFL, 0); x.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, bytes(16))
threading.Thread(target=block, daemon=True).start()
for x in c: threading.Thread(target=x.connect, args=(p,), daemon=True).start()
time.sleep(30)`,
  ),
  attack(
    "make the supervisor wait for a pipe",
    "p = os.environ['TOKA_RESULTS'] + '/p'; os.mkfifo(p); each(lambda: os.chmod(p, 0o600), lambda: os.utime(p))\ntime.sleep(30)",
  ),
  {
    name: "leave files that resist being removed",
    body: `T = tempfile.mkdtemp(prefix="attack-")
os.chdir(T)
for n in range(60): os.mkdir("d" * 200); os.chdir("d" * 200); spill("f")
for n in range(3): os.mkdir("x%d" % n); spill("x%d/f" % n); os.chmod("x%d" % n, 0)
os.mkfifo("p"); os.symlink("/", "l"); spill(b"\\xff\\n\\x1b[0m".decode("utf8", "surrogateescape")); os.chmod(T, 0)`,
    judge: (seen) => (seen.leftovers.length > 0 ? `${seen.leftovers.join(", ")} was left` : undefined),
  },
];
