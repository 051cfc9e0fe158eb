"""
Runs Python code under a tracer and records what its functions really do:
`python3 recorder.py OUT.json SECONDS KIND NAME [ARGUMENT…]`, where KIND is `unittest` or `doctest` (name of a module),
`script` (a path), or `module` (a module that is a program, with its arguments). After that many seconds of
processor time (or a few times as many by the clock) it writes what it has seen, and ends.

Every instruction of a frame is seen, so that nothing has to be guessed: a step is exceptional when the bytecode does
not lead there by itself, and a frame has returned when a return instruction was the last one that ran to its end. Runs
are written as letters over the places of bytecode.py: `PLACE`, or `!PLACE` by an exception.
"""

import importlib
import io
import json
import os
import runpy
import sys
import sysconfig
import threading
import time
import tokenize
import warnings

import bytecode

# Per function: more runs than these say nothing new. Longer runs are cut: their beginning is a run as well.
MAX_RUNS = 40
MAX_DIFFERENT = 40
MAX_LETTERS = 400

STANDARD_LIBRARY = os.path.realpath(sysconfig.get_path("stdlib")) + os.sep
# Where a program waits, or others keep the machine busy.
WALL_FACTOR = 4
# A program that reads its standard input gets this.
PROGRAM_INPUT = '{"a": [1, 2.5, null, true], "b": "text"}\n'
# Tests that change the machine when root runs them.
CHANGES_MACHINE = ("sethostname", "SetHostname", "clock_settime")
OUTSIDE = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


class Recorded:
    """The runs of one function."""

    def __init__(self, path, code, flow):
        self.path = path
        self.code = code
        scope = flow.scope
        self.kind, self.qualname, self.line = scope.kind, scope.qualname, scope.line
        self.places = {i.offset: flow.places[n] for n, i in enumerate(flow.instructions)}
        self.next = {
            i.offset: frozenset(flow.instructions[to].offset for to in flow.next[n] if to >= 0)
            for n, i in enumerate(flow.instructions)
        }
        self.first = flow.instructions[flow.start].offset
        self.last = {i.offset for i in flow.instructions if i.opname in bytecode.RETURNS}
        self.suspending = {i.offset for i in flow.instructions if i.opname in bytecode.SUSPENDS}
        self.started = 0
        self.runs = {}

    def add(self, letters):
        key = tuple(letters)
        if key in self.runs or len(self.runs) < MAX_DIFFERENT:
            self.runs[key] = self.runs.get(key, 0) + 1


class Recorder:
    def __init__(self, extra):
        self.files = {}  # co_filename -> (path, {code: [scope]}) or None
        self.functions = {}  # code -> Recorded or None
        self.extra = {os.path.realpath(path) for path in extra}
        self.changes = 0  # of the tracer, by the program
        self.set_trace = self.watch_tracer()

    def watch_tracer(self):
        """A run during which the program itself changes the tracer has gaps: it does not count."""
        set_trace = sys.settrace

        def settrace(function):
            self.changes += 1
            set_trace(function)

        sys.settrace = settrace
        return set_trace

    def start(self):
        self.set_trace(self.trace)

    def scopes_of(self, filename):
        if filename not in self.files:
            self.files[filename] = None
            path = os.path.realpath(filename)
            inside = path.startswith(STANDARD_LIBRARY) and not any(part in path for part in OUTSIDE)
            if (inside or path in self.extra) and path.endswith(".py") and os.path.isfile(path):
                # What the tracer reads must not be traced itself.
                trace = sys.gettrace()
                self.set_trace(None)
                try:
                    with tokenize.open(path) as file, warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        found = {}
                        for scope, code in bytecode.scopes_with_code(file.read(), filename):
                            found.setdefault(code, []).append(scope)
                    self.files[filename] = path, found
                except (SyntaxError, ValueError, RecursionError):
                    pass
                finally:
                    self.set_trace(trace)
        return self.files[filename]

    def recorded(self, code):
        if code not in self.functions:
            self.functions[code] = None
            known = self.scopes_of(code.co_filename)
            if known is not None:
                path, found = known
                same = [scope for scope in found.get(code, []) if scope.kind == "function"]
                if len(same) == 1:
                    self.functions[code] = Recorded(path, code, bytecode.Flow(code, same[0]))
        return self.functions[code]

    def trace(self, frame, event, _argument):
        if event != "call":
            return None
        # A generator comes back here each time that it goes on; its first entry set the tracer that it keeps.
        if frame.f_trace is not None and frame.f_trace_opcodes:
            return frame.f_trace
        if frame.f_lasti > 0 and frame.f_code.co_flags & 0x2A0 and not self.is_fresh(frame):
            return None
        recorded = self.recorded(frame.f_code)
        if recorded is None or recorded.started >= MAX_RUNS:
            return None
        recorded.started += 1
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self.follow(recorded)

    def is_fresh(self, frame):
        """Whether a generator runs for the first time: it waits after RETURN_GENERATOR until then."""
        recorded = self.recorded(frame.f_code)
        return recorded is not None and frame.f_lasti <= recorded.first

    def follow(self, recorded):
        places, following, last, suspending = recorded.places, recorded.next, recorded.last, recorded.suspending
        letters = []
        here = bytecode.ENTRY
        before = None
        exceptional = False
        raised = False
        ended = False
        changes = self.changes

        def end():
            nonlocal ended
            ended = True
            if changes == self.changes:
                recorded.add(letters)

        def local(frame, event, _argument):
            nonlocal here, before, exceptional, raised
            if ended:
                return None
            if event == "opcode":
                at = frame.f_lasti
                raised = False
                if before is not None and at not in following[before]:
                    exceptional = True
                before = at
                place = places[at]
                if place is not None:
                    if place != here or exceptional:
                        if place != here:
                            letters.append(f"!{place}" if exceptional else str(place))
                        here = place
                        if len(letters) >= MAX_LETTERS:
                            end()
                            frame.f_trace_opcodes = False
                            return None
                    exceptional = False
            elif event == "exception":
                raised = True
            elif event == "return":
                if before is None:
                    return local
                if not raised and before in suspending:
                    return local
                if not raised and before in last:
                    letters.append(f"!{bytecode.EXIT}" if exceptional else str(bytecode.EXIT))
                else:
                    letters.append(f"!{bytecode.RAISE}")
                end()
            return local

        return local

    def result(self):
        functions = []
        for recorded in list(self.functions.values()):
            if recorded is not None and recorded.runs:
                functions.append(
                    {
                        "file": recorded.path,
                        "kind": recorded.kind,
                        "qualname": recorded.qualname,
                        "line": recorded.line,
                        "runs": [list(run) for run in list(recorded.runs)],
                    }
                )
        return {"functions": functions}


