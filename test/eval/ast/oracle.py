"""Says how this Python reads source files.

Reads one JSON object per line: {"path": ..., "full": bool, "positions": bool}, or with the text itself as "source". Answers each with one line:
{"hash": ...} or {"dump": ...} (when "full"), plus {"names": {...}} for the named characters of the file, or
{"error": ...} when this Python refuses the file. The dump is ast.dump(tree, include_attributes=True) with characters
beyond ASCII escaped (which ones `repr` escapes depends on the version of Unicode), the hash is its SHA-256.

Two things are made comparable first: positions inside f-strings go away when "positions" is false (before 3.12
they are wrong), and pairs of surrogates become the character that they stand for (strings are UTF-16 on our side).
"""

import ast
import hashlib
import json
import re
import sys
import unicodedata
import warnings

warnings.simplefilter("ignore")
sys.setrecursionlimit(20_000)

POSITIONS = ("lineno", "col_offset", "end_lineno", "end_col_offset")
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
NAMED = re.compile(rb"\\N\{([^}\n]{1,100})\}")
SHOW = {"show_empty": True} if sys.version_info >= (3, 13) else {}


def normalise(tree, positions):
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and PAIR.search(node.value):
            node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        if not positions and isinstance(node, ast.JoinedStr):
            for inner in ast.walk(node):
                if inner is not node:
                    for name in POSITIONS:
                        inner.__dict__.pop(name, None)


def names_in(source):
    names = {}
    for match in NAMED.finditer(source):
        name = match.group(1).decode("utf-8", "replace").upper()
        try:
            names[name] = unicodedata.lookup(name)
        except KeyError:
            pass
    return names


def answer(request):
    if "source" in request:
        source = request["source"].encode("utf-8", "surrogatepass")
    else:
        with open(request["path"], "rb") as file:
            source = file.read()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    normalise(tree, request["positions"])
    try:
        text = ast.dump(tree, include_attributes=True, **SHOW).encode("ascii", "backslashreplace").decode("ascii")
    except (RecursionError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    reply = {"names": names_in(source)}
    if request["full"]:
        reply["dump"] = text
    else:
        reply["hash"] = hashlib.sha256(text.encode("ascii")).hexdigest()
    return reply


print(json.dumps({"version": list(sys.version_info[:3])}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
