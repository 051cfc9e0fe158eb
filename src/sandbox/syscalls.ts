/** Processor architectures whose system calls can be filtered, by Node's `process.arch` names. */
export type SyscallArchitecture = "x64" | "arm64";

/** Numbers of one system call: x86-64 first, then aarch64; `null` where the architecture has no such call. */
type Numbers = readonly [x64: number | null, arm64: number | null];

/**
 * Calls refused with EPERM: what attacks the kernel, other processes or the machine's configuration, and what hides
 * memory from the supervisor (System V and POSIX queues, shared memory without a mapping).
 * Numbers from Linux' arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
 */
export const FORBIDDEN_CALLS = {
  // other processes
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  process_mrelease: [448, 448],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  // mounts and namespaces
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  statmount: [457, 457],
  listmount: [458, 458],
  setns: [308, 268],
  // kernel interfaces with a history of holes
  bpf: [321, 280],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  fanotify_init: [300, 262],
  fanotify_mark: [301, 263],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  modify_ldt: [154, null],
  uselib: [134, null],
  ustat: [136, null],
  sysfs: [139, null],
  _sysctl: [156, null],
  remap_file_pages: [216, 234],
  lsm_set_self_attr: [460, 460],
  // the machine
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  create_module: [174, null],
  get_kernel_syms: [177, null],
  query_module: [178, null],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  acct: [163, 89],
  syslog: [103, 116],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  vhangup: [153, 58],
  iopl: [172, null],
  ioperm: [173, null],
  // memory that no process's resident size shows
  shmget: [29, 194],
  shmat: [30, 196],
  shmctl: [31, 195],
  shmdt: [67, 197],
  msgget: [68, 186],
  msgsnd: [69, 189],
  msgrcv: [70, 188],
  msgctl: [71, 187],
  semget: [64, 190],
  semop: [65, 193],
  semctl: [66, 191],
  semtimedop: [220, 192],
  mq_open: [240, 180],
  mq_unlink: [241, 181],
  mq_timedsend: [242, 182],
  mq_timedreceive: [243, 183],
  mq_notify: [244, 184],
  mq_getsetattr: [245, 185],
} as const satisfies Record<string, Numbers>;

/**
 * Calls answered with ENOSYS, because programs then take an older way that can be filtered: structures behind pointers
 * cannot be looked into (`clone3`, `openat2`), and `memfd_create` makes memory that belongs to no process.
 */
export const ABSENT_CALLS = {
  clone3: [435, 435],
  openat2: [437, 437],
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  // a timer may send SIGCONT, which would undo the pauses that hold the CPU share; setitimer stays
  timer_create: [222, 107],
} as const satisfies Record<string, Numbers>;

/** Calls whose arguments decide. */
export const CHECKED_CALLS = {
  mmap: [9, 222],
  clone: [56, 220],
  unshare: [272, 97],
  socket: [41, 198],
  ioctl: [16, 29],
  fcntl: [72, 25],
  setsockopt: [54, 208],
  personality: [135, 92],
  prlimit64: [302, 261],
  setpriority: [141, 140],
  sched_setaffinity: [203, 122],
  sched_setscheduler: [144, 119],
  sched_setparam: [142, 118],
  sched_setattr: [314, 274],
  ioprio_set: [251, 30],
  chmod: [90, null],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  fchmodat2: [452, 452],
  open: [2, null],
  openat: [257, 56],
  creat: [85, null],
  mknod: [133, null],
  mknodat: [259, 33],
} as const satisfies Record<string, Numbers>;

/** Calls whose arguments decide, where a run shares the machine's network and users. */
export const SHARED_MACHINE_CALLS = {
  socket: [41, 198],
  socketpair: [53, 199],
  setrlimit: [160, 164],
  prlimit64: [302, 261],
} as const satisfies Record<string, Numbers>;

export type CheckedCall = keyof typeof CHECKED_CALLS;

/**
 * Calls that wait for the supervisor's judgement, by what it looks at. `task`: a new process or thread, counted before it
 * starts.
 */
const COUNTED_CALLS = {
  clone: ["fork", [56, 220]],
  fork: ["fork", [57, null]],
  vfork: ["fork", [58, null]],
} as const satisfies Record<string, readonly [kind: string, Numbers]>;