def run_unittest(recorder, name):
    import unittest

    from test import support

    class Result(unittest.TextTestResult):
        def startTest(self, test):
            # The test before may have left without its tracer.
            recorder.start()
            super().startTest(test)

    # No network, no large files, nothing that takes long.
    support.use_resources = []
    suite = unittest.defaultTestLoader.loadTestsFromName(name)
    unittest.TextTestRunner(stream=io.StringIO(), verbosity=0, resultclass=Result).run(without_skipped(suite))


def without_skipped(suite):
    """The tests of a suite, but for those that change the machine."""
    import unittest

    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(without_skipped(test))
        elif not any(name in test.id() for name in CHANGES_MACHINE):
            kept.addTest(test)
    return kept


def run_doctest(_recorder, name):
    import doctest

    doctest.testmod(importlib.import_module(name), report=False)


def run_script(_recorder, path):
    runpy.run_path(path, run_name="__main__")


def run_module(_recorder, name, *arguments):
    sys.argv = [name, *arguments]
    sys.stdin = io.StringIO(PROGRAM_INPUT)
    runpy.run_module(name, run_name="__main__", alter_sys=True)


KINDS = {"unittest": run_unittest, "doctest": run_doctest, "script": run_script, "module": run_module}


def main(out, seconds, kind, name, *arguments):
    recorder = Recorder([name] if kind == "script" else [])
    process = os.getpid()
    # A test may replace what is needed at the end.
    write, replace, leave, dumps = open, os.replace, os._exit, json.dumps

    def finish(**more):
        if os.getpid() == process:
            text = dumps({**recorder.result(), **more})
            with write(f"{out}.part", "w", encoding="utf-8") as file:
                file.write(text)
            replace(f"{out}.part", out)
        # Threads and children that a test left behind must not keep this one; and what a child says is not written.
        leave(0)

    ended = threading.Event()
    wait, cpu_time, wall_time = ended.wait, time.process_time, time.monotonic
    limit, wall_limit = float(seconds), wall_time() + WALL_FACTOR * float(seconds)

    def watch():
        while cpu_time() < limit and wall_time() < wall_limit:
            if wait(0.25):
                return
        finish(late=True)

    threading.Thread(target=watch, daemon=True).start()
    more = {}
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")
    recorder.start()
    threading.settrace(recorder.trace)
    try:
        KINDS[kind](recorder, name, *arguments)
    except SystemExit:
        pass  # how a program ends
    except BaseException as problem:  # a module may be skipped
        more["error"] = f"{type(problem).__name__}: {problem}"
    finally:
        recorder.set_trace(None)
        threading.settrace(None)
    ended.set()
    finish(**more)


if __name__ == "__main__":
    main(*sys.argv[1:])
