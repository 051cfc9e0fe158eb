"""One function per construct of control flow, each run here in every way that it allows.

Read by the evaluation twice: compared with its own bytecode, and run under the tracer. The syntax is that of Python
3.11, the earliest version that the oracle knows.
"""

import asyncio
import contextlib


class Swallow:
    """A context manager that swallows what it is told to."""

    def __init__(self, *kinds, broken=False):
        self.kinds, self.broken = kinds, broken

    def __enter__(self):
        if self.broken:
            raise KeyError("enter")
        return self

    def __exit__(self, kind, value, trace):
        return kind is not None and issubclass(kind, self.kinds)

    async def __aenter__(self):
        await asyncio.sleep(0)
        return self.__enter__()

    async def __aexit__(self, kind, value, trace):
        await asyncio.sleep(0)
        return self.__exit__(kind, value, trace)


def fail(kind=None):
    if kind is not None:
        raise kind("on request")
    return 1


# Each construct with the calls that run it; a call is a tuple of arguments.
CONSTRUCTS = []


def construct(*calls):
    def register(function):
        CONSTRUCTS.append((function, calls))
        return function

    return register


@construct((True,), (False,))
def if_alone(a):
    if a:
        a = 1
    return a


@construct((True,), (False,))
def if_else(a):
    if a:
        b = 1
    else:
        b = 2
    return b


@construct((0,), (1,), (2,), (3,))
def if_elif_else(a):
    if a == 0:
        b = 1
    elif a == 1:
        b = 2
    elif a == 2:
        b = 3
    else:
        b = 4
    return b


@construct((0,), (1,), (2,))
def if_elif_without_else(a):
    if a == 0:
        a = 5
    elif a == 1:
        a = 6
    return a


@construct((1, 1), (1, 0), (0, 1))
def if_with_and_or(a, b):
    if (a and b) or (not a
            and b):
        return 1
    return 0


@construct((1,), (0,))
def conditional_expression(a):
    b = (a
        if a else
        2)
    return b


@construct((1, 2, 3), (2, 1, 3), (1, 3, 2))
def comparison_chain(a, b, c):
    if a < b < c:
        return True
    return False


@construct(([1],), ([],))
def walrus(a):
    if (n := len(a)) > 0:
        return n
    return None


@construct((1,), (0,))
def boolean_value(a):
    b = a and fail()
    return b or 7


@construct((1,))
def one_line_if(a):
    if a: return 1
    return 2


@construct((1,), (0,))
def constant_if(a):
    if 0:
        a = 1
    if 1:
        a = 2
    if not 0:
        a += 1
    if a and __debug__:
        a = 3
    return a


@construct((1,))
def debug_if(a):
    if __debug__:
        a = 2
    else:
        a = 3
    return a


@construct((0,), (3,))
def while_plain(n):
    while n:
        n -= 1
    return n


@construct((0,), (3,), (9,))
def while_else(n):
    while n:
        n -= 1
        if n == 5:
            break
    else:
        n = 7
    return n


@construct((0,), (4,))
def while_true_break(n):
    while True:
        n += 1
        if n > 3:
            break
    return n


@construct((0,), (4,))
def while_true_return(n):
    while True:
        n += 1
        if n > 3:
            return n


@construct((0,),)
def while_one_continue(n):
    while 1:
        n += 1
        if n < 3:
            continue
        return n


@construct((0,), (1,))
def while_false(n):
    while False:
        n = 1
    else:
        n = 2
    return n


@construct((0,), (2,))
def while_pass(n):
    steps = iter([1] * n)
    while next(steps, 0):
        pass
    return n


@construct(([],), ([1, 2],))
def for_plain(a):
    for b in a:
        fail()
    return a


@construct(([],), ([1, 2],), ([3],))
def for_else(a):
    for b in a:
        if b == 3:
            break
    else:
        return 1
    return 2


@construct(([],), ([1, 2, 3],))
def for_continue(a):
    for b in a:
        if b == 2:
            continue
        fail()


