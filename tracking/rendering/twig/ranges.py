"""PHP 8.2's range()."""

from __future__ import annotations

import math

from .errors import PhpError
from .php import int_of_float, integer, number_of, real, text
from .run import Run
from .values import Value


def php_range(run: Run, low: Value, high: Value, step: Value = 1) -> list[Value]:
    """Numbers or single characters from low to high, both included; downwards when low is the higher one."""
    stride = real(step)
    if _is_letter(low) and _is_letter(high) and not (type(step) is float and stride != int(stride)):
        return _letters(run, text(low), text(high), stride)
    if _is_float(low) or _is_float(high) or (_is_float(step) and stride != math.floor(stride)):
        return _floats(run, real(low), real(high), abs(stride) or 1.0, given=stride)
    return _integers(run, _whole(low), _whole(high), stride)


def _is_letter(value: Value) -> bool:
    return type(value) is str and value != "" and number_of(value) is None


def _is_float(value: Value) -> bool:
    return type(value) is float or (type(value) is str and type(number_of(value)) is float)


def _whole(value: Value) -> int:
    return int_of_float(value) if type(value) is float else integer(value)


def _exceeds() -> PhpError:
    return PhpError("range(): Argument #3 ($step) must not exceed the specified range")


def _letters(run: Run, low: str, high: str, stride: float) -> list[Value]:
    first, last = (value.encode("utf-8", "surrogateescape")[0] for value in (low, high))
    size = int(abs(stride))
    if first != last and (size < 1 or size > abs(first - last)):
        raise _exceeds()
    run.items(256)
    codes = range(first, last + 1, size or 1) if first <= last else range(first, last - 1, -(size or 1))
    return [bytes([code]).decode("utf-8", "surrogateescape") for code in codes]


def _floats(run: Run, low: float, high: float, stride: float, *, given: float) -> list[Value]:
    if low == high:
        return [low]
    if given == 0 or abs(high - low) / stride < 1 and abs(high - low) - stride < 0:
        raise _exceeds()
    count = math.floor(round(abs(high - low) / stride, 9)) + 1 if math.isfinite(high - low) else run.limits.items + 1
    run.items(count)
    direction = stride if low < high else -stride
    return [low + place * direction for place in range(count)]


def _integers(run: Run, low: int, high: int, stride: float) -> list[Value]:
    size = abs(int_of_float(stride))
    if low == high:
        return [low]
    if size == 0 or abs(high - low) < size:
        raise _exceeds()
    run.items(abs(high - low) // size + 1)
    return list(range(low, high + 1, size)) if low < high else list(range(low, high - 1, -size))
