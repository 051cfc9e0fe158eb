"""Supervisor of one sandboxed run: pid 1 of the run's pid namespace (tier A), or the ancestor of all its processes on a
machine without namespaces (tier B).

Usage: python3 -I -S helper.py NAME=VALUE... -- COMMAND ARGUMENT...
   or: python3 -I -S helper.py @FD, the same arguments being read from a descriptor with a NUL after each

It starts COMMAND under resource limits and Landlock, relays its standard streams through real pipes, watches memory,
CPU share, wall time, tasks, bytes written and bytes printed, ends everything when a limit is passed or the command is
done, and reports on descriptor 3, one JSON object per line (SandboxEvent in src/model/execution.ts). End of file on
descriptor 3 means: cancel. System calls are filtered by a seccomp program that was loaded before this file started, or
that is loaded here for the command (`filter=FD`).

Good for Python 3.8 and later, standard library only. The start-up time of this file is part of every run: it imports
built-in modules under their built-in names (`posix` is what `os` wraps, `_signal` what `signal` wraps) and formats its
few JSON lines itself.
"""

import posix as os
import sys
from time import monotonic

import _signal as signal
import resource
import select

EVENTS = 3
MEBIBYTE = 1024 * 1024
SIGSYS = 31  # the same on x86-64 and aarch64
# What a terminal sends to everything in it: whoever started the run gets it, too, and cancels it.
FROM_TERMINAL = signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTSTP
PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")
CHUNK = 65536

# Seconds between two looks at the process tree; the shorter one holds while memory or tasks grow fast.
SLOWEST_LOOK = 0.025
FASTEST_LOOK = 0.004

# What this process asks the scheduler for: the shortest turns that there are, in nanoseconds. Who takes little at a time has
# it sooner, so that looks come on time on a busy machine, too: with six busy programs for each processor, one look of ten was
# more than 3 ms late, and with short turns 0.3. Linux 6.12; earlier kernels take no notice.
TURN = 100_000
SCHED_SETATTR_CALL = {"x86_64": 314, "aarch64": 274}
SCHED_FLAG_RESET_ON_FORK = 1

# Sockets that are not charged to memory, and what each further one is charged with: net.core.wmem_default.
FREE_SOCKETS = 64
FREE_TCP_SOCKETS = 8
SOCKET_BUFFER = 212992

# Folders inside each other that a run may make.
DEEPEST = 256

# Seconds that a connection may wait for a listener's queue to have room (tier B).
LONGEST_CONNECT = 0.01

# Seconds between two usage events, and between two looks at what costs more to read (exact memory, folder sizes). The
# second of the latter holds where such a look has to stop the run for a moment.
REPORT_EVERY = 0.2
LOOK_CLOSELY_EVERY = 0.2, 1.0

# CPU control law: a run may use  rate * wall + credit(wall)  seconds of CPU, where credit falls linearly from
# START_CREDIT to 0 within REPAY seconds. Past that the whole namespace is stopped until the allowance has grown by
# RESUME_SLICE beyond what was used. So a short program runs at full speed, and after REPAY seconds the average over the
# run is the promised share. A run that goes on although it is stopped is ended once it took MOST_UNDUE seconds.
START_CREDIT = 0.4
REPAY = 4.0
RESUME_SLICE = 0.02
MOST_UNDUE = 0.5


def json_string(text):
    out = []
    for character in text:
        code = ord(character)
        if character in '"\\':
            out.append("\\" + character)
        elif 0x20 <= code < 0x7F:
            out.append(character)
        elif code > 0xFFFF:
            code -= 0x10000
            out.append("\\u%04x\\u%04x" % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF)))
        elif 0xD800 <= code <= 0xDFFF:
            out.append("\\ufffd")
        else:
            out.append("\\u%04x" % code)
    return '"' + "".join(out) + '"'


def emit(line):
    data = (line + "\n").encode("ascii")
    while data:
        try:
            data = data[os.write(EVENTS, data):]
        except BlockingIOError:
            waiter = select.poll()
            waiter.register(EVENTS, select.POLLOUT)
            waiter.poll(1000)
        except OSError:
            return  # nobody listens any more: the loop sees the end of file and cancels


def read_file(path, size=4096):
    """The text of a /proc file, or None when the process is gone or may not be looked at."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(fd, size)
    except OSError:
        return None
    finally:
        os.close(fd)


def read_all(fd):
    """Everything of a descriptor, which is closed."""
    parts = []
    while True:
        part = os.read(fd, CHUNK)
        if not part:
            os.close(fd)
            return b"".join(parts)
        parts.append(part)


class Options:
    """What is asked for. `contained` is true in tier B, where nothing but this file stands between command and host."""

    def __init__(self, arguments):
        split = arguments.index("--")
        self.command = arguments[split + 1:]
        self.write = []
        self.root = []
        self.keep = []
        self.tmpfs = []
        self.read = []
        self.list = []
        self.environment = {}
        self.cwd = None
        self.scratch = None
        self.filter = None
        self.gate = {}
        self.flags = {}
        self.stdin = False
        self.relay = None
        self.warm = False
        self.cgroup = None
        self.memory = self.cpu = self.time = self.processes = self.disk = self.files = self.output = 0
        for argument in arguments[:split]:
            name, _, value = argument.partition("=")
            if name in ("write", "root", "keep", "tmpfs", "read", "list"):
                getattr(self, name).append(value)
            elif name in ("cwd", "scratch"):
                setattr(self, name, value)
            elif name == "env":
                variable, _, value = value.partition("=")
                self.environment[variable] = value
            elif name == "filter":
                self.filter = read_all(int(value))
            elif name == "gate":
                number, _, kind = value.partition(":")
                kind, _, flags = kind.partition("@")
                self.gate[int(number)] = kind
                if flags:
                    self.flags[int(number)] = int(flags)
            elif name == "stdin":
                self.stdin = value == "pipe"
            elif name == "warm":
                self.warm = value == "yes"
            elif name == "cgroup":
                fd, _, controllers = value.partition(":")
                self.cgroup = Cgroup(int(fd), controllers.split(","))
            elif name in ("memory", "time", "processes", "disk", "files", "output"):
                setattr(self, name, int(value))
            elif name == "relay":
                port, _, path = value.partition(":")
                self.relay = int(port), path
            elif name == "cpu":
                self.cpu = float(value)
            else:
                raise ValueError("unknown option " + name)
        self.contained = self.scratch is not None


# --- System calls that the os module does not offer -------------------------------------------------------------------

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
LANDLOCK_CREATE_RULESET_VERSION = 1
LANDLOCK_RULE_PATH_BENEATH = 1

# include/uapi/linux/landlock.h, LANDLOCK_ACCESS_FS_*
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = [1 << bit for bit in range(4)]
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = [1 << bit for bit in range(6, 13)]
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
# LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL
SCOPES = 3
# LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP
TCP = 3

# linux/seccomp.h
SECCOMP_SET_MODE_FILTER = 1
SECCOMP_FILTER_FLAG_NEW_LISTENER = 8
# Once a call is being judged, only a signal that ends the caller interrupts it (Linux 5.19).
SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 32
SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ALLOW = 0x7FC00000, 0x7FFF0000
SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1
NOTIF_RECV, NOTIF_SEND, NOTIF_ADDFD = 0xC0502100, 0xC0182101, 0x40182103
ADDFD_FLAG_SEND = 2
NOTIF_SIZE = 80
SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}
PIDFD_OPEN, PIDFD_GETFD = 434, 438
CAPSET_CALL = {"x86_64": 126, "aarch64": 91}


# How many tasks the user's other programs may start during a run in tier B before the run's own forks fail: in all, and
# between two countings, which the run itself may use for tasks beyond its limit until the watch sees and ends it.
OTHERS_MAY_START = 2000, 32
COUNT_USER_EVERY = 0.3

# What the command may read about itself in tier B. Not `net` and what has it inside (`task`): it lists the sockets and
# connections of the whole machine.
OWN_PROC = (
    "auxv", "cgroup", "cmdline", "comm", "environ", "fd", "fdinfo", "io", "limits", "maps", "mountinfo", "mounts",
    "oom_score", "smaps", "smaps_rollup", "stat", "statm", "status",
)


class Libc:
    """`syscall` and `prctl` of the C library through ctypes' core, without the 3 ms that importing ctypes costs."""

    def __init__(self):
        import _ctypes

        library = _ctypes.dlopen(None, 0)
        self._call = _ctypes.call_function
        self._syscall = _ctypes.dlsym(library, "syscall")
        self._prctl = _ctypes.dlsym(library, "prctl")
        self._connect = _ctypes.dlsym(library, "connect")

    def syscall(self, *arguments):
        return self._call(self._syscall, arguments)

    def connect(self, socket, address):
        return self._call(self._connect, (socket, address, len(address)))

    def prctl(self, option, value):
        return self._call(self._prctl, (option, value, 0, 0, 0))


def landlock_version(libc):
    return max(0, libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_CREATE_RULESET_VERSION))


def restrict_files(libc, options):
    """Landlock: what has no rule is refused.

    In tier A it is a second layer under the read-only mounts, and about writing alone. In tier B it is the only one, and
    about reading, executing and TCP, too.
    """
    version = landlock_version(libc)
    if version < 1:
        return
    files = WRITE_FILE | (TRUNCATE if version >= 3 else 0)
    allowed = (
        files | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM
        | (REFER if version >= 2 else 0)
    )
    handled = allowed | MAKE_CHAR | MAKE_BLOCK | (IOCTL_DEV if version >= 5 else 0)
    reading = EXECUTE | READ_FILE | READ_DIR if options.contained else 0
    handled |= reading
    attribute = handled.to_bytes(8, sys.byteorder)
    if version >= 4:
        attribute += (TCP if options.contained else 0).to_bytes(8, sys.byteorder)
    if version >= 6:
        attribute += SCOPES.to_bytes(8, sys.byteorder)
    ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, attribute, len(attribute), 0)
    if ruleset < 0:
        raise OSError("landlock_create_ruleset failed")
    rules = [(folder, allowed | reading) for folder in options.write + options.tmpfs]
    rules += [(path, reading) for path in options.read]
    rules += [(path, READ_DIR) for path in options.list]
    devices = files | (reading & READ_FILE)
    if options.contained:
        rules += [("/proc/self/" + name, reading) for name in OWN_PROC] + [("/dev/zero", READ_FILE)]
    else:
        rules += [("/dev/pts", files | (IOCTL_DEV if version >= 5 else 0))]
    # Not /dev/zero: mapped shared and writable, it is memory that could not be counted.
    rules += [("/dev/" + name, devices) for name in ("null", "full", "random", "urandom", "tty")]
    for path, access in rules:
        try:
            # A link that appeared since the paths were looked up is not followed: a right to its target is not meant.
            fd = os.open(path, 0o10000000 | os.O_CLOEXEC | os.O_NOFOLLOW)  # O_PATH
        except FileNotFoundError:
            continue
        is_folder = (os.fstat(fd).st_mode & 0o170000) == 0o040000
        rule = (access if is_folder else access & (files | IOCTL_DEV | READ_FILE | EXECUTE)).to_bytes(8, sys.byteorder) + fd.to_bytes(4, sys.byteorder)
        if libc.syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0) != 0:
            raise OSError("landlock_add_rule failed for " + path)
        os.close(fd)
    if libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
        raise OSError("landlock_restrict_self failed")
    os.close(ruleset)


