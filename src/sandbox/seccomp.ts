import type { SandboxConfig } from "../model/index.ts";
import {
  ABSENT_CALLS,
  CHECKED_CALLS,
  type CheckedCall,
  callNumbers,
  FORBIDDEN_CALLS,
  LAST_REVIEWED_CALL,
  SHARED_MACHINE_CALLS,
  type SyscallArchitecture,
} from "./syscalls.ts";

/** One classic BPF instruction: `struct sock_filter` of linux/filter.h. */
export interface BpfInstruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

// linux/bpf_common.h
export const BPF_LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
export const BPF_JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
export const BPF_JUMP_GREATER = 0x25; // BPF_JMP | BPF_JGT | BPF_K
export const BPF_JUMP_SET = 0x45; // BPF_JMP | BPF_JSET | BPF_K
export const BPF_AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
export const BPF_RETURN = 0x06; // BPF_RET | BPF_K

// linux/seccomp.h
export const SECCOMP_KILL_PROCESS = 0x80000000;
export const SECCOMP_ERRNO = 0x00050000;
export const SECCOMP_ALLOW = 0x7fff0000;

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** linux/audit.h: AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64. */
export const AUDIT_ARCHITECTURE: Readonly<Record<SyscallArchitecture, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

// Offsets in `struct seccomp_data`; of an argument the low word, both architectures being little-endian.
const OFFSET_NUMBER = 0;
const OFFSET_ARCHITECTURE = 4;
const offsetOfArgument = (index: number): number => 16 + 8 * index;

/** Calls of the x32 ABI carry this bit, and would otherwise pass by the numbers of the 64-bit table. */
const X32_BIT = 0x40000000;
/** CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET (linux/sched.h). */
const NEW_NAMESPACES = 0x7e020000;
/** Means a namespace for `unshare` only; for `clone` the low byte is the exit signal. */
const CLONE_NEWTIME = 0x80;
const SETUID_OR_SETGID = 0o6000;
const O_CREAT_OR_TMPFILE = 0o100 | 0o20000000;
const FILE_TYPE = 0o170000;
const DEVICE_TYPES = [0o020000, 0o060000] as const;
/** TIOCSTI, TIOCSETD, TIOCLINUX (asm-generic/ioctls.h): typing into a terminal or changing what drives it. */
const TERMINAL_CONTROLS = [0x5412, 0x5423, 0x541c] as const;
/** FIOSETOWN, SIOCSPGRP (asm-generic/sockios.h): who gets the signals of a descriptor, which may be any process. */
const OWNER_CONTROLS = [0x8901, 0x8902] as const;
/**
 * What changes a file by a descriptor that was opened for reading (linux/fs.h, fscrypt.h, fsverity.h): FS_IOC_SETFLAGS and
 * its 32-bit form, FS_IOC_FSSETXATTR, FS_IOC_SETVERSION, FS_IOC_ENABLE_VERITY, FS_IOC_SET_ENCRYPTION_POLICY,
 * FS_IOC_ADD_ENCRYPTION_KEY, EXT4_IOC_SETVERSION.
 */
const INODE_CONTROLS = [
  0x40086602, 0x40046602, 0x401c5820, 0x40087602, 0x40806685, 0x800c6613, 0xc0506617, 0x40086604,
] as const;
/**
 * F_SETOWN, F_SETSIG, F_SETOWN_EX (asm-generic/fcntl.h): a descriptor may then signal any process of the user, and
 * SIGCONT would undo the pauses that hold the CPU share.
 */
const OWNER_COMMANDS = [8, 10, 15] as const;
/** PRIO_PROCESS, PRIO_PGRP, but not PRIO_USER: that is all of the user's processes, the supervisor among them. */
const OWN_PRIORITY_TARGETS = [0, 1] as const;
/**
 * SO_SNDBUF, SO_RCVBUF and their forms that force (asm-generic/socket.h, level SOL_SOCKET): what sockets hold is charged by
 * their number and the usual size, so that a larger one would be memory that nobody counts.
 */