/**
 * What namespaces and mounts hold elsewhere, and without them the supervisor does: signals go to the run's own processes
 * only, and attributes of files change in writable folders only (Landlock knows neither).
 */
export const JUDGED_CALLS = {
  ...COUNTED_CALLS,
  kill: ["kill", [62, 129]],
  rt_sigqueueinfo: ["kill", [129, 138]],
  tgkill: ["kill", [234, 131]],
  rt_tgsigqueueinfo: ["kill", [297, 240]],
  tkill: ["task", [200, 130]],
  pidfd_open: ["task", [434, 434]],
  chmod: ["chmod", [90, null]],
  fchmod: ["fchmod", [91, 52]],
  fchmodat: ["fchmodat", [268, 53]],
  fchmodat2: ["fchmodat", [452, 452]],
  utimensat: ["utime", [280, 88]],
  utime: ["refuse", [132, null]],
  utimes: ["refuse", [235, null]],
  futimesat: ["refuse", [261, null]],
  chown: ["refuse", [92, null]],
  lchown: ["refuse", [94, null]],
  fchown: ["refuse", [93, 55]],
  fchownat: ["refuse", [260, 54]],
  socketpair: ["socketpair", [53, 199]],
  connect: ["connect", [42, 203]],
  setxattr: ["refuse", [188, 5]],
  lsetxattr: ["refuse", [189, 6]],
  fsetxattr: ["refuse", [190, 7]],
  removexattr: ["refuse", [197, 14]],
  lremovexattr: ["refuse", [198, 15]],
  fremovexattr: ["refuse", [199, 16]],
  // watching tells what happens in folders that may not be read
  inotify_add_watch: ["refuse", [254, 27]],
} as const satisfies Record<string, readonly [kind: string, Numbers]>;

/**
 * What makes, changes or removes a name, or opens a file for writing: judged and done by the supervisor where a granted
 * folder has something in it that must stay as it is. `@`: the argument that holds the flags of open(2); opening for
 * reading is not asked about.
 */
export const NAMING_CALLS = {
  open: ["open@1", [2, null]],
  openat: ["openat@2", [257, 56]],
  creat: ["creat", [85, null]],
  truncate: ["truncate", [76, 45]],
  mkdir: ["mkdir", [83, null]],
  mkdirat: ["mkdirat", [258, 34]],
  mknod: ["mknod", [133, null]],
  mknodat: ["mknodat", [259, 33]],
  rmdir: ["rmdir", [84, null]],
  unlink: ["unlink", [87, null]],
  unlinkat: ["unlinkat", [263, 35]],
  symlink: ["symlink", [88, null]],
  symlinkat: ["symlinkat", [266, 36]],
  link: ["link", [86, null]],
  linkat: ["linkat", [265, 37]],
  rename: ["rename", [82, null]],
  renameat: ["renameat", [264, 38]],
  renameat2: ["renameat2", [316, 276]],
} as const satisfies Record<string, readonly [kind: string, Numbers]>;

/** The supervisor's options that name what it judges: `gate=NUMBER:KIND`. */
export function gateOptions(
  table: Readonly<Record<string, readonly [kind: string, Numbers]>>,
  architecture: SyscallArchitecture,
): string[] {
  const column = architecture === "x64" ? 0 : 1;
  return Object.values(table).flatMap(([kind, numbers]) => {
    const number = numbers[column];
    return number === null ? [] : [`gate=${number}:${kind}`];
  });
}

/** The highest call number that was reviewed for the tables above (`mseal`); younger calls are answered with ENOSYS. */
export const LAST_REVIEWED_CALL = 462;

/** The numbers of a table's calls on one architecture, without the calls that it lacks. */
export function callNumbers<Name extends string>(
  table: Readonly<Record<Name, Numbers>>,
  architecture: SyscallArchitecture,
): ReadonlyMap<Name, number> {
  const column = architecture === "x64" ? 0 : 1;
  const found = new Map<Name, number>();
  for (const name of Object.keys(table) as Name[]) {
    const number = table[name][column];
    if (number !== null) found.set(name, number);
  }
  return found;
}