# --- The command ------------------------------------------------------------------------------------------------------


def lower(limit, value):
    hard = resource.getrlimit(limit)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(limit, (value, value))


def drop_capabilities(libc):
    """Root keeps its number and nothing that goes with it; others have nothing to lose."""
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability) != 0:
            break  # the last one that this kernel knows, or not root
    header = (0x20080522).to_bytes(4, "little") + bytes(4)  # _LINUX_CAPABILITY_VERSION_3, this process
    if libc.syscall(CAPSET_CALL[os.uname().machine], header, bytes(24)) != 0:
        raise OSError("capabilities could not be given up")


def become_command(options, libc, streams, status, gate, broom):
    """In the forked child: put on every restriction, then become the command, whose descriptors are `streams`. Never returns."""
    try:
        if options.cgroup:
            options.cgroup.enter(status)
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
        for name in os.listdir("/proc/self/fd"):
            fd = int(name)
            if fd >= len(streams) and fd != status and not any(helper and fd == helper.theirs.fileno() for helper in (gate, broom)):
                try:
                    os.close(fd)
                except OSError:
                    pass  # the descriptor of the listing itself
        # Slack above the watched limit, so that the watch sees the limit passed and names the reason.
        lower(resource.RLIMIT_FSIZE, options.disk + MEBIBYTE)
        lower(resource.RLIMIT_DATA, 2 * options.memory + 1024 * MEBIBYTE)
        lower(resource.RLIMIT_CORE, 0)
        lower(resource.RLIMIT_NOFILE, 1024)
        lower(resource.RLIMIT_MSGQUEUE, 0)
        lower(resource.RLIMIT_MEMLOCK, 64 * 1024)
        # Outside of a user namespace it counts all of the user's tasks, and it does not hold for the machine's root.
        if not options.contained:
            lower(resource.RLIMIT_NPROC, options.processes + 9)
        elif not options.cgroup and not is_root_of_machine():
            limit_tasks(0, tasks_of_user(), options.processes, OTHERS_MAY_START[0])
        # A session of its own: where the kernel groups tasks by session, the supervisor keeps its share of the processor.
        os.setsid()
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1) != 0:
            raise OSError("no_new_privs failed")
        if options.cwd is not None:
            os.chdir(options.cwd)
        restrict_files(libc, options)
        if options.contained:
            drop_capabilities(libc)
        for number in FROM_TERMINAL + (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGALRM, signal.SIGUSR1):
            signal.signal(number, signal.SIG_DFL)
        swept = bool(broom) and broom.start(libc)
        os.nice(5)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if options.filter is not None and load_filter(libc, options.filter, 0) != 0:
            raise OSError("the system call filter was refused")
        if gate:
            gate.put_on(libc, forks_too=not swept and not options.cgroup)
        execute(options)
    except BaseException as error:
        os.write(status, str(error).encode("utf-8", "replace")[:1000])
    finally:
        os._exit(127)


def is_user_root_outside():
    """RLIMIT_NPROC does not hold for the machine's root, whose number is the second field of a namespace's only mapping."""
    return read_file("/proc/self/uid_map").split()[1] == b"0"


def is_root_of_machine():
    """The same without a namespace of our own, where the mapping is of all users."""
    return os.getuid() == 0 and is_user_root_outside()


def ask_for_short_turns(libc):
    """For this process and no child of it. A wish: nothing fails where the kernel does not know it."""
    # struct sched_attr of linux/sched/types.h: size, policy, flags, nice, priority, runtime, deadline, period.
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    fields = (48, 4), (0, 4), (SCHED_FLAG_RESET_ON_FORK, 8), (nice, 4), (0, 4), (TURN, 8), (0, 8), (0, 8)
    attributes = b"".join(value.to_bytes(size, sys.byteorder, signed=True) for value, size in fields)
    libc.syscall(SCHED_SETATTR_CALL[os.uname().machine], 0, attributes, 0)


def limit_tasks(pid, others, processes, room):
    """Sets how many tasks the user may have: the hard limit, which only shrinks, and the soft one inside of it."""
    while True:
        before = resource.prlimit(pid, resource.RLIMIT_NPROC)[1]
        hard = others + processes + room
        if before != resource.RLIM_INFINITY:
            hard = min(hard, before)
        try:
            resource.prlimit(pid, resource.RLIMIT_NPROC, (min(hard, others + processes + OTHERS_MAY_START[1]), hard))
            return
        except PermissionError:
            # The supervisor and the command's process both do this: the other one was first, and the limit is lower now.
            if resource.prlimit(pid, resource.RLIMIT_NPROC)[1] == before:
                raise


def tasks_of_machine():
    """Processes and threads of all users, as a namespace cannot hide them: "0.20 0.18 0.12 1/80 11206" are 80."""
    return int((read_file("/proc/loadavg") or b"0 0 0 0/0").split()[3].split(b"/")[1])


def tasks_of_user():
    """Processes and threads of this user on the whole machine."""
    myself, total = os.getuid(), 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                state = os.stat("/proc/" + name + "/task")
            except OSError:
                continue  # gone since it was listed
            if state.st_uid == myself:
                total += state.st_nlink - 2
    return total


