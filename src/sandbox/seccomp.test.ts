import { describe, expect, it } from "vitest";
import {
  AUDIT_ARCHITECTURE,
  BPF_AND,
  BPF_JUMP_EQUAL,
  BPF_JUMP_GREATER,
  BPF_JUMP_SET,
  BPF_LOAD_WORD,
  BPF_RETURN,
  type BpfInstruction,
  compileFilter,
  encodeFilter,
  SECCOMP_ALLOW,
  SECCOMP_ERRNO,
  SECCOMP_KILL_PROCESS,
} from "./seccomp.ts";
import {
  ABSENT_CALLS,
  CHECKED_CALLS,
  callNumbers,
  FORBIDDEN_CALLS,
  SHARED_MACHINE_CALLS,
  type SyscallArchitecture,
} from "./syscalls.ts";

interface Call {
  readonly number: number;
  readonly architecture: number;
  readonly arguments?: readonly number[];
  /** The upper halves of the arguments. */
  readonly upper?: readonly number[];
}

function seccompData(call: Call): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.architecture, true);
  for (const [index, value] of (call.arguments ?? []).entries()) data.setUint32(16 + 8 * index, value >>> 0, true);
  for (const [index, value] of (call.upper ?? []).entries()) data.setUint32(20 + 8 * index, value >>> 0, true);
  return data;
}

/** Runs a filter as the kernel does: net/core/filter.c on `struct seccomp_data`. */
function run(program: readonly BpfInstruction[], call: Call): number {
  const data = seccompData(call);
  let accumulator = 0;
  for (let at = 0; at < program.length; at++) {
    const step = program[at];
    if (!step || step.code === BPF_RETURN) return (step?.k ?? 0) >>> 0;
    if (step.code === BPF_LOAD_WORD) accumulator = data.getUint32(step.k, true);
    else if (step.code === BPF_AND) accumulator = (accumulator & step.k) >>> 0;
    else at += holds(step, accumulator) ? step.jt : step.jf;
  }
  throw new Error("the program ran over its end");
}

function holds(step: BpfInstruction, accumulator: number): boolean {
  switch (step.code) {
    case BPF_JUMP_EQUAL:
      return accumulator === step.k >>> 0;
    case BPF_JUMP_GREATER:
      return accumulator > step.k >>> 0;
    case BPF_JUMP_SET:
      return (accumulator & step.k) !== 0;
    default:
      throw new Error(`unknown instruction ${step.code}`);
  }
}

const EPERM = SECCOMP_ERRNO | 1;
const ENOSYS = SECCOMP_ERRNO | 38;
const EAFNOSUPPORT = SECCOMP_ERRNO | 97;

