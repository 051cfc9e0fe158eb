/**
 * What the probe runs inside the sandbox: it attempts what must fail and prints one line per attempt, `name 0|1 what was
 * seen`. Arguments: a workspace, a file outside of it, a TCP port and an abstract socket of the host.
 */
export const PROBE_SCRIPT = String.raw`
import errno, os, socket, sys
workspace, secret, port, abstract = sys.argv[1:]

def attempt(name, action, *expected):
    try:
        action()
        print(name, 0, "was possible")
    except OSError as error:
        seen = errno.errorcode.get(error.errno, str(error))
        print(name, int(not expected or error.errno in expected), seen)

def report(name, held, seen):
    print(name, int(held), seen)

def connect(family, kind, address):
    with socket.socket(family, kind) as client:
        client.settimeout(1)
        client.connect(address)

try:
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
    report("pid", os.getppid() == 1 and len(pids) <= 3, "%d processes in sight, parent is %d" % (len(pids), os.getppid()))
    report("processes", 0, "other processes are in sight")
except PermissionError:
    report("pid", 0, "no process can be listed")
    attempt("processes", lambda: open("/proc/%d/cmdline" % os.getppid()).read(), errno.EACCES)
attempt("signal", lambda: os.kill(os.getppid(), 0), errno.EPERM)
attempt("unreadable", lambda: open(secret).read(), errno.EACCES, errno.ENOENT)
attempt("attributes", lambda: os.chmod(workspace, 0o700), errno.EPERM, errno.EROFS)
report("invisible", not os.path.exists(secret), "a file outside of the workspace was looked for")
attempt("read-only", lambda: open(os.path.join(workspace, "x"), "w"), errno.EROFS, errno.EACCES)
attempt("system", lambda: open("/usr/toka-probe", "w"), errno.EROFS, errno.EACCES)
attempt("internet", lambda: connect(socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 9)))
attempt("localhost", lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", int(port))))
attempt("abstract", lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + abstract))
attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM), errno.EAFNOSUPPORT, errno.EPERM)
own = os.path.join(os.environ["TMPDIR"], "file")
with open(own, "w"):
    os.chmod(own, 0o600)
    attempt("setuid", lambda: os.chmod(own, 0o4700), errno.EPERM)
attempt("landlock", lambda: os.mkdir("/dev/pts/toka"), errno.EACCES)
attempt("supervisor", lambda: os.readlink("/proc/1/fd/3"), errno.EACCES, errno.EPERM)
status = dict(line.rstrip("\n").split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)
report("seccomp", status.get("Seccomp") == "2", "Seccomp: " + status.get("Seccomp", "absent"))
report("privileges", status.get("NoNewPrivs") == "1" and int(status["CapPrm"], 16) == 0,
       "NoNewPrivs: %s, CapPrm: %s" % (status.get("NoNewPrivs"), status["CapPrm"]))
report("environment", "TOKA_PROBE" not in os.environ, "%d variables in sight" % len(os.environ))
`;

/** The part of {@link PROBE_SCRIPT} that makes sense on every system; the same arguments, the same lines. */
export const PORTABLE_PROBE_SCRIPT = `
import os, socket, sys
workspace, secret, port, abstract = sys.argv[1:]

def attempt(name, action):
    try:
        action()
        print(name, 0, "was possible")
    except OSError as error:
        print(name, 1, error.strerror)

def connect(kind, address):
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(1)
        client.connect(address)

def write(path):
    open(path, "w").close()
    os.remove(path)

attempt("unreadable", lambda: open(secret).read())
attempt("read-only", lambda: write(os.path.join(workspace, "toka-probe")))
attempt("system", lambda: write(os.path.join(os.environ.get("SystemRoot", "/usr"), "toka-probe")))
attempt("internet", lambda: connect(socket.SOCK_DGRAM, ("192.0.2.1", 9)))
attempt("localhost", lambda: connect(socket.SOCK_STREAM, ("127.0.0.1", int(port))))
if os.name == "posix":
    attempt("signal", lambda: os.kill(os.getppid(), 0))
print("environment", int("TOKA_PROBE" not in os.environ), len(os.environ), "variables in sight")
`;

/** Programs that pass one limit each, for the probe of the supervisor. */
export const LIMIT_SCRIPTS = {
  memory: "hold = []\nwhile True: hold.append(bytearray(1 << 20))",
  timeout: "import time\ntime.sleep(60)",
  processes: "import os, time\nfor _ in range(40):\n    if os.fork() == 0: time.sleep(60)\ntime.sleep(60)",
  "disk-limit":
    "import os\nwith open(os.environ['TMPDIR'] + '/fill', 'wb') as f:\n    while True: f.write(bytes(65536))",
  "output-limit": "import sys\nwhile True: sys.stdout.write('x' * 65536)",
} as const;

export type ProbedLimit = keyof typeof LIMIT_SCRIPTS;

/**
 * Keeps one core busy until it used most of what its start is lent, and for 0.45 s more. Where the machine has little to
 * give the first takes longer: until then nothing would have to be held.
 */
export const BUSY_SCRIPT = `import time
while time.process_time() < 0.35: pass
end = time.monotonic() + 0.45
while time.monotonic() < end: pass`;
