/**
 * Python that tells what its process does, as one JSON line per new fact (`ObservationRecord` in records.ts), by the audit
 * events of PEP 578. It is put before everything else in `sitecustomize.py`. Each line is one write of less than PIPE_BUF
 * bytes to a pipe with a name, so that those of several processes do not mix; the pipe is opened for each, because a
 * program may close or reuse any descriptor. A hook that raises would end what it watches: what cannot be told is counted.
 * @param pipe where the pipe lies for the command
 * @param folder of the `sitecustomize.py` itself
 */
export function observeHook(pipe: string, folder: string): string {
  return HOOK.replaceAll("@PIPE@", JSON.stringify(pipe)).replaceAll("@FOLDER@", JSON.stringify(folder));
}

const HOOK = String.raw`
def _observe():
    import sys

    if not hasattr(sys, "addaudithook"):
        return  # Python 3.7
    import os, posix
    from time import sleep

    PIPE, FOLDER, MOST, LONGEST = @PIPE@, @FOLDER@, 5000, 4000
    ESCAPES = {chr(code): "\\u%04x" % code for code in range(32)}
    ESCAPES.update({'"': '\\"', "\\": "\\\\", "\x7f": "\\u007f"})
    LIBRARY = os.path.dirname(os.__file__) + "/"
    STANDARD = getattr(sys, "stdlib_module_names", None)
    if STANDARD is None:  # Python 3.8 and 3.9 have no list: what lies in their folders
        try:
            STANDARD = {name.partition(".")[0] for folder in ("", "lib-dynload")
                        for name in posix.listdir(LIBRARY + folder)} | set(sys.builtin_module_names)
        except OSError:
            pass
    seen, lost = set(), [0]

    def is_library(path):
        return (path.startswith((LIBRARY, FOLDER, "<")) or "/site-packages/" in path or "/dist-packages/" in path)

    def quote(text):
        """ASCII JSON of at most 300 characters, with a mark where it was cut."""
        if len(text) > 300:
            text = text[:299] + "\u2026"
        out = []
        for character in text:
            code = ord(character)
            if character in ESCAPES:
                out.append(ESCAPES[character])
            elif code < 128:
                out.append(character)
            elif code > 0xFFFF:
                out.append("\\u%04x\\u%04x" % (0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code & 0x3FF)))
            else:
                out.append("\\u%04x" % code)
        return '"' + "".join(out) + '"'

    def text_of(value):
        if isinstance(value, (bytes, bytearray)):
            return bytes(value).decode("utf-8", "surrogateescape")
        return value if isinstance(value, str) else str(value)

    def encode(value):
        if isinstance(value, int):
            return "%d" % value
        if isinstance(value, tuple):
            return "[" + ",".join(map(encode, value)) + "]"
        return quote(text_of(value))

    def absolute(path):
        return os.path.normpath(os.path.join(posix.getcwd(), path))

    def caller():
        """The Python code that the audited call stands in."""
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(FOLDER):
            frame = frame.f_back
        return frame

    def called_by_tool():
        frame = caller()
        return frame is not None and not is_library(frame.f_code.co_filename)

    def place():
        frame = caller()
        while frame is not None:
            if not is_library(frame.f_code.co_filename):
                return '"place":{"file":%s,"line":%d}' % (quote(absolute(frame.f_code.co_filename)), frame.f_lineno)
            frame = frame.f_back
        return None

    def send(line):
        data = line.encode("ascii")
        if len(data) > LONGEST:
            lost[0] += 1
            return
        for _ in range(40):
            try:
                fd = posix.open(PIPE, posix.O_WRONLY | posix.O_NONBLOCK | posix.O_CLOEXEC)
                try:
                    posix.write(fd, data)
                    return
                finally:
                    posix.close(fd)
            except BlockingIOError:
                sleep(0.005)  # it is full until it is read
            except OSError:
                break
        lost[0] += 1

    quiet = []  # nothing is told while something is in it: what is done then is not the program's

    def tell(kind, **fields):
        if quiet:
            return
        key = (kind,) + tuple(fields.items())
        if key in seen:
            return
        if len(seen) >= MOST:
            lost[0] += 1
            return
        seen.add(key)
        parts = ['"kind":"%s"' % kind] + ['"%s":%s' % (name, encode(value)) for name, value in fields.items()]
        where = place()
        if where:
            parts.append(where)
        send("{" + ",".join(parts) + "}\n")
        if lost[0]:
            count, lost[0] = lost[0], 0
            send('{"kind":"lost","count":%d}\n' % count)

    def at(path, folder=-1):
        """An absolute path; None for a descriptor."""
        if isinstance(path, int) or path is None:
            return None
        path = text_of(posix.fspath(path))
        if folder >= 0 and not path.startswith("/"):
            path = os.path.join(posix.readlink("/proc/self/fd/%d" % folder), path)
        return absolute(path)

    def file(access, path):
        if path is not None and path != PIPE:
            tell("file", access=access, path=path)

    def on_open(path, mode=None, flags=0, *_):
        path_is_name = isinstance(path, (str, bytes)) or hasattr(path, "__fspath__")
        if not path_is_name:
            return
        name = text_of(posix.fspath(path))
        if name == PIPE or (flags & posix.O_DIRECTORY and not name.startswith("/")):
            return  # the latter walk a tree by descriptors, which are told where they are listed or removed
        path = absolute(name)
        writes = flags & 3 or flags & (posix.O_CREAT | posix.O_TRUNC | posix.O_APPEND)
        if writes:
            file("write", path)
        if not flags & 3 == posix.O_WRONLY and not (writes and flags & posix.O_TRUNC):
            folder, base = os.path.split(path)
            if base.endswith(".pyc") and folder.endswith("/__pycache__"):
                path = os.path.join(os.path.dirname(folder), base.split(".")[0] + ".py")
            if not is_library(path):
                frame = caller()
                loads = frame is None or frame.f_code.co_filename.startswith("<frozen")
                file("import" if loads else "read", path)

    def on_list(path=None, *_):
        path = absolute(".") if path is None else at(path)
        if path is not None and not is_library(path + "/"):
            frame = caller()
            if frame is None or not frame.f_code.co_filename.startswith("<frozen importlib"):
                file("list", path)

    def watch(name):
        """Tells which paths are asked about: that is no audit event. What imports look for goes past it."""
        original = getattr(posix, name)

        def asked(path, *rest, **named):
            try:
                folder = named.get("dir_fd")
                found = at(path, -1 if folder is None else folder)
                if found is not None and not is_library(found + "/"):
                    tell("look", path=found)
            except Exception:
                lost[0] += 1
            return original(path, *rest, **named)

        asked.__name__ = asked.__qualname__ = name
        asked.__doc__, asked.__module__, asked.__wrapped__ = original.__doc__, "posix", original
        for can in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if original in can:
                can.add(asked)
        setattr(os, name, asked)

    def on_rename(source, target, source_folder=-1, target_folder=-1, *_):
        file("delete", at(source, source_folder))
        file("write", at(target, target_folder))

    def on_link(source, target, *folders):
        file("write", at(target, folders[-1] if folders else -1))

    def on_change(access, index):
        return lambda path, *rest: file(access, at(path, rest[index] if index is not None and len(rest) > index else -1))

    def on_database(path=None, *_):
        if isinstance(path, (str, bytes)) and text_of(path) not in (":memory:", ""):
            file("read", at(path))
            file("write", at(path))

    def on_address(how):
        def tell_address(socket, address, *_):
            if isinstance(address, tuple) and len(address) >= 2 and isinstance(address[1], int):
                tell("host", how=how, host=text_of(address[0]), port=address[1])
            elif isinstance(address, (str, bytes)) and text_of(address)[:1] not in ("", "\0"):
                tell("host", how=how, host="unix:" + absolute(text_of(address)))
        return tell_address

    def on_lookup(host=None, port=None, *_):
        if host:
            name = text_of(host)
            if isinstance(port, int) and port > 0:
                tell("host", how="lookup", host=name, port=port)
            else:
                tell("host", how="lookup", host=name)

    def on_request(url, *_):
        from urllib.parse import urlsplit
        parts = urlsplit(text_of(url))
        if parts.hostname:
            tell("host", how="lookup", host=parts.hostname, port=parts.port or (443 if parts.scheme == "https" else 80))

    def program(argv):
        if isinstance(argv, (str, bytes)):
            argv = ["sh", "-c", argv]
        words = [text_of(posix.fspath(word)) for word in list(argv)[:24]]
        if words:
            tell("program", argv=tuple(word[:120] for word in words))

    def action(capability, what):
        tell("action", capability=capability, what=what)

    def on_import(name, path=None, *_):
        if path is not None and isinstance(path, str) and not is_library(absolute(path)) and "/lib-dynload/" not in path:
            action("native-code", "loads " + absolute(path))
        top = name.partition(".")[0]
        if STANDARD is None or top in STANDARD or top in ("sitecustomize", "usercustomize", "__main__"):
            return
        frame = caller()
        while frame is not None and frame.f_code.co_filename.startswith("<frozen"):
            frame = frame.f_back
        if frame is not None and not frame.f_code.co_filename.startswith(LIBRARY):
            tell("import", name=top)

    def by_tool(capability, what):
        return lambda *values: called_by_tool() and action(capability, what)

    def on_find_class(module, name, *_):
        file_name = caller().f_code.co_filename
        if "/multiprocessing/" not in file_name and "/concurrent/" not in file_name:
            action("deserialization", "unpickles %s.%s" % (module, name))

    def on_dlopen(name=None, *_):
        if name is not None:
            action("native-code", "loads " + text_of(name))

    handlers = {
        "open": on_open,
        "os.listdir": on_list,
        "os.scandir": on_list,
        "os.remove": on_change("delete", 0),
        "os.rmdir": on_change("delete", 0),
        "os.rename": on_rename,
        "os.mkdir": on_change("write", 1),
        "os.link": on_link,
        "os.symlink": on_link,
        "os.truncate": on_change("write", None),
        "os.chmod": on_change("attributes", 1),
        "os.chown": on_change("attributes", 2),
        "os.utime": on_change("attributes", 2),
        "os.setxattr": on_change("attributes", None),
        "sqlite3.connect": on_database,
        "socket.connect": on_address("connect"),
        "socket.sendto": on_address("connect"),
        "socket.sendmsg": on_address("connect"),
        "socket.bind": on_address("listen"),
        "socket.getaddrinfo": on_lookup,
        "socket.gethostbyname": on_lookup,
        "urllib.Request": on_request,
        "subprocess.Popen": lambda executable, argv, *_: program(argv if argv is not None else [executable]),
        "os.system": program,
        "os.exec": lambda path, argv, *_: program(argv),
        "os.posix_spawn": lambda path, argv, *_: program(argv),
        "pty.spawn": program,
        "os.fork": by_tool("process-spawn", "forks itself"),
        "os.forkpty": by_tool("process-spawn", "forks itself"),
        "os.putenv": lambda name, *_: tell("environment", name=text_of(name), change="set"),
        "os.unsetenv": lambda name, *_: tell("environment", name=text_of(name), change="unset"),
        "os.kill": by_tool("process-signal", "signals a process"),
        "os.killpg": by_tool("process-signal", "signals a process group"),
        "import": on_import,
        "exec": by_tool("dynamic-code", "runs code made at run time"),
        "pickle.find_class": on_find_class,
        "marshal.loads": by_tool("deserialization", "loads marshalled data"),
        "ctypes.dlopen": on_dlopen,
        "builtins.input": by_tool("stdin", "asks for input"),
        "webbrowser.open": by_tool("gui", "opens a web browser"),
    }

    def hook(event, values):
        handler = handlers.get(event)
        if handler is None:
            return
        try:
            handler(*values)
        except Exception:
            lost[0] += 1

    send('{"kind":"python"}\n')
    sys.addaudithook(hook)
    for name in ("stat", "lstat", "access", "readlink"):
        watch(name)

    return quiet

_quiet = _observe()
del _observe
`;