def execute(options):
    command, environment = options.command, os.environ
    if options.contained:
        encode = [(name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape"))
                  for name, value in options.environment.items()]
        environment = dict(encode)
    program = command[0]
    if "/" in program:
        os.execve(program, command, environment)
    for folder in environment.get(b"PATH", b"/usr/bin:/bin").split(b":"):
        path = folder + b"/" + program.encode("utf-8", "surrogateescape")
        if os.access(path, os.X_OK):
            os.execve(path, command, environment)
    raise FileNotFoundError(program + ": command not found")


class Cgroup:
    """The run's own cgroup (v2), in which the kernel holds limits; this process is not in it.

    It comes as two descriptors that were opened on the host, where they may be: its folder, and the file by which the
    command enters it before it is one. The rights to enter are those of whoever opened that (Linux 5.16, and fixes before).
    """

    PERIOD = 100000
    # Less than the kernel takes as a quota, in microseconds.
    LEAST = 1000

    def __init__(self, fd, controllers):
        self.folder, self.entry = fd, fd + 1
        self.shares_cpu = "cpu" in controllers
        self.quota = None
        self.since = 0.0
        # Opened once: they are read at every look.
        names = ("memory.events", "pids.events", "cpu.stat", "memory.peak", "memory.stat", "pids.peak")
        self.files = {name: self.open(name, os.O_RDONLY) for name in names}

    def open(self, name, flags):
        try:
            return os.open(name, flags | os.O_CLOEXEC, dir_fd=self.folder)
        except OSError:
            return None  # a file that this kernel does not have

    def enter(self, status):
        """Moves this process, a child that is to be the command; the supervisor waits for the word."""
        os.write(self.entry, b"0")
        os.write(status, b"e")

    def entered(self, status):
        """In the supervisor: whether it did, before it did anything else."""
        said = os.read(status, 1)
        if said != b"e":
            raise OSError("the run could not be put into its cgroup: " + (said + os.read(status, 4096)).decode("utf-8", "replace"))
        os.close(self.entry)

    def numbers(self, name):
        """Lines of a name and a number; a number alone has the empty name."""
        fd = self.files[name]
        if fd is None:
            return {}
        try:
            words = [line.rpartition(b" ") for line in os.pread(fd, 8192, 0).splitlines()]
            return {word.decode(): int(number) for word, _, number in words}
        except (OSError, ValueError):
            return {}  # it was removed from outside

    def write(self, name, text):
        fd = self.open(name, os.O_WRONLY)
        try:
            return fd is not None and os.write(fd, text) > 0
        except OSError:
            return False
        finally:
            if fd is not None:
                os.close(fd)

    def cpu(self):
        """Seconds that the run took of the processor, also for children that nobody waited for."""
        return self.numbers("cpu.stat").get("usage_usec", 0) / 1000000 - self.since

    def begin(self):
        self.since = 0.0
        self.since = self.cpu()

    def peak(self):
        """The most memory without the cache of files, of which so much was there at most as is there now; 0 when not even that is known."""
        if self.numbers("memory.events").get("max", 1):
            return 0  # pages were given back meanwhile
        now = self.numbers("memory.stat")
        return max(0, self.numbers("memory.peak").get("", 0) - now.get("file", 0) + now.get("shmem", 0))

    def held(self):
        """Which limits the kernel has held, as a list in JSON."""
        seen = ("memory", "memory.events", "oom_kill"), ("processes", "pids.events", "max"), ("cpu", "cpu.stat", "nr_throttled")
        return "[" + ",".join('"%s"' % limit for limit, name, count in seen if self.numbers(name).get(count)) + "]"

    def passed(self, options):
        """The limit that the kernel kept the run from passing, by which the run is over."""
        memory = self.numbers("memory.events")
        if memory.get("oom_kill"):
            if memory.get("oom"):
                return too_much_memory(options)
            return "memory", "was ended by the kernel: the machine's memory was short"
        return too_many_tasks(options) if self.numbers("pids.events").get("max") else None

    def share(self, rate, wall, left):
        """Narrows the processor's share once what the start is lent is used, and holds it without being asked again.

        @param left seconds that the run has left of what it may use now
        """
        if left > 0 and self.quota is None:
            return
        # What was lent is given back until REPAY; a run that is past its allowance gets less until it is not.
        due = rate if wall >= REPAY else rate - START_CREDIT / REPAY
        quota = max(self.LEAST, int((due if left > 0 else 0.8 * due) * self.PERIOD))
        if quota != self.quota and self.write("cpu.max", b"%d %d" % (quota, self.PERIOD)):
            self.quota = quota


class Stream:
    """Moves bytes from `source` to `target` and reads no more while the receiver has not taken what was read."""

    def __init__(self, source, target):
        self.source = source
        self.target = target
        self.pending = b""

    def close(self):
        if self.source is not None:
            os.close(self.source)
            self.source = None

    def fill(self, most):
        """Reads at most `most` bytes; the number read, 0 at the end of the stream."""
        try:
            data = os.read(self.source, min(CHUNK, most))
        except BlockingIOError:
            return -1
        except OSError:
            data = b""
        if data:
            self.pending += data
        else:
            self.close()
        return len(data)

    def drain(self):
        try:
            self.pending = self.pending[os.write(self.target, self.pending):]
        except BlockingIOError:
            return
        except OSError:
            # The receiver is gone: the command gets its own broken pipe.
            self.pending = b""
            self.close()


# --- The gate: system calls that wait for this process ----------------------------------------------------------------


def load_filter(libc, instructions, flags):
    """Puts a seccomp program on this process; what the system call returns."""
    # struct sock_fprog with the address of the program: in CPython the bytes of a `bytes` object stand at its end.
    address = id(instructions) + bytes.__basicsize__ - 1
    program = (len(instructions) // 8).to_bytes(8, "little") + address.to_bytes(8, "little")
    return libc.syscall(SECCOMP_CALL[os.uname().machine], SECCOMP_SET_MODE_FILTER, flags, program)


def instruction(code, jt, jf, k):
    return code.to_bytes(2, "little") + bytes((jt, jf)) + k.to_bytes(4, "little")


class Gate:
    """Holds the command's system calls of some numbers until they are judged here (seccomp user notification).

    A call that is let pass is judged by its numbers alone; one that names a file is done here, by this process, so that
    nothing can change between the look and the deed.
    """

    EPERM, ENOENT, EACCES, EINVAL, ECONNREFUSED = 1, 2, 13, 22, 111

    # What a judge says: an error number, 0 for a call that was done here, or that the kernel may do it.
    PASS = -1
    AT_FDCWD = -100
    # Flags of open(2) that may change something.
    WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

    def __init__(self, options, libc):
        import _socket
        import fcntl

        # Waiting to be judged, a fork can be interrupted by a signal, which programs do not expect: so its number is only
        # judged where no resource limit holds it, and where a bomb cannot be ended at one moment either.
        limited = options.contained and os.getuid() != 0
        self.kinds = {number: kind for number, kind in options.gate.items() if not (limited and kind == "fork")}
        self.flags = options.flags
        self.kept = Kept(options) if options.keep else None
        self.libc = libc
        self.sockets = _socket
        self.ioctl = fcntl.ioctl
        self.listener = None
        self.ours, self.theirs = _socket.socketpair()

    # -- in the command, before it is one --

    def put_on(self, libc, forks_too):
        if self.kept:
            os.umask(self.kept.umask)
        judged = [number for number, kind in self.kinds.items() if number not in self.flags and (forks_too or kind != "fork")]
        last = len(judged)
        program = [instruction(0x20, 0, 0, 0)]
        for number, index in self.flags.items():  # the low half of that argument decides
            program += [instruction(0x15, 0, 4, number), instruction(0x20, 0, 0, 16 + 8 * index)]
            program += [instruction(0x45, 0, 1, self.WRITING), instruction(0x06, 0, 0, SECCOMP_RET_USER_NOTIF)]
            program += [instruction(0x06, 0, 0, SECCOMP_RET_ALLOW)]
        program += [instruction(0x15, last - at, 0, number) for at, number in enumerate(judged)]
        program += [instruction(0x06, 0, 0, SECCOMP_RET_ALLOW), instruction(0x06, 0, 0, SECCOMP_RET_USER_NOTIF)]
        program = b"".join(program)
        listener = load_filter(libc, program, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
        if listener < 0:
            listener = load_filter(libc, program, SECCOMP_FILTER_FLAG_NEW_LISTENER)
        if listener < 0:
            raise OSError("the kernel does not hand out system calls (seccomp user notification, Linux 5.0)")
        rights = self.sockets.SOL_SOCKET, self.sockets.SCM_RIGHTS, listener.to_bytes(4, sys.byteorder)
        self.theirs.sendmsg([b"x"], [rights])
        os.close(listener)
        self.theirs.close()

    # -- in the supervisor --

    @property
    def fd(self):
        return self.ours.fileno() if self.listener is None else self.listener

    def step(self, supervisor):
        """Takes the listener when it comes, then one call at a time."""
        if self.listener is None:
            _, rights, _, _ = self.ours.recvmsg(1, self.sockets.CMSG_SPACE(4))
            if rights:
                self.listener = int.from_bytes(rights[0][2][:4], sys.byteorder)
                os.set_inheritable(self.listener, False)
            return bool(rights)
        notice = bytearray(NOTIF_SIZE)
        try:
            self.ioctl(self.listener, NOTIF_RECV, notice, True)
        except OSError:
            return True  # the caller is gone
        number = lambda at, size=8: int.from_bytes(notice[at:at + size], "little")
        caller, call = number(8, 4), number(16, 4)
        values = [number(32 + 8 * index) for index in range(6)]
        kind = self.kinds[call]
        self.notice = bytes(notice[:8])
        try:
            error = getattr(self, "judge_" + kind)(supervisor, caller, values)
        except OSError as failure:
            error = failure.errno or self.EPERM
        except (ValueError, OverflowError):
            error = self.EPERM  # a number or a path that no honest caller passes; it must not end this process
        if error is None:
            return True  # it was answered, or waits until everything is ended
        flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE if error == self.PASS else 0
        error = max(0, error)
        answer = bytes(notice[:8]) + bytes(8) + (-error).to_bytes(4, "little", signed=True) + flags.to_bytes(4, "little")
        try:
            self.ioctl(self.listener, NOTIF_SEND, answer)
        except OSError:
            pass  # the caller is gone
        return True

    def drain(self, supervisor):
        """Judges what waits now, and what comes while that is done, but not for ever."""
        if self.listener is None:
            return
        poller = select.poll()
        poller.register(self.listener, select.POLLIN)
        for _ in range(64):
            if not poller.poll(0):
                return
            self.step(supervisor)

    def judge_fork(self, supervisor, caller, values):
        return self.PASS if supervisor.may_start_task() else None

    def judge_kill(self, supervisor, caller, values):
        """The first value is a process, a group (negative), the own group (0), or everything (-1)."""
        target = signed(values[0])
        if target == 0 or (target > 0 and supervisor.processes.contains(target)):
            return self.PASS
        members = [pid for pid in supervisor.processes.pids() if target < -1 and group_of(pid) == -target]
        return self.PASS if members else self.EPERM

    def judge_task(self, supervisor, caller, values):
        leader = self.leader(signed(values[0]))
        return self.PASS if leader and supervisor.processes.contains(leader) else self.EPERM

    def judge_socketpair(self, supervisor, caller, values):
        self.count_sockets(supervisor)
        return self.PASS

    def count_sockets(self, supervisor):
        supervisor.sockets += 2
        if supervisor.sockets > FREE_SOCKETS:
            supervisor.sockets = 2 + sum(map(open_sockets, supervisor.processes.pids()))

    def judge_connect(self, supervisor, caller, values):
        """connect(socket, address, length): to unix sockets below the writable folders only, and done here."""
        address = self.memory(caller, values[1], min(values[2], 110))
        if len(address) < 4 or int.from_bytes(address[:2], sys.byteorder) != self.sockets.AF_UNIX or address[2] == 0:
            return self.EPERM
        path = self.resolve(caller, None, address[2:].split(b"\0", 1)[0].decode("utf-8", "surrogateescape"))
        target = self.writable(supervisor, path)
        self.count_sockets(supervisor)
        link = b"/proc/self/fd/%d\0" % target
        try:
            process = self.checked(self.libc.syscall(PIDFD_OPEN, self.leader(caller), 0))
            try:
                client = self.checked(self.libc.syscall(PIDFD_GETFD, process, signed(values[0]), 0))
            finally:
                os.close(process)
            # A listener whose queue is full makes this wait, and the command must not make this process wait: the caller's
            # socket could be set not to block, but the caller could set it back.
            signal.setitimer(signal.ITIMER_REAL, LONGEST_CONNECT, LONGEST_CONNECT)
            try:
                self.checked(self.libc.connect(client, self.sockets.AF_UNIX.to_bytes(2, sys.byteorder) + link))
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                os.close(client)
        finally:
            os.close(target)
        return 0

    def checked(self, result):
        if result < 0:
            raise OSError(self.ECONNREFUSED, "refused")
        return result

    def leader(self, caller):
        status = read_file("/proc/%d/status" % caller) or b"\nTgid:\t0"
        return int(status.split(b"\nTgid:", 1)[1].split(None, 1)[0])

    # -- files in folders with something kept in them --

    def judge_open(self, supervisor, caller, values):
        return self.open(caller, self.AT_FDCWD, values[0], *values[1:3])

    def judge_openat(self, supervisor, caller, values):
        return self.open(caller, signed(values[0]), *values[1:4])

    def judge_creat(self, supervisor, caller, values):
        return self.open(caller, self.AT_FDCWD, values[0], os.O_CREAT | os.O_WRONLY | os.O_TRUNC, values[1])

    def judge_truncate(self, supervisor, caller, values):
        return self.open(caller, self.AT_FDCWD, values[0], os.O_WRONLY, 0, values[1])

    def judge_mkdir(self, supervisor, caller, values):
        return self.judge_mkdirat(supervisor, caller, [self.AT_FDCWD] + values)

    def judge_mkdirat(self, supervisor, caller, values):
        mode = values[2] & 0o1777 & ~self.umask(caller)
        return self.change(caller, [values[:2]], lambda spot: os.mkdir(spot[1], mode, dir_fd=spot[0]))

    def judge_mknod(self, supervisor, caller, values):
        return self.judge_mknodat(supervisor, caller, [self.AT_FDCWD] + values)

    def judge_mknodat(self, supervisor, caller, values):
        kind = values[2] & 0o170000
        if kind not in (0, 0o100000, 0o010000):  # regular files and FIFOs
            return self.PASS if kind == 0o140000 else self.EPERM
        mode = kind | (values[2] & 0o777 & ~self.umask(caller))
        return self.change(caller, [values[:2]], lambda spot: os.mknod(spot[1], mode, dir_fd=spot[0]))

    def judge_unlink(self, supervisor, caller, values):
        return self.judge_unlinkat(supervisor, caller, [self.AT_FDCWD, values[0], 0])

    def judge_rmdir(self, supervisor, caller, values):
        return self.judge_unlinkat(supervisor, caller, [self.AT_FDCWD, values[0], 0x200])

    def judge_unlinkat(self, supervisor, caller, values):
        remove = os.rmdir if values[2] & 0x200 else os.unlink  # AT_REMOVEDIR
        return self.change(caller, [values[:2]], lambda spot: remove(spot[1], dir_fd=spot[0]))

    def judge_symlink(self, supervisor, caller, values):
        return self.judge_symlinkat(supervisor, caller, [values[0], self.AT_FDCWD, values[1]])

    def judge_symlinkat(self, supervisor, caller, values):
        target = self.text(caller, values[0])
        return self.change(caller, [values[1:3]], lambda spot: os.symlink(target, spot[1], dir_fd=spot[0]))

    def judge_link(self, supervisor, caller, values):
        return self.judge_linkat(supervisor, caller, [self.AT_FDCWD, values[0], self.AT_FDCWD, values[1]])

    def judge_linkat(self, supervisor, caller, values):
        return self.change(caller, [values[:2], values[2:4]], lambda old, new: os.link(
            old[1], new[1], src_dir_fd=old[0], dst_dir_fd=new[0], follow_symlinks=False))

    def judge_rename(self, supervisor, caller, values):
        return self.judge_renameat(supervisor, caller, [self.AT_FDCWD, values[0], self.AT_FDCWD, values[1], 0])

    def judge_renameat(self, supervisor, caller, values):
        return self.judge_renameat2(supervisor, caller, values[:4] + [0])

    def judge_renameat2(self, supervisor, caller, values):
        def rename(old, new):
            if values[4] & 0xFFFFFFFF:
                raise OSError(self.EINVAL, "flags")
            os.rename(old[1], new[1], src_dir_fd=old[0], dst_dir_fd=new[0])
        return self.change(caller, [values[:2], values[2:4]], rename)

    def change(self, caller, names, action):
        """Does a change of folders here when one of them has something kept in it; Landlock judges all others."""
        spots = []
        try:
            for folder, address in names:
                spots.append(self.spot(caller, signed(folder), self.text(caller, address)))
            places = [self.kept.place(*spot) for spot in spots]
            if all(place in ("ruled", "outside") for place in places):
                return self.PASS
            if any(place in ("kept", "outside") for place in places):
                return self.EACCES
            action(*spots)
            return 0
        finally:
            for folder, _ in spots:
                os.close(folder)

    def open(self, caller, folder, address, flags, mode, size=None):
        """open(2) for writing, or truncate(2) to a size."""
        flags &= 0xFFFFFFFF
        spot = self.spot(caller, folder, self.text(caller, address))
        try:
            for _ in range(40):
                if flags & (os.O_NOFOLLOW | os.O_EXCL):
                    break
                try:
                    target = os.readlink(spot[1], dir_fd=spot[0])
                except OSError:
                    break  # no link
                before, spot = spot, self.spot(caller, None, target, spot[0])
                os.close(before[0])
            place = self.kept.place(*spot)
            if place in ("ruled", "outside") or flags & os.O_DIRECTORY:
                return self.PASS
            if place == "kept":
                return self.EACCES
            mode = mode & 0o777 & ~self.umask(caller)
            mine = os.open(spot[1], flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, mode, dir_fd=spot[0])
            try:
                return self.hand_over(mine, flags, size)
            finally:
                os.close(mine)
        finally:
            os.close(spot[0])

    def hand_over(self, mine, flags, size):
        if os.fstat(mine).st_mode & 0o170000 != 0o100000:
            return self.EACCES
        if size is not None:
            os.ftruncate(mine, size)
            return 0
        os.set_blocking(mine, not flags & os.O_NONBLOCK)
        numbers = ADDFD_FLAG_SEND, mine, 0, flags & os.O_CLOEXEC
        self.ioctl(self.listener, NOTIF_ADDFD, self.notice + b"".join(number.to_bytes(4, "little") for number in numbers))
        return None

    def spot(self, caller, folder, path, base=None):
        """The open folder that holds a path's last component, and that component."""
        head, _, name = path.rpartition("/")
        head = head or ("/" if path.startswith("/") else ".")
        if base is None:
            where = self.resolve(caller, folder, head)
        else:
            where = head if head.startswith("/") else "/proc/self/fd/%d/%s" % (base, head)
        return os.open(where, 0o10000000 | os.O_DIRECTORY | os.O_CLOEXEC), name  # O_PATH

    def text(self, caller, address):
        path = self.memory(caller, address, 4096).split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        if path == "":
            raise OSError(self.ENOENT, "no path")
        return path.rstrip("/") or "/"

    def umask(self, caller):
        status = read_file("/proc/%d/status" % caller) or b"\nUmask:\t0022"
        return int(status.split(b"\nUmask:", 1)[1].split(None, 1)[0], 8)

    def judge_refuse(self, supervisor, caller, values):
        return self.EPERM

    def judge_chmod(self, supervisor, caller, values):
        return self.change_mode(supervisor, self.path_at(caller, None, values[0]), values[1])

    def judge_fchmod(self, supervisor, caller, values):
        return self.change_mode(supervisor, "/proc/%d/fd/%d" % (caller, signed(values[0])), values[1])

    def judge_fchmodat(self, supervisor, caller, values):
        return self.change_mode(supervisor, self.path_at(caller, signed(values[0]), values[1]), values[2])

    def judge_utime(self, supervisor, caller, values):
        """utimensat(folder, path, times, flags); no path means the descriptor itself."""
        if values[1] == 0:
            path = "/proc/%d/fd/%d" % (caller, signed(values[0]))
        else:
            path = self.path_at(caller, signed(values[0]), values[1])
        times = None
        if values[2]:
            raw = self.memory(caller, values[2], 32)
            seconds, nanoseconds = raw[0:8] + raw[16:24], raw[8:16] + raw[24:32]
            pairs = [(int.from_bytes(seconds[at:at + 8], "little", signed=True),
                      int.from_bytes(nanoseconds[at:at + 8], "little")) for at in (0, 8)]
            if any(part > 999_999_999 for _, part in pairs):
                times = None  # UTIME_NOW or UTIME_OMIT: now is near enough
            else:
                times = tuple(whole * 1_000_000_000 + part for whole, part in pairs)
        fd = self.writable(supervisor, path)
        try:
            os.utime("/proc/self/fd/%d" % fd, ns=times) if times else os.utime("/proc/self/fd/%d" % fd)
        finally:
            os.close(fd)
        return 0

    def change_mode(self, supervisor, path, mode):
        fd = self.writable(supervisor, path)
        try:
            os.chmod("/proc/self/fd/%d" % fd, mode & 0o1777)
        finally:
            os.close(fd)
        return 0

    def writable(self, supervisor, path):
        """Opens a file for changing its attributes, when it lies in a folder that the command may write to."""
        fd = os.open(path, 0o10000000 | os.O_CLOEXEC)  # O_PATH
        real = os.readlink("/proc/self/fd/%d" % fd)
        if any(real == root or real.startswith(root + "/") for root in supervisor.options.write):
            return fd
        if self.kept and self.kept.changeable(real):
            return fd
        os.close(fd)
        raise OSError(self.EPERM, "not writable")

    def path_at(self, caller, folder, address):
        path = self.memory(caller, address, 4096).split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        return self.resolve(caller, folder, path)

    def resolve(self, caller, folder, path):
        """A path of the caller as one of this process; what it leads to is looked at when it is opened."""
        if path == "":
            raise OSError(self.ENOENT, "no path")
        if path.startswith("/proc/self/"):
            return "/proc/%d/%s" % (caller, path[11:])
        if path.startswith("/"):
            return path
        base = "cwd" if folder is None or folder == -100 else "fd/%d" % folder  # AT_FDCWD
        return "/proc/%d/%s/%s" % (caller, base, path)

    def memory(self, caller, address, size):
        """Bytes of the caller's memory, up to the end of the page where what follows is not mapped."""
        fd = os.open("/proc/%d/mem" % caller, os.O_RDONLY | os.O_CLOEXEC)
        try:
            try:
                return os.pread(fd, size, address)
            except OSError:
                return os.pread(fd, min(size, PAGE - address % PAGE), address)
        finally:
            os.close(fd)


class Kept:
    """Which names in the granted folders must stay as they are.

    Landlock's rules only ever allow, so a folder with something kept in it has no rule, nor has what is made in it later.
    What is done there is done by the gate. Folders are known by device and inode, whatever they are called inside.
    """

    def __init__(self, options, umask=None):
        self.roots = {identity(path) for path in options.root}
        self.ruled = {identity(path) for path in options.write}
        self.names = set()
        self.inside = set()
        for path in options.keep:
            try:
                self.inside.add(identity(path))
            except OSError:
                pass  # nothing is there yet
            while True:
                path, _, name = path.rpartition("/")
                try:
                    parent = identity(path or "/")
                except OSError:
                    continue  # neither is the folder around it, which must not be made then
                self.names.add((parent, name))
                if parent in self.roots or path == "":
                    break
        # The callers' own masks hold for what is made for them.
        self.umask = os.umask(0) if umask is None else umask

    def place(self, folder, name):
        """`kept`, `ruled` (Landlock has a rule for it), `open` (in a granted folder, without a rule) or `outside`."""
        if name in ("", ".", ".."):
            return "ruled"
        path = "/proc/self/fd/%d" % folder
        own = around = identity(path)
        if (own, name) in self.names:
            return "kept"
        while True:
            if around in self.inside:
                return "kept"
            if around in self.ruled:
                return "ruled"
            if around in self.roots:
                return "open"
            path += "/.."
            before, around = around, identity(path)
            if before == around:
                return "outside"

    def changeable(self, path):
        head, _, name = path.rpartition("/")
        folder = os.open(head or "/", 0o10000000 | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return self.place(folder, name) == "open"
        finally:
            os.close(folder)


def identity(path):
    state = os.stat(path)
    return state.st_dev, state.st_ino


def signed(value):
    """A C int out of a register."""
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def group_of(pid):
    try:
        return os.getpgid(int(pid))
    except OSError:
        return None


# --- The processes of a run -------------------------------------------------------------------------------------------


class Namespace:
    """All processes of the pid namespace whose first one this is, but the supervisor's own."""

    def __init__(self):
        if os.getpid() != 1:  # everything that it can see is ended at last
            raise OSError("not the first process of a namespace")
        self.own = {"1"}

    def pids(self):
        return [name for name in os.listdir("/proc") if name.isdigit() and name not in self.own]

    def contains(self, pid):
        return str(pid) not in self.own

    def signal(self, number):
        """Signals every process at one moment: no fork in progress escapes. (The relay is stopped and continued, too.)"""
        try:
            os.kill(-1, number)
        except ProcessLookupError:
            pass  # there is none


class Descendants:
    """All processes below this one. Who loses its parent becomes a child of this process, so that none gets away."""

    def __init__(self, libc):
        self.own = set()
        self.broom = None
        self.myself = os.getpid()
        become_reaper(libc)
        if not os.access("/proc/self/task/%d/children" % self.myself, os.R_OK):
            raise OSError("the kernel does not list the children of processes (CONFIG_PROC_CHILDREN)")

    def pids(self):
        found, pending = [], [str(self.myself)]
        while pending:
            folder = "/proc/%s/task/" % pending.pop()
            try:
                tasks = os.listdir(folder)
            except OSError:
                continue  # gone
            for task in tasks:
                children = (read_file(folder + task + "/children", 1 << 20) or b"").decode().split()
                children = [pid for pid in children if pid not in self.own]
                found += children
                pending += children
        return found

    def contains(self, pid):
        if str(pid) in self.own:
            return False
        while pid > 1 and pid != self.myself:
            stat = read_file("/proc/%d/stat" % pid)
            if not stat:
                return False
            parent = int(stat[stat.rindex(b")") + 2:].split(None, 2)[1])
            if parent == self.myself:
                return True
            pid = parent
        return False

    def signal(self, number):
        if self.broom:
            swept = self.broom.signal(number)
            if number == signal.SIGKILL:
                self.put_away_broom()
            if swept:
                return
        # Parents are stopped first and continued last, so that what they are told of their children finds them at rest.
        for pid in self.pids() if number != signal.SIGCONT else reversed(self.pids()):
            try:
                os.kill(int(pid), number)
            except ProcessLookupError:
                pass  # gone since it was listed

    def take_broom(self, broom):
        """Waits for the process that the command leaves behind before it becomes one, where it could."""
        pid = broom.wait()
        if pid:
            self.own.add(str(pid))
            self.broom = broom

    def put_away_broom(self):
        self.broom.ours.close()  # it ends by that
        self.broom = None
        self.own.clear()


class Broom:
    """Signals all of a run's processes at one moment, where there is no pid namespace and root cannot be limited.

    It is a process inside of the run's Landlock domain, which may signal nothing outside of it (Linux 6.12), so that -1
    means the run. Its parent is the supervisor; the run cannot signal it, as the gate asks whom a signal is for.
    """

    LONGEST = 1.0

    def __init__(self):
        import _socket

        self.ours, self.theirs = _socket.socketpair()

    # -- in the command, before it is one --

    def start(self, libc):
        """Whether there is one, which is only where a signal to the supervisor is refused in spite of the same user."""
        supervisor = os.getppid()
        try:
            if landlock_version(libc) < 6 or not is_out_of_reach(supervisor):
                return False
            is_up, tells = os.pipe()
            middle = os.fork()
            if middle == 0:
                if os.fork() == 0:
                    self.sweep(supervisor, tells)
                os._exit(0)
            os.waitpid(middle, 0)
            os.close(tells)
            swept = os.read(is_up, 1) == b"u"
            os.close(is_up)
            return swept
        finally:
            self.theirs.close()

    def sweep(self, supervisor, tells):
        """Never returns. When the supervisor has gone without a word, everything is ended."""
        try:
            os.setsid()
            mine = self.theirs.fileno()
            os.dup2(tells, 0)
            os.closerange(1, mine)
            os.closerange(mine + 1, 256)
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD):
                signal.signal(number, signal.SIG_IGN)
            self.theirs.sendall(os.getpid().to_bytes(4, "little"))
            os.write(0, b"u")
            os.close(0)
            while True:
                number = self.theirs.recv(1) or bytes((signal.SIGKILL,))
                if not is_out_of_reach(supervisor):
                    break  # nothing but the domain says what -1 means
                try:
                    os.kill(-1, number[0])
                except ProcessLookupError:
                    pass  # there is none
                self.theirs.sendall(b"d")
        finally:
            os._exit(0)

    # -- in the supervisor --

    def wait(self):
        self.theirs.close()
        self.ours.settimeout(self.LONGEST)
        try:
            return int.from_bytes(self.ours.recv(4), "little")
        except OSError:
            return 0

    def signal(self, number):
        try:
            self.ours.sendall(bytes((number,)))
            return self.ours.recv(1) == b"d"
        except OSError:
            return False


def is_out_of_reach(pid):
    """Whether a process of the same user may not be signalled from here, or is gone."""
    try:
        os.kill(pid, 0)
    except (PermissionError, ProcessLookupError):
        return True
    return False


def become_reaper(libc):
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1) != 0:
        raise OSError("could not become the parent of orphans")


# --- The guard of the supervisor --------------------------------------------------------------------------------------


def guard(options, libc):
    """Leaves a process that ends what a killed supervisor would leave; goes on as its child (tier B).

    In a namespace the kernel does that. Here orphans become children of the guard, which does nothing but wait. When the
    guard itself is killed, the supervisor cancels the run; when it is asked to end (SIGTERM), it ends the supervisor.
    """
    become_reaper(libc)
    myself = os.getpid()
    supervisor = os.fork()
    if supervisor == 0:
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGUSR1) != 0 or os.getppid() != myself:
            os._exit(1)
        return
    status = 1
    try:
        signal.signal(signal.SIGTERM, lambda number, frame: os.kill(supervisor, signal.SIGKILL))
        for name in os.listdir("/proc/self/fd"):
            try:
                os.close(int(name))
            except OSError:
                pass  # the descriptor of the listing itself
        if libc.prctl(PR_SET_DUMPABLE, 0) == 0:
            _, status = os.waitpid(supervisor, 0)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        processes = Descendants(libc)
        while True:
            processes.signal(signal.SIGKILL)
            try:
                os.wait()
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                break
        if os.access(options.scratch, os.F_OK):
            remove_tree(options.scratch)
        os._exit(0 if status == 0 else 1)


# --- The relay to the proxy of allowed hosts --------------------------------------------------------------------------


class Half:
    """One direction of a connection. `ended`: nothing more will come; `closed`: its target takes nothing more."""

    def __init__(self, source, target):
        self.source = source
        self.target = target
        self.pending = b""
        self.ended = False
        self.closed = False

    @property
    def over(self):
        return self.closed or (self.ended and not self.pending)

    def fill(self):
        try:
            self.pending = os.read(self.source.fileno(), CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self.pending = b""
        self.ended = not self.pending

    def drain(self, sockets):
        try:
            self.pending = self.pending[os.write(self.target.fileno(), self.pending):]
        except BlockingIOError:
            pass
        except OSError:
            self.pending, self.closed = b"", True
        if self.ended and not self.pending and not self.closed:
            self.closed = True
            try:
                self.target.shutdown(sockets.SHUT_WR)
            except OSError:
                pass  # it is gone already


class Relay:
    """Joins connections to a port of the sandbox's own loopback with the proxy's unix socket. Runs as a child process."""

    MOST = 128

    def __init__(self, port, path):
        import _socket

        self.sockets = _socket
        self.path = path
        self.halves = {}
        self.poller = select.poll()
        self.listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(64)

    def start(self):
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGPIPE, signal.SIG_IGN)
                for name in os.listdir("/proc/self/fd"):
                    if int(name) != self.listener.fileno():
                        try:
                            os.close(int(name))
                        except OSError:
                            pass  # the descriptor of the listing itself
                self.run()
            finally:
                os._exit(1)
        self.listener.close()
        return pid

    def run(self):
        listener = self.listener.fileno()
        self.poller.register(listener, select.POLLIN)
        while True:
            for fd, seen in self.poller.poll():
                if fd == listener:
                    self.accept()
                elif fd in self.halves:
                    self.step(fd, seen)
            if len(self.halves) < 2 * self.MOST:
                self.poller.register(listener, select.POLLIN)
            else:
                self.poller.unregister(listener)

    def accept(self):
        try:
            fd, _ = self.listener._accept()
        except OSError:
            return
        client = self.sockets.socket(self.sockets.AF_INET, self.sockets.SOCK_STREAM, 0, fd)
        proxy = self.sockets.socket(self.sockets.AF_UNIX, self.sockets.SOCK_STREAM)
        try:
            proxy.connect(self.path)
        except OSError:
            client.close()
            proxy.close()
            return
        client.setblocking(False)
        proxy.setblocking(False)
        there, back = Half(client, proxy), Half(proxy, client)
        self.halves[client.fileno()] = there, back
        self.halves[proxy.fileno()] = back, there
        self.watch(there, back)

    def step(self, fd, seen):
        away, towards = self.halves[fd]
        if towards.pending and seen & select.POLLOUT:
            towards.drain(self.sockets)
        if not away.ended and not away.pending and seen & (select.POLLIN | select.POLLHUP | select.POLLERR):
            away.fill()
            away.drain(self.sockets)
        elif seen & (select.POLLHUP | select.POLLERR):
            towards.pending, towards.closed = b"", True
        self.watch(away, towards)

    def watch(self, *both):
        for half in both:
            if half.closed and not half.ended:
                half.ended = True  # what nobody takes is not read
        if all(half.over for half in both):
            for half in both:
                self.halves.pop(half.source.fileno(), None)
                self.forget(half.source.fileno())
            for half in both:
                half.source.close()
            return
        for away, towards in (both, both[::-1]):
            events = 0 if away.ended or away.pending else select.POLLIN
            if towards.pending:
                events |= select.POLLOUT
            if events:
                self.poller.register(away.source.fileno(), events)
            else:
                self.forget(away.source.fileno())

    def forget(self, fd):
        try:
            self.poller.unregister(fd)
        except KeyError:
            pass  # it was not watched


# --- Warm start -------------------------------------------------------------------------------------------------------


class Waiter:
    """A command that has everything put on and stands still until it is told what to do: `warm/hook.ts` in an interpreter.

    It is used once. It declines when what it was started with is not what a start would meet now.
    """

    # Seconds that a waiting one may take to answer.
    LONGEST = 30

    def __init__(self, options):
        import _socket

        self.ours, self.theirs = _socket.socketpair()
        self.ours.settimeout(0)
        self.fd = self.ours.fileno()
        self.paths = options.root + options.write + options.read + options.list
        self.before = self.surroundings()

    def surroundings(self):
        """The mounts and which files the rules are about. (A mount keeps its folder; one whose place is gone is not listed.)

        The pipe of an observed run has no name on the host any more once it is mounted.
        """
        mounts = read_all(os.open("/proc/self/mountinfo", os.O_RDONLY | os.O_CLOEXEC)).splitlines()
        return [line for line in mounts if b" /run/toka/observed " not in line], [found(path) for path in self.paths]

    def is_up(self):
        try:
            return self.ours.recv(1) == b"r"
        except BlockingIOError:
            return False

    def wait(self, supervisor):
        """Whether something came to do, and was taken on."""
        self.theirs.close()
        supervisor.look(True)
        # One that has printed or started something has begun what only a run may.
        if supervisor.tasks != 1 or supervisor.printed:
            return self.decline("the interpreter's start prints or starts something")
        if self.surroundings() != self.before:
            return self.decline("mounts or files changed while it started")
        supervisor.processes.signal(signal.SIGSTOP)
        own = exact_memory("/proc/self")
        emit('{"type":"ready","memoryBytes":%d}' % (supervisor.memory + own))
        work = self.receive(supervisor)
        if not work:
            return False
        if self.surroundings() != self.before:
            return self.decline("mounts or files have changed")
        if supervisor.gate and supervisor.gate.kept:
            supervisor.gate.kept = Kept(supervisor.options, supervisor.gate.kept.umask)
        supervisor.begin()
        supervisor.processes.signal(signal.SIGCONT)
        self.ours.settimeout(self.LONGEST)
        answer = b""
        try:
            self.ours.sendall(work)
            answer = self.ours.recv(1)
        except OSError:
            pass  # no answer says nothing about what it has begun
        self.ours.close()
        if answer == b"n":
            return self.decline("files that the interpreter read have changed, or this is nothing for it")
        return answer == b"y"

    def decline(self, why):
        emit('{"type":"declined","message":%s}' % json_string(why))
        return False

    def receive(self, supervisor):
        """What stands on the events' descriptor: a length of four bytes, and so many bytes, both passed on."""
        poller = select.poll()
        poller.register(EVENTS, select.POLLIN)
        poller.register(supervisor.wake, select.POLLIN)
        work = b""
        while len(work) < 4 or len(work) < 4 + int.from_bytes(work[:4], "little"):
            ready = {fd for fd, _ in poller.poll()}
            if supervisor.wake in ready:
                os.read(supervisor.wake, 4096)
                supervisor.reap()
                if supervisor.status is not None:
                    return b""
            if EVENTS in ready:
                part = os.read(EVENTS, CHUNK)
                if not part:
                    return b""
                work += part
        return work


def found(path):
    try:
        return identity(path)
    except OSError:
        return None


class Supervisor:
    def __init__(self, options, libc):
        self.options = options
        self.libc = libc
        self.main = 0
        self.waiter = None
        self.processes = Descendants(libc) if options.contained else Namespace()
        self.granted = [0, 0]
        self.sockets = 0
        self.status = None
        self.exit_fields = None
        self.stopped = False
        self.stopped_at = 0.0
        self.cancelled = False
        self.printed = 0
        self.tasks = self.all_tasks = 0
        self.cpu = self.cpu_before = 0.0
        self.cgroup = options.cgroup
        # Where the kernel holds the limit this process is the second line; what both count is not quite the same.
        self.most_memory = options.memory * 5 // 4 + 32 * MEBIBYTE if self.cgroup else options.memory
        self.unbounded = not self.cgroup and (options.contained or is_user_root_outside())
        self.gate = Gate(options, libc) if options.gate else None
        self.own_io = os.open("/proc/self/io", os.O_RDONLY | os.O_CLOEXEC)
        self.begin()

    def begin(self):
        """From here on it is counted what the run uses."""
        self.start = self.last_look = monotonic()
        self.others = self.next_count = 0
        self.next_report = self.start + REPORT_EVERY
        self.next_close_look = self.start + LOOK_CLOSELY_EVERY[0]
        self.cpu_before += self.cpu
        self.cpu = 0.0
        if self.cgroup:
            self.cgroup.begin()
        self.memory = self.peak = self.written = self.files = self.last_memory = 0
        self.tcp, self.least_tcp = 0, kernel_sockets()[1]
        self.disk = Disk(self.options)

    # -- starting --

    def launch(self):
        if self.options.relay:
            self.processes.own.add(str(Relay(*self.options.relay).start()))
        wake_read, wake_write = os.pipe()
        for fd in (wake_read, wake_write, 0, 1, 2, EVENTS):
            os.set_blocking(fd, False)
        self.wake = wake_read
        for number in (signal.SIGCHLD, signal.SIGALRM):
            signal.signal(number, lambda number, frame: None)
        signal.signal(signal.SIGUSR1, self.cancel)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        status_read, status_write = os.pipe()
        if self.options.stdin:
            in_read, in_write = os.pipe()
        else:
            in_read, in_write = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC), None
        broom = Broom() if self.options.contained and os.getuid() == 0 and not self.cgroup else None
        self.main = os.fork()
        if self.main == 0:
            streams = (in_read, out_write, err_write) + ((self.waiter.theirs.fileno(),) if self.waiter else ())
            become_command(self.options, self.libc, streams, status_write, self.gate, broom)
        if self.gate:
            self.gate.theirs.close()
        if broom:
            self.processes.take_broom(broom)
        for fd in (in_read, out_write, err_write, status_write):
            os.close(fd)
        ask_for_short_turns(self.libc)
        if self.cgroup:
            self.cgroup.entered(status_read)
        os.set_blocking(out_read, False)
        os.set_blocking(err_read, False)
        self.failure = status_read
        self.outputs = [Stream(out_read, 1), Stream(err_read, 2)]
        self.input = None
        if in_write is not None:
            os.set_blocking(in_write, False)
            self.input = Stream(0, in_write)

    def cancel(self, number, frame):
        """The guard was killed."""
        self.cancelled = True

    # -- looking --

    def look(self, exact):
        """Sums CPU, memory, tasks and bytes written over every process of the run.

        The number of tasks is checked before anything that costs time per process: a fork bomb competes with this
        process for the processor, and must not be given time to grow.
        """
        self.granted = [0, self.granted[0]]
        if self.unbounded:
            self.all_tasks = tasks_of_machine()  # first, so that what starts meanwhile counts as growth
        pids = self.processes.pids()
        self.tasks = len(pids)
        if self.tasks > self.options.processes:
            return
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = children.ru_utime + children.ru_stime
        resident = 0
        largest = 0
        tasks = 0
        for pid in pids:
            stat = read_file("/proc/" + pid + "/stat")
            if not stat:
                continue
            fields = stat[stat.rindex(b")") + 2:].split()
            cpu += sum(map(int, fields[11:15])) / TICK
            tasks += int(fields[17])
            pages = int(fields[21]) * PAGE
            resident += pages
            largest = max(largest, pages)
        self.tasks = tasks
        if tasks > self.options.processes:
            return
        self.cpu = max(self.cpu, cpu - self.cpu_before, self.cgroup.cpu() if self.cgroup else 0.0)
        temporary, files = self.disk.temporary()
        self.files = self.disk.files + files
        buffers = self.socket_buffers(exact)
        resident += buffers
        # The sum counts shared pages once per process: enough to know that the limit holds, too much for a verdict.
        near = self.disk.shrank(self.written, self.files)
        if exact or near or resident + temporary > self.most_memory:
            resident = largest = self.look_closely(pids, temporary, near, buffers)
        else:
            self.written = max(self.written, self.disk.measure(False, None) + temporary)
        self.files = self.disk.files + files
        self.memory = resident + temporary
        self.peak = max(self.peak, largest + temporary)

    def count_user(self, now):
        """The kernel bounds all of the user's tasks together, so the bound follows what the others have (tier B, not for root)."""
        if now < self.next_count or not self.options.contained or self.cgroup or os.getuid() == 0:
            return
        self.next_count = now + COUNT_USER_EVERY
        total = tasks_of_user()  # first, so that a bomb's growth meanwhile counts as its own
        pids = self.processes.pids()
        others = total - sum(task_count(pid) for pid in pids)
        if abs(others - self.others) > OTHERS_MAY_START[1] / 4:
            self.others = others
            for pid in pids:
                try:
                    limit_tasks(int(pid), others, self.options.processes, OTHERS_MAY_START[0])
                except (OSError, ValueError):
                    pass  # gone

    def may_start_task(self):
        """Whether one more task keeps within the limit. Tasks let pass since the last two looks may not be counted yet."""
        self.granted[0] += 1
        if self.tasks + sum(self.granted) <= self.options.processes:
            return True
        self.tasks = 1 + sum(task_count(pid) for pid in self.processes.pids())
        self.granted = [0, 0]
        return self.tasks <= self.options.processes

    def socket_buffers(self, exact):
        """What the run's sockets hold in the kernel, where no process is charged for it, or could hold beyond a fair number.

        Without a network namespace the kernel's numbers are those of the whole machine; pairs are counted by the gate.
        With one, what waits in TCP connections is read from tables. That takes milliseconds, and tens of them while the run
        sends, by locks of the kernel: it is done now and then, and where the buffers of the whole machine, one number, say
        that much came to them since they held least; the run is stopped for that moment.
        """
        if self.options.contained:
            return max(0, self.sockets - FREE_SOCKETS) * SOCKET_BUFFER
        count, tcp = kernel_sockets()
        self.least_tcp = min(self.least_tcp, tcp)
        self.tcp = tcp - self.least_tcp if count > FREE_TCP_SOCKETS else 0
        suspicious = self.tcp > self.most_memory / 4
        pause = suspicious and not self.stopped
        if pause:
            self.pause()
        reads = suspicious or (exact and count > FREE_TCP_SOCKETS)
        queued = sum(map(queued_bytes, ("/proc/net/tcp", "/proc/net/tcp6"))) if reads else 0
        if reads:
            self.least_tcp = max(self.least_tcp, tcp - 2 * queued)  # the rest is of others; buffers are larger than what is in them
        if pause:
            self.processes.signal(signal.SIGCONT)
        return max(0, count - FREE_SOCKETS) * SOCKET_BUFFER + queued

    def look_closely(self, pids, temporary, near, buffers):
        """Measures what was written; returns the memory of the processes with shared pages counted once.

        These files of /proc wait for locks that a process holds while it forks. Where the kernel bounds the number of
        tasks the holder soon runs on; for root it does not, and a fork bomb could make this wait endless. So the
        namespace is stopped for the moment.
        """
        pause = self.unbounded and not self.stopped
        if pause:
            self.pause()
        written = io_bytes(os.pread(self.own_io, 4096, 0))
        written += sum(io_bytes(read_file("/proc/" + pid + "/io")) for pid in pids)
        written = max(written, self.disk.measure(near, pids))
        self.next_close_look = monotonic() + LOOK_CLOSELY_EVERY[self.unbounded]
        self.written = max(self.written, written + temporary)
        resident = buffers + sum(exact_memory("/proc/" + pid) for pid in pids)
        if pause:
            self.processes.signal(signal.SIGCONT)
        return resident

    def broken_limit(self, wall):
        options = self.options
        if self.tasks > options.processes:
            return too_many_tasks(options)
        if self.memory > self.most_memory:
            return too_much_memory(options)
        held = self.cgroup.passed(options) if self.cgroup else None
        if held:
            return held
        if wall >= options.time / 1000:
            return "timeout", "ran longer than %.4g s" % (options.time / 1000)
        return self.disk_passed() or self.output_passed() or self.share_passed()

    def share_passed(self):
        """Whether the run used the processor while it was stopped, as only one that continues itself can."""
        if self.stopped and self.cpu - self.stopped_at > MOST_UNDUE:
            return "cpu", "used more than %.4g %% of one processor" % self.options.cpu
        return None

    def disk_passed(self):
        if self.written > self.options.disk:
            return "disk-limit", "wrote more than %.4g MB" % (self.options.disk / MEBIBYTE)
        if self.files > self.options.files:
            return "disk-limit", "made more than %d files, folders and links" % self.options.files
        return None

    def output_passed(self):
        if self.printed > self.options.output:
            return "output-limit", "printed more than %.4g MB" % (self.options.output / MEBIBYTE)
        return None

    def next_look(self, wall):
        """Seconds until the next look: soon when the growth of the last look would pass the memory limit."""
        now = monotonic()
        memory = self.memory + self.tcp
        growth = (memory - self.last_memory) / max(now - self.last_look, 0.001)
        self.last_memory, self.last_look = memory, now
        delay = SLOWEST_LOOK
        if growth > 0:
            delay = min(delay, (self.options.memory - self.memory) / growth / 4)
        if self.tasks > self.options.processes / 2:
            delay = FASTEST_LOOK
        return max(FASTEST_LOOK, min(delay, self.options.time / 1000 - wall))

    def hold_cpu_share(self, wall):
        rate = self.options.cpu / 100
        allowed = rate * wall + START_CREDIT * max(0.0, 1 - wall / REPAY)
        if self.cgroup and self.cgroup.shares_cpu and not self.stopped and self.cpu <= allowed + MOST_UNDUE:
            self.cgroup.share(rate, wall, allowed - self.cpu)
        elif self.cpu > allowed:
            # Again at every look: who was forked or continued meanwhile runs.
            self.pause()
            if not self.stopped:
                self.stopped_at = self.cpu
            self.stopped = True
        elif self.stopped and self.cpu + RESUME_SLICE * min(1.0, rate * 4) <= allowed:
            self.processes.signal(signal.SIGCONT)
            self.stopped = False

    def pause(self):
        """Stops the run. A call that waits to be judged would be interrupted, and fork knows no way to say that."""
        if self.gate:
            self.gate.drain(self)
        self.processes.signal(signal.SIGSTOP)

    # -- reporting --

    def usage(self):
        wall = (monotonic() - self.start) * 1000
        tasks = self.cgroup.numbers("pids.peak").get("") if self.cgroup else None
        return '{"wallMs":%.1f,"cpuMs":%.1f,"peakMemoryBytes":%d,"writtenBytes":%d%s}' % (
            wall, self.cpu * 1000, self.peak, self.written, ',"peakProcesses":%d' % tasks if tasks else "")

    def report(self):
        emit('{"type":"usage","usage":%s,"processes":%d,"memoryBytes":%d}' % (self.usage(), self.tasks, self.memory))

    # -- the loop --

    def run(self):
        if self.options.warm:
            self.waiter = Waiter(self.options)
        self.launch()
        if self.waiter:
            broken = self.watch()
            if self.status is not None or broken:
                return self.finish(broken)
            if not self.waiter.wait(self):
                return
            self.waiter = None
        emit('{"type":"started","pid":%d}' % self.main)
        self.finish(self.watch())

    def watch(self):
        """Holds the limits until the command has ended, or waits for what it is to do; what was passed, if anything was."""
        delay = FASTEST_LOOK
        while True:
            self.wait(delay)
            self.reap()
            if self.status is not None or (self.waiter and self.waiter.is_up()):
                return None
            if self.tasks > self.options.processes:
                return self.stop_reason(monotonic() - self.start)
            now = monotonic()
            wall = now - self.start
            self.look(now >= self.next_close_look)
            broken = self.stop_reason(wall)
            if broken:
                return broken
            self.hold_cpu_share(wall)
            self.count_user(now)
            if now >= self.next_report and not self.waiter:
                self.next_report = now + REPORT_EVERY
                self.report()
            delay = self.next_look(wall)

    def stop_reason(self, wall):
        if self.cancelled:
            return "cancelled", "cancelled"
        return self.broken_limit(wall)

    def wait(self, delay):
        """Moves the streams for `delay` seconds, or until the command may have ended."""
        end = monotonic() + delay
        while True:
            left = end - monotonic()
            if left <= 0 or self.printed > self.options.output or self.cancelled:
                return
            ready = self.poll(min(left, FASTEST_LOOK) if self.unbounded else left)
            if self.unbounded and tasks_of_machine() - self.all_tasks > self.options.processes - self.tasks:
                return  # a bomb could have grown that much since the last look
            if self.gate and self.gate.fd in ready:
                if not self.gate.step(self):
                    self.gate = None  # the command never became one; it has said why
                if self.tasks > self.options.processes:
                    return
            if self.wake in ready:
                os.read(self.wake, 4096)
                return
            if self.waiter and self.waiter.fd in ready:
                return
            self.move(ready)

    def poll(self, seconds):
        poller = select.poll()
        poller.register(self.wake, select.POLLIN)
        poller.register(EVENTS, select.POLLIN)
        if self.gate:
            poller.register(self.gate.fd, select.POLLIN)
        if self.waiter:
            poller.register(self.waiter.fd, select.POLLIN)
        streams = self.outputs + ([self.input] if self.input else [])
        for stream in streams:
            if stream.pending:
                poller.register(stream.target, select.POLLOUT)
            elif stream.source is not None:
                poller.register(stream.source, select.POLLIN)
        return {fd for fd, _ in poller.poll(max(1, int(seconds * 1000)))}

    def move(self, ready):
        if EVENTS in ready and self.control_closed():
            self.cancelled = True
        for stream in self.outputs:
            if stream.pending:
                if stream.target in ready:
                    stream.drain()
            elif stream.source in ready:
                self.pull(stream)
        if self.input:
            self.feed(ready)

    def pull(self, stream):
        room = self.options.output - self.printed
        count = stream.fill(room + 1)
        if count > 0:
            self.printed += count
            if count > room:
                stream.pending = stream.pending[:-1]
            stream.drain()

    def feed(self, ready):
        stream = self.input
        if stream.pending:
            if stream.target in ready:
                stream.drain()
        elif stream.source in ready:
            stream.fill(CHUNK)
            stream.drain()
        if stream.source is None and not stream.pending:
            os.close(stream.target)
            self.input = None

    def control_closed(self):
        try:
            return os.read(EVENTS, 1) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def reap(self):
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.note_end(pid, status, used)

    def note_end(self, pid, status, used):
        if str(pid) in self.processes.own:
            self.processes.own.remove(str(pid))  # the relay; its number may be given to a process of the command
            return
        self.peak = max(self.peak, used.ru_maxrss * 1024)
        if pid == self.main:
            self.status = status

    # -- ending --

    def finish(self, broken):
        own_exit = self.status is not None
        broken = broken or (self.cgroup.passed(self.options) if self.cgroup else None)
        if broken:
            emit('{"type":"limit","reason":"%s","message":%s}' % (broken[0], json_string(broken[1])))
        self.kill_all()
        self.flush()
        self.disk.next = self.disk.next_removed = 0.0
        self.look(True)
        # What the last moments before its end passed, with nothing left that could still use memory or time.
        broken = broken or self.output_passed() or self.disk_passed()
        failure = os.read(self.failure, 4096).decode("utf-8", "replace")
        held = ""
        if self.cgroup:
            self.peak = max(self.peak, self.cgroup.peak())
            held = ',"held":' + self.cgroup.held()
        emit('{"type":"exited","exit":%s,"usage":%s%s}' % (self.exit_status(broken, own_exit, failure), self.usage(), held))

    def exit_status(self, broken, own_exit, failure):
        if broken:
            return '{"reason":"%s","message":%s}' % (broken[0], json_string(broken[1]))
        if failure:
            return '{"code":127,"reason":"failed","message":%s}' % json_string("cannot start: " + failure)
        if os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
            if number == signal.SIGXFSZ:
                return '{"reason":"disk-limit","message":"wrote a file larger than the disk limit"}'
            if number == SIGSYS:
                return '{"reason":"denied","message":"used system calls of another architecture (32-bit or x32)"}'
            return '{"code":%d,"reason":"failed","message":"ended by signal %d"}' % (128 + number, number)
        code = os.WEXITSTATUS(self.status)
        return '{"code":%d,"reason":"%s"}' % (code, "failed" if code else "ok")

    def kill_all(self):
        if self.cgroup:
            self.cgroup.write("cgroup.kill", b"1")  # all at one moment (Linux 5.14)
        while True:
            self.processes.signal(signal.SIGKILL)
            try:
                pid, status, used = os.wait4(-1, 0)
            except ChildProcessError:
                return
            self.note_end(pid, status, used)
            self.reap()  # all that are dead, before the next look at what is left: a bomb leaves thousands

    def flush(self):
        """Passes on what the ended processes had printed, for as long as the wall time allows a slow reader to take."""
        if self.input:
            self.input.close()
            self.input = None
        end = max(self.start + self.options.time / 1000, monotonic() + 1)
        while not self.cancelled and monotonic() < end:
            for stream in self.outputs:
                if stream.source is not None and not stream.pending:
                    if self.printed > self.options.output:
                        stream.close()
                    else:
                        self.pull(stream)
            if not any(stream.pending or stream.source is not None for stream in self.outputs):
                return
            if any(stream.pending for stream in self.outputs):
                self.move(self.poll(end - monotonic()))


