"""Filters on numbers."""

from __future__ import annotations

import re

from tracking.rendering.twig.errors import PhpError, TwigRuntimeError
from tracking.rendering.twig.filters.arrays import integer_argument
from tracking.rendering.twig.filters.strings import as_text
from tracking.rendering.twig.numbers import number_format as php_number_format
from tracking.rendering.twig.numbers import round_half
from tracking.rendering.twig.numbers import sprintf as php_sprintf
from tracking.rendering.twig.php import number_of, real, text, type_name
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.values import INT_MIN, Value

_CONVERSION = re.compile(r"%(?:\d+\$)?(?:[-+ 0]|'.)*(\d*)(?:\.(\d+))?", re.DOTALL)


def absolute(run: Run, num: Value) -> Value:
    """`abs`."""
    number = _number(num, "abs", 1, "num")
    return float(-number) if number == INT_MIN and type(number) is int else abs(number)


def _number(value: Value, function: str, place: int, name: str) -> int | float:
    if type(value) is int or type(value) is float:
        return value
    if value is None or type(value) is bool:
        return int(bool(value))
    number = number_of(value) if type(value) is str else None
    if number is None:
        kind = type_name(value)
        raise PhpError(f"{function}(): Argument #{place} (${name}) must be of type int|float, {kind} given")
    return number


def round_(run: Run, value: Value, precision: Value = 0, method: Value = "common") -> Value:
    """`round`; always a float."""
    how = text(method)
    if how not in {"common", "ceil", "floor"}:
        raise TwigRuntimeError('The "round" filter only supports the "common", "ceil", and "floor" methods.')
    places = integer_argument(precision, "round", 2, "precision")
    return round_half(real(value), max(min(places, 400), -400), how)


def number_format(
    run: Run, number: Value, decimal: Value = None, decimal_point: Value = None, thousand_sep: Value = None
) -> str:
    """`number_format`."""
    decimals = 0 if decimal is None else integer_argument(decimal, "number_format", 2, "decimals")
    run.text(400 + max(decimals, 0))
    point = "." if decimal_point is None else text(decimal_point)
    separator = "," if thousand_sep is None else text(thousand_sep)
    run.text(len(point) + 110 * len(separator))
    return php_number_format(real(number), decimals, point, separator)


def format_(run: Run, format: Value, *values: Value) -> str:
    """`format`: sprintf."""
    shape = "" if format is None else as_text(format, "sprintf", 1, "format")
    run.charge(2 + len(shape) // 8)
    run.text(_widths(shape) + sum(len(one) for one in values if type(one) is str))
    return php_sprintf(shape, list(values))


def _widths(shape: str) -> int:
    """An upper bound for the length of a format's result, its strings aside."""
    found = _CONVERSION.findall(shape)
    return len(shape) + sum(400 + int(width[:9] or 0) + int(precision[:9] or 0) for width, precision in found)