@construct(([],), ([[1, 2], [3]],), ([[7]],))
def nested_loops_else_break(a):
    for b in a:
        for c in b:
            if c == 7:
                break
        else:
            continue
        break
    else:
        return "outer else"
    return "outer break"


@construct(([[1, 2]],), ([[]],), ([],))
def else_jumps_outer(a):
    for b in a:
        for c in b:
            fail()
        else:
            break
    return a


@construct(([],), ([1],))
def for_pass(a):
    for _ in a:
        pass


@construct(([(1, 2)],), ([3],))
def for_unpack(a):
    try:
        for b, c in a:
            fail()
    except TypeError:
        return 0


@construct(([1, 2],),)
def comprehensions(a):
    b = [c for c in a if c]
    d = {c: e for c in b for e in a}
    return sum(f for f in d)


@construct((None,), (ValueError,), (KeyError,))
def try_except(a):
    try:
        fail(a)
    except ValueError:
        return 1
    return 2


@construct((None,), (ValueError,), (KeyError,), (OSError,))
def try_several(a):
    try:
        fail(a)
    except ValueError as error:
        b = error
    except (KeyError,
            IndexError):
        b = 2
    return a


@construct((None,), (ValueError,))
def try_bare(a):
    try:
        fail(a)
    except:
        return 1
    return 2


@construct((None,), (ValueError,))
def try_else(a):
    try:
        fail(a)
    except ValueError:
        b = 1
    else:
        b = 2
    return b


@construct((None, None), (None, ValueError))
def try_else_raises(a, b):
    try:
        fail(a)
    except ValueError:
        return 1
    else:
        fail(b)
    return 2


@construct((None,), (ValueError,))
def try_finally(a):
    try:
        fail(a)
    finally:
        b = 1
    return b


@construct((None,), (ValueError,), (KeyError,))
def try_except_finally(a):
    try:
        fail(a)
    except ValueError:
        b = 1
    finally:
        b = 2
    return b


@construct((None,), (ValueError,), (KeyError,))
def try_except_else_finally(a):
    try:
        fail(a)
    except ValueError:
        b = 1
    else:
        b = 2
    finally:
        c = 3
    return b, c


@construct((0, None), (1, None), (0, ValueError))
def return_in_try_finally(a, b):
    try:
        if a:
            return fail()
        fail(b)
    finally:
        c = 1
    return c


@construct((0,), (1,))
def return_constant_in_try_finally(a):
    try:
        if a:
            return 1
        fail()
    finally:
        b = 2
    return b


@construct((None,), (ValueError,))
def return_in_finally(a):
    try:
        fail(a)
    finally:
        return 1


@construct((0,), (1,), (2,))
def return_overridden(a):
    try:
        if a == 1:
            return 1
        if a == 2:
            raise ValueError
    finally:
        if a:
            return 2
    return 3


@construct(([0, 1],), ([0],), ([2, 1],))
def break_in_try_finally(a):
    for b in a:
        try:
            if b == 1:
                break
            if b == 2:
                continue
            fail()
        finally:
            c = 1
        d = 2
    return a


@construct(([0, 1],), ([2],))
def break_in_finally(a):
    for b in a:
        try:
            fail(ValueError if b else None)
        finally:
            break
    return a


@construct(([0, 1],), ([1, 2],))
def continue_in_finally(a):
    for b in a:
        try:
            fail(ValueError if b else None)
        finally:
            continue
    return a


@construct((None, 0), (ValueError, 0), (ValueError, 1), (None, 1))
def branch_in_finally(a, b):
    try:
        fail(a)
    finally:
        if b:
            b = 2
        else:
            b = 3


@construct((None, []), (ValueError, [1]), (None, [1, 2]))
def loop_in_finally(a, b):
    try:
        fail(a)
    finally:
        for c in b:
            fail()


@construct((None, None), (ValueError, None), (None, KeyError), (ValueError, KeyError))
def raise_in_finally(a, b):
    try:
        fail(a)
    finally:
        fail(b)
    return 1


