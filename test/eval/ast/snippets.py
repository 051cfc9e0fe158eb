"""Snippets of every construct with the trees that Python makes of them, for src/python/parse.test.ts.

`python3.13 test/eval/ast/snippets.py > src/python/snippets.json` writes them anew.
"""

import ast
import json
import sys

SNIPPETS = [
    ("assignment expression (PEP 572)", "if (n := f()) > 1: g(x := 2)"),
    ("positional-only parameters (PEP 570)", "def f(a, b=1, /, c=2, *, d, e=3, **k): pass"),
    ("parenthesised with items", "with (a as b, c,): pass"),
    ("a tuple as a with item", "with (a, b) as c: pass"),
    ("union types (PEP 604)", "def f(x: int | None) -> a | b: ..."),
    ("starred subscripts and annotations (PEP 646)", "def f(*args: *Ts): x[*a, 1] = y[*b]"),
    ("exception groups (PEP 654)", "try: pass\nexcept* (A, B) as e: pass\nelse: pass\nfinally: pass"),
    ("type alias (PEP 695)", "type X[T: int, *Ts, **P] = list[T]"),
    ("type parameters (PEP 695)", "class A[T: (int, str)](B[T], metaclass=M): pass\ndef f[*Ts, **P](a: T) -> T: pass"),
    ("type parameter defaults (PEP 696)", "class A[T = int, *Ts = *tuple[int], **P = [int]]: pass"),
    ("type as a name", "type = 1\ntype.x = type(type)\ntype[0]\ntype in x\ntype if a else b"),
    ("match as a name", "match = 1\nmatch.x\nmatch(x)\nmatch[x]\nmatch * 2\nmatch, b = 1, 2\nmatch: int = 1\nmatch in x\nmatch not in x"),
    ("case and _ as names", "case = _ = 1\nprint(case, _)"),
    ("match statement (PEP 634)", "match x, *y:\n case 1 | -2.5 | 1+2j | 'a' 'b' | None | True: pass\n case a.b.c: pass\n case [a, *_, b] | (c,): pass\n case {'k': v, x.y: 1, -1: z, **rest}: pass\n case A(1, b=B() as c) if d: pass\n case (a | b): pass\n case a, *rest: pass\n case _: pass"),
    ("match with a parenthesised subject", "match (x):\n case (): pass\n case [] | {}: pass"),
    ("nested quotes in f-strings (PEP 701)", "f\"{x[\"a\"]} {f'{f\"{1}\"}'}\""),
    ("f-string with comments and line ends", "f'''{\n a # comment\n}'''\nf\"{\nb\n}\""),
    ("f-string debug, conversion and format", "f'{x=} {x = !r:>{w}.{p}} {x!s} {x:%H:%M} {{}} {x:{{1}.pop()}}'"),
    ("f-string with lambda, dict and comparison", "f'{(lambda x: x)} { {1: 2}[1] } {a != b} {a if b else c} {*a, b} {yield}'"),
    ("f-string escapes", "f'\\n{x}\\x41' rf'\\n{x}\\d' F'{x:\\n}'"),
    ("concatenation of all strings", "'a' f'b{c}' r'\\d' u'e' f'' \"\"\"f\"\"\""),
    ("decorators of any expression (PEP 614)", "@a[0].b(c) or d\n@(yield)\nasync def f(): await x; return *a, b"),
    ("async everything", "async def f():\n async with a as b, c: pass\n async for x in y: pass\n else: pass\n return [z async for z in y if await z], await a ** 2"),
    ("numbers", "0xFF, 0o17, 0b1_0, 1_000, 1e3, .5, 1., 1e-7, 12j, 1.5J, 0xFFFFFFFFFFFFFFFFFF, 1e400, 00, 123456789012345678, 1e16, 0.0001, 0.00001"),
    ("strings", "'\\x41\\u00e9\\U0001F600\\101\\\n\\'\\\"\\d', b'\\xff\\0\\'', rb'\\x', u'a', '\ta', 'a\"', \"it's\", '''a\n'b'''"),
    ("lambdas", "lambda: 0\nlambda a, /, b=1, *c, d, e=2, **f: a\nlambda *, a: (yield)"),
    ("operators by strength", "a or b and not c < d | e ^ f & g << h + i * -j ** -k @ l // m % n\na < b == c is not d not in e is f in g"),
    ("conditional chain", "a if b else c if d else lambda: e"),
    ("comprehensions", "[a for a, in b if c if d for e in f]\n{a: b for a, *b in c}\n{a for b in c}\nf(a for a in b)\n(a for b in c or d)"),
    ("displays", "[], (), {}, {1}, {1: 2, **a}, [*a, b], {*a}, (*a,), (a), [a, b,]"),
    ("calls", "f(a, *b, c=d, *e, **g, h=i)(j).k[l]\nf(a := 1, (b))"),
    ("slices", "a[1:2, ::3, :, b:, :c, ...], a[:], a[b,]"),
    ("targets", "a, (b, *c), [d], e.f, g[h] = i = j\n(a) = 1\n(a): int\na.b: int = 1\nx: int = yield\na += yield\nb @= 1; c **= 2; d //= 3; e >>= 4; f <<= 5; g |= h; i ^= j; k &= l; m %= n; o -= p; q *= r; s /= t"),
    ("del, global, assert, raise", "del a, (b, c), d.e, f[g]\nglobal a, b\nnonlocal c\nassert a, b\nraise\nraise A from b\nreturn\npass; break; continue;"),
    ("imports", "import a.b as c, d\nfrom . import x\nfrom ...a.b import (c as d, e,)\nfrom .... import *"),
    ("if, elif, else; while; for", "if a: pass\nelif b: pass\nelif c: pass\nelse: pass\nwhile a: pass\nelse: pass\nfor a, in b, *c: pass\nelse: pass"),
    ("line joining, tabs and form feeds", "if a:\n\tx = 1 + \\\n\t\t2\n\n# comment\n\f\n\tb(\n# c\n1)\nc"),
    ("names beyond ASCII", "été = ﬁ = 変数"),
    ("Windows line ends", "x = '''a\r\nb'''\r\nif x:\r\n  pass\r\n"),
]

if sys.version_info < (3, 13):
    sys.exit("needs Python 3.13: earlier ones do not know all of these constructs")
trees = [
    {"title": title, "source": source, "dump": ast.dump(ast.parse(source), show_empty=True)}
    for title, source in SNIPPETS
]
print(json.dumps(trees, ensure_ascii=False, indent=2))