const BUFFER_OPTIONS = [7, 8, 32, 33] as const;
/** IOPRIO_WHO_PROCESS, IOPRIO_WHO_PGRP. */
const OWN_IO_TARGETS = [1, 2] as const;
/** AF_UNIX, AF_INET, AF_INET6. */
const SOCKET_FAMILIES = [1, 2, 10] as const;
const SOCKET_TYPE_MASK = 0xf;
/** SOCK_RAW, SOCK_PACKET. */
const RAW_SOCKET_TYPES = [3, 10] as const;

const load = (offset: number): BpfInstruction => ({ code: BPF_LOAD_WORD, jt: 0, jf: 0, k: offset });
const and = (mask: number): BpfInstruction => ({ code: BPF_AND, jt: 0, jf: 0, k: mask });
const answer = (action: number): BpfInstruction => ({ code: BPF_RETURN, jt: 0, jf: 0, k: action });
const jump = (code: number, k: number, jt: number, jf: number): BpfInstruction => ({ code, jt, jf, k });
const errno = (number: number): BpfInstruction => answer(SECCOMP_ERRNO | number);

const ALLOW = answer(SECCOMP_ALLOW);
const DENY = errno(EPERM);

/** Ends with `action` when the accumulator equals one of `values`, else goes on. */
function whenOneOf(values: readonly number[], action: BpfInstruction): BpfInstruction[] {
  return values.flatMap((value) => [jump(BPF_JUMP_EQUAL, value, 0, 1), action]);
}

/** Ends with `action` when the accumulator has a bit of `mask`, else goes on. */
function whenAnyBit(mask: number, action: BpfInstruction): BpfInstruction[] {
  return [jump(BPF_JUMP_SET, mask, 0, 1), action];
}

const refuseBits = (argument: number, mask: number): BpfInstruction[] => [
  load(offsetOfArgument(argument)),
  ...whenAnyBit(mask, DENY),
  ALLOW,
];

/** Only the caller itself (0) may be named, so that the supervisor cannot be slowed down or limited. */
const onlyItself = (argument: number): BpfInstruction[] => [
  load(offsetOfArgument(argument)),
  ...whenOneOf([0], ALLOW),
  DENY,
];

/** Like {@link onlyItself}, where the first argument says what the second one is a number of. */
const onlyItselfAs = (targets: readonly number[]): BpfInstruction[] => [
  load(offsetOfArgument(1)),
  jump(BPF_JUMP_EQUAL, 0, 1, 0),
  DENY,
  load(offsetOfArgument(0)),
  ...whenOneOf(targets, ALLOW),
  DENY,
];

/** The mode counts only when the call creates a file: otherwise that register holds what it likes. */
const refuseCreation = (flags: number, mode: number): BpfInstruction[] => [
  load(offsetOfArgument(flags)),
  jump(BPF_JUMP_SET, O_CREAT_OR_TMPFILE, 1, 0),
  ALLOW,
  ...refuseBits(mode, SETUID_OR_SETGID),
];

const refuseNode = (mode: number): BpfInstruction[] => [
  load(offsetOfArgument(mode)),
  ...whenAnyBit(SETUID_OR_SETGID, DENY),
  and(FILE_TYPE),
  ...whenOneOf(DEVICE_TYPES, DENY),
  ALLOW,
];

/** MAP_SHARED | MAP_ANONYMOUS (the former is a bit of MAP_SHARED_VALIDATE, too). */
const SHARED_ANONYMOUS = 0x21;

