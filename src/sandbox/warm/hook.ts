/** The descriptor of a waiting interpreter on which its work comes; closed when it has come. */
const WORK_FD = 3;

/**
 * The end of a waiting interpreter's `sitecustomize.py`. The interpreter is started as `python FLAGS -m TOKEN`, so that it
 * makes itself ready as for any program, and then asks for `runpy._run_module_as_main` to be called from C. What it gets
 * is an object that first waits for the words of the command, and then runs it without any frame or name of ours: what is
 * called by then is made of C functions only (`compile`, `exec`, `map`), so that tracebacks, `sys._getframe`, `sys.path`,
 * `__main__`, exit codes and whatever the interpreter does at its end are those of a start with these words.
 *
 * It declines what it could not do like a start: a file that is no source text in UTF-8, a folder or archive, `-c` from
 * Python 3.13 on; and any program when a file that the interpreter has read meanwhile changed.
 * @param token names the one process that waits; others of the run read the same `sitecustomize.py`
 */
export function warmHook(token: string): string {
  return HOOK.replaceAll("@TOKEN@", token).replaceAll("@FD@", String(WORK_FD));
}

const HOOK = String.raw`
def _wait():
    import posix, sys

    def words_of():
        if hasattr(sys, "orig_argv"):
            return sys.orig_argv
        try:
            fd = posix.open("/proc/self/cmdline", posix.O_RDONLY)
        except OSError:
            return []
        line = posix.read(fd, 65536)
        posix.close(fd)
        return line.decode("latin-1").split("\0")[:-1]

    if words_of()[-2:] != ["-m", "@TOKEN@"]:
        return
    quiet = globals().get("_quiet")
    quiet = [] if quiet is None else quiet
    quiet.append(True)
    loaded = set(sys.modules)
    import _frozen_importlib_external as files, _functools, _imp, itertools

    main = sys.modules["__main__"].__dict__
    given = [entry for entry in posix.environ.get(b"PYTHONPATH", b"").decode("utf-8", "surrogateescape").split(":")]
    checked = []

    def identity(path):
        try:
            state = posix.stat(path)
        except OSError:
            return None
        return state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size

    def names(folder):
        try:
            return posix.listdir(folder)
        except OSError:
            return []

    def gather():
        checked.extend([sys.executable, sys.prefix + "/pyvenv.cfg"])
        for module in list(sys.modules.values()):
            for path in (getattr(module, "__file__", None), getattr(module, "__cached__", None)):
                if isinstance(path, str):
                    checked.append(path)
        for entry in sys.path[own_path:]:  # the first is the folder that it was started in, where nothing was read
            if entry not in given:
                checked.append(entry)
                checked.extend(entry + "/" + name for name in names(entry) if name.endswith(".pth"))

    def surroundings():
        """Every file that the interpreter has read at its start, and what it would have read had it been there."""
        asked = {name.partition(".")[0] for name in sys.modules} | {"sitecustomize", "usercustomize"}
        return [identity(path) for path in checked], [
            sorted(name for name in names(entry) if name.partition(".")[0] in asked) for entry in given]

    def read(path):
        fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            data = []
            while not data or data[-1]:
                data.append(posix.read(fd, 1 << 20))
            return b"".join(data)
        finally:
            posix.close(fd)

    def receive():
        data = b""
        while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "little"):
            part = posix.read(@FD@, 1 << 16)
            if not part:
                posix._exit(0)  # nothing came
            data += part
        coding = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
        return [word.decode(*coding) for word in data[4:].split(b"\0")[:-1]]

    def once(steps):
        """A C function for any two arguments, which goes through an iterator."""
        numbers = itertools.chain(itertools.compress(steps, itertools.repeat(0)), itertools.repeat(0))
        return _functools.partial(max, key=_functools.partial(next, numbers))

    def program(source, name, gone=()):
        """Runs a text; what is gone are names that are not there any more at the interpreter's end."""
        run = map(exec, map(compile, [source], [name], ["exec"], [0], [1]), [main])
        return once(itertools.chain(run, map(main.pop, gone, itertools.repeat(None))))

    def script(name, rest):
        folder = sys.modules["posixpath"].realpath(name).rpartition("/")[0] or "/"
        quiet.clear()
        data = read(name)
        data.decode("utf-8")
        if name.endswith(".pyc") or b"\0" in data or data[:2] == files.MAGIC_NUMBER[:2]:
            raise ValueError("no source text")
        for hook in sys.path_hooks:
            try:
                hook(name)
            except ImportError:
                continue
            raise ValueError("an archive")
        sys.argv[:] = [name] + rest
        if sys.version_info >= (3, 9) and not name.startswith("/"):
            name = posix.getcwd() + "/" + name
        sys.path_importer_cache.setdefault(name, None)
        main["__file__"], main["__cached__"] = name, None
        main["__loader__"] = files.SourceFileLoader("__main__", name)
        if own_path:
            sys.path[0] = folder
        return program(data, name, ["__file__", "__cached__"])

    def text(code, rest):
        if sys.version_info >= (3, 13):
            raise ValueError("it is kept for tracebacks there")
        code.encode("utf-8")
        sys.argv[:] = ["-c"] + rest
        if own_path:
            sys.path[0] = ""
        return program(code + "\n", "<string>")

    def module(name, rest):
        import runpy

        sys.argv[:] = ["-m"] + rest
        return once(map(runpy._run_module_as_main, [name], [1]))

    def prepare(words):
        if hasattr(sys, "orig_argv"):
            sys.orig_argv[-2:] = words
        if words[0] == "-m":
            return module(words[1], words[2:])
        if words[0] == "-c":
            return text(words[1], words[2:])
        return script(words[0], words[1:])

    def take(name):
        if name != "_run_module_as_main":
            raise AttributeError(name)
        nonlocal own_path
        own_path = not getattr(sys.flags, "safe_path", False)
        gather()
        before = surroundings()
        del sys.modules["runpy"]
        posix.write(@FD@, b"r")
        words = receive()
        for entry in given + [sys.path[0]]:
            finder = sys.path_importer_cache.get(entry)
            if hasattr(finder, "invalidate_caches"):
                finder.invalidate_caches()
        try:
            if surroundings() != before:
                raise ValueError("changed")
            # Before the command is looked at: what starts a module imports some of them anew, up to Python 3.9.
            for name in {"_functools", "itertools", "_imp"} - loaded:
                sys.modules.pop(name, None)
            run = prepare(words)
        except (OSError, ValueError):
            posix.write(@FD@, b"n")
            posix._exit(0)
        quiet.clear()
        posix.write(@FD@, b"y")
        posix.close(@FD@)
        return run

    own_path = True
    asked_for = type(sys)("runpy")
    asked_for.__getattr__ = take
    sys.modules["runpy"] = asked_for

_wait()
del _wait
`;