@construct((0,), (1,), (2,), (3,))
def nested_finally(a):
    for b in [a]:
        try:
            try:
                if b == 0:
                    return 1
                if b == 1:
                    break
                if b == 2:
                    continue
            finally:
                c = 1
        finally:
            d = 2
    return c + d


@construct((None, None), (ValueError, None), (ValueError, KeyError))
def try_in_finally(a, b):
    try:
        fail(a)
    finally:
        try:
            fail(b)
        except KeyError:
            c = 1


@construct((ValueError, None), (None, None), (ValueError, KeyError))
def try_in_except(a, b):
    try:
        fail(a)
    except ValueError:
        try:
            fail(b)
        except KeyError:
            return 1
    return 2


@construct((None,), (ValueError,), (KeyError,), (OSError,))
def nested_try(a):
    try:
        try:
            fail(a)
        except ValueError:
            b = 1
    except KeyError:
        b = 2
    return a


@construct((ValueError,), (None,))
def reraise(a):
    try:
        fail(a)
    except ValueError as error:
        raise
    return 1


@construct((ValueError,), (None,))
def raise_from(a):
    try:
        fail(a)
    except ValueError as error:
        raise KeyError("other") from error


@construct((ValueError,), (KeyError,))
def raise_to_handler(a):
    try:
        raise a("x")
    except ValueError:
        return 1


@construct(([ValueError, None],),)
def return_in_except(a):
    for b in a:
        try:
            fail(b)
        except ValueError as error:
            continue
        return b


@construct(([None, ValueError],), ([None],))
def break_in_except(a):
    for b in a:
        try:
            fail(b)
        except ValueError as error:
            break
    else:
        return 1


@construct(([ValueError, ValueError, None],),)
def retry_loop(a):
    tries = iter(a)
    while True:
        try:
            fail(next(tries))
        except ValueError:
            pass
        else:
            break


@construct((1,), (0,))
def assert_plain(a):
    assert a
    return a


@construct((1,), (0,))
def assert_message(a):
    assert a, f"not {a}"
    return a


@construct((1,), (0,))
def assert_in_try(a):
    try:
        assert a
    except AssertionError:
        return 0
    return a


@construct((),)
def assert_false():
    assert 0, "never"


@construct((None,), (ValueError,))
def with_plain(a):
    with Swallow():
        fail(a)
    return 1


@construct((None,), (ValueError,), (KeyError,))
def with_swallowing(a):
    with Swallow(ValueError) as b:
        fail(a)
    return b


@construct((None,), (ValueError,), (KeyError,))
def with_two(a):
    with Swallow(ValueError) as b, Swallow(KeyError):
        fail(a)
    return b


@construct((True,), (False,))
def with_two_lines(broken):
    with (
        Swallow(KeyError) as a,
        Swallow(broken=broken),
    ):
        fail()
    return a


@construct((None,), (ValueError,))
def return_in_with(a):
    with Swallow(ValueError):
        return fail(a)
    return 2


@construct((0,), (1,))
def return_constant_in_with(a):
    with Swallow():
        if a:
            return 1
    return 2


@construct(([0, 1],), ([0],), ([2],))
def jumps_in_with(a):
    for b in a:
        with Swallow():
            if b == 1:
                break
            if b == 2:
                continue
            fail()
        c = 1
    return a


@construct(([0, 1, 2],),)
def while_true_with(a):
    rest = iter(a)
    while True:
        with Swallow():
            if next(rest) == 2:
                return rest


@construct((None, 0), (ValueError, 0), (None, 1))
def with_in_finally(a, b):
    try:
        if b:
            return 1
        fail(a)
    finally:
        with Swallow():
            fail()
    return 2


@construct((None,), (ValueError,), (KeyError,))
def finally_in_with(a):
    with Swallow(ValueError):
        try:
            fail(a)
        finally:
            b = 1
    return a


@construct((None,), (ValueError,))
def with_one_line(a):
    with Swallow(ValueError): fail(a)
    return a


@construct((None, False), (ValueError, False), (None, True))
def with_target(a, b):
    try:
        with contextlib.nullcontext((1, 2) if b else (1, 2, 3)) as (c, d):
            fail(a)
    except ValueError:
        return 0