const CHECKS: Readonly<Record<CheckedCall, readonly BpfInstruction[]>> = {
  // Its pages outlive their being mapped, as long as one page of the mapping is left: memory that nobody could count.
  mmap: [load(offsetOfArgument(3)), and(SHARED_ANONYMOUS), ...whenOneOf([SHARED_ANONYMOUS], DENY), ALLOW],
  clone: refuseBits(0, NEW_NAMESPACES),
  unshare: refuseBits(0, NEW_NAMESPACES | CLONE_NEWTIME),
  socket: [
    load(offsetOfArgument(1)),
    and(SOCKET_TYPE_MASK),
    ...whenOneOf(RAW_SOCKET_TYPES, DENY),
    load(offsetOfArgument(0)),
    ...whenOneOf(SOCKET_FAMILIES, ALLOW),
    errno(EAFNOSUPPORT),
  ],
  ioctl: [
    load(offsetOfArgument(1)),
    ...whenOneOf([...TERMINAL_CONTROLS, ...OWNER_CONTROLS, ...INODE_CONTROLS], DENY),
    ALLOW,
  ],
  // Answered as done, as the kernel does when it takes less than was asked for.
  setsockopt: [
    load(offsetOfArgument(1)),
    jump(BPF_JUMP_EQUAL, 1, 1, 0), // SOL_SOCKET
    ALLOW,
    load(offsetOfArgument(2)),
    ...whenOneOf(BUFFER_OPTIONS, errno(0)),
    ALLOW,
  ],
  fcntl: [load(offsetOfArgument(1)), ...whenOneOf(OWNER_COMMANDS, DENY), ALLOW],
  // 0 is an ordinary Linux process, 0xffffffff only asks.
  personality: [load(offsetOfArgument(0)), ...whenOneOf([0, 0xffffffff], ALLOW), DENY],
  prlimit64: onlyItself(0),
  setpriority: onlyItselfAs(OWN_PRIORITY_TARGETS),
  sched_setaffinity: onlyItself(0),
  sched_setscheduler: onlyItself(0),
  sched_setparam: onlyItself(0),
  sched_setattr: onlyItself(0),
  ioprio_set: onlyItselfAs(OWN_IO_TARGETS),
  chmod: refuseBits(1, SETUID_OR_SETGID),
  fchmod: refuseBits(1, SETUID_OR_SETGID),
  fchmodat: refuseBits(2, SETUID_OR_SETGID),
  fchmodat2: refuseBits(2, SETUID_OR_SETGID),
  open: refuseCreation(1, 2),
  openat: refuseCreation(2, 3),
  creat: refuseBits(1, SETUID_OR_SETGID),
  mknod: refuseNode(1),
  mknodat: refuseNode(2),
};

/** Streams have no addresses but in `bind` and `connect`, and those can be judged. */
const LOCAL_STREAMS: readonly BpfInstruction[] = [
  load(offsetOfArgument(0)),
  jump(BPF_JUMP_EQUAL, 1, 1, 0), // AF_UNIX
  DENY,
  load(offsetOfArgument(1)),
  and(SOCKET_TYPE_MASK),
  jump(BPF_JUMP_EQUAL, 1, 1, 0), // SOCK_STREAM
  DENY,
  ALLOW,
];

/** A pair of datagram sockets needs no `connect` to send to any address: streams and sequenced packets only. */
const LOCAL_PAIRS: readonly BpfInstruction[] = [
  load(offsetOfArgument(0)),
  jump(BPF_JUMP_EQUAL, 1, 1, 0), // AF_UNIX
  DENY,
  load(offsetOfArgument(1)),
  and(SOCKET_TYPE_MASK),
  ...whenOneOf([1, 5], ALLOW), // SOCK_STREAM, SOCK_SEQPACKET
  DENY,
];

/** RLIMIT_NPROC (asm-generic/resource.h). */
const TASK_LIMIT = 6;

/** The soft limit of tasks belongs to the supervisor, who raises it when the user's other programs need room. */
const OTHER_LIMITS: readonly BpfInstruction[] = [load(offsetOfArgument(0)), ...whenOneOf([TASK_LIMIT], DENY), ALLOW];

