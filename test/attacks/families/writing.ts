import { execFileSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Attack, changes, type Judge, said } from "../attack.ts";
import { RUN_LATER, type Stage } from "../stage.ts";

const OTHER_RUN = join(tmpdir(), "toka-run-other");
const LEFT = `/tmp/attack-left-${process.pid}`;
const all = (stage: Stage): string[] => [stage.workspace];
const attack = (name: string, body: string, more: Partial<Attack> = {}): Attack => ({
  name,
  body,
  judge: changes,
  ...more,
});

const home = Object.entries(RUN_LATER).map(([name, path]) =>
  attack(`plant in the home: ${name}`, `spill(A["home"] + "/${path}")`),
);

/** Without any grant: every way of changing the workspace or what is beside it. */
const workspace = [
  attack("change a file of the workspace", "spill('data.txt')", { sample: true }),
  attack("change its own source", "spill('tool.py')"),
  attack("make a file", "spill('new.txt')"),
  attack("delete a file", "os.unlink('data.txt')"),
  attack("rename a file", "os.rename('data.txt', 'other.txt')"),
  attack("rename a folder", "os.rename('src', 'lib')"),
  attack("rename the workspace", "os.rename(A['workspace'], A['workspace'] + '-gone')"),
  attack("empty a file, opened for reading", "os.open('data.txt', os.O_RDONLY | os.O_TRUNC)"),
  attack("empty a file by truncate", "os.truncate('data.txt', 0)"),
  attack(
    "change a file's mode",
    "each(lambda: os.chmod('data.txt', 0o777), lambda: os.fchmod(os.open('data.txt', os.O_RDONLY), 0o777))",
  ),
  attack("change a file's mode by fchmodat2", "call('fchmodat2', -100, b'data.txt', 0o777, 0)"),
  attack(
    "change a file's times",
    "each(lambda: os.utime('data.txt', (1, 1)), lambda: os.utime(os.open('data.txt', os.O_RDONLY), (2, 2)))",
  ),
  attack("change a file's owner", "os.chown('data.txt', 1234, 1234)", { needsRoot: true }),
  attack("set an extended attribute", "os.setxattr('data.txt', 'user.attack', b'1'); print('possible')", {
    judge: said,
  }),
  attack(
    "set an inode flag by a descriptor for reading",
    "fd = os.open('data.txt', os.O_RDONLY); fcntl.ioctl(fd, 0x40086602, struct.pack('l', 0x40)); print('ok')",
    {
      judge: (_seen, stage) =>
        execFileSync("lsattr", [join(stage.workspace, "data.txt")], { encoding: "utf8" })
          .split(" ")[0]
          ?.includes("d")
          ? "a flag was set"
          : undefined,
    },
  ),
  attack("make a folder", "os.makedirs('node_modules/evil')"),
  attack("make a symbolic link", "os.symlink('/', 'everything')"),
  attack("make a FIFO", "os.mkfifo('pipe')"),
  attack("bind a socket", "socket.socket(socket.AF_UNIX).bind('new.sock')"),
  attack(
    "hard-link a file out of the workspace",
    "os.link('data.txt', tempfile.gettempdir() + '/attack-link'); os.unlink(tempfile.gettempdir() + '/attack-link'); print('possible')",
    { judge: said },
  ),
  attack(
    "map a file shared and write to the memory",
    "fd = os.open('data.txt', os.O_RDWR); mmap.mmap(fd, 4)[:4] = b'evil'",
  ),
  attack("reopen a path descriptor for writing", "fd = os.open('data.txt', O_PATH); spill('/proc/self/fd/%d' % fd)"),
  attack("reopen a descriptor for writing", "fd = os.open('data.txt', os.O_RDONLY); spill('/proc/self/fd/%d' % fd)"),
  attack("write by /proc/self/root", "spill('/proc/self/root' + A['workspace'] + '/data.txt')"),
  attack("write with another program", "subprocess.run('echo evil > data.txt', shell=True)"),
];