@construct((1,), (2,), ("x",), (None,))
def match_literals(a):
    match a:
        case 1:
            return "one"
        case 2 | 3:
            return "two"
        case "x":
            return "x"
    return "none"


@construct((1,), (2,))
def match_wildcard(a):
    match a:
        case 1:
            b = 1
        case _:
            b = 2
    return b


@construct((1,), (5,))
def match_capture(a):
    match a:
        case 1:
            b = 1
        case other:
            b = other
    return b


@construct((1,), (5,), (9,))
def match_guard(a):
    match a:
        case int() if a > 8:
            return 1
        case b if b > 4:
            return 2
        case _ if fail():
            return 3


@construct(([1, 2],), ([],), ({"k": 1},), (Swallow(),), (3,))
def match_structures(a):
    match a:
        case [b, *_]:
            return b
        case []:
            return 0
        case {"k": c, **rest}:
            return c, rest
        case Swallow(kinds=d):
            return d
        case (e):
            return e


@construct((1,), (2,))
def match_or_irrefutable(a):
    match a:
        case 1 | _:
            return 1
    return 2


@construct(([1, 2, 3],), ([1],))
def match_in_loop(a):
    for b in a:
        match b:
            case 1:
                continue
            case 2:
                pass
            case 3:
                break
    return a


@construct((None,), (ValueError,), (KeyError,), (OSError,))
def group_clauses(a):
    try:
        fail(a)
    except* ValueError:
        b = 1
    except* KeyError as group:
        b = 2
    return a


@construct((None,), (ValueError,), (KeyError,))
def group_else_finally(a):
    try:
        fail(a)
    except* ValueError:
        b = 1
    else:
        b = 2
    finally:
        c = 3
    return c


@construct((ValueError,), (None,))
def group_raises(a):
    try:
        fail(a)
    except* ValueError:
        raise KeyError
    return 1


@construct((0,), (3,))
def generator(n):
    for a in range(n):
        b = yield a
    return 1


@construct((None,), (ValueError,), (KeyError,))
def generator_try(a):
    try:
        fail(a)
        yield 1
    except ValueError:
        yield 2
    finally:
        yield 3


@construct((2,),)
def delegation(n):
    a = yield from generator(n)
    return a


@construct((0,), (1,))
def empty_generator(a):
    return
    yield


@construct((1,), (0,))
def unreachable(a):
    if a:
        return 1
        a = 2
    raise ValueError
    a = 3


@construct((1,),)
def after_while_true(a):
    while True:
        if a:
            return a
    return 2


@construct((0,), (1,))
def nested_definitions(a):
    def inner(b=fail()):
        if b:
            return 1
        return 2

    class Inner:
        if a:
            x = 1
        else:
            x = 2

    return inner(a), Inner.x, (lambda: 1 if a else 2)()


@construct((0,), (1,))
def exits(a):
    import sys

    if a:
        sys.exit(1)
    return a


@construct((0,), (1,))
def exits_in_try(a):
    import sys

    try:
        if a:
            sys.exit(1)
    except SystemExit:
        return 1
    return a


@construct((1,), (0,))
def deletes(a):
    b = a
    del b
    if a:
        del a
    global CALLED
    CALLED = a


async def numbers(n):
    for a in range(n):
        await asyncio.sleep(0)
        yield a


@construct((0,), (2,))
async def async_for(n):
    async for a in numbers(n):
        fail()
    return n


@construct((0,), (2,), (5,))
async def async_for_else(n):
    async for a in numbers(n):
        if a == 3:
            break
    else:
        return 1
    return 2


@construct((None,), (ValueError,), (KeyError,))
async def async_with(a):
    async with Swallow(ValueError) as b:
        fail(a)
    return b


@construct((None,), (ValueError,))
async def return_in_async_with(a):
    async with Swallow(ValueError):
        return fail(a)
    return 1


@construct(([0, 1],), ([2],))
async def jumps_in_async_with(a):
    for b in a:
        async with Swallow():
            if b == 1:
                break
            if b == 2:
                continue
        await asyncio.sleep(0)
    return a


