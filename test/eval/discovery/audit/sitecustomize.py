"""Writes down what a program really does, by the capabilities of the product, with audit hooks (PEP 578).

TOKA_SHIM_OUT names the file to write, TOKA_SHIM_ROOTS the paths (separated by `:`) of the tool's own code. Only what
happens below the tool's own code counts, and not what merely importing a module does. Files of the interpreter, of
libraries and of the system are told apart from data.
"""

import atexit
import os
import sys

OUT = os.environ.pop("TOKA_SHIM_OUT", None)
OWN = tuple(root for root in os.environ.pop("TOKA_SHIM_ROOTS", "").split(":") if root)

_found = {}
_busy = False

# Where the interpreter, libraries and the system keep their own files.
SYSTEM = ("/usr/", "/lib", "/etc/", "/proc/", "/dev/", "/sys/", "/bin/", "/run/", "/opt/")

PLAIN = {
    "os.listdir": "filesystem-read",
    "os.scandir": "filesystem-read",
    "os.walk": "filesystem-read",
    "glob.glob": "filesystem-read",
    "os.mkdir": "filesystem-write",
    "os.rename": "filesystem-write",
    "os.link": "filesystem-write",
    "os.symlink": "filesystem-write",
    "os.truncate": "filesystem-write",
    "os.utime": "filesystem-write",
    "os.mknod": "filesystem-write",
    "shutil.copyfile": "filesystem-write",
    "shutil.move": "filesystem-write",
    "shutil.copytree": "filesystem-write",
    "shutil.make_archive": "filesystem-write",
    "shutil.unpack_archive": "filesystem-write",
    "tempfile.mkstemp": "filesystem-write",
    "tempfile.mkdtemp": "filesystem-write",
    "os.remove": "filesystem-delete",
    "os.rmdir": "filesystem-delete",
    "shutil.rmtree": "filesystem-delete",
    "os.chmod": "file-permissions",
    "os.chown": "file-permissions",
    "os.setxattr": "file-permissions",
    "os.removexattr": "file-permissions",
    "os.chflags": "file-permissions",
    "shutil.chown": "file-permissions",
    "shutil.copymode": "file-permissions",
    "shutil.copystat": "file-permissions",
    "socket.getaddrinfo": "network-access",
    "socket.gethostbyname": "network-access",
    "socket.gethostbyaddr": "network-access",
    "socket.getnameinfo": "network-access",
    "socket.sendto": "network-access",
    "urllib.Request": "network-access",
    "http.client.connect": "network-access",
    "ftplib.connect": "network-access",
    "smtplib.connect": "network-access",
    "imaplib.open": "network-access",
    "poplib.connect": "network-access",
    "nntplib.connect": "network-access",
    "telnetlib.Telnet.open": "network-access",
    "socket.bind": "network-listen",
    "subprocess.Popen": "process-spawn",
    "os.system": "process-spawn",
    "os.exec": "process-spawn",
    "os.fork": "process-spawn",
    "os.forkpty": "process-spawn",
    "os.posix_spawn": "process-spawn",
    "os.spawn": "process-spawn",
    "os.startfile": "process-spawn",
    "pty.spawn": "process-spawn",
    "webbrowser.open": "process-spawn",
    "os.kill": "process-signal",
    "os.killpg": "process-signal",
    "signal.pthread_kill": "process-signal",
    "os.putenv": "env-write",
    "os.unsetenv": "env-write",
    "ctypes.dlopen": "native-code",
    "code.__new__": "dynamic-code",
    "function.__new__": "dynamic-code",
    "pickle.find_class": "deserialization",
    "marshal.loads": "deserialization",
    "marshal.load": "deserialization",
    "builtins.input": "stdin",
    "ensurepip.bootstrap": "package-install",
}

# Events that count only when the tool's own code is what calls; libraries do them for reasons of their own.
DIRECT = {
    "exec",
    "code.__new__",
    "function.__new__",
    "marshal.loads",
    "marshal.load",
    "pickle.find_class",
    "os.putenv",
    "os.unsetenv",
}


def _is_own(name):
    return name.startswith(OWN)


