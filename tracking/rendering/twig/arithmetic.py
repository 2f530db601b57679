"""PHP 8.2's operators on numbers, with 64-bit overflow to float and its type errors."""

from __future__ import annotations

import math
from collections.abc import Callable

from tracking.rendering.twig.errors import PhpError
from tracking.rendering.twig.php import int_of_float, integer, leading_number, pairs, type_name, wrap
from tracking.rendering.twig.values import INT_MAX, INT_MIN, Value

Number = int | float


def _operand(value: Value) -> Number | None:
    """The number a value is in arithmetic; None when PHP refuses it."""
    kind = type(value)
    if kind is int or kind is float:
        return value  # type: ignore[no-any-return]
    if kind is str:
        return leading_number(value)
    if value is None:
        return 0
    return int(value) if kind is bool else None


def _operands(left: Value, right: Value, sign: str) -> tuple[Number, Number]:
    one, two = _operand(left), _operand(right)
    if one is None or two is None:
        raise unsupported(left, right, sign)
    return one, two


def unsupported(left: Value, right: Value, sign: str) -> PhpError:
    """The TypeError of two operands that do not suit an operator."""
    return PhpError(f"Unsupported operand types: {type_name(left)} {sign} {type_name(right)}")


def add(left: Value, right: Value) -> Value:
    """`+`; for two arrays the union by key."""
    if type(left) is int and type(right) is int:
        total = left + right
        return total if INT_MIN <= total <= INT_MAX else float(total)
    if type(left) in _ARRAYS and type(right) in _ARRAYS:
        return dict(pairs(right)) | dict(pairs(left)) if not left else _union(left, right)
    one, two = _operands(left, right, "+")
    return _finish(one + two)


_ARRAYS = frozenset({list, dict})


def _union(left: Value, right: Value) -> Value:
    merged = dict(pairs(left))
    for name, value in pairs(right):
        merged.setdefault(name, value)
    return merged


def _finish(value: Number) -> Number:
    return wrap(value) if type(value) is int else value


def subtract(left: Value, right: Value) -> Number:
    """`-`."""
    one, two = _operands(left, right, "-")
    return _finish(one - two)


def multiply(left: Value, right: Value) -> Number:
    """`*`."""
    one, two = _operands(left, right, "*")
    return _finish(one * two)


def divide(left: Value, right: Value) -> Number:
    """`/`: an integer where it divides evenly."""
    one, two = _operands(left, right, "/")
    if two == 0:
        raise PhpError("Division by zero")
    if type(one) is int and type(two) is int:
        return wrap(one // two) if one % two == 0 else one / two
    return float(one) / float(two)


def floor_divide(left: Value, right: Value) -> int:
    """`//`: floor of the quotient, as an integer."""
    quotient = divide(left, right)
    return quotient if type(quotient) is int else int_of_float(_floor(quotient))


def _floor(value: Number) -> float:
    return float(math.floor(value)) if math.isfinite(value) else float(value)


def modulo(left: Value, right: Value) -> int:
    """`%`: of integers, with the sign of the dividend."""
    one, two = (_whole(value) for value in _operands(left, right, "%"))
    if two == 0:
        raise PhpError("Modulo by zero")
    rest = abs(one) % abs(two)
    return -rest if one < 0 else rest


def _whole(value: Number) -> int:
    return value if type(value) is int else int_of_float(value)


def power(left: Value, right: Value) -> Number:
    """`**`: exact for integers while it fits 64 bits."""
    one, two = _operands(left, right, "**")
    if type(one) is int and type(two) is int and two >= 0:
        return _integer_power(one, two)
    return _float_power(float(one), float(two))


def _integer_power(base: int, exponent: int) -> Number:
    if abs(base) < 2:
        return base if exponent % 2 or (base >= 0 and exponent) else abs(base) ** min(exponent, 2)
    if exponent < 64:
        return wrap(base**exponent)
    return _float_power(float(base), float(exponent))


def _float_power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:  # a zero to a negative power, or a root of a negative number
        if base == 0:
            return -math.inf if math.copysign(1, base) < 0 and exponent % 2 == 1 else math.inf
        return math.nan


def negate(value: Value) -> Number:
    """Unary `-`, which PHP does as a multiplication by -1."""
    if type(value) is int and value != INT_MIN:
        return -value
    return multiply(value, -1)


def plus(value: Value) -> Number:
    """Unary `+`."""
    return multiply(value, 1)


def _bits(left: Value, right: Value, sign: str, act: Callable[[int, int], int]) -> Value:
    if type(left) is str and type(right) is str:
        return _string_bits(left, right, sign, act)
    one, two = _operands(left, right, sign)
    return act(_whole(one), _whole(two))


def _string_bits(left: str, right: str, sign: str, act: Callable[[int, int], int]) -> str:
    """Byte by byte; `|` keeps the longer one's tail, the others stop with the shorter."""
    one, two = (value.encode("utf-8", "surrogateescape") for value in (left, right))
    size = min(len(one), len(two))
    done = bytes(act(a, b) for a, b in zip(one[:size], two[:size], strict=True))
    if sign == "|":
        done += one[size:] or two[size:]
    return done.decode("utf-8", "surrogateescape")


def bit_and(left: Value, right: Value) -> Value:
    """`b-and`."""
    return _bits(left, right, "&", int.__and__)


def bit_or(left: Value, right: Value) -> Value:
    """`b-or`."""
    return _bits(left, right, "|", int.__or__)


def bit_xor(left: Value, right: Value) -> Value:
    """`b-xor`."""
    return _bits(left, right, "^", int.__xor__)


def count(value: Value, what: str) -> int:
    """An integer argument of a PHP function. Raises PhpError when it is not one."""
    number = _operand(value)
    if number is None or (type(value) is str and leading_number(value) is None):
        raise PhpError(f"{what} must be of type int, {type_name(value)} given")
    return integer(number)