/** The same of `prlimit64`, which also asks: then it has no new limit. */
const OTHER_LIMITS_OF_ITSELF: readonly BpfInstruction[] = [
  load(offsetOfArgument(0)),
  jump(BPF_JUMP_EQUAL, 0, 1, 0),
  DENY,
  load(offsetOfArgument(1)),
  jump(BPF_JUMP_EQUAL, TASK_LIMIT, 1, 0),
  ALLOW,
  load(offsetOfArgument(2)),
  jump(BPF_JUMP_EQUAL, 0, 1, 0),
  DENY,
  load(offsetOfArgument(2) + 4),
  ...whenOneOf([0], ALLOW),
  DENY,
];

/** What is judged otherwise where the machine's network and users are the run's own, too. */
const SHARED_MACHINE: Readonly<Record<"socket" | "socketpair" | "setrlimit" | "prlimit64", readonly BpfInstruction[]>> =
  {
    socket: LOCAL_STREAMS,
    socketpair: LOCAL_PAIRS,
    setrlimit: OTHER_LIMITS,
    prlimit64: OTHER_LIMITS_OF_ITSELF,
  };

function onSharedMachine(architecture: SyscallArchitecture): BpfInstruction[] {
  return [...callNumbers(SHARED_MACHINE_CALLS, architecture)].flatMap(([name, number]) => [
    jump(BPF_JUMP_EQUAL, number, 0, SHARED_MACHINE[name].length),
    ...SHARED_MACHINE[name],
  ]);
}

/** The rule of each named set. There is one so far; a set that names fewer calls is added here. */
const RULES: Readonly<Record<SandboxConfig["syscalls"], (architecture: SyscallArchitecture) => BpfInstruction[]>> = {
  default: defaultRules,
};

function defaultRules(architecture: SyscallArchitecture): BpfInstruction[] {
  const checks = [...callNumbers(CHECKED_CALLS, architecture)].flatMap(([name, number]) => [
    jump(BPF_JUMP_EQUAL, number, 0, CHECKS[name].length),
    ...CHECKS[name],
  ]);
  return [
    ...checks,
    ...whenOneOf([...callNumbers(ABSENT_CALLS, architecture).values()], errno(ENOSYS)),
    ...whenOneOf([...callNumbers(FORBIDDEN_CALLS, architecture).values()], DENY),
    jump(BPF_JUMP_GREATER, LAST_REVIEWED_CALL, 0, 1),
    errno(ENOSYS),
    ALLOW,
  ];
}

/**
 * The seccomp program of a set of system calls. A call of another architecture or ABI (32-bit, x32) ends the process.
 * @param sockets `local`: for runs that share the machine's network and users: unix streams only, and no change of the
 *   number of tasks
 * @returns instructions in order; {@link encodeFilter} makes them what the kernel reads
 */
export function compileFilter(
  set: SandboxConfig["syscalls"],
  architecture: SyscallArchitecture,
  sockets: "any" | "local" = "any",
): BpfInstruction[] {
  const shared = sockets === "local" ? onSharedMachine(architecture) : [];
  const x32 = architecture === "x64" ? whenAnyBit(X32_BIT, answer(SECCOMP_KILL_PROCESS)) : [];
  return [
    load(OFFSET_ARCHITECTURE),
    jump(BPF_JUMP_EQUAL, AUDIT_ARCHITECTURE[architecture], 1, 0),
    answer(SECCOMP_KILL_PROCESS),
    load(OFFSET_NUMBER),
    ...x32,
    ...shared,
    ...RULES[set](architecture),
  ];
}

/** An array of `struct sock_filter` as bytes, little-endian as both architectures are. */
export function encodeFilter(program: readonly BpfInstruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    const at = index * 8;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, jt);
    view.setUint8(at + 3, jf);
    view.setUint32(at + 4, k >>> 0, true);
  }
  return bytes;
}