describe.each<SyscallArchitecture>(["x64", "arm64"])("compileFilter on %s", (architecture) => {
  const program = compileFilter("default", architecture);
  const token = AUDIT_ARCHITECTURE[architecture];
  const checked = callNumbers(CHECKED_CALLS, architecture);
  const call = (number: number, ...values: number[]): number =>
    run(program, { number, architecture: token, arguments: values });
  const named = (name: keyof typeof CHECKED_CALLS, ...values: number[]): number => {
    const number = checked.get(name);
    if (number === undefined) throw new Error(`${name} is not on ${architecture}`);
    return call(number, ...values);
  };

  it("refuses every forbidden call", () => {
    for (const [name, number] of callNumbers(FORBIDDEN_CALLS, architecture))
      expect([name, call(number)]).toEqual([name, EPERM]);
  });

  it("hides every absent call and every call younger than the review", () => {
    for (const [name, number] of callNumbers(ABSENT_CALLS, architecture))
      expect([name, call(number)]).toEqual([name, ENOSYS]);
    expect(call(463)).toBe(ENOSYS);
    expect(call(100_000)).toBe(ENOSYS);
  });

  it("lets reading, writing and exiting pass", () => {
    const numbers = architecture === "x64" ? [0, 1, 60, 231, 334] : [63, 64, 93, 94, 293];
    for (const number of numbers) expect(call(number)).toBe(SECCOMP_ALLOW);
  });

  it("ends a process that uses another architecture's calls", () => {
    expect(run(program, { number: 1, architecture: 0x40000003 })).toBe(SECCOMP_KILL_PROCESS);
    const other = AUDIT_ARCHITECTURE[architecture === "x64" ? "arm64" : "x64"];
    expect(run(program, { number: 1, architecture: other })).toBe(SECCOMP_KILL_PROCESS);
  });

  const table: [name: keyof typeof CHECKED_CALLS, values: number[], expected: number, why: string][] = [
    ["mmap", [0, 4096, 3, 0x22], SECCOMP_ALLOW, "private memory"],
    ["mmap", [0, 4096, 3, 0x01], SECCOMP_ALLOW, "a shared file"],
    ["mmap", [0, 4096, 3, 0x21], EPERM, "shared memory without a file"],
    ["mmap", [0, 4096, 3, 0x23], EPERM, "the same, validated"],
    ["clone", [17], SECCOMP_ALLOW, "fork"],
    ["clone", [0x003d0f00], SECCOMP_ALLOW, "a thread"],
    ["clone", [0x10000000 | 17], EPERM, "a user namespace"],
    ["clone", [0x00020000 | 17], EPERM, "a mount namespace"],
    ["unshare", [0x400], SECCOMP_ALLOW, "descriptors"],
    ["unshare", [0x40000000], EPERM, "a network namespace"],
    ["unshare", [0x80], EPERM, "a time namespace"],
    ["socket", [1, 1], SECCOMP_ALLOW, "unix"],
    ["socket", [2, 1 | 0o2000000], SECCOMP_ALLOW, "TCP with close-on-exec"],
    ["socket", [10, 2], SECCOMP_ALLOW, "UDP over IPv6"],
    ["socket", [2, 3], EPERM, "raw"],
    ["socket", [16, 2], EAFNOSUPPORT, "netlink"],
    ["socket", [40, 1], EAFNOSUPPORT, "vsock"],
    ["socket", [17, 2], EAFNOSUPPORT, "packet"],
    ["socket", [38, 5], EAFNOSUPPORT, "kernel crypto"],
    ["ioctl", [0, 0x5413], SECCOMP_ALLOW, "window size"],
    ["ioctl", [0, 0x5412], EPERM, "TIOCSTI"],
    ["ioctl", [0, 0x8901], EPERM, "an owner of signals"],
    ["ioctl", [3, 0x40086602], EPERM, "flags of an inode, by a descriptor for reading"],
    ["fcntl", [3, 4], SECCOMP_ALLOW, "flags of a descriptor"],
    ["fcntl", [3, 8], EPERM, "an owner of signals"],
    ["fcntl", [3, 10], EPERM, "which signal the owner gets"],
    ["setsockopt", [3, 1, 9], SECCOMP_ALLOW, "keep-alive"],
    ["setsockopt", [3, 1, 7], SECCOMP_ERRNO, "a larger buffer, answered as done"],
    ["setsockopt", [3, 6, 7], SECCOMP_ALLOW, "the same number of another level"],
    ["setpriority", [2, 0, 3], EPERM, "the priority of all of the user's processes"],
    ["ioprio_set", [3, 0, 3 << 13], EPERM, "the I/O priority of all of the user's processes"],
    ["ioctl", [0, 0x541c], EPERM, "TIOCLINUX"],
    ["personality", [0], SECCOMP_ALLOW, "plain"],
    ["personality", [0xffffffff], SECCOMP_ALLOW, "asking"],
    ["personality", [0x0040000], EPERM, "no address randomisation"],
    ["prlimit64", [0, 7], SECCOMP_ALLOW, "own limits"],
    ["prlimit64", [1, 7], EPERM, "the supervisor's limits"],
    ["setpriority", [0, 0, 5], SECCOMP_ALLOW, "own priority"],
    ["setpriority", [0, 1, 19], EPERM, "the supervisor's priority"],
    ["sched_setaffinity", [1, 8], EPERM, "the supervisor's processors"],
    ["fchmod", [3, 0o755], SECCOMP_ALLOW, "an ordinary mode"],
    ["fchmod", [3, 0o4755], EPERM, "set-user-id"],
    ["fchmodat", [3, 0, 0o2755], EPERM, "set-group-id"],
    ["openat", [3, 0, 0o100 | 1, 0o644], SECCOMP_ALLOW, "creating a file"],
    ["openat", [3, 0, 0o100 | 1, 0o4755], EPERM, "creating a set-user-id file"],
    ["openat", [3, 0, 0, 0o4755], SECCOMP_ALLOW, "a leftover in the register of the mode"],
    ["mknodat", [3, 0, 0o010600], SECCOMP_ALLOW, "a FIFO"],
    ["mknodat", [3, 0, 0o020600], EPERM, "a character device"],
    ["mknodat", [3, 0, 0o060600], EPERM, "a block device"],
  ];
  it.each(table)("%s %j", (name, values, expected) => {
    expect(named(name, ...values)).toBe(expected);
  });
});