def too_many_tasks(options):
    return "processes", "started more than %d processes and threads" % options.processes


def too_much_memory(options):
    return "memory", "used more than %.4g MB of memory" % (options.memory / MEBIBYTE)


def task_count(pid):
    """Threads of a process; 0 when it is gone."""
    stat = read_file("/proc/" + pid + "/stat")
    return int(stat[stat.rindex(b")") + 2:].split()[17]) if stat else 0


def open_sockets(pid):
    folder = "/proc/" + pid + "/fd/"
    count = 0
    try:
        names = os.listdir(folder)
    except OSError:
        return 0  # gone
    for name in names:
        try:
            count += os.readlink(folder + name).startswith("socket:")
        except OSError:
            pass  # closed since it was listed
    return count


def removed_files(pid):
    """Bytes of the files that a process holds open and that have no name any more, by device and number."""
    folder = "/proc/" + pid + "/fd/"
    found = {}
    try:
        names = os.listdir(folder)
    except OSError:
        return found  # gone
    for name in names:
        try:
            state = os.stat(folder + name)
        except OSError:
            continue  # closed since it was listed
        if state.st_nlink == 0 and (state.st_mode & 0o170000) == 0o100000:
            found[state.st_dev, state.st_ino] = state.st_blocks * 512
    return found


