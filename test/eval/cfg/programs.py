"""
Prints what can be run under the tracer, one JSON object per line: {"kind": ..., "name": ..., "arguments": [...]}: every
test module of this Python's standard library, the examples in the documentation of its modules, and its modules that
are programs.
"""

import json
import os
import re
import sysconfig

LIBRARY = os.path.realpath(sysconfig.get_path("stdlib"))

# Folders of tests, and what their files are called.
TESTS = {
    "test": r"test_.*\.py",
    "ctypes/test": r"test_.*\.py",
    "distutils/tests": r"test_.*\.py",
    "lib2to3/tests": r"test_.*\.py",
    "unittest/test": r"test_?.*\.py",
}

# Tests that would take minutes (building C code, running the whole suite again, installing pip, huge files), that need a display, or
# that mean to crash their process.
LEFT_OUT = re.compile(
    r"""\.(
        test_(gdb|cppext|cext|peg_generator|regrtest|embed|crashers|bigmem|bigaddrspace|zipfile64|venv|ensurepip|tools
        |freeze_tables|c_globals|check_c_globals|clinic|largefile|idle|tk|ttk_guionly|ttk_textonly|tix|turtle|tcl
        |xpickle|perf_profiler|stable_abi_ctypes|faulthandler|concurrent_futures|android|apple|generated_cases)
        |libregrtest|support|leakers|crashers|encoded_modules|tracedmodules
    )(\.|$)""",
    re.VERBOSE,
)

# Modules whose documentation has examples.
EXAMPLES = """
    bisect cmd collections colorsys contextlib copy dataclasses difflib doctest enum fractions functools heapq
    ipaddress keyword pickletools pprint random reprlib shlex statistics string textwrap token tokenize turtle types
    unittest.mock urllib.parse zipfile http.cookies json json.decoder json.encoder concurrent.futures ast inspect
""".split()

# Modules that are programs, with arguments; {file} is a file of the library, {large} a larger one.
PROGRAMS = [
    "ast {file}", "ast -a {large}", "base64 -t", "base64 -e {file}", "calendar 2024 5", "calendar -t html 2024",
    "cProfile -s tottime {file}", "compileall -q -d x {file}", "compileall -l -f .", "dis {file}", "doctest {file}",
    "encodings.rot_13", "filecmp . .", "fileinput {file}", "ftplib", "getopt", "gzip --help", "html.entities",
    "http.server --help", "inspect --details json:JSONDecoder", "inspect heapq", "json.tool", "json.tool --sort-keys --compact -",
    "keyword", "lib2to3 {file}", "lib2to3 -l", "mimetypes -l text.html", "modulefinder {file}", "netrc", "nntplib -h", "pdb -c continue {file}",
    "pickle -t", "pickletools -t", "platform", "poplib", "profile {file}", "py_compile {file}", "pyclbr {large}", "pydoc heapq",
    "pydoc -k zipapp", "pydoc json.decoder.JSONDecoder", "quopri {file}", "random", "runpy {file}", "sched", "shlex {file}",
    "shlex", "site", "smtplib --help", "sqlite3 :memory: select", "stat", "statistics", "symtable {file}", "symtable", "sysconfig",
    "tabnanny -v {file}", "tarfile -l x", "textwrap", "this", "timeit -n 3 pass", "timeit -n 2 -r 2 -v 1+1", "tokenize {large}",
    "tokenize -e {file}", "token", "trace --count --missing {file}", "trace -l {file}", "trace --listfuncs {file}",
    "unittest -h", "unittest json", "unittest discover -h", "uu {file}", "uuid", "venv -h", "webbrowser -h",
    "wsgiref.simple_server -h", "xml.sax.saxutils", "zipapp -h", "zipfile -h", "zipfile -l x", "antigravity -h",
]


def tests():
    for folder, pattern in TESTS.items():
        top = os.path.join(LIBRARY, folder)
        for path, folders, files in os.walk(top):
            folders[:] = sorted(one for one in folders if one != "__pycache__" and one.isidentifier())
            if path != top and "__init__.py" not in files:
                folders.clear()
                continue
            for file in sorted(files):
                name = os.path.relpath(os.path.join(path, file), LIBRARY)[: -len(".py")].replace(os.sep, ".")
                if re.fullmatch(pattern, file) and not LEFT_OUT.search(name):
                    yield {"kind": "unittest", "name": name, "arguments": []}


def modules():
    file = os.path.join(LIBRARY, "bisect.py")
    large = os.path.join(LIBRARY, "argparse.py")
    for command in PROGRAMS:
        name, *arguments = command.split(" ")
        if os.path.exists(os.path.join(LIBRARY, *name.split("."))) or os.path.exists(os.path.join(LIBRARY, *name.split(".")) + ".py"):
            arguments = [one.format(file=file, large=large) for one in arguments]
            yield {"kind": "module", "name": name, "arguments": arguments}


for program in [*tests(), *({"kind": "doctest", "name": name, "arguments": []} for name in EXAMPLES), *modules()]:
    print(json.dumps(program))
