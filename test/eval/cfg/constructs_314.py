"""As constructs.py, in the syntax of Python 3.13 and 3.14: PEP 696 (defaults of type parameters), 750, 758 and 765."""

from constructs import Swallow, construct, fail, run_own


@construct((1,), (0,))
def type_parameter_defaults(a):
    def inner[T = int, *Ts = *tuple[int, ...], **P = [int]](b: T = a) -> T:
        if b:
            return b
        return a

    class Inner[T: int = bool, U = fail(ValueError)](dict[T, U]):
        while a:
            break

    type Alias[T = lambda: fail(ValueError)] = T
    return inner(), Inner


@construct((None,), (ValueError,), (KeyError,), (OSError,))
def clause_without_parentheses(a):
    try:
        fail(a)
    except ValueError, KeyError:
        return 1
    except OSError:
        return 2
    return 3


@construct((None,), (ValueError,), (KeyError,))
def clause_without_parentheses_over_lines(a):
    for b in [1]:
        try:
            fail(a)
        except ValueError, \
                IndexError:
            continue
        except KeyError, a or OSError,:
            break
        else:
            c = 1
    else:
        return 1
    return 2


@construct((None,), (ValueError,), (KeyError,))
def group_clause_without_parentheses(a):
    try:
        fail(a)
    except* ValueError, KeyError:
        b = 1
    finally:
        c = 2
    return c


@construct((None,), (ValueError,))
def warned_jumps_in_finally(a):
    for b in [1, 2]:
        try:
            fail(a)
        finally:
            if b == 1:
                continue
            break
    try:
        fail(a)
    finally:
        return b


@construct((1,), (0,))
def template_strings(a):
    b = t"{a} {a if a else "else"!r:>{a}} {[c for c in [a]]} {(lambda: a)()} {f"{a}"}"
    if t"":
        a = 1
    if f"":
        a = 2
    while b.values and a:
        b = t"{
            a
        }" t"{fail()}"
        break
    return b


@construct((None,), (ValueError,))
def template_in_try(a):
    try:
        with Swallow():
            return t"{fail(a)}"
    except ValueError:
        return t"constant"
    finally:
        b = t"{a!s:{a}}"


@construct((None,), (ValueError,))
def annotations_later(a):
    b: fail(ValueError) = 1
    c: fail(ValueError)

    def inner(d: fail(ValueError)) -> fail(KeyError):
        if d:
            return 1

    class Inner:
        e: fail(ValueError)
        if a:
            f: fail(ValueError) = 1

    return inner(a), b


if __name__ == "__main__":
    run_own(__name__)
