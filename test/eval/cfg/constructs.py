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


if __name__ == "__main__":
    for one, calls in CONSTRUCTS:
        for call in calls:
            run(one, call)
