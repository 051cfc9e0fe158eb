"""Parses and compiles the files named on standard input; prints the CPU milliseconds of both as `ast compile`."""

import ast
import sys
import time
import warnings

warnings.simplefilter("ignore")
sources = []
for path in sys.stdin.read().splitlines():
    with open(path, "rb") as file:
        sources.append((file.read(), path))


def cpu(work):
    started = time.process_time()
    for source, path in sources:
        try:
            work(source, path)
        except (SyntaxError, ValueError):
            pass
    return (time.process_time() - started) * 1000


print(cpu(lambda source, path: ast.parse(source, path)), cpu(lambda source, path: compile(source, path, "exec")))