const outside = [
  attack("write outside", "spill(A['outside'] + '/file.txt')", { sample: true }),
  attack("write outside by ..", "spill('../outside/file.txt')"),
  attack(
    "write outside by a link in the results",
    "p = os.environ['TOKA_RESULTS'] + '/l'; os.symlink(A['outside'] + '/file.txt', p); spill(p)",
  ),
  attack(
    "write outside by a folder link in the results",
    "p = os.environ['TOKA_RESULTS'] + '/l'; os.symlink(A['outside'], p); spill(p + '/new.txt')",
  ),
  attack(
    "hard-link a file of outside into the results and write to it",
    "p = os.environ['TOKA_RESULTS'] + '/l'; os.link(A['outside'] + '/file.txt', p); spill(p)",
  ),
  attack(
    "move a file of outside into the results",
    "os.rename(A['outside'] + '/file.txt', os.environ['TOKA_RESULTS'] + '/l')",
  ),
  attack(
    "move results over a file outside",
    "p = os.environ['TOKA_RESULTS'] + '/l'; spill(p); os.rename(p, A['outside'] + '/file.txt')",
  ),
  attack("write outside by another process' root", "spill('/proc/%d/root%s/file.txt' % (A['host'], A['outside']))"),
  attack(
    "plant a package for every Python of the user",
    "p = subprocess.check_output([sys.executable, '-c', 'import site; print(site.getusersitepackages())'], text=True, env={'HOME': A['home'], 'PATH': os.environ['PATH']}).strip(); os.makedirs(p, exist_ok=True); spill(p + '/evil.pth', 'import os')",
  ),
  attack("the machine's temporary folder", "spill('/tmp/attack-left-%d' % A['host'])", {
    before: (stage) => stage.cleanLater(LEFT),
    judge: () => (existsSync(LEFT) ? `${LEFT} was left` : undefined),
  }),
  attack("another run's temporary folder", "spill(A['tmp'] + '/toka-run-other/file')", {
    before: (stage) => {
      mkdirSync(OTHER_RUN, { recursive: true });
      stage.cleanLater(OTHER_RUN);
    },
    judge: () => (readdirSync(OTHER_RUN).length > 0 ? "a file was made there" : undefined),
  }),
  attack(
    "change the kernel's settings",
    "spill('/proc/sys/kernel/hostname', open('/proc/sys/kernel/hostname').read()); print('possible')",
    { judge: said, needsRoot: true },
  ),
  attack("replace a system program", "fd = os.open('/usr/bin/factor', os.O_WRONLY); print('possible')", {
    judge: said,
    needsRoot: true,
  }),
];

