"""run_entry_point.py NAME MODULE FUNCTION ARGUMENT…: calls a console script's function as its generated script would."""

import importlib
import sys

name, module, function, *arguments = sys.argv[1:]
sys.argv = ["/usr/bin/" + name, *arguments]
sys.path.pop(0)
target = importlib.import_module(module)
for part in function.split("."):
    target = getattr(target, part)
sys.exit(target())