def io_bytes(text):
    """Bytes caused to be written to storage, from /proc/PID/io; includes children that were waited for."""
    if not text:
        return 0
    fields = dict(line.split(b": ") for line in text.splitlines())
    return int(fields[b"write_bytes"])


def exact_memory(folder):
    """Proportional share of a process: pages shared by n processes count 1/n in each. Resident size where refused."""
    text = read_file(folder + "/smaps_rollup")
    if text:
        at = text.index(b"\nPss:")
        return int(text[at + 5:].split(None, 1)[0]) * 1024
    stat = read_file(folder + "/stat")
    return int(stat[stat.rindex(b")") + 2:].split()[21]) * PAGE if stat else 0


def kernel_sockets():
    """How many sockets this network namespace has, and the bytes in TCP buffers of the whole machine."""
    text = read_file("/proc/net/sockstat")
    if not text:
        return 0, 0
    return int(text.split(None, 3)[2]), int(text[text.index(b" mem ") + 5:].split(None, 1)[0]) * PAGE


def queued_bytes(path):
    """What waits in the TCP connections of a table, whose buffers the kernel lets grow to several megabytes each."""
    rows = (read_file(path, 1 << 20) or b"").splitlines()[1:]
    queues = [row.split(None, 5)[4].split(b":") for row in rows if row.count(b" ") > 5]
    return sum(int(size, 16) for queue in queues for size in queue)


