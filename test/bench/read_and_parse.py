"""Lists a folder by git, then reads and parses the files named on standard input; prints `cpu wall memory` in ms and MB."""

import ast
import os
import resource
import subprocess
import sys
import time
import warnings

warnings.simplefilter("ignore")
paths = sys.stdin.read().splitlines()
cpu, wall = time.process_time(), time.monotonic()
os.chdir(sys.argv[1])
subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], stdout=subprocess.DEVNULL, check=True)
for path in paths:
    with open(path, "rb") as file:
        source = file.read()
    try:
        ast.parse(source, path)
    except (SyntaxError, ValueError):
        pass
print(
    (time.process_time() - cpu) * 1000,
    (time.monotonic() - wall) * 1000,
    resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
)
