"""PHP 8.2's range()."""

from __future__ import annotations

import math

from tracking.rendering.twig.errors import PhpError
from tracking.rendering.twig.php import int_of_float, integer, number_of, real
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.values import Value


def php_range(run: Run, low: Value, high: Value, step: Value = 1) -> list[Value]:
    """Numbers or single characters from low to high, both included; downwards when low is the higher one."""
    kinds = {type(number_of(value)) for value in (low, high)} if _are_texts(low, high) else set()
    stride = real(step)
    if float in kinds or _is_float(step) or type(low) is float or type(high) is float:
        return _floats(run, real(low), real(high), abs(stride), given=stride)
    if kinds == {type(None)}:
        return _letters(run, low, high, stride)
    return _integers(run, _whole(low), _whole(high), stride)


def _are_texts(low: Value, high: Value) -> bool:
    return type(low) is str and type(high) is str and low != "" and high != ""


def _is_float(step: Value) -> bool:
    return type(step) is float or (type(step) is str and type(number_of(step)) is float)


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
    if given == 0 or abs(high - low) < stride:
        raise _exceeds()
    steps = abs(high - low) / stride
    if not math.isfinite(steps):
        raise PhpError("The supplied range exceeds the maximum array size")
    count = math.floor(steps + 1 + 1e-9 * max(steps, 1.0))
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
