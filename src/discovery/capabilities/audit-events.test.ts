import { describe, expect, test } from "vitest";
import type { CapabilityName } from "../../model/index.ts";
import { onlyTool } from "../testing/workspace.ts";
import { CapabilityTable } from "./rules.ts";

/**
 * The audit events that Python 3.11 to 3.14 document (`docs.python.org/3/library/audit_events.html`), each with a line
 * that raises it and the capability that the line has to be given.
 */
const EVENTS: readonly (readonly [event: string, line: string, capability: CapabilityName])[] = [
  ["builtins.breakpoint", "breakpoint()", "stdin"],
  ["builtins.input", "input()", "stdin"],
  ["builtins.input/result", "input('?')", "stdin"],
  ["code.__new__", "types.CodeType()", "dynamic-code"],
  ["compile", "compile(arg, 'x', 'exec')", "dynamic-code"],
  ["ctypes.dlopen", "ctypes.CDLL(arg)", "native-code"],
  ["ctypes.dlsym", "ctypes.cdll.LoadLibrary(arg).main", "native-code"],
  ["ensurepip.bootstrap", "ensurepip.bootstrap()", "package-install"],
  ["exec", "exec(arg)", "dynamic-code"],
  ["ftplib.connect", "ftplib.FTP(arg)", "network-access"],
  ["ftplib.sendcmd", "ftplib.FTP(arg).sendcmd('NOOP')", "network-access"],
  ["function.__new__", "types.FunctionType(arg, {})", "dynamic-code"],
  ["glob.glob", "glob.glob(arg)", "filesystem-read"],
  ["glob.glob/2", "glob.iglob(arg, root_dir='.')", "filesystem-read"],
  ["http.client.connect", "http.client.HTTPConnection(arg).connect()", "network-access"],
  ["http.client.send", "http.client.HTTPSConnection(arg).request('GET', '/')", "network-access"],
  ["imaplib.open", "imaplib.IMAP4(arg)", "network-access"],
  ["imaplib.send", "imaplib.IMAP4_SSL(arg).noop()", "network-access"],
  ["import", "importlib.import_module(arg)", "dynamic-code"],
  ["marshal.load", "marshal.load(arg)", "deserialization"],
  ["marshal.loads", "marshal.loads(arg)", "deserialization"],
  ["mmap.__new__", "mmap.mmap(arg, 0)", "filesystem-read"],
  ["nntplib.connect", "nntplib.NNTP(arg)", "network-access"],
  ["nntplib.putline", "nntplib.NNTP(arg).quit()", "network-access"],
  ["open", "open(arg)", "filesystem-read"],
  ["open", "open(arg, 'w')", "filesystem-write"],
  ["open", "os.open(arg, os.O_RDONLY)", "filesystem-read"],
  ["open", "os.open(arg, os.O_WRONLY | os.O_CREAT)", "filesystem-write"],
  ["os.chflags", "os.chflags(arg, 0)", "file-permissions"],
  ["os.chmod", "os.chmod(arg, 0o600)", "file-permissions"],
  ["os.chown", "os.chown(arg, 0, 0)", "file-permissions"],
  ["os.exec", "os.execvp(arg, [arg])", "process-spawn"],
  ["os.fork", "os.fork()", "process-spawn"],
  ["os.forkpty", "os.forkpty()", "process-spawn"],
  ["os.fwalk", "os.fwalk(arg)", "filesystem-read"],
  ["os.getxattr", "os.getxattr(arg, 'user.x')", "filesystem-read"],
  ["os.kill", "os.kill(1, 15)", "process-signal"],
  ["os.killpg", "os.killpg(1, 15)", "process-signal"],
  ["os.link", "os.link(arg, 'x')", "filesystem-write"],
  ["os.listdir", "os.listdir(arg)", "filesystem-read"],
  ["os.listxattr", "os.listxattr(arg)", "filesystem-read"],
  ["os.mkdir", "os.makedirs(arg)", "filesystem-write"],
  ["os.posix_spawn", "os.posix_spawn(arg, [arg], {})", "process-spawn"],
  ["os.putenv", "os.environ['A'] = arg", "env-write"],
  ["os.remove", "os.unlink(arg)", "filesystem-delete"],
  ["os.removexattr", "os.removexattr(arg, 'user.x')", "file-permissions"],
  ["os.rename", "os.replace(arg, 'x')", "filesystem-write"],
  ["os.rmdir", "os.removedirs(arg)", "filesystem-delete"],
  ["os.scandir", "os.scandir(arg)", "filesystem-read"],
  ["os.setxattr", "os.setxattr(arg, 'user.x', b'')", "file-permissions"],
  ["os.spawn", "os.spawnlp(os.P_WAIT, arg)", "process-spawn"],
  ["os.symlink", "os.symlink(arg, 'x')", "filesystem-write"],
  ["os.system", "os.system(arg)", "process-spawn"],
  ["os.truncate", "os.truncate(arg, 0)", "filesystem-write"],
  ["os.unsetenv", "del os.environ['A']", "env-write"],
  ["os.utime", "os.utime(arg)", "filesystem-write"],
  ["os.walk", "os.walk(arg)", "filesystem-read"],
  ["pathlib.Path.glob", "pathlib.Path(arg).glob('*')", "filesystem-read"],
  ["pathlib.Path.rglob", "pathlib.Path(arg).rglob('*')", "filesystem-read"],
  ["pdb.Pdb", "pdb.Pdb().run(arg)", "dynamic-code"],
  ["pickle.find_class", "pickle.loads(arg)", "deserialization"],
  ["poplib.connect", "poplib.POP3(arg)", "network-access"],
  ["poplib.putline", "poplib.POP3_SSL(arg).quit()", "network-access"],
  ["pty.spawn", "pty.spawn(arg)", "process-spawn"],
  ["shutil.chown", "shutil.chown(arg, 'user')", "file-permissions"],
  ["shutil.copyfile", "shutil.copyfile(arg, 'x')", "filesystem-write"],
  ["shutil.copymode", "shutil.copymode(arg, 'x')", "file-permissions"],
  ["shutil.copystat", "shutil.copystat(arg, 'x')", "file-permissions"],
  ["shutil.copytree", "shutil.copytree(arg, 'x')", "filesystem-write"],
  ["shutil.make_archive", "shutil.make_archive(arg, 'zip')", "filesystem-write"],
  ["shutil.move", "shutil.move(arg, 'x')", "filesystem-write"],
  ["shutil.rmtree", "shutil.rmtree(arg)", "filesystem-delete"],
  ["shutil.unpack_archive", "shutil.unpack_archive(arg)", "filesystem-write"],
  ["signal.pthread_kill", "signal.pthread_kill(1, 15)", "process-signal"],
  ["smtplib.connect", "smtplib.SMTP(arg)", "network-access"],
  ["smtplib.send", "smtplib.SMTP_SSL(arg).sendmail('a', 'b', 'c')", "network-access"],
  ["socket.__new__", "socket.socket()", "network-access"],
  ["socket.bind", "socket.socket().bind(('', 80))", "network-listen"],
  ["socket.connect", "socket.create_connection((arg, 80))", "network-access"],
  ["socket.getaddrinfo", "socket.getaddrinfo(arg, 80)", "network-access"],
  ["socket.gethostbyaddr", "socket.gethostbyaddr(arg)", "network-access"],
  ["socket.gethostbyname", "socket.gethostbyname(arg)", "network-access"],
  ["socket.getnameinfo", "socket.getnameinfo((arg, 80), 0)", "network-access"],
  ["socket.sendmsg", "socket.socket().sendmsg([arg])", "network-access"],
  ["socket.sendto", "socket.socket().sendto(arg, ('x', 80))", "network-access"],
  ["socket.sethostname", "socket.sethostname(arg)", "privileged"],
  ["sqlite3.connect", "sqlite3.connect(arg)", "filesystem-write"],
  ["sqlite3.enable_load_extension", "sqlite3.connect(arg).enable_load_extension(True)", "native-code"],
  ["sqlite3.load_extension", "sqlite3.connect(arg).load_extension('x')", "native-code"],
  ["subprocess.Popen", "subprocess.run([arg])", "process-spawn"],
  ["sys.remote_exec", "sys.remote_exec(1, arg)", "dynamic-code"],
  ["telnetlib.Telnet.open", "telnetlib.Telnet(arg)", "network-access"],
  ["telnetlib.Telnet.write", "telnetlib.Telnet(arg).write(b'')", "network-access"],
  ["tempfile.mkdtemp", "tempfile.mkdtemp()", "filesystem-write"],
  ["tempfile.mkstemp", "tempfile.mkstemp()", "filesystem-write"],
  ["urllib.Request", "urllib.request.urlopen(arg)", "network-access"],
  ["webbrowser.open", "webbrowser.open(arg)", "process-spawn"],
];