@construct((None,), (ValueError,))
async def await_in_finally(a):
    try:
        fail(a)
    finally:
        await asyncio.sleep(0)


@construct((3,),)
async def async_comprehension(n):
    return [a async for a in numbers(n) if a]


@construct((0,), (1,), (2,), (3,), (4,))
def finally_around_every_jump(a):
    for b in [a, 9]:
        try:
            try:
                if b == 0:
                    return fail()
                elif b == 1:
                    break
                elif b == 2:
                    continue
                elif b == 3:
                    raise ValueError
            except ValueError:
                c = 1
                continue
            else:
                c = 2
            finally:
                d = 3
        finally:
            if d:
                e = 4
        f = 5
    else:
        return "else"
    return "break"


@construct((0,), (1,), (2,), (3,))
def three_finally(a):
    while a >= 0:
        a -= 1
        try:
            try:
                try:
                    if a == 0:
                        break
                    if a == 1:
                        continue
                    fail(ValueError if a == 2 else None)
                    return a
                finally:
                    b = 1
            finally:
                c = 2
        finally:
            d = 3
    return b, c, d


@construct((0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1))
def return_in_both(a, b):
    try:
        try:
            if a == 1:
                return 1
            if a == 2:
                raise KeyError
        finally:
            if b:
                return b
    except KeyError:
        return 3
    finally:
        a = 4
    return 5


@construct(([0, 1],), ([1, 0],), ([2],), ([],))
def jumps_across_loop_in_finally(a):
    try:
        fail()
    finally:
        for b in a:
            if b == 1:
                break
            if b == 2:
                continue
            fail()
        else:
            c = 1
    return a


@construct(([0],), ([1],), ([2, 2],))
def loop_around_finally_with_else(a):
    for b in a:
        try:
            if b == 1:
                break
        finally:
            if b == 2:
                continue
        c = 1
    else:
        return "else"
    return "break"


@construct((None, None), (ValueError, None), (ValueError, KeyError), (None, KeyError))
def else_and_finally_raise(a, b):
    try:
        fail(a)
    except ValueError:
        fail(b)
    else:
        fail(b)
    finally:
        c = 1
    return c


@construct((None,), (ValueError,), (KeyError,))
def raise_in_handler_with_finally(a):
    try:
        try:
            fail(a)
        except ValueError as error:
            raise KeyError from error
        finally:
            b = 1
    except KeyError:
        b = 2
    return b


@construct((ValueError,), (None,))
def handler_returns_finally_loops(a):
    try:
        fail(a)
    except ValueError as error:
        return error
    finally:
        while a:
            a = None
    return a


@construct((None,), (ValueError,), (KeyError,))
def with_in_with(a):
    with Swallow(ValueError):
        with Swallow(KeyError):
            fail(a)
        b = 1
    return a


@construct((None,), (ValueError,), (KeyError,))
def return_through_two_withs(a):
    with Swallow(ValueError):
        with Swallow(KeyError) as b:
            return fail(a)
        b = 1
    return 2


@construct(([0],), ([1],), ([2],), ([3],))
def with_and_finally_jumps(a):
    for b in a:
        try:
            with Swallow(ValueError):
                if b == 0:
                    break
                if b == 1:
                    continue
                if b == 2:
                    return b
                raise ValueError
        finally:
            c = 1
        d = 2
    else:
        return "else"
    return c


@construct((None,), (ValueError,))
def with_body_is_pass(a):
    with Swallow(ValueError):
        pass
    with Swallow(ValueError):
        fail(a)


@construct((ValueError,), (KeyError,))
def with_raises(a):
    with Swallow(ValueError):
        raise a
    return 1


@construct((None,), (ValueError,))
def while_with_break(a):
    while True:
        with Swallow(ValueError):
            fail(a)
            break
        return "swallowed"
    return "broken"


@construct((1,), (2,), (3,), ("x",), ([1],), (2.5,))
def match_or_and_guards(a):
    match a:
        case 1 | 2 if fail() and a == 1:
            b = 1
        case (1 | 2) as c:
            b = c
        case int(c) | str(c) if c != "x":
            b = c
        case [c] | [_, c]:
            b = c
        case str():
            b = 3
    return a