def _below_own(is_direct, skip):
    """The own line that leads to the event, or None: an import's doing, or not below own code."""
    frame = sys._getframe(skip + 1)
    depth = 0
    while frame is not None:
        name = frame.f_code.co_filename
        if "importlib._bootstrap" in name:
            return None
        if _is_own(name):
            return "%s:%d" % (name, frame.f_lineno)
        depth += 1
        if is_direct and not name.endswith(("/os.py", "/_collections_abc.py")):
            return None
        frame = frame.f_back
    return None


def _is_system(path):
    if isinstance(path, int):
        return True
    try:
        path = os.fsdecode(path)
    except TypeError:
        return True
    if path.startswith("<"):  # code without a file, looked up for a traceback
        return True
    if not path.startswith("/"):
        path = os.path.join(os.getcwd(), path)
    # By text alone: asking the file system would raise events of its own.
    path = os.path.normpath(path)
    return path.startswith(SYSTEM) or _is_own(path)


def _note(capability, event, place, detail):
    key = (capability, event)
    if key not in _found:
        _found[key] = (place, detail)


def _open(args):
    path, mode, flags = args
    if path is None or _is_system(path):
        return []
    kinds = []
    if isinstance(mode, str):
        if any(letter in mode for letter in "wax+"):
            kinds.append("filesystem-write")
        if "r" in mode or "+" in mode:
            kinds.append("filesystem-read")
        return kinds
    access = flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)
    if access in (os.O_WRONLY, os.O_RDWR) or flags & os.O_CREAT:
        kinds.append("filesystem-write")
    if access in (os.O_RDONLY, os.O_RDWR) and not flags & os.O_DIRECTORY:
        kinds.append("filesystem-read")
    return kinds


def _kinds(event, args):
    if event == "open":
        return _open(args)
    if event == "sqlite3.connect":
        return ["filesystem-read", "filesystem-write"] if args[0] != ":memory:" else []
    if event == "socket.connect":
        return ["network-access"]
    if event == "exec":
        return ["dynamic-code"]
    capability = PLAIN.get(event)
    if capability is None:
        return []
    if capability.startswith("file") and event != "glob.glob" and args and _is_system(args[0]):
        return []
    return [capability]


def _hook(event, args):
    global _busy
    if _busy or (event not in PLAIN and event not in ("open", "sqlite3.connect", "socket.connect", "exec")):
        return
    _busy = True
    try:
        kinds = _kinds(event, args)
        if kinds:
            place = _below_own(event in DIRECT, 1)
            if place is not None:
                for capability in kinds:
                    _note(capability, event, place, repr(args[:1])[:120])
    except Exception as error:  # a hook that raises would change what the program does
        _note("error", event, "", repr(error))
    finally:
        _busy = False


@atexit.register
def _write():
    import json

    if OUT is None:
        return
    global _busy
    _busy = True
    events = [
        {"capability": capability, "event": event, "place": place, "detail": detail}
        for (capability, event), (place, detail) in _found.items()
    ]
    with open(OUT, "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(events, file)


def _watch_environment():
    """Reading the environment raises no event; only reading by the tool's own code counts."""
    original = os._Environ.__getitem__

    def __getitem__(self, key):
        place = _below_own(True, 1)
        if place is not None:
            _note("env-read", "os.environ", place, repr(key))
        return original(self, key)

    os._Environ.__getitem__ = __getitem__


def _watch_stdin():
    import io

    class Stdin(io.TextIOWrapper):
        def _told(self):
            place = _below_own(False, 2)
            if place is not None:
                _note("stdin", "sys.stdin", place, "")

        def read(self, *args):
            self._told()
            return super().read(*args)

        def readline(self, *args):
            self._told()
            return super().readline(*args)

        def __next__(self):
            self._told()
            return super().__next__()

    sys.stdin = Stdin(sys.stdin.buffer, encoding="utf-8", errors="surrogateescape")


def _watch_ends():
    """os._exit and exec end the process without its exit functions."""
    leave = os._exit

    def _exit(status):
        _write()
        leave(status)

    os._exit = _exit


if OUT is not None:
    _watch_environment()
    _watch_stdin()
    _watch_ends()
    sys.addaudithook(_hook)