/** Events of functions that exist only on Windows. */
const WINDOWS_EVENTS: readonly (readonly [name: string, capability: CapabilityName])[] = [
  ["os.add_dll_directory", "native-code"],
  ["os.listdrives", "filesystem-read"],
  ["os.listmounts", "filesystem-read"],
  ["os.listvolumes", "filesystem-read"],
  ["os.startfile", "process-spawn"],
];

const IMPORTS = [
  "import ctypes, ensurepip, ftplib, glob, http.client, imaplib, importlib, marshal, mmap, nntplib, os, pathlib, pdb",
  "import pickle, poplib, pty, shutil, signal, smtplib, socket, sqlite3, subprocess, sys, telnetlib, tempfile, types",
  "import urllib.request, webbrowser",
].join("\n");

describe("audit events", () => {
  test.each(EVENTS)("%s: %s", async (_event, line, capability) => {
    const main = `def main(arg):\n    ${line}\n`;
    const tool = await onlyTool({ "t.py": `${IMPORTS}\n\n${main}\nif __name__ == "__main__":\n    main("x")\n` });
    expect(tool.capabilities.map(({ name }) => name)).toContain(capability);
  });

  test.each(WINDOWS_EVENTS)("%s counts on Windows alone", (name, capability) => {
    expect(new CapabilityTable("win32").named(name).map((rule) => rule.capability)).toEqual([capability]);
    expect(new CapabilityTable("linux").named(name)).toEqual([]);
  });
});