@construct(({},), ({"a": 1},), ({"a": [1, 2]},), (slice(1, 2),), (None,), (-1,), ("b",))
def match_everything(a):
    match a:
        case {"a": [b, *rest]}:
            c = b
        case {"a": b}:
            c = b
        case slice(start=b, stop=2):
            c = b
        case None | True | False:
            c = 1
        case -1 | 1 + 2j:
            c = 2
        case "a" "b" | "b":
            c = 3
        case _:
            c = 4
    return c


@construct((1, 0), (1, 1), (2, 0), (3, 0))
def match_guarded_wildcard(a, b):
    match a:
        case 1 if b:
            return 1
        case _ if a == 2:
            return 2
        case _:
            return 3


@construct((1,), (0,))
def match_constant_guard(a):
    match a:
        case 1 if False:
            return 1
        case _ if True:
            return 2


@construct((1, 2), (2, 2))
def match_several_subjects(a, b):
    match a, b:
        case 1, c:
            return c
        case c, *d:
            return d


@construct((1,), (2,))
def match_irrefutable_groups(a):
    match a:
        case 1:
            b = 1
        case (((c))):
            b = c
    match a:
        case c as d:
            b = d
    match a:
        case [c] | [c, _] | c if a:
            b = 3
    return b


@construct(([1, 2, 3, 4],), ([],))
def match_jumps_and_finally(a):
    for b in a:
        try:
            match b:
                case 1:
                    continue
                case 2 if fail():
                    pass
                case 3:
                    break
                case _:
                    return b
        finally:
            c = 1
    else:
        return 1
    return c


@construct((1,))
def match_in_match(a):
    match a:
        case int():
            match a + 1:
                case 2:
                    return 1
                case _:
                    pass
        case _:
            return 2
    return 3


@construct(([],), ([0],), ([1],), ([2, 1],))
def while_else_with_try(a):
    rest = iter(a)
    while (b := next(rest, None)) is not None:
        try:
            if b == 1:
                break
            if b == 2:
                continue
        except ValueError:
            break
        else:
            c = 1
        finally:
            d = 2
    else:
        return "else"
    return "break"


@construct((None, 0), (ValueError, 0), (None, 1), (None, 2))
def try_else_jumps(a, b):
    for c in [1, 2]:
        try:
            fail(a)
        except ValueError:
            continue
        else:
            if b == 1:
                break
            if b == 2:
                return b
    else:
        return "else"
    return c


@construct(([1, 2],), ([0],), ([],))
def loop_in_else_of_loop(a):
    for b in a:
        if not b:
            break
    else:
        for b in a:
            if b == 2:
                break
        else:
            return 1
    return 2


@construct(([3, 1],), ([],))
def walrus_in_while(a):
    while a and (b := a.pop()) > 1:
        c = b
    return a


@construct(([1, 2, 3],), ([],))
def walrus_in_comprehension(a):
    if any((b := c) > 1 for c in a):
        return b
    d = [e for c in a if (e := c + 1)]
    return d


@construct((1, 2, 3, 4), (1, 2, 2, 4), (4, 3, 2, 1))
def long_comparison_chain(a, b, c, d):
    while a < b <= c < d and not a == b != c:
        a += 1
        if a in [b, c] is not d:
            continue
    return (a
            < b
            < c)


@construct((1,), (0,))
def assert_constants(a):
    assert True
    assert 1, "never"
    assert "text"
    assert __debug__
    assert a and True, fail()
    assert not (a and False)


@construct((1,), (0,))
def assert_none(a):
    if a:
        assert None
    return a


@construct((1,), (0,))
def not_debug(a):
    if not __debug__:
        return 1
    elif a:
        return 2
    while not __debug__:
        a = 3
    return a


@construct((0,), (1,))
def constant_and_or(a):
    if a and False:
        b = 1
    if a or True:
        b = 2
    while a or 1:
        if a:
            break
        a = 1
    if not (a and 0):
        b = 3
    return b


