import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Attack, leaks, said } from "../attack.ts";
import { CREDENTIALS, type Stage } from "../stage.ts";

const secrets = (stage: Stage): string[] => [".env", "private"].map((name) => join(stage.workspace, name));
const all = (stage: Stage): string[] => [stage.workspace];

const credentials: Attack[] = Object.entries(CREDENTIALS).map(([name, path]) => ({
  name: `credentials: ${name}`,
  body: `leak(A["home"] + "/${path}")`,
  judge: leaks,
  ...(name === "ssh" ? { sample: true as const } : {}),
}));

/** Files that the policy forbids inside the workspace, by every way there is to them. */
const forbidden: Attack[] = (
  [
    ["by its name", "leak('.env')", true],
    ["in a forbidden folder", "leak('private/key')"],
    ["by listing the folder", "print(os.listdir('private')); leak('private/' + os.listdir('private')[0])"],
    ["by an old hard link", "leak('src/copy-of-env')"],
    [
      "by its folder's descriptor",
      "d = os.open('private', os.O_RDONLY); os.write(1, os.read(os.open('key', os.O_RDONLY, dir_fd=d), 99))",
    ],
    ["by /proc/self/cwd", "leak('/proc/self/cwd/.env')"],
    ["by /proc/self/root", "leak('/proc/self/root' + A['workspace'] + '/.env')"],
    ["reopened from a path descriptor", "fd = os.open('.env', O_PATH); leak('/proc/self/fd/%d' % fd)"],
    ["by another program", "sys.stdout.buffer.write(subprocess.run(['cat', '.env'], capture_output=True).stdout)"],
    ["mapped into memory", "f = open('.env', 'rb'); os.write(1, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[:])"],
    ["sent without being read", "fd = os.open('.env', os.O_RDONLY); os.sendfile(1, fd, 0, 99)"],
    [
      "executed as a script",
      "r = subprocess.run(['sh', '.env'], capture_output=True); sys.stdout.buffer.write(r.stderr)",
    ],
    [
      "by a new symbolic link",
      "os.symlink(A['workspace'] + '/.env', os.environ['TOKA_RESULTS'] + '/new'); leak(os.environ['TOKA_RESULTS'] + '/new')",
    ],
    [
      "by a new hard link",
      "os.link('.env', os.environ['TOKA_RESULTS'] + '/new'); leak(os.environ['TOKA_RESULTS'] + '/new')",
    ],
  ] as const
).map(([name, body, sample]) => ({
  name: `a forbidden file ${name}`,
  body,
  forbidden: secrets,
  judge: leaks,
  ...(sample === true ? { sample: true as const } : {}),
}));

const forbiddenInWritable: Attack[] = (
  [
    ["renamed", "os.rename('.env', 'mine'); leak('mine')"],
    ["by its folder's new name", "os.rename('private', 'mine'); leak('mine/key')"],
    ["hard-linked beside itself", "os.link('.env', 'mine'); leak('mine')"],
    [
      "copied by the kernel",
      "a = os.open('.env', os.O_RDONLY); b = os.open('mine', os.O_RDWR | os.O_CREAT); os.copy_file_range(a, b, 99); os.write(1, os.pread(b, 99, 0))",
    ],
    ["exchanged with another", "libc.renameat2(-100, b'.env', -100, b'data.txt', 2) and sys.exit(1); leak('data.txt')"],
    ["after its mode was changed", "os.chmod('private', 0o777); leak('private/key')"],
  ] as const
).map(([name, body]) => ({
  name: `a forbidden file in a writable workspace, ${name}`,
  body,
  forbidden: secrets,
  writable: all,
  judge: leaks,
}));

