"""Reads file names, one per line; answers each with one line of JSON: the control flow of its scopes as in bytecode.py."""

import json
import sys
import tokenize
import warnings

import bytecode

warnings.simplefilter("ignore")
sys.setrecursionlimit(20_000)


def answer(path):
    try:
        with tokenize.open(path) as file:
            source = file.read()
        found = bytecode.flows(source, path)
    except (SyntaxError, ValueError, RecursionError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    scopes = []
    for flow in found:
        scope = flow.scope
        places, edges = flow.graph()
        scopes.append(
            {
                "kind": scope.kind,
                "qualname": scope.qualname,
                "line": scope.line,
                "tags": sorted(scope.tags),
                "units": sorted(scope.unit_of.items()),
                "strong": sorted(scope.strong),
                "places": places,
                "edges": edges,
            }
        )
    return {"scopes": scopes}


print(json.dumps({"version": list(sys.version_info[:3]), "supported": bytecode.SUPPORTED}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(line.rstrip("\n")), separators=(",", ":")), flush=True)