@construct((0,), (1,))
def ellipsis_and_none(a):
    if None:
        a = 1
    if ...:
        a += 1
    if "":
        a = 2
    if "x":
        a += 2
    if b"":
        a = 3
    if 0.0:
        a = 4
    while None:
        a = 5
    if f"x":
        a = 6
    return a


@construct((0,), (1,))
def computed_constants(a):
    if (0 if 1 else a):
        a = 2
    if not (1 if 1 else a):
        a = 3
    while "x" if "y" else a:
        a += 1
        if a > 2:
            break
    return a


@construct((0,), (1,), (2,))
def generator_finally_loop(a):
    while True:
        try:
            b = yield a
            if a == 1:
                return
            if a == 2:
                break
            a += 1
        finally:
            yield "finally"
    yield "end"


@construct((0,), (1,))
def generator_with(a):
    with Swallow(ValueError):
        yield 1
        if a:
            return
        yield 2
    yield 3


@construct((None,), (ValueError,))
def generator_return_in_finally(a):
    try:
        yield fail(a)
    finally:
        return 1


@construct((2,))
def generator_delegation_try(n):
    try:
        yield from generator(n)
    except ValueError:
        yield from ()
    else:
        yield 5
    finally:
        a = 1


@construct((None,), (ValueError,), (KeyError,), (OSError,))
def group_with_finally_jumps(a):
    for b in [a]:
        try:
            try:
                fail(b)
            except* ValueError:
                c = 1
            except* (KeyError, IndexError) as errors:
                raise
            finally:
                d = 2
        except KeyError:
            continue
        except BaseException:
            break
        return c
    return d


@construct((None, 0), (ValueError, 0), (None, 1))
def group_around_jumps(a, b):
    for c in [1, 2]:
        try:
            if b:
                break
            fail(a)
        except* ValueError:
            for d in [1, 2]:
                if d:
                    continue
                break
    else:
        return c
    return b


@construct((None,), (ValueError,), (KeyError,))
def group_in_group(a):
    try:
        try:
            fail(a)
        except* ValueError:
            fail(a)
    except* ValueError as errors:
        b = errors
    return a


@construct(([1, 2],), ([1],), ([],), ([1, 2, 3],))
def star_assignments(a):
    try:
        b, *c = a
        [d, *_], e = a, c
        (f, g), *h = [a, 1]
    except ValueError:
        return 0
    global STARRED
    STARRED = b, d, g
    del STARRED, b
    del (c, e), [d]
    return h


@construct((1,), (0,))
def nonlocal_names(a):
    b = 0

    def inner():
        nonlocal b
        if a:
            b = 1
        else:
            del b

    inner()
    return b


@construct((1,), (0,))
def several_on_a_line(a):
    b = 1; c = 2
    if a: b = 2; c = 3
    else: b = 4; return b
    while a: a = 0; b = 5
    for d in [1]: c = d; break
    else: c = 6
    return b, c


@construct(([1],), ([],), (None,))
def jumps_in_handlers(a):
    while True:
        try:
            b = a[0]
        except IndexError:
            break
        except TypeError:
            return 1
        else:
            a = []
            continue
        finally:
            c = 1
    return 2


@construct((None,), (ValueError,), (KeyError,))
def handler_shadows(a):
    try:
        fail(a)
    except Exception:
        return 1
    except ValueError:
        return 2
    except BaseException:
        return 3


@construct((None,), (ValueError,), (KeyError,))
def handler_computed(a):
    kinds = ValueError, IndexError
    try:
        fail(a)
    except kinds:
        return 1
    except a if a else KeyError:
        return 2


@construct((0,), (1,))
def try_with_nothing_that_fails(a):
    try:
        pass
    except ValueError:
        a = 1
    try:
        b = 1
    finally:
        pass
    return a


@construct(([[1], [2, 3]],), ([[]],), ([],))
def continue_in_else_of_inner(a):
    for b in a:
        while b:
            if b.pop() == 2:
                break
        else:
            continue
        return b
    else:
        return "else"