/** With the workspace granted: what git, editors, package managers and direnv would run later. */
const later = (
  [
    ["a git hook", "spill('.git/hooks/pre-commit', '#!/bin/sh\\n')", true],
    ["an existing git hook", "spill('.git/hooks/pre-commit.sample')"],
    ["the git configuration", "spill('.git/config', '[core]\\n\\tfsmonitor = evil\\n', 'a')"],
    ["the git configuration, replaced", "spill('c'); os.rename('c', '.git/config')"],
    ["the git configuration, removed", "os.unlink('.git/config')"],
    [
      "a new .git folder in place of the old one",
      "os.rename('.git', 'old'); os.makedirs('.git/hooks'); spill('.git/hooks/pre-commit')",
    ],
    ["new hooks in place of the old ones", "os.rename('.git/hooks', '.git/old'); os.mkdir('.git/hooks')"],
    ["a link in place of the hooks", "shutil.rmtree('.git/hooks'); os.symlink('../src', '.git/hooks')"],
    ["another folder that git takes for its own", "spill('.git/commondir', '../src')"],
    ["a task of the editor", "spill('.vscode/tasks.json', '{\"tasks\": []}')"],
    ["the editor's settings", "spill('.vscode/settings.json')"],
    ["the editor's folder, replaced", "os.rename('.vscode', 'old'); os.mkdir('.vscode')"],
    ["what direnv runs", "spill('.envrc')"],
    ["what direnv runs, removed and made", "os.unlink('.envrc'); spill('.envrc')"],
    ["what npm runs", 'spill(\'package.json\', \'{"scripts": {"postinstall": "evil"}}\')'],
    ["what make runs", "spill('Makefile')"],
    ["what make runs first", "spill('GNUmakefile')"],
    ["what pytest runs", "spill('conftest.py')"],
    ["what every Python started here runs", "spill('sitecustomize.py')"],
    ["hooks of husky", "os.makedirs('.husky'); spill('.husky/pre-commit')"],
    ["hooks of pre-commit", "spill('.pre-commit-config.yaml')"],
    ["a development container", "os.makedirs('.devcontainer'); spill('.devcontainer/devcontainer.json')"],
    ["a workflow of the hoster", "os.makedirs('.github/workflows'); spill('.github/workflows/evil.yml')"],
    ["a package of the virtual environment", "os.makedirs('.venv/lib'); spill('.venv/lib/evil.pth')"],
    ["a program of a package", "os.makedirs('node_modules/.bin'); spill('node_modules/.bin/eslint')"],
    ["a protected name by a link", "os.symlink('GNUmakefile', 'l'); spill('l')"],
    ["a protected name by a hard link", "spill('x.txt'); os.link('x.txt', 'GNUmakefile')"],
    ["a protected name by a rename", "spill('x.txt'); os.rename('x.txt', 'conftest.py')"],
  ] as const
).map(([name, body, sample]) =>
  attack(`run later: ${name}`, body, {
    writable: all,
    judge: plantedWhatRunsLater,
    ...(sample === true ? { sample: true as const } : {}),
  }),
);

/** Files that a granted workspace still must not get; names that nothing runs may change. */
function plantedWhatRunsLater(_seen: unknown, stage: Stage): string | undefined {
  const harmless = /^workspace\/(?:x\.txt|c|l|old)$/;
  return stage.allChanges().find((change) => !harmless.test(change.split(" ")[0] ?? ""));
}

const setuid: Judge = (_seen, stage) => {
  const found = readdirSync(stage.results).find((name) => statSync(join(stage.results, name)).mode & 0o6000);
  return found === undefined ? undefined : `${found} has a set-user-id bit`;
};

const bits = (
  [
    ["chmod", "spill(p); os.chmod(p, 0o4755)"],
    ["fchmod", "spill(p); os.fchmod(os.open(p, os.O_RDONLY), 0o2755)"],
    ["open", "os.open(p, os.O_CREAT | os.O_WRONLY, 0o6755)"],
    ["fchmodat2", "spill(p); call('fchmodat2', -100, p.encode(), 0o4755, 0)"],
    ["mknod", "os.mknod(p, stat.S_IFREG | 0o4755)"],
    ["mkdir", "os.mkdir(p); os.chmod(p, 0o2755)"],
  ] as const
).map(([name, body]) =>
  attack(`a set-user-id bit by ${name}`, `p = os.environ['TOKA_RESULTS'] + '/suid'\n${body}`, { judge: setuid }),
);

export const writing: readonly Attack[] = [
  ...home,
  ...workspace,
  ...outside,
  ...later,
  ...bits,
  attack("a device node", "os.mknod(os.environ['TOKA_RESULTS'] + '/mem', stat.S_IFCHR | 0o666, os.makedev(1, 1))", {
    needsRoot: true,
    judge: (_seen, stage) => (readdirSync(stage.results).includes("mem") ? "a device was made" : undefined),
  }),
  attack("a file of outside by an old hard link in a granted folder", "spill('granted/data.txt')", {
    judge: changes,
    writable: (stage) => [join(stage.workspace, "granted")],
    before: (stage) => {
      mkdirSync(join(stage.workspace, "granted"));
      linkSync(join(stage.outside, "file.txt"), join(stage.workspace, "granted/data.txt"));
    },
    known: {
      bwrap: "a hard link inside a granted folder is granted with it: it is one file with two names",
      landlock: "a hard link inside a granted folder is granted with it: it is one file with two names",
    },
  }),
];