describe("the x86-64 filter", () => {
  it("ends a process that uses the x32 ABI", () => {
    const program = compileFilter("default", "x64");
    expect(run(program, { number: 0x40000000 | 1, architecture: AUDIT_ARCHITECTURE.x64 })).toBe(SECCOMP_KILL_PROCESS);
  });
});

describe("encodeFilter", () => {
  it("writes struct sock_filter, little-endian", () => {
    const bytes = encodeFilter([{ code: 0x15, jt: 1, jf: 2, k: 0x80000000 }]);
    expect([...bytes]).toEqual([0x15, 0, 1, 2, 0, 0, 0, 0x80]);
  });

  it("stays within the kernel's 4096 instructions, and jumps within 255", () => {
    const program = compileFilter("default", "x64");
    expect(program.length).toBeLessThan(4096);
    for (const { jt, jf } of program) expect(Math.max(jt, jf)).toBeLessThan(256);
  });
});

describe.each<SyscallArchitecture>(["x64", "arm64"])("compileFilter with local sockets only on %s", (architecture) => {
  const program = compileFilter("default", architecture, "local");
  const socket = callNumbers(CHECKED_CALLS, architecture).get("socket") ?? 0;
  const AF_INET = 2;
  const AF_UNIX = 1;
  const call = (...values: number[]): number =>
    run(program, { number: socket, architecture: AUDIT_ARCHITECTURE[architecture], arguments: values });

  it("lets unix streams pass and nothing else", () => {
    expect(call(AF_UNIX, 1)).toBe(SECCOMP_ALLOW);
    expect(call(AF_UNIX, 1 | 0o2000000)).toBe(SECCOMP_ALLOW); // SOCK_CLOEXEC
    expect(call(AF_UNIX, 2)).toBe(EPERM);
    expect(call(AF_INET, 1)).toBe(EPERM);
    expect(call(16, 3)).toBe(EPERM); // netlink
  });

  const calls = callNumbers(SHARED_MACHINE_CALLS, architecture);
  const shared: [name: keyof typeof SHARED_MACHINE_CALLS, values: number[], expected: number, why: string][] = [
    ["socketpair", [AF_UNIX, 1], SECCOMP_ALLOW, "a pair of streams"],
    ["socketpair", [AF_UNIX, 5 | 0o2000000], SECCOMP_ALLOW, "a pair of sequenced packets"],
    ["socketpair", [AF_UNIX, 2], EPERM, "datagrams, which need no connect to be sent anywhere"],
    ["socketpair", [AF_INET, 1], EPERM, "another family"],
    ["setrlimit", [7], SECCOMP_ALLOW, "descriptors"],
    ["setrlimit", [6], EPERM, "the number of tasks"],
    ["prlimit64", [0, 7, 0x1000], SECCOMP_ALLOW, "its descriptors"],
    ["prlimit64", [0, 6, 0], SECCOMP_ALLOW, "asking for the number of tasks"],
    ["prlimit64", [0, 6, 0x1000], EPERM, "setting the number of tasks"],
    ["prlimit64", [1, 7, 0x1000], EPERM, "another process's limits"],
  ];
  it.each(shared)("%s %j", (name, values, expected) => {
    const number = calls.get(name) ?? 0;
    expect(run(program, { number, architecture: AUDIT_ARCHITECTURE[architecture], arguments: values })).toBe(expected);
  });

  it("looks at the upper half of a pointer, too", () => {
    const data = { number: calls.get("prlimit64") ?? 0, architecture: AUDIT_ARCHITECTURE[architecture] };
    expect(run(program, { ...data, arguments: [0, 6, 0], upper: [0, 0, 0x7f00] })).toBe(EPERM);
  });
});