@construct((1,), (0,))
def decorators_and_defaults(a):
    def wrap(value):
        return lambda function: function

    @wrap(fail())
    @wrap(a
          if a else 2)
    def inner(b=a or 3, *, c: int = fail()) -> (1
            if a else 2):
        return b

    @wrap(a)
    class Inner(dict if a else list, metaclass=type):
        b = a
        while b:
            b -= 1
            if b:
                continue
        else:
            c = 1

    return inner()


@construct((None,), (ValueError,))
async def async_finally_jumps(a):
    async for b in numbers(3):
        try:
            if b == 1:
                continue
            if b == 2:
                break
            await asyncio.sleep(fail(a) - 1)
        except ValueError:
            return 1
        finally:
            await asyncio.sleep(0)
    else:
        return 2
    return 3


@construct((None,), (ValueError,), (KeyError,))
async def async_with_two(a):
    async with Swallow(ValueError) as b, Swallow(KeyError):
        fail(a)
    return b


@construct((None,), (ValueError,), (KeyError,))
async def async_with_in_with(a):
    with Swallow(ValueError):
        async with Swallow(KeyError):
            return fail(a)
        return 1
    return 2


@construct(([0],), ([1],), ([2],))
async def async_with_in_finally(a):
    for b in a:
        try:
            if b == 0:
                return b
            if b == 1:
                break
        finally:
            async with Swallow():
                await asyncio.sleep(0)
    return a


@construct((3,), (0,))
async def async_comprehensions(n):
    a = {b async for b in numbers(n) if b if await asyncio.sleep(0, True)}
    c = {b: [d async for d in numbers(b)] async for b in numbers(n)}
    e = (b async for b in numbers(n) for d in a)
    return [b async for b in e] or [await asyncio.sleep(0) for _ in c]


@construct((2,), (0,))
async def async_generator(n):
    try:
        async for a in numbers(n):
            yield a
    finally:
        await asyncio.sleep(0)
    async with Swallow():
        yield n
        return


@construct((3,), (0,))
async def async_delegation(n):
    async for a in async_generator(n):
        async for b in numbers(a):
            if b:
                break
        else:
            continue
        break
    return [a async for a in async_generator(n)]


@construct((1,), (0,))
def conditional_lambda(a):
    b = lambda c: (c if c else
                   a)
    return b(a), [d for d in (lambda: (yield a))()]


@construct((1,), (0,))
def exits_in_finally(a):
    import sys

    try:
        if a:
            sys.exit()
    finally:
        b = 1
    return b


@construct((1,), (0,))
def exits_in_with(a):
    import sys

    with Swallow(SystemExit):
        sys.exit(a)
    return a


@construct((1,), (0,))
def raise_system_exit(a):
    try:
        if a:
            raise SystemExit(a)
    except Exception:
        return 1
    return 2


@construct((1,))
def unreachable_everywhere(a):
    for b in [1]:
        continue
        a = 1
    while True:
        if a:
            break
            a = 2
        return 1
        try:
            a = 3
        finally:
            a = 4
    try:
        return a
        with Swallow():
            a = 5
    finally:
        a = 6
    for b in []:
        a = 7
    else:
        a = 8


def run(function, arguments):
    try:
        result = function(*arguments)
        if asyncio.iscoroutine(result):
            asyncio.run(result)
        elif hasattr(result, "__next__"):
            for _ in result:
                pass
    except BaseException as error:
        if isinstance(error, TypeError):
            raise
    if function.__name__.startswith("generator"):
        # Left by an exception, and closed.
        for leave in (lambda g: g.throw(ValueError), lambda g: g.close()):
            generator = function(*arguments)
            with contextlib.suppress(BaseException):
                next(generator)
                leave(generator)
            with contextlib.suppress(BaseException):
                list(generator)


def run_own(module):
    """Runs the constructs that a module has of its own."""
    for one, calls in CONSTRUCTS:
        for call in calls if one.__module__ == module else ():
            run(one, call)


if __name__ == "__main__":
    run_own(__name__)
