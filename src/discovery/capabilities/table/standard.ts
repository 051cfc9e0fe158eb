import type { CapabilityRule } from "../table.ts";
import { host, path, program } from "./scope.ts";

const OPENERS =
  "builtins.open io.open io.FileIO codecs.open gzip.open bz2.open lzma.open bz2.BZ2File lzma.LZMAFile os.fdopen compression.zstd.open";
const ZIP_FILES = "zipfile.ZipFile zipfile.PyZipFile";
const TAR_FILES = "tarfile.open tarfile.TarFile tarfile.TarFile.open";

/** The standard library, of Python 2.7 and of 3.8 to 3.14. */
export const STANDARD_RULES: readonly CapabilityRule[] = [
  // --- files ---------------------------------------------------------------------------------------------------
  {
    capability: "filesystem-read",
    why: "opens a file for reading",
    names: OPENERS,
    when: { kind: "reads", mode: 1 },
    scope: path(0, "file"),
  },
  {
    capability: "filesystem-write",
    why: "opens a file for writing",
    names: OPENERS,
    when: { kind: "writes", mode: 1 },
    scope: path(0, "file"),
  },
  {
    capability: "filesystem-read",
    why: "opens a file for reading",
    names: "gzip.GzipFile",
    when: { kind: "reads", mode: 1, unless: 3 },
    scope: path(0, "filename"),
  },
  {
    capability: "filesystem-read",
    why: "opens an archive for reading",
    names: ZIP_FILES,
    when: { kind: "reads", mode: 1 },
    scope: path(0, "file"),
  },
  {
    capability: "filesystem-read",
    why: "opens an archive for reading",
    names: TAR_FILES,
    when: { kind: "reads", mode: 1, unless: 2 },
    scope: path(0, "name"),
  },
  {
    capability: "filesystem-write",
    why: "opens a file for writing",
    names: "gzip.GzipFile",
    when: { kind: "writes", mode: 1, unless: 3 },
    scope: path(0, "filename"),
  },
  {
    capability: "filesystem-write",
    why: "opens an archive for writing",
    names: ZIP_FILES,
    when: { kind: "writes", mode: 1 },
    scope: path(0, "file"),
  },
  {
    capability: "filesystem-write",
    why: "opens an archive for writing",
    names: TAR_FILES,
    when: { kind: "writes", mode: 1, unless: 2 },
    scope: path(0, "name"),
  },
  {
    capability: "filesystem-read",
    why: "opens a file for reading",
    names: "pathlib.Path.open argparse.FileType click.File",
    when: { kind: "reads", mode: 0 },
  },
  {
    capability: "filesystem-write",
    why: "opens a file for writing",
    names: "pathlib.Path.open argparse.FileType click.File",
    when: { kind: "writes", mode: 0 },
  },
  {
    capability: "filesystem-read",
    why: "opens a file for reading",
    names: ".open",
    when: { kind: "reads", mode: 0, isNamed: true },
  },
  {
    capability: "filesystem-write",
    why: "opens a file for writing",
    names: ".open",
    when: { kind: "writes", mode: 0, isNamed: true },
  },
  {
    capability: "filesystem-read",
    why: "opens a file for reading",
    names: "os.open posix.open",
    when: { kind: "flags", position: 1, access: "reads" },
    scope: path(0, "path"),
  },
  {
    capability: "filesystem-write",
    why: "opens a file for writing",
    names: "os.open posix.open",
    when: { kind: "flags", position: 1, access: "writes" },
    scope: path(0, "path"),
  },
  {
    capability: "filesystem-read",
    why: "lists a folder",
    names: `os.listdir os.scandir os.walk os.fwalk os.path.walk glob.glob glob.iglob glob.glob0 glob.glob1
            pathlib.Path.iterdir pathlib.Path.glob pathlib.Path.rglob pathlib.Path.walk .iterdir .rglob os.listdrives
            os.listvolumes os.listmounts dircache.listdir`,
    scope: path(0),
  },
  {
    capability: "filesystem-read",
    why: "reads a file",
    names: `pathlib.Path.read_text pathlib.Path.read_bytes .read_text .read_bytes linecache.getline linecache.getlines
            linecache.updatecache fileinput.input fileinput.FileInput filecmp.cmp filecmp.cmpfiles filecmp.dircmp
            tokenize.open xml.etree.ElementTree.parse xml.etree.ElementTree.iterparse xml.etree.cElementTree.parse
            xml.dom.minidom.parse xml.dom.pulldom.parse xml.sax.parse plistlib.readPlist mimetypes.read_mime_types
            configparser.ConfigParser.read configparser.RawConfigParser.read configparser.SafeConfigParser.read
            ConfigParser.ConfigParser.read ConfigParser.RawConfigParser.read ConfigParser.SafeConfigParser.read
            logging.config.fileConfig wave.open aifc.open sunau.open sndhdr.what imghdr.what py_compile.compile
            compileall.compile_dir compileall.compile_file compileall.main pyclbr.readmodule pyclbr.readmodule_ex
            pkgutil.get_data shutil.unpack_archive shutil.make_archive mmap.mmap runpy.run_path
            importlib.util.spec_from_file_location importlib.machinery.SourceFileLoader.load_module imp.load_source
            imp.find_module os.readlink os.sendfile os.copy_file_range os.getxattr os.listxattr modulefinder.ModuleFinder.run_script
            doctest.testfile doctest.testmod pathlib.Path.readlink netrc.netrc mailbox.mbox mailbox.Maildir mailbox.MH mailbox.MMDF
            mailbox.Babyl mailcap.getcaps gettext.translation zipimport.zipimporter urllib.robotparser.RobotFileParser.read
            zipapp.create_archive zipapp.get_interpreter hashlib.file_digest tracemalloc.Snapshot.load pstats.Stats
             trace.main cProfile.main profile.main pdb.main tabnanny.check tokenize.main ast.main
            http.cookiejar.MozillaCookieJar.load http.cookiejar.LWPCookieJar.load ssl.SSLContext.load_cert_chain
            sysconfig.parse_config_h lib2to3.main.main mailcap.readmailcapfile`,
    scope: path(0),
  },
  {
    capability: "filesystem-read",
    why: "copies or moves files",
    names:
      "shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.move pathlib.Path.copy pathlib.Path.move pathlib.Path.copy_into pathlib.Path.move_into",
    scope: path(0, "src"),
  },
  {
    capability: "filesystem-write",
    why: "copies or moves files",
    names:
      "shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.move pathlib.Path.copy pathlib.Path.move pathlib.Path.copy_into pathlib.Path.move_into distutils.file_util.copy_file distutils.file_util.move_file distutils.dir_util.copy_tree",
    scope: path(1, "dst"),
  },
  {
    capability: "filesystem-write",
    why: "makes a folder",
    names: "os.mkdir os.makedirs pathlib.Path.mkdir .mkdir distutils.dir_util.mkpath distutils.dir_util.create_tree",
    scope: path(0, "name"),
  },
  {
    capability: "filesystem-write",
    why: "renames or links files",
    names: `os.rename os.renames os.replace os.link os.symlink pathlib.Path.rename pathlib.Path.replace
            pathlib.Path.symlink_to pathlib.Path.hardlink_to pathlib.Path.link_to .symlink_to .hardlink_to`,
    scope: path(1, "dst"),
  },
  {
    capability: "filesystem-write",
    why: "writes a file",
    names: `pathlib.Path.write_text pathlib.Path.write_bytes pathlib.Path.touch .write_text .write_bytes .touch
            os.truncate os.utime os.mkfifo os.mknod shutil.make_archive shutil.unpack_archive
            zipfile.ZipFile.extract zipfile.ZipFile.extractall zipfile.ZipFile.write zipfile.ZipFile.writestr
            tarfile.TarFile.extract tarfile.TarFile.extractall tarfile.open.extractall tarfile.open.extract
            tarfile.open.add .extractall .writestr urllib.request.urlretrieve logging.FileHandler
            logging.handlers.RotatingFileHandler logging.handlers.TimedRotatingFileHandler logging.handlers.WatchedFileHandler
            logging.handlers.BaseRotatingHandler py_compile.compile py_compile.main compileall.compile_dir compileall.compile_file
            compileall.main shelve.open dbm.open dbm.dumb.open dbm.gnu.open dbm.ndbm.open anydbm.open
            xml.etree.ElementTree.ElementTree.write xml.etree.ElementTree.parse.write zipapp.create_archive
            tracemalloc.Snapshot.dump pstats.Stats.dump_stats cProfile.Profile.dump_stats
            venv.create venv.EnvBuilder.create venv.main mailbox.mbox.add mailbox.Maildir.add faulthandler.enable
            readline.write_history_file http.cookiejar.MozillaCookieJar.save http.cookiejar.LWPCookieJar.save
            distutils.core.setup distutils.file_util.write_file lib2to3.main.main os.copy_file_range os.posix_fallocate`,
    scope: path(0),
  },
  {
    capability: "filesystem-write",
    why: "writes a log file",
    names: "logging.basicConfig",
    when: { kind: "given", position: 99, keyword: "filename" },
    scope: path(99, "filename"),
  },
  {
    capability: "filesystem-write",
    why: "makes a temporary file or folder",
    names: `tempfile.mkstemp tempfile.mkdtemp tempfile.TemporaryFile tempfile.NamedTemporaryFile
            tempfile.TemporaryDirectory tempfile.SpooledTemporaryFile ctypes.util.find_library os.tmpfile os.tempnam`,
  },
  {
    capability: "filesystem-delete",
    why: "makes a temporary file or folder and deletes it again",
    names: "tempfile.TemporaryDirectory tempfile.NamedTemporaryFile ctypes.util.find_library",
  },
  {
    capability: "filesystem-read",
    why: "opens a database file",
    names:
      "sqlite3.connect sqlite3.dbapi2.connect dbm.open dbm.dumb.open dbm.gnu.open dbm.ndbm.open anydbm.open shelve.open",
    scope: path(0, "database"),
  },
  {
    capability: "filesystem-write",
    why: "opens a database file, which may be created or changed",
    names: "sqlite3.connect sqlite3.dbapi2.connect",
    scope: path(0, "database"),
  },
  {
    capability: "filesystem-delete",
    why: "deletes files",
    names: `os.remove os.unlink os.rmdir os.removedirs shutil.rmtree pathlib.Path.unlink pathlib.Path.rmdir .unlink
            .rmdir distutils.dir_util.remove_tree `,
    scope: path(0, "path"),
  },
  {
    capability: "file-permissions",
    why: "changes permissions or ownership of files",
    names: `os.chmod os.fchmod os.lchmod os.chown os.fchown os.lchown os.chflags os.lchflags shutil.chown shutil.copymode shutil.copystat os.setxattr os.removexattr pathlib.Path.chmod
            pathlib.Path.lchmod .chmod tarfile.open.extractall
            tarfile.TarFile.extractall tarfile.TarFile.extract tarfile.open.extract`,
    scope: path(0, "path"),
  },
  {
    capability: "file-permissions",
    why: "copies the permissions along with the files",
    names: "shutil.copy shutil.copy2 shutil.copytree",
    scope: path(1, "dst"),
  },
  // --- network -------------------------------------------------------------------------------------------------
  {
    capability: "network-access",
    why: "requests a web address",
    names: `urllib.request.urlopen urllib.request.urlretrieve urllib.request.build_opener.open
            urllib.request.OpenerDirector.open urllib.request.URLopener.open urllib.request.FancyURLopener.open
            urllib2.urlopen urllib2.build_opener.open urllib.urlopen urllib.urlretrieve
            urllib.robotparser.RobotFileParser.read .urlopen .urlretrieve`,
    scope: host(0, "url"),
  },
  {
    capability: "network-access",
    why: "connects to a server",
    names: `http.client.HTTPConnection http.client.HTTPSConnection httplib.HTTPConnection httplib.HTTPSConnection
            ftplib.FTP ftplib.FTP_TLS smtplib.SMTP smtplib.SMTP_SSL smtplib.LMTP poplib.POP3 poplib.POP3_SSL
            imaplib.IMAP4 imaplib.IMAP4_SSL imaplib.IMAP4_stream nntplib.NNTP nntplib.NNTP_SSL telnetlib.Telnet
            xmlrpc.client.ServerProxy xmlrpc.client.Server xmlrpclib.ServerProxy xmlrpclib.Server asyncio.open_connection
            asyncio.open_unix_connection socket.gethostbyname socket.getaddrinfo socket.gethostbyaddr
            socket.gethostbyname_ex socket.getnameinfo socket.getfqdn socket.create_connection ssl.get_server_certificate
            logging.handlers.SocketHandler logging.handlers.DatagramHandler logging.handlers.HTTPHandler
            logging.handlers.SMTPHandler logging.handlers.SysLogHandler multiprocessing.connection.Client
            multiprocessing.managers.BaseManager.connect`,
    scope: host(0, "host"),
  },
  {
    capability: "network-access",
    why: "opens a socket",
    names: "socket.fromfd socket.socket.connect socket.socket.connect_ex socket.socket.sendto socket.socket.sendmsg",
  },
  {
    capability: "network-access",
    why: "opens a socket",
    names: "socket.socket",
    when: { kind: "is-not-named", position: 0, keyword: "family", names: "AF_UNIX AF_NETLINK AF_CAN AF_ALG AF_VSOCK" },
  },
  {
    capability: "network-access",
    why: "encrypts a connection",
    names: "ssl.wrap_socket ssl.SSLContext.wrap_socket ssl.create_default_context.wrap_socket",
    when: { kind: "is-not-true", keyword: "server_side" },
  },
  {
    capability: "network-listen",
    why: "starts a server",
    names: `socketserver.TCPServer socketserver.UDPServer socketserver.ThreadingTCPServer socketserver.ThreadingUDPServer
            socketserver.ForkingTCPServer socketserver.UnixStreamServer http.server.HTTPServer
            http.server.ThreadingHTTPServer http.server.test BaseHTTPServer.HTTPServer SimpleHTTPServer.test
            SocketServer.TCPServer SocketServer.ThreadingTCPServer wsgiref.simple_server.make_server
            xmlrpc.server.SimpleXMLRPCServer xmlrpc.server.DocXMLRPCServer asyncio.start_server
            asyncio.start_unix_server socket.create_server socket.socket.bind socket.socket.listen
            multiprocessing.connection.Listener pydoc.browse smtpd.SMTPServer asyncore.dispatcher.listen
            multiprocessing.managers.BaseManager.get_server .serve_forever`,
  },
  // --- processes -----------------------------------------------------------------------------------------------
  {
    capability: "process-spawn",
    why: "starts a shell, which runs whatever the text says",
    names: "subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen",
    when: { kind: "is-true", keyword: "shell" },
    scope: program(0, "args"),
  },
  {
    capability: "process-spawn",
    why: "starts another program",
    names: `subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen
            subprocess.getoutput subprocess.getstatusoutput os.system os.popen os.popen2 os.popen3 os.popen4
            os.startfile os.execv os.execve os.execvp os.execvpe os.execl os.execle os.execlp os.execlpe
            os.posix_spawn os.posix_spawnp pty.spawn commands.getoutput commands.getstatusoutput popen2.popen2
            popen2.popen3 popen2.Popen3 popen2.Popen4 asyncio.create_subprocess_exec asyncio.create_subprocess_shell
            distutils.spawn.spawn imaplib.IMAP4_stream pipes.Template.open`,
    scope: program(0, "args"),
  },
  {
    capability: "process-spawn",
    why: "starts another program",
    names: "os.spawnv os.spawnve os.spawnvp os.spawnvpe os.spawnl os.spawnle os.spawnlp os.spawnlpe",
    scope: program(1),
  },
  {
    capability: "process-spawn",
    why: "starts worker processes",
    names: `os.fork os.forkpty pty.fork multiprocessing.Process multiprocessing.Pool multiprocessing.pool.Pool
            multiprocessing.get_context.Process multiprocessing.get_context.Pool multiprocessing.Manager
            multiprocessing.managers.BaseManager.start multiprocessing.managers.SyncManager.start
            concurrent.futures.ProcessPoolExecutor concurrent.futures.process.ProcessPoolExecutor
            concurrent.futures.InterpreterPoolExecutor`,
  },
  {
    capability: "process-spawn",
    why: "starts other programs through a library",
    names: `webbrowser.open webbrowser.open_new webbrowser.open_new_tab webbrowser.get ctypes.util.find_library
            platform.platform platform.processor platform.uname venv.create venv.EnvBuilder.create venv.main
            ensurepip.bootstrap pydoc.pager pydoc.help distutils.core.setup distutils.ccompiler.new_compiler
            uuid.getnode uuid.uuid1 `,
  },
  {
    capability: "process-signal",
    why: "signals other processes",
    names: `os.kill os.killpg signal.pthread_kill signal.pidfd_send_signal subprocess.Popen.kill
            subprocess.Popen.terminate subprocess.Popen.send_signal multiprocessing.Process.terminate
            multiprocessing.Process.kill multiprocessing.Pool.terminate`,
  },
  // --- environment ---------------------------------------------------------------------------------------------
  {
    capability: "env-read",
    why: "reads environment variables",
    names: "os.environ os.environb os.environ.get os.getenv os.getenvb os.path.expandvars getpass.getuser",
    onReference: true,
  },
  {
    capability: "env-write",
    why: "changes environment variables",
    names: "os.environ os.environb",
    when: { kind: "stores" },
    onReference: true,
  },
  {
    capability: "env-write",
    why: "changes environment variables",
    names: `os.putenv os.unsetenv os.environ.update os.environ.setdefault os.environ.pop os.environ.clear
            os.environ.popitem os.environ.__setitem__`,
  },
  {
    capability: "secrets",
    why: "reads stored secrets",
    names: "netrc.netrc getpass.getpass spwd.getspnam spwd.getspall",
  },
  // --- code ----------------------------------------------------------------------------------------------------
  {
    capability: "native-code",
    why: "loads native code",
    names: `ctypes.CDLL ctypes.PyDLL ctypes.WinDLL ctypes.OleDLL ctypes.cdll.LoadLibrary ctypes.cdll.*
            ctypes.windll.* ctypes.oledll.* ctypes.pythonapi.* ctypes.LibraryLoader.* imp.load_dynamic _ctypes.dlopen
            importlib.machinery.ExtensionFileLoader os.add_dll_directory sqlite3.connect.load_extension
            sqlite3.Connection.load_extension sqlite3.Connection.enable_load_extension
            sqlite3.connect.enable_load_extension .load_extension .enable_load_extension`,
  },
  {
    capability: "dynamic-code",
    why: "runs code that is made or chosen while it runs",
    names: `builtins.exec builtins.eval builtins.compile builtins.execfile runpy.run_path
            runpy.run_module code.interact code.InteractiveConsole code.InteractiveInterpreter codeop.compile_command
            timeit.timeit timeit.repeat timeit.Timer timeit.main
            importlib.util.spec_from_file_location importlib.util.module_from_spec imp.load_source imp.load_module
            imp.load_compiled types.CodeType types.FunctionType new.code new.function cProfile.run cProfile.runctx
            cProfile.Profile.run cProfile.Profile.runctx profile.run profile.runctx profile.Profile.runctx pdb.run
            pdb.runeval pdb.runcall pdb.main pdb.Pdb.run bdb.Bdb.run trace.Trace.run trace.Trace.runctx
            pkgutil.find_loader pkgutil.resolve_name doctest.testmod doctest.testfile doctest.run_docstring_examples
            unittest.main unittest.TestLoader.discover unittest.TestLoader.loadTestsFromName
            logging.config.fileConfig sys.remote_exec`,
  },
  {
    capability: "dynamic-code",
    why: "imports a module that is chosen while it runs",
    names: "builtins.__import__ importlib.import_module importlib.__import__",
    when: { kind: "is-not-text", position: 0, keyword: "name" },
  },
  {
    capability: "deserialization",
    why: "rebuilds objects from data, which can run code",
    names: `pickle.load pickle.loads pickle.Unpickler cPickle.load cPickle.loads cPickle.Unpickler _pickle.load
            _pickle.loads marshal.load marshal.loads shelve.open multiprocessing.connection.Connection.recv
            multiprocessing.reduction.ForkingPickler.loads`,
  },
  {
    capability: "package-install",
    why: "installs packages",
    names: "ensurepip.bootstrap ensurepip._main ensurepip._bootstrap",
  },
  {
    capability: "package-install",
    why: "puts pip into a new environment",
    names: "venv.create venv.EnvBuilder",
    when: { kind: "is-true", keyword: "with_pip" },
  },
  {
    capability: "privileged",
    why: "needs or changes privileges",
    names: `os.setuid os.setgid os.seteuid os.setegid os.setreuid os.setregid os.setresuid os.setresgid os.setgroups
            os.initgroups os.chroot os.setns os.unshare socket.sethostname`,
  },
  // --- people and devices --------------------------------------------------------------------------------------
  {
    capability: "stdin",
    why: "reads standard input",
    names: `builtins.input builtins.raw_input getpass.getpass fileinput.input fileinput.FileInput code.interact
            code.InteractiveConsole.interact code.InteractiveConsole.raw_input
            cmd.Cmd.cmdloop .cmdloop pdb.main pdb.run pdb.runeval pdb.runcall pdb.post_mortem pdb.pm pdb.set_trace builtins.breakpoint pydoc.pager pydoc.help curses.wrapper
            curses.initscr`,
  },
  { capability: "stdin", why: "reads standard input", names: "sys.stdin sys.__stdin__", onReference: true },
  {
    capability: "gui",
    why: "opens windows",
    names: `tkinter.Tk Tkinter.Tk tkinter.Toplevel tkinter.ttk.* tkinter.filedialog.* tkinter.messagebox.*
            tkinter.simpledialog.* tkinter.colorchooser.* tkFileDialog.* tkMessageBox.* turtle.Screen turtle.Turtle
            turtle.mainloop turtle.done webbrowser.open webbrowser.open_new webbrowser.open_new_tab
            idlelib.pyshell.main`,
  },
];
