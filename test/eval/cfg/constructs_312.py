"""As constructs.py, in the syntax of Python 3.12: type parameters (PEP 695) and formatted strings (PEP 701)."""

import asyncio

from constructs import Swallow, construct, fail, numbers, run_own


@construct((1,), (0,))
def generic_function(a):
    def inner[T](b: T) -> T:
        if a:
            return b
        return a

    return inner(1)


@construct((None,), (ValueError,))
def generic_function_with_defaults(a):
    try:
        def inner[T: int, *Ts, **P](b: T = fail(a), *args: *Ts, c=fail(), **more: P.kwargs) -> tuple[T, *Ts]:
            return b
    except ValueError:
        return 1
    return inner()


@construct((1,), (0,))
def generic_function_decorated(a):
    @lambda function: function
    @lambda function: (function if a
            else function)
    def inner[
        T: (int, str),
        *Ts,
    ](
        b: T = a,
    ):
        while b:
            b -= 1
            if b == 1:
                break
        else:
            return 1
        return 2

    return inner()


@construct((1,), (0,))
def generic_generator(a):
    def inner[T](b: T):
        try:
            yield b
        finally:
            yield a

    yield from inner[int](a) if False else inner(a)


@construct((1,), (0,))
def generic_class(a):
    class Inner[T, U: (int, str)](list[T]):
        if a:
            b: T = 1
        else:
            b = 2

        def method[V](self, c: V) -> T | U | V:
            if c:
                return self.b
            return c

    return Inner().method(a)


@construct((None,), (ValueError,))
def generic_class_fails(a):
    try:
        @fail
        class Inner[T](
            dict,
            metaclass=type if fail(a) else None,
        ):
            pass
    except ValueError:
        return 1
    except TypeError:
        return 2


@construct((1,), (0,))
def type_aliases(a):
    type One = int
    if a:
        type Two[T: int, *Ts, **P] = tuple[
            T,
            *Ts,
        ]
        return Two[1, 2, [3]].__value__
    return One.__value__


@construct((None,), (ValueError,))
def type_alias_in_try(a):
    try:
        type Lazy = list[fail(a)]
        b = Lazy.__value__
    except ValueError:
        return 1
    else:
        return b
    finally:
        type Again = Lazy


@construct((1,), (0,))
def soft_keyword_type(a):
    type = a
    if type:
        return type
    type: int = 1
    return type


class Alias:
    type Own = int
    for _ in [1]:
        type InLoop[T] = list[T]
        if _:
            break
    else:
        type Never = None


@construct((1,), (0,))
def same_quotes(a):
    b = {"c": a}
    if f"{b["c"]}" == "1":
        return f"{"x" if b["c"] else f"{"y"}"}"
    return f'{b['c']:>{f'{a}'}}'


@construct((1,), (0,))
def fields_with_everything(a):
    b = f"{(lambda c: c + 1)(a)} {[d for d in [a] if d]} {a if a else 'else'} {a and fail() or 2!r:>{a + 3}}"
    return b + f"{(e := a)} {e = } {*b, e}"


@construct((None,), (ValueError,))
def fields_over_lines(a):
    try:
        return f"""{
            # A comment.
            fail(a)
        } and {"\n".join(
            ["x"]
        )}"""
    except ValueError:
        return f"{
            "nested " f"{
                a
            }"
        }"


@construct((1,), (0,))
def field_as_condition(a):
    while f"{a or ""}":
        a -= 1
    assert f"{a}", f"{fail()}"
    return a


@construct((1,))
def constant_formatted_string(a):
    if f"a":
        a = 2
    if f"{""}":
        a = 3
    return a


@construct((1,), (0,))
def field_yields(a):
    try:
        b = f"{(yield a)!s} {yield}"
    finally:
        yield f"{(yield)}"
    return b


@construct((2,), (0,))
async def field_awaits(n):
    async with Swallow():
        return f"{await asyncio.sleep(0, n)} {[a async for a in numbers(n)]}"


@construct(([1, 2],), ([],), ([0],))
def comprehension_inlined(a):
    b = 1
    try:
        return [b for b in a if 1 / b]
    except ZeroDivisionError:
        return b
    finally:
        c = {b: d for b in a for d in [b]}


@construct(([[1], [2, 0]],), ([],))
def comprehension_over_lines(a):
    with Swallow(ZeroDivisionError):
        b = [
            1 / c
            for d in a
            if d
            for c in d
            if c or
            not c
        ]
        return b
    return {
        (lambda: c)()
        for d in a
        for c in d
    }


@construct(([1, 2],), ([],))
def comprehension_in_class(a):
    class Inner:
        b = [c for c in a]
        if b:
            d = {e for e in b}

    return Inner.b


@construct(([1, 2, 3],), ([],))
def comprehension_in_conditions(a):
    while [b for b in a if b > 1]:
        a = a[:-1]
        if any(b for b in a) and (c := [b for b in a]):
            continue
        break
    else:
        return 1
    for d in [e for e in a]:
        assert [d for d in a]
    return c


if __name__ == "__main__":
    run_own(__name__)
