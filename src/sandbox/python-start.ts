import { observeHook } from "./observing/hook.ts";
import { warmHook } from "./warm/hook.ts";

/** The folder that holds `sitecustomize.py` where the sandbox has a file tree of its own; first on PYTHONPATH. */
export const SITE_FOLDER = "/run/toka/python";

/**
 * A `sitecustomize.py` for Pythons inside the sandbox: it makes standard output flush at line ends, as on a terminal, so
 * that output arrives while the tool runs. PYTHONUNBUFFERED is no way to that: holding the CPU share stops and continues
 * the tool, a stop can cut a write to a full pipe short, and Python's unbuffered streams drop the rest of a short write
 * (seen here: 20 to 50 KB of 5 MB lost); its buffered ones write it again. It takes itself out of the way afterwards and
 * lets the installation's own sitecustomize run.
 * @param folder where it lies
 * @param semaphores `pipes`: those of multiprocessing do without /dev/shm, which the machine's programs share
 * @param observed the pipe to which Python tells what it does, when the run is observed
 * @param waiting the token of an interpreter that is started before it is known what it is to run
 */
export function siteCustomize(
  folder: string,
  semaphores: "system" | "pipes",
  { observed, waiting }: { readonly observed?: string | undefined; readonly waiting?: string | undefined } = {},
): string {
  return `${observed === undefined ? "" : observeHook(observed, folder)}import sys
if hasattr(sys.stdout, "reconfigure"):
    sys.stdout.reconfigure(line_buffering=True)
sys.path[:] = [entry for entry in sys.path if entry != ${JSON.stringify(folder)}]
del sys.modules["sitecustomize"]
try:
    import sitecustomize
except ImportError as error:
    if error.name != "sitecustomize":
        raise
    sys.modules["sitecustomize"] = type(sys)("sitecustomize")  # the import machinery wants one to be there
${semaphores === "pipes" ? PIPE_SEMAPHORES : ""}${waiting === undefined ? "" : warmHook(waiting)}`;
}

/**
 * `_multiprocessing.SemLock` on a pipe: a byte in it is one that may enter. The C class (Modules/_multiprocessing/semaphore.c)
 * opens a POSIX semaphore, which is a file in /dev/shm. It is put in place when `_multiprocessing` is imported, so that
 * other programs pay nothing.
 */
const PIPE_SEMAPHORES = String.raw`
def _install():
    import sys

    def use_temporary_folder(module):
        module.Arena._dir_candidates = []  # /dev/shm otherwise

    def use_pipes(module):
        import os, select, threading, time

        class SemLock:
            SEM_VALUE_MAX = 32767

            def __init__(self, kind, value, maxvalue, name, unlink):
                reader, writer = os.pipe()
                os.set_blocking(reader, False)
                os.set_blocking(writer, False)
                self._set(reader, writer, kind, maxvalue, None if unlink else name)
                os.write(writer, b"x" * value)

            def _set(self, reader, writer, kind, maxvalue, name):
                self._reader, self._writer = reader, writer
                self.kind, self.maxvalue, self.name = kind, maxvalue, name
                self._mine, self._owner = 0, None
                self._process = os.getpid()

            @property
            def handle(self):
                from multiprocessing import context
                if context.get_spawning_popen() is None:
                    return [self._reader, self._writer]
                from multiprocessing.reduction import DupFd
                return [DupFd(self._reader), DupFd(self._writer)]

            @classmethod
            def _rebuild(cls, handle, kind, maxvalue, name):
                self = cls.__new__(cls)
                reader, writer = (end.detach() if hasattr(end, "detach") else end for end in handle)
                self._set(reader, writer, kind, maxvalue, name)
                return self

            def _after_fork(self):
                self._mine, self._owner, self._process = 0, None, os.getpid()

            def _is_mine(self):
                return self._mine > 0 and self._owner == threading.get_ident()

            def _count(self):
                return self._mine

            def _get_value(self):
                import fcntl, termios
                count = fcntl.ioctl(self._reader, termios.FIONREAD, b"\0\0\0\0")
                return int.from_bytes(count, sys.byteorder)

            def _is_zero(self):
                return self._get_value() == 0

            def acquire(self, block=True, timeout=None):
                if self.kind == 0 and self._is_mine():
                    self._mine += 1
                    return True
                end = None if timeout is None else time.monotonic() + max(0, timeout)
                while True:
                    try:
                        os.read(self._reader, 1)
                    except BlockingIOError:
                        if not block:
                            return False
                        left = None if end is None else end - time.monotonic()
                        if left is not None and left <= 0:
                            return False
                        select.select([self._reader], [], [], left)
                        continue
                    self._mine += 1
                    self._owner = threading.get_ident()
                    return True

            def release(self):
                if self.kind == 0:
                    if not self._is_mine():
                        raise AssertionError("attempt to release recursive lock not owned by thread")
                    if self._mine > 1:
                        self._mine -= 1
                        return
                elif self._get_value() >= self.maxvalue:
                    raise ValueError("semaphore or lock released too many times")
                self._mine -= 1
                os.write(self._writer, b"x")

            def __enter__(self):
                self.acquire()
                return True

            def __exit__(self, *error):
                self.release()

            def __del__(self, close=os.close):
                for end in (getattr(self, "_reader", None), getattr(self, "_writer", None)):
                    try:
                        if end is not None:
                            close(end)
                    except OSError:
                        pass

        module.SemLock = SemLock
        module.sem_unlink = lambda name: None

    changes = {"_multiprocessing": use_pipes, "multiprocessing.heap": use_temporary_folder}

    class Finder:
        """Lets the real module be found by the others, and changes it once it is there."""

        @staticmethod
        def find_spec(name, path=None, target=None):
            change = changes.pop(name, None)
            if change is None:
                return None
            for other in sys.meta_path:
                spec = None if other is Finder else other.find_spec(name, path, target)
                if spec is not None:
                    break
            else:
                return None
            execute = spec.loader.exec_module
            def exec_module(module):
                execute(module)
                change(module)
            spec.loader.exec_module = exec_module
            return spec

    sys.meta_path.insert(0, Finder)

_install()
del _install
`;
