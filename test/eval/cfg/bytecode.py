"""What CPython's own compiler says of control flow, seen as a graph over statements.

A *place* is where a statement starts: twice the first line of its unit, and one more for the `__exit__` calls of a
`with` statement. Statements that share a line are one unit; a compound statement's unit is its head. Instructions
without a line, and statements that may leave no instruction behind (`pass`, `try`, `while True`…), have no place:
paths lead through them.

The graph's states are the instructions at which a place is entered, so that copies of a `finally` body stay apart.
Edges are `(from, to, kind)`; see the kinds below.
"""

import ast
import dis
import sys
import types

SUPPORTED = (3, 11) <= sys.version_info[:2] <= (3, 14)

ENTRY, EXIT, RAISE = 0, -1, -2
# Normal; `raise` and `assert`; an exception that goes on (end of finally, no clause matches, `__exit__` said no);
# any other exception; an exception in principle only (keeps a handler alive that nothing can reach).
NORMAL, RAISED, RERAISED, IMPLICIT, IMPOSSIBLE = range(5)

EXCEPTION_KINDS = {"RAISE_VARARGS": RAISED, "RERAISE": RERAISED}
RETURNS = {"RETURN_VALUE", "RETURN_CONST"}
SUSPENDS = {"YIELD_VALUE", "RETURN_GENERATOR"}
JUMPS = {"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"}

# Instructions that only move values or compare with None: the evaluation loop has no error exit for them.
CANNOT_RAISE = frozenset(
    """
    CACHE COPY COPY_FREE_VARS END_FOR EXTENDED_ARG INTERPRETER_EXIT IS_OP JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT
    JUMP_FORWARD KW_NAMES LOAD_ASSERTION_ERROR LOAD_BUILD_CLASS LOAD_CLOSURE LOAD_CONST LOAD_FAST_AND_CLEAR MAKE_CELL
    MAKE_FUNCTION NOP POP_EXCEPT POP_JUMP_BACKWARD_IF_NONE POP_JUMP_BACKWARD_IF_NOT_NONE POP_JUMP_FORWARD_IF_NONE
    POP_JUMP_FORWARD_IF_NOT_NONE POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE POP_TOP PRECALL PUSH_EXC_INFO PUSH_NULL RESUME
    RETURN_CONST RETURN_GENERATOR RETURN_VALUE SET_FUNCTION_ATTRIBUTE STORE_FAST SWAP BUILD_TUPLE BUILD_LIST
    LIST_APPEND SETUP_ANNOTATIONS STORE_FAST_STORE_FAST
    STORE_DEREF BUILD_STRING BUILD_CONST_KEY_MAP PREP_RERAISE_STAR
    NOT_TAKEN POP_ITER LOAD_FAST_BORROW LOAD_FAST_BORROW_LOAD_FAST_BORROW LOAD_SMALL_INT LOAD_COMMON_CONSTANT
    ANNOTATIONS_PLACEHOLDER BUILD_INTERPOLATION BUILD_TEMPLATE
    """.split()
)
if sys.version_info >= (3, 12):  # unbound variables have an instruction of their own
    CANNOT_RAISE |= {"LOAD_FAST", "LOAD_FAST_LOAD_FAST", "STORE_FAST_LOAD_FAST", "POP_JUMP_IF_TRUE", "POP_JUMP_IF_FALSE"}
    if sys.version_info < (3, 13):  # no TO_BOOL yet
        CANNOT_RAISE -= {"POP_JUMP_IF_TRUE", "POP_JUMP_IF_FALSE"}

# How a test is seen to be constant: which of these names is asked for, and that nothing else is done.
OUTCOMES = ("<true>", "<false>")
NOTHING_DONE = {"RESUME", "NOP", "POP_TOP", "LOAD_CONST", "LOAD_SMALL_INT", "RETURN_VALUE", "RETURN_CONST"}
CONSTANT_LOADS = {"LOAD_CONST", "LOAD_SMALL_INT"}

ENDING_CALLS = {"sys.exit", "os._exit", "os.abort", "exit", "quit"}
NEVER = ("NoReturn", "Never")


# ---------------------------------------------------------------- statements


