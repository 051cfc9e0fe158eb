/** Numbers of the system calls that attacks make by hand: x86-64, aarch64 (-1 where there is none). */
const CALLS: Readonly<Record<string, readonly [number, number]>> = {
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  pidfd_send_signal: [424, 424],
  tkill: [200, 130],
  tgkill: [234, 131],
  rt_sigqueueinfo: [129, 138],
  prlimit64: [302, 261],
  ioprio_set: [251, 30],
  sched_setattr: [314, 274],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  unshare: [272, 97],
  setns: [308, 268],
  clone: [56, 220],
  clone3: [435, 435],
  open_tree: [428, 428],
  fsopen: [430, 430],
  bpf: [321, 280],
  add_key: [248, 217],
  keyctl: [250, 219],
  io_uring_setup: [425, 425],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  init_module: [175, 105],
  finit_module: [313, 273],
  kexec_load: [246, 104],
  reboot: [169, 142],
  swapon: [167, 224],
  adjtimex: [159, 171],
  syslog: [103, 116],
  sethostname: [170, 161],
  quotactl: [179, 60],
  personality: [135, 92],
  fanotify_init: [300, 262],
  name_to_handle_at: [303, 264],
  modify_ldt: [154, -1],
  ioperm: [173, -1],
  iopl: [172, -1],
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  shmget: [29, 194],
  shmat: [30, 196],
  msgget: [68, 186],
  msgrcv: [70, 188],
  semget: [64, 190],
  mq_open: [240, 180],
  mq_timedreceive: [243, 183],
  timer_create: [222, 107],
  timer_settime: [223, 110],
  inotify_init1: [294, 26],
  inotify_add_watch: [254, 27],
  utimensat: [280, 88],
  fchmodat: [268, 53],
  fchmodat2: [452, 452],
  connect: [42, 203],
  socketpair: [53, 199],
  setxattr: [188, 5],
  seccomp: [317, 277],
  execveat: [322, 281],
  openat2: [437, 437],
  unknown: [1000, 1000],
};

export function callNumbers(): Record<string, number> {
  const column = process.arch === "x64" ? 0 : 1;
  return Object.fromEntries(Object.entries(CALLS).map(([name, numbers]) => [name, numbers[column]]));
}

/**
 * What every attack's program starts with. `A` holds what it may know of the host: paths, ports, process numbers. It
 * prints `began`, and `stopped …` with the error that stopped it; `BROKEN …` is a mistake in the program, which must not
 * count as stopped.
 */
export const PRELUDE = String.raw`
import ctypes, errno, fcntl, json, mmap, os, resource, select, shutil, signal, socket, stat, struct, subprocess, sys
import tempfile, threading, time
A = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
O_PATH = 0o10000000

def call(name, *values):
    number = A["calls"][name]
    if number < 0:
        raise OSError(errno.ENOSYS, name)
    converted = [ctypes.c_long(v) if isinstance(v, int) else v for v in values]
    result = libc.syscall(ctypes.c_long(number), *converted)
    if result < 0:
        raise OSError(ctypes.get_errno(), name + ": " + os.strerror(ctypes.get_errno()))
    return result

def reached(name, *values):
    """A call that the kernel looks at: any answer but a refusal."""
    try:
        call(name, *values)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOSYS, errno.EACCES):
            raise
    print("possible", flush=True)

def leak(path):
    with open(path, "rb") as file:
        os.write(1, file.read(65536))

def spill(path, text="changed by the attack\n", mode="w"):
    with open(path, mode) as file:
        file.write(text)

def each(*actions):
    """Tries all; the last error is told when none worked."""
    failure = None
    for action in actions:
        try:
            action()
        except (OSError, ValueError, OverflowError, ctypes.ArgumentError) as error:
            failure = error
    if failure is not None:
        print("stopped", failure, flush=True)

print("began", flush=True)
try:
    exec(compile(A["body"], "attack", "exec"), globals())
    print("ended", flush=True)
except (OSError, ValueError, OverflowError, MemoryError, RuntimeError, ImportError, subprocess.SubprocessError, EOFError) as error:
    print("stopped", type(error).__name__, error, flush=True)
except SystemExit:
    raise
except BaseException as error:
    print("BROKEN", type(error).__name__, error, flush=True)
`;