class Disk:
    """What a run wrote into folders, beyond what was there before: bytes, and names of files, folders and links."""

    def __init__(self, options):
        self.most_bytes, self.most_files = options.disk, options.files
        paths = [path for path in options.root or options.write if (os.stat(path).st_mode & 0o170000) == 0o040000]
        self.folders = [os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) for path in paths]
        self.tmpfs = options.tmpfs
        self.named = self.removed = self.files = 0
        self.unreadable = set()
        self.next = self.next_removed = 0.0
        self.old_bytes, self.old_files = self.walk(None, None)
        self.free = self.free_space()
        self.empty = self.tmpfs_use()
        self.own_devices = {os.stat(path).st_dev for path in self.tmpfs}  # counted as a whole

    def temporary(self):
        """Bytes and files in the temporary file systems."""
        now = self.tmpfs_use()
        return now[0] - self.empty[0], now[1] - self.empty[1]

    def tmpfs_use(self):
        """Each file and folder is counted with the kernel memory of its inode, too."""
        total, files = 0, 0
        for path in self.tmpfs:
            try:
                state = os.statvfs(path)
            except OSError:
                continue
            count = state.f_files - state.f_ffree
            total += (state.f_blocks - state.f_bfree) * state.f_frsize + count * 1024
            files += count
        return total, files

    def free_space(self):
        """Bytes and inodes that are free on the folders' file systems; some file systems know no number of inodes."""
        states = {state.f_fsid: state for state in map(os.fstatvfs, self.folders)}.values()
        return sum(state.f_bfree * state.f_frsize for state in states), sum(state.f_ffree for state in states)

    def shrank(self, written, files):
        """Whether so much was taken of the file systems since the last measuring that a limit may be near."""
        space, inodes = self.free_space()
        return (self.free[0] - space > (self.most_bytes - written) / 2
                or self.free[1] - inodes > (self.most_files - files) / 2)

    def measure(self, near, pids):
        """Walks through the folders, at most a tenth of the time where no limit is near; the bytes that are more than before.

        What has no name any more is counted by the processes that hold it open: where the host keeps a folder in memory
        (/tmp, often), nothing else tells of it, as no byte of it goes to storage. That is asked of `pids`, with all that they
        hold open; without them, it is what it was.
        """
        begun = monotonic()
        if near or begun >= self.next:
            self.free = self.free_space()
            total, files = self.walk(self.most_bytes + self.old_bytes, self.most_files + self.old_files)
            self.named, self.files = total - self.old_bytes, files - self.old_files
            self.next = monotonic() + 9 * (monotonic() - begun)
        if pids is not None and (near or begun >= self.next_removed):
            begun = monotonic()
            removed = {}
            for pid in pids:
                removed.update(removed_files(pid))
            self.removed = sum(size for (device, _), size in removed.items() if device not in self.own_devices)
            self.next_removed = monotonic() + 4 * (monotonic() - begun)
        return self.named + self.removed

    def walk(self, most_bytes, most_files):
        """Bytes and names in all folders, each with a number past which nothing needs to be counted."""
        total, files = 0, 0
        for root in self.folders:
            way = [(os.dup(root), [""])]  # the open folders around, and the names of those inside that are to be entered
            while way:
                around, names = way[-1]
                if not names or (most_files is not None and (files > most_files or total > most_bytes)):
                    os.close(around)
                    way.pop()
                    continue
                folder = self.enter(around, names.pop(), first=most_files is None)
                if folder is None:
                    continue
                more_bytes, more_files, inner = self.list(folder)
                total, files = total + more_bytes, files + more_files
                way.append((folder, inner))
                if len(way) > DEEPEST:
                    files = float("inf")  # nothing may hide there; when it was there before, no number is held
                    inner.clear()
        return total, files

    def enter(self, around, name, first):
        """Opens a folder to be listed, also one that was made unreadable since the start."""
        flags = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.open(name or ".", os.O_RDONLY | flags, dir_fd=around)
        except PermissionError:
            pass
        except OSError:
            return None  # gone since it was listed
        try:
            itself = os.open(name, 0o10000000 | flags, dir_fd=around)  # O_PATH
        except OSError:
            return None
        path = "/proc/self/fd/%d" % itself
        try:
            state = os.fstat(itself)
            known = state.st_dev, state.st_ino
            if first or known in self.unreadable:
                self.unreadable.add(known)
                return None
            os.chmod(path, 0o700)
            try:
                return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            finally:
                os.chmod(path, state.st_mode & 0o7777)
        except OSError:
            return None  # another user's
        finally:
            os.close(itself)

    def list(self, folder):
        """Bytes and names in one folder, and the names of the folders in it."""
        total, files, inner = 0, 0, []
        try:
            for entry in os.scandir(folder):
                files += 1
                try:
                    # An empty file takes an inode and a name at least.
                    total += max(entry.stat(follow_symlinks=False).st_blocks * 512, 1024)
                    if entry.is_dir(follow_symlinks=False):
                        inner.append(entry.name)
                except OSError:
                    continue  # gone since it was listed
        except OSError:
            pass  # it cannot be read after all
        return total, files, inner