def truth(test):
    """True or False where the compiler knows the outcome of a test and leaves no code of it behind, else None."""
    if isinstance(test, ast.Name) and test.id != "__debug__":
        return None
    outcomes = [[ast.Expr(ast.Name(name, ast.Load()))] for name in OUTCOMES]
    module = ast.fix_missing_locations(ast.Module([ast.If(test, *outcomes)], []))
    found = None
    for i in dis.get_instructions(compile(module, "<test>", "exec")):
        if i.opname == "LOAD_NAME" and i.argval in OUTCOMES and found is None:
            found = i.argval == OUTCOMES[0]
        elif i.opname not in NOTHING_DONE:
            return None
    return found


def folds(test):
    return truth(test) is not None


class Scope:
    """The statements of a module, class, function or lambda, without those of inner scopes."""

    def __init__(self, node, kind, qualname):
        self.node = node
        self.kind = kind
        self.qualname = qualname
        self.line = getattr(node, "lineno", 1)
        decorators = getattr(node, "decorator_list", [])
        self.first_line = min([self.line, *(d.lineno for d in decorators)])
        self.unit_of = {}  # line -> unit
        self.strong = set()  # units with an instruction of their own
        self.withs = set()  # units with a with statement
        self.tags = set()
        self.endings = set()  # positions of calls that do not return
        self.returns = set()  # units with a return statement

    def unit(self, first, last, strong=True):
        known = next((self.unit_of[line] for line in range(first, last + 1) if line in self.unit_of), first)
        for line in range(first, last + 1):
            self.unit_of.setdefault(line, known)
        if strong:
            self.strong.add(known)
        return known


def end_of(nodes, default):
    return max([default, *(node.end_lineno for node in nodes if node is not None)])


def says_never(annotation):
    match annotation:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in NEVER
        case ast.Constant(value=str(name)):
            return name.rpartition(".")[2] in NEVER
    return False


def never_returning(node):
    """The functions right in the body of a class or function that are all annotated so."""
    found = {}
    stack = list(node.body)
    while stack:
        inner = stack.pop()
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
            never = isinstance(inner, ast.FunctionDef) and says_never(inner.returns)
            found[inner.name] = never and found.get(inner.name, True)
        elif not isinstance(inner, (ast.ClassDef, ast.expr)):
            stack.extend(ast.iter_child_nodes(inner))
    return {name for name, never in found.items() if never}


def endings_of(tree):
    """The calls that do not return, as this module names them."""
    bound = set()
    endings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
            if isinstance(node, ast.FunctionDef) and node in tree.body and says_never(node.returns):
                endings.add(node.name)
        elif isinstance(node, ast.Import):
            for name in node.names:
                endings |= {e.replace(name.name, name.asname or name.name) for e in ENDING_CALLS if e.startswith(f"{name.name}.")}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for name in node.names:
                bound.add(name.asname or name.name)
                if f"{node.module}.{name.name}" in ENDING_CALLS:
                    endings.add(name.asname or name.name)
    return endings | ({"exit", "quit"} - bound)