export const reading: readonly Attack[] = [
  ...credentials,
  ...forbidden,
  ...forbiddenInWritable,
  { name: "another workspace", body: "leak(A['other'] + '/notes.txt')", judge: leaks },
  { name: "another workspace by ..", body: "leak('../other-workspace/notes.txt')", judge: leaks },
  { name: "out of the workspace by an old symbolic link", body: "leak('link')", judge: leaks, sample: true },
  {
    name: "out of a workspace with forbidden files by an old symbolic link",
    body: "leak('link')",
    forbidden: secrets,
    judge: leaks,
  },
  {
    name: "out of the workspace by a new symbolic link",
    body: "p = tempfile.mkdtemp() + '/l'; os.symlink(A['outside'] + '/secret.txt', p); leak(p)",
    judge: leaks,
  },
  {
    name: "out of a granted folder by a link that the host planted",
    body: "leak('granted/out/secret.txt')",
    judge: leaks,
    writable: (stage) => [join(stage.workspace, "granted")],
    before: (stage) => {
      mkdirSync(join(stage.workspace, "granted"));
      stage.link(stage.outside, join(stage.workspace, "granted/out"));
    },
  },
  {
    name: "a file outside, by a path descriptor",
    body: "f = os.open(A['outside'], O_PATH); leak('/proc/self/fd/%d/secret.txt' % f)",
    judge: leaks,
  },
  {
    name: "a file outside, by walking a descriptor of the workspace",
    body: "d = os.open('.', os.O_RDONLY); os.write(1, os.read(os.open('../outside/secret.txt', os.O_RDONLY, dir_fd=d), 99))",
    judge: leaks,
  },
  {
    name: "the names in a folder outside",
    body: "print('possible') if 'secret.txt' in os.listdir(A['outside']) else None",
    judge: said,
  },
  {
    name: "whether a file outside exists, and its size",
    body: "print('possible') if os.stat(A['outside'] + '/secret.txt').st_size == A['secretLength'] else None",
    judge: said,
    known: { landlock: "Landlock has no right that covers stat: names that are guessed can be confirmed" },
  },
  {
    name: "what others do in a folder outside",
    body: `fd = call("inotify_init1", 0o4000)
call("inotify_add_watch", fd, A["outside"].encode(), 0xfff)
select.select([fd], [], [], 3)
os.write(1, os.read(fd, 4096))`,
    judge: leaks,
    during: async (stage, signal) => {
      while (!signal.aborted) {
        appendFileSync(join(stage.outside, `log-${stage.secret}`), "x");
        await pause(50);
      }
      return undefined;
    },
  },
  {
    name: "another process' environment",
    body: "leak('/proc/%d/environ' % A['victim'])",
    victim: true,
    judge: leaks,
    sample: true,
  },
  { name: "another process' command line", body: "leak('/proc/%d/cmdline' % A['victim'])", victim: true, judge: leaks },
  {
    name: "the command lines of all processes",
    body: "for p in os.listdir('/proc'):\n  if p.isdigit():\n    try: leak('/proc/' + p + '/cmdline')\n    except OSError: pass",
    victim: true,
    judge: leaks,
  },
  {
    name: "another process' memory, by /proc",
    body: "f = open('/proc/%d/mem' % A['victim'], 'rb', 0); f.seek(A['victimAddress']); os.write(1, f.read(99))",
    victim: true,
    judge: leaks,
  },
  {
    name: "another process' descriptor, by /proc",
    body: "fd = os.open('/proc/%d/fd/%d' % (A['victim'], A['victimPipe']), os.O_RDONLY | os.O_NONBLOCK); os.write(1, os.read(fd, 99))",
    victim: true,
    judge: leaks,
  },
  {
    name: "the file tree of another process",
    body: "leak('/proc/%d/root%s/secret.txt' % (A['victim'], A['outside']))",
    victim: true,
    judge: leaks,
  },
  {
    name: "the working directory of another process",
    body: "print('possible') if os.readlink('/proc/%d/cwd' % A['victim']) else None",
    victim: true,
    judge: said,
  },
  {
    name: "the editor's own environment",
    body: "leak('/proc/%d/environ' % A['host'])",
    judge: leaks,
  },
  {
    name: "the names of the host's sockets",
    body: `for path in ("/proc/net/unix", "/proc/self/net/unix", "/proc/self/task/%d/net/unix" % os.getpid()):
  try:
    if A["abstract"] in open(path).read(): print("possible")
  except OSError: pass`,
    judge: said,
  },
  {
    name: "the connections of the host",
    body: `for path in ("/proc/net/tcp", "/proc/self/net/tcp", "/proc/thread-self/net/tcp"):
  try:
    if "0100007F:%04X" % A["tcp"] in open(path).read(): print("possible")
  except OSError: pass`,
    judge: said,
  },
  { name: "secrets in environment variables", body: "print(os.environ)", judge: leaks, sample: true },
  { name: "secrets in its own /proc/self/environ", body: "leak('/proc/self/environ')", judge: leaks },
  { name: "secrets in its parent's environment", body: "leak('/proc/%d/environ' % os.getppid())", judge: leaks },
  {
    name: "an inherited descriptor",
    body: "for n in range(3, 256):\n  try: os.lseek(n, 0, 0); os.write(1, os.read(n, 99))\n  except OSError: pass",
    inheritSecret: true,
    judge: leaks,
  },
];