def remove_tree(path):
    """Removes a folder whatever lies in it, following no link. Folders inside are moved up first: none is too deep."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    root = os.open(path, flags)
    serial = 0
    while True:
        entries = list(os.scandir(root))
        if not entries:
            break
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.name, dir_fd=root)
                continue
            os.chmod(entry.name, 0o700, dir_fd=root)
            folder = os.open(entry.name, flags, dir_fd=root)
            for inner in list(os.scandir(folder)):
                if inner.is_dir(follow_symlinks=False):
                    serial += 1
                    os.chmod(inner.name, 0o700, dir_fd=folder)
                    os.rename(inner.name, ".%d.%d" % (os.getpid(), serial), src_dir_fd=folder, dst_dir_fd=root)
                else:
                    os.unlink(inner.name, dir_fd=folder)
            os.close(folder)
            os.rmdir(entry.name, dir_fd=root)
    os.close(root)
    os.rmdir(path)


def main():
    for number in FROM_TERMINAL:
        signal.signal(number, signal.SIG_IGN)
    os.set_inheritable(EVENTS, False)
    arguments = sys.argv[1:]
    if arguments[0].startswith("@"):
        arguments = read_all(int(arguments[0][1:])).decode("utf-8", "surrogateescape").split("\0")[:-1]
    options = Options(arguments)
    libc = Libc()
    if options.contained:
        version = landlock_version(libc)
        if version < 3:  # told before anything is started: the machine cannot, whatever the command is
            os.write(2, b"Landlock of version 3 (Linux 6.2) is needed, and this kernel has version %d\n" % version)
            remove_tree(options.scratch)
            return 1
        guard(options, libc)
    supervisor = Supervisor(options, libc)
    # The command runs as the same user: keep it from opening this process's descriptors and memory through /proc.
    if libc.prctl(PR_SET_DUMPABLE, 0) != 0:
        raise OSError("could not make the supervisor undumpable")
    try:
        supervisor.run()
    finally:
        supervisor.kill_all()  # nothing is left when it ended early either
        if options.scratch is not None:
            remove_tree(options.scratch)
    return 0


if __name__ == "__main__":
    os._exit(main())