class Reader:
    """Cuts a module's tree into scopes."""

    def __init__(self, tree):
        self.scopes = []
        self.endings = endings_of(tree)
        self.methods = set()  # those of the class around that do not return
        self.scope(tree, "module", "<module>", "")

    def scope(self, node, kind, qualname, prefix):
        scope = Scope(node, kind, qualname)
        self.scopes.append(scope)
        before = self.endings, self.methods
        if kind == "function":
            own = {f"{receiver}.{name}" for receiver in ("self", "cls") for name in self.methods}
            self.endings = self.endings | never_returning(node) | own
        self.methods = never_returning(node) if kind == "class" else set()
        if kind == "lambda":
            scope.unit(node.body.lineno, node.body.end_lineno)
            self.expressions(node.body, scope, prefix)
        else:
            self.body(node.body, scope, prefix, ())
        self.endings, self.methods = before
        return scope

    def body(self, statements, scope, prefix, around):
        for statement in statements:
            self.statement(statement, scope, prefix, around)

    def expressions(self, node, scope, prefix):
        """The lambdas of a statement's own expressions."""
        stack = [node]
        while stack:
            inner = stack.pop()
            if isinstance(inner, ast.Lambda):
                for default in [*inner.args.defaults, *inner.args.kw_defaults]:
                    if default is not None:
                        stack.append(default)
                name = f"{prefix}<lambda>"
                self.scope(inner, "lambda", name, f"{name}.<locals>.")
            elif not isinstance(inner, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
                stack.extend(ast.iter_child_nodes(inner))

    def statement(self, s, scope, prefix, around):
        line = s.lineno
        match s:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                a = s.args
                arguments = [*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg, *a.defaults, *a.kw_defaults]
                first = min([line, *(d.lineno for d in s.decorator_list)])
                scope.unit(first, end_of([*s.decorator_list, s.returns, *arguments], line))
                for outside in [*s.decorator_list, s.returns, *arguments]:
                    if outside is not None:
                        self.expressions(outside, scope, prefix)
                self.scope(s, "function", prefix + s.name, f"{prefix}{s.name}.<locals>.")
            case ast.ClassDef():
                first = min([line, *(d.lineno for d in s.decorator_list)])
                values = [k.value for k in s.keywords]
                scope.unit(first, end_of([*s.decorator_list, *s.bases, *values], line))
                for outside in [*s.decorator_list, *s.bases, *values]:
                    self.expressions(outside, scope, prefix)
                self.scope(s, "class", prefix + s.name, f"{prefix}{s.name}.")
            case ast.If() | ast.While():
                constant = folds(s.test)
                scope.unit(line, s.test.end_lineno, strong=not constant)
                self.expressions(s.test, scope, prefix)
                scope.tags.add("branch")
                if isinstance(s, ast.While):
                    if constant:
                        scope.tags.add("while True")
                    if s.orelse:
                        scope.tags.add("loop-else")
                    around = (*around, "loop")
                dead = None if not constant else s.orelse if truth(s.test) else s.body
                for part in (s.body, s.orelse):
                    # A line with a constant test and what it keeps from running leaves no instruction behind.
                    weak = part is dead and len(part) > 0 and part[0].lineno == line
                    strong = set(scope.strong)
                    self.body(part, scope, prefix, around)
                    if weak:
                        scope.strong = strong | {unit for unit in scope.strong if unit > s.test.end_lineno}
            case ast.For() | ast.AsyncFor():
                scope.unit(line, s.iter.end_lineno)
                self.expressions(s.iter, scope, prefix)
                scope.tags.add("branch")
                if s.orelse:
                    scope.tags.add("loop-else")
                if isinstance(s, ast.AsyncFor):
                    scope.tags.add("async")
                self.body(s.body, scope, prefix, (*around, "loop"))
                self.body(s.orelse, scope, prefix, around)
            case ast.With() | ast.AsyncWith():
                parts = [part for item in s.items for part in (item.context_expr, item.optional_vars)]
                scope.withs.add(scope.unit(line, end_of(parts, line)))
                for item in s.items:
                    self.expressions(item.context_expr, scope, prefix)
                scope.tags.add("branch")
                if isinstance(s, ast.AsyncWith):
                    scope.tags.add("async")
                self.body(s.body, scope, prefix, (*around, "with"))
            case ast.Try() | ast.TryStar():
                scope.unit(line, line, strong=False)
                scope.tags.add("branch")
                if isinstance(s, ast.TryStar):
                    scope.tags.add("except*")
                inside = (*around, "finally" if s.finalbody else "try")
                self.body(s.body, scope, prefix, inside)
                for handler in s.handlers:
                    scope.unit(handler.lineno, end_of([handler.type], handler.lineno))
                    self.body(handler.body, scope, prefix, inside)
                self.body(s.orelse, scope, prefix, inside)
                self.body(s.finalbody, scope, prefix, inside)
            case ast.Match():
                scope.unit(line, s.subject.end_lineno)
                self.expressions(s.subject, scope, prefix)
                scope.tags |= {"branch", "match"}
                for one in s.cases:
                    wild = isinstance(one.pattern, ast.MatchAs) and one.pattern.pattern is None and one.pattern.name is None
                    strong = not wild or (one.guard is not None and not folds(one.guard))
                    scope.unit(one.pattern.lineno, (one.guard or one.pattern).end_lineno, strong)
                    if one.guard is not None:
                        self.expressions(one.guard, scope, prefix)
                    self.body(one.body, scope, prefix, around)
            case _:
                self.simple(s, scope, prefix, around)

    def simple(self, s, scope, prefix, around):
        match s:
            case ast.Pass() | ast.Global() | ast.Nonlocal() | ast.Expr(value=ast.Constant()):
                strong = False
            case ast.Break() | ast.Continue():
                strong = False
                self.jump(scope, around[len(around) - around[::-1].index("loop") :] if "loop" in around else ())
            case ast.Return():
                strong = True
                scope.returns.add(scope.unit(s.lineno, s.end_lineno))
                self.jump(scope, around)
            case ast.Delete(targets=targets) if all(isinstance(t, (ast.Tuple, ast.List)) and not t.elts for t in targets):
                strong = False
            case ast.AnnAssign(value=None, target=ast.Name()):
                # From 3.14 on, annotations are evaluated when somebody asks for them.
                strong = scope.kind != "function" and sys.version_info < (3, 14)
            case ast.Assert():
                strong = not folds(s.test)
                scope.tags.add("branch")
            case ast.Expr(value=ast.Call() as call) if ast.unparse(call.func) in self.endings:
                strong = True
                scope.endings.add((call.lineno, call.end_lineno, call.col_offset, call.end_col_offset))
            case _:
                strong = True
        scope.unit(s.lineno, s.end_lineno, strong)
        self.expressions(s, scope, prefix)

    def jump(self, scope, around):
        if "finally" in around:
            scope.tags.add("finally with jumps")
        if "with" in around or "try" in around:
            scope.tags.add("with/try with jumps")


# ---------------------------------------------------------------- code objects


class Flow:
    """The control flow of one code object."""

    def __init__(self, code, scope):
        self.code = code
        self.scope = scope
        self.instructions = list(dis.get_instructions(code))
        self.index = {i.offset: n for n, i in enumerate(self.instructions)}
        lines = {}
        for start, end, line in code.co_lines():
            for offset in range(start, end, 2):
                lines[offset] = line
        self.lines = [lines.get(i.offset) for i in self.instructions]
        self.handlers = self.handler_of_each()
        self.next = [self.successors(n) for n in range(len(self.instructions))]
        self.places = self.place_of_each()
        self.start = self.first_instruction()

    def first_instruction(self):
        """After what every function or class begins with."""
        begins = ("STORE_NAME", "__qualname__") if self.scope.kind == "class" else ("RESUME", None)
        for n, i in enumerate(self.instructions):
            if i.opname == begins[0] and begins[1] in (None, i.argval):
                return n + 1
        return 0

    def handler_of_each(self):
        handlers = [None] * len(self.instructions)
        for entry in dis._parse_exception_table(self.code):
            for offset in range(entry.start, entry.end, 2):
                if offset in self.index:
                    handlers[self.index[offset]] = self.index[entry.target]
        return handlers

    def target(self, n):
        i = self.instructions[n]
        return self.index[i.argval] if i.opcode in dis.hasjrel or i.opcode in dis.hasjabs else None

    def successors(self, n):
        """Where an instruction leads without an exception; EXIT for a return."""
        i = self.instructions[n]
        if i.opname in RETURNS:
            return [EXIT]
        if i.opname in EXCEPTION_KINDS or self.is_ending(i):
            return []
        target = self.target(n)
        if i.opname in JUMPS:
            return [target]
        after = [n + 1] if n + 1 < len(self.instructions) else []
        return after if target is None else [*after, target]

    def is_ending(self, i):
        if not self.scope.endings or not i.opname.startswith("CALL"):
            return False
        p = i.positions
        return (p.lineno, p.end_lineno, p.col_offset, p.end_col_offset) in self.scope.endings

    def exception(self, n):
        """(handler or RAISE, kind), or None."""
        name = self.instructions[n].opname
        handler = self.handlers[n]
        if handler is not None and self.is_generator_guard(handler):
            handler = None
        if name in CANNOT_RAISE or self.is_harmless(n):
            return None if handler is None else (handler, IMPOSSIBLE)
        return (RAISE if handler is None else handler, EXCEPTION_KINDS.get(name, IMPLICIT))

    def is_harmless(self, n):
        """Building constant lists, and the `name = None; del name` after a handler."""
        i = self.instructions[n]
        before = self.instructions[n - 1]
        if i.opname in ("LIST_EXTEND", "SET_UPDATE"):
            return before.opname in CONSTANT_LOADS
        if i.opname in ("BUILD_MAP", "BUILD_SET"):
            return i.arg == 0
        if i.opname.startswith("DELETE_"):
            return before.opname == i.opname.replace("DELETE", "STORE") and before.argval == i.argval
        return False

    def is_artificial(self, n):
        """
        Whether an exception goes on here, a handler's variable is cleared, or the end of the body returns None. The
        compiler gives these the line of whatever it compiled before.
        """
        if self.is_implicit_return(n):
            return True
        near = self.instructions[max(0, n - 3) : n + 3]
        names = [i.opname for i in near]
        here = min(n, 3)
        if names[here] == "RERAISE" or names[here:] == ["COPY", "POP_EXCEPT", "RERAISE"]:
            return True
        for at in range(max(1, here - 2), here + 1):
            load, store, delete = (names[at : at + 3] + [""] * 3)[:3]
            if names[at - 1] == "POP_EXCEPT" and load == "LOAD_CONST" and store.startswith("STORE_"):
                return delete == store.replace("STORE", "DELETE")
        return False

    def is_implicit_return(self, n):
        if self.scope.kind == "lambda" or self.scope.unit_of.get(self.lines[n]) in self.scope.returns:
            return False
        i = self.instructions[n]
        if i.opname == "LOAD_CONST" and n + 1 < len(self.instructions):
            return self.instructions[n + 1].opname == "RETURN_VALUE"
        return i.opname in RETURNS

    def is_generator_guard(self, n):
        """From 3.12 on, a handler around the whole of a generator turns StopIteration into RuntimeError."""
        i = self.instructions[n]
        return i.opname == "CALL_INTRINSIC_1" and i.arg == 3

    # ------------------------------------------------------------ places

    def place_of_each(self):
        scope = self.scope
        places = [None] * len(self.instructions)
        units = [scope.unit_of.get(line) for line in self.lines]
        faint = [i.opname in ("NOP", "POP_EXCEPT") for i in self.instructions]
        artificial = [self.is_artificial(n) for n in range(len(units))]
        told = {unit for n, unit in enumerate(units) if not faint[n] and not artificial[n]}
        leaving = False
        unit_before = None
        for n, i in enumerate(self.instructions):
            unit = units[n]
            if unit is None or artificial[n] or (faint[n] and unit in told):
                continue
            if unit not in scope.strong:
                unit_before = unit
                continue
            if unit in scope.withs:
                if unit != unit_before:
                    leaving = False
                leaving = self.is_exit_call(n) or (leaving and i.opname in EXIT_CALL)
                places[n] = 2 * unit + leaving
            else:
                places[n] = 2 * unit
            unit_before = unit
            if i.opname in JUMPS and i.opname != "JUMP_BACKWARD_NO_INTERRUPT":
                leaving = False
        for n, i in enumerate(self.instructions):
            if i.opname == "CLEANUP_THROW" and places[n] is not None and places[n] // 2 in scope.withs:
                on = self.target(n + 1)
                if on is not None and places[on] is not None:
                    places[n] = places[n + 1] = places[on]
        return places

    def is_exit_call(self, n):
        """Whether the code that calls `__exit__` starts here: with three times None, or with an exception at hand."""
        name = self.instructions[n].opname
        if name == "PUSH_EXC_INFO":
            return True
        while self.instructions[n].opname == "SWAP":
            n += 1
        three = self.instructions[n : n + 3]
        if len(three) < 3 or any(i.opname != "LOAD_CONST" or i.argval is not None for i in three):
            return False
        after = [i for i in self.instructions[n + 3 : n + 5] if i.opname == "CALL"]
        # From 3.14 on, the manager counts as an argument.
        return len(after) > 0 and after[0].arg == (3 if sys.version_info >= (3, 14) else 2)

    # ------------------------------------------------------------ the graph

    def steps(self, n):
        for to in self.next[n]:
            yield to, NORMAL
        exception = self.exception(n)
        if exception is not None:
            yield exception

    def transitions(self, entered):
        """From an instruction at which a place is entered: where the next places are entered, and how."""
        here = self.places[entered] if entered is not None else None
        found = set()
        seen = set()
        stack = [(entered, NORMAL, True)] if entered is not None else [(self.start, NORMAL, False)]
        if entered is None and self.places[self.start] is not None:
            return {(self.start, NORMAL)}
        while stack:
            item = stack.pop()
            if item in seen:
                continue
            seen.add(item)
            n, kind, inside = item
            for to, step in self.steps(n):
                on = step if kind == NORMAL or step == IMPOSSIBLE else kind
                if to < 0:
                    found.add((to, on))
                elif self.places[to] is None:
                    stack.append((to, on, False))
                elif inside and step == NORMAL and self.places[to] == here:
                    stack.append((to, NORMAL, True))
                else:
                    found.add((to, on))
        return found

    def graph(self):
        """(places of the states, edges); state 0 is the entry."""
        number = {None: 0}
        places = [ENTRY]
        edges = []
        queue = [None]
        for entered in queue:
            for to, kind in sorted(self.transitions(entered)):
                if to not in number:
                    number[to] = len(places)
                    places.append(to if to < 0 else self.places[to])
                    if to >= 0:
                        queue.append(to)
                edges.append((number[entered], number[to], kind))
        return places, edges


EXIT_CALL = frozenset(
    """
    PUSH_EXC_INFO WITH_EXCEPT_START TO_BOOL POP_JUMP_FORWARD_IF_TRUE POP_JUMP_IF_TRUE RERAISE POP_TOP POP_EXCEPT COPY
    LOAD_CONST LOAD_SMALL_INT PRECALL CALL SWAP PUSH_NULL GET_AWAITABLE SEND YIELD_VALUE RESUME END_SEND CLEANUP_THROW NOP
    JUMP_FORWARD JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT RETURN_VALUE RETURN_CONST EXTENDED_ARG NOT_TAKEN
    """.split()
)


def code_objects(code):
    stack = [code]
    while stack:
        one = stack.pop()
        yield one
        stack.extend(inner for inner in reversed(one.co_consts) if isinstance(inner, types.CodeType))


def contains(scope, code):
    """Whether a lambda's code is the one of this node: the code's places lie within its body."""
    body = scope.node.body
    for line, end_line, column, end_column in code.co_positions():
        if line is None or column is None or (line, column) == (code.co_firstlineno, 0):
            continue
        if (line, column) < (scope.line, scope.node.col_offset) or (end_line, end_column) > (body.end_lineno, body.end_col_offset):
            return False
    return True


def scopes_with_code(source, filename):
    """(scope, code object) of every scope of a source text that has a code object of its own, in the scopes' order."""
    tree = ast.parse(source, filename)
    waiting = {}
    scopes = Reader(tree).scopes
    for scope in scopes:
        name = {"module": "<module>", "lambda": "<lambda>"}.get(scope.kind) or scope.node.name
        waiting.setdefault((scope.first_line if scope.kind != "module" else None, name), []).append(scope)
    found = {}
    top = compile(tree, filename, "exec", dont_inherit=True)
    for code in code_objects(top):
        key = (None if code is top else code.co_firstlineno, code.co_name)
        candidates = waiting.get(key, [])
        # A definition in a finally body has a code object per copy: the first will do.
        scope = next((s for s in candidates if id(s) not in found and (s.kind != "lambda" or contains(s, code))), None)
        if scope is not None:
            found[id(scope)] = code
    return [(scope, found[id(scope)]) for scope in scopes if id(scope) in found]


def flows(source, filename):
    """The flow of every scope of a source text that has a code object of its own, in the scopes' order."""
    return [Flow(code, scope) for scope, code in scopes_with_code(source, filename)]
