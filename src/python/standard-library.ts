/**
 * Top-level modules of Python's standard library (`sys.stdlib_module_names` of 3.11, with those of 2.7 and 3.14). An
 * import of one of them means the library, even where a file of the workspace bears the same name: siblings in a
 * package do not shadow it, and what the library does is known better from our tables than from its source. What a
 * script has beside it is another matter: {@link isShadowed}. Left out are
 * words that name no module any more since 3.10, but many in workspaces: `commands`, `exceptions`, `formatter`, `parser`,
 * `symbol`.
 */
export const STANDARD_LIBRARY: ReadonlySet<string> = new Set(
  `BaseHTTPServer ConfigParser HTMLParser Queue SimpleHTTPServer SocketServer StringIO Tkinter __builtin__
   __future__ _thread abc aifc annotationlib antigravity argparse array ast asynchat asyncio asyncore atexit
   audioop base64 bdb binascii binhex bisect builtins bz2 cPickle cProfile cStringIO calendar cgi cgitb chunk
   cmath cmd code codecs codeop collections colorsys compileall compression concurrent configparser contextlib
   contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest
   email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc
   genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http httplib idlelib imaplib
   imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma macpath
   mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt
   ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools pipes pkgutil
   platform plistlib popen2 poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc
   pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched secrets select
   selectors shelve shlex shutil signal site six smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile
   sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symtable sys sysconfig
   syslog tabnanny tarfile telnetlib tempfile termios textwrap this threading time timeit tkinter token tokenize
   tomllib trace traceback tracemalloc tty turtle turtledemo types typing typing_extensions unicodedata unittest
   urllib urllib2 urlparse uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc
   zipapp zipfile zipimport zlib zoneinfo`.split(/\s+/u),
);

/**
 * Those that a script gets from the library whatever lies beside it: Python has imported them before (`sys.modules` of
 * `python -S`), they are built into it, or reading a command line imports them (`argparse`, `optparse`). Files
 * that bear the names of the last line are copies or replacements of the library's.
 */
const FIRST: ReadonlySet<string> = new Set(
  `__future__ _thread abc argparse atexit builtins codecs collections copyreg encodings enum errno faulthandler functools gc
   genericpath getopt gettext io itertools keyword locale marshal operator optparse os posix posixpath pwd re reprlib site
   sre_compile sre_constants sre_parse stat sys textwrap time types warnings zipimport
   dataclasses importlib typing typing_extensions unittest`.split(/\s+/u),
);

/** Whether a module of that name beside a script is what the script imports, instead of the library's. */
export function isShadowed(name: string): boolean {
  return STANDARD_LIBRARY.has(name) && !FIRST.has(name);
}
