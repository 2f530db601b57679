"""Twig's functions, but those that concern other templates (templates.py)."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable

from tracking.rendering.twig.compare import compare
from tracking.rendering.twig.constants import CONSTANTS
from tracking.rendering.twig.errors import PhpError, TwigLoaderError, TwigRuntimeError
from tracking.rendering.twig.operations import entries, is_iterable
from tracking.rendering.twig.php import array_values, integer, is_object, text, truth, type_name
from tracking.rendering.twig.ranges import php_range
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.values import INT_MAX, Thing, Value

_ARRAYS = frozenset({list, dict})
_MT_MAX = 2**31 - 1


def _elements(run: Run, name: str, value: Value) -> list[Value]:
    """The elements of the one array that max or min was given."""
    array = value.items if type(value) is Thing and value.listed else value
    if type(array) not in _ARRAYS:
        kind = type_name(array)
        raise PhpError(f"{name}(): Argument #1 ($value) must be of type array, {kind} given")
    if not array:
        raise PhpError(f"{name}(): Argument #1 ($value) must contain at least one element")
    run.charge(1 + len(array) * 2)
    return array_values(array)


def _extreme(values: Iterable[Value], better: Callable[[Value, Value], bool]) -> Value:
    found = iter(values)
    best = next(found)
    for one in found:
        if better(one, best):
            best = one
    return best


# Which side is asked matters where two values have no order, such as NAN and anything, or arrays with other keys.


def maximum(run: Run, value: Value, *values: Value) -> Value:
    """`max`: of one array or of several values; the first of equal ones."""
    if values:
        return _extreme((value, *values), lambda one, best: compare(one, best) > 0)
    return _extreme(_elements(run, "max", value), lambda one, best: compare(best, one) < 0)


def minimum(run: Run, value: Value, *values: Value) -> Value:
    """`min`: of one array or of several values; the first of equal ones."""
    if values:
        return _extreme((value, *values), lambda one, best: compare(one, best) < 0)
    return _extreme(_elements(run, "min", value), lambda one, best: compare(best, one) > 0)


def range_(run: Run, low: Value, high: Value, step: Value = 1) -> list[Value]:
    """`range`."""
    return php_range(run, low, high, step)


def cycle(run: Run, values: Value, position: Value) -> Value:
    """`cycle`: the element at a position, from the start again after the last one."""
    array = values.items if type(values) is Thing and values.listed else values
    if type(array) not in _ARRAYS:
        raise TwigRuntimeError('The "cycle" function expects an array or "ArrayAccess" as first argument.')
    if not array:
        raise TwigRuntimeError('The "cycle" function expects a non-empty sequence.')
    place = integer(position)
    place = int(math.fmod(place, len(array))) if abs(place) < 2**53 else place % len(array)
    if type(array) is list:
        return array[place] if place >= 0 else None
    return array.get(place)


def random(run: Run, values: Value = None, max: Value = None) -> Value:
    """`random`: a number, a character, an element."""
    if values is None:
        return _between(0, _MT_MAX if max is None else integer(max))
    if type(values) is int or type(values) is float:
        return _random_number(integer(values), max)
    if type(values) is str:
        return secrets.choice(values) if values else ""
    if not is_iterable(values):
        return values
    elements = [value for _, value in entries(values)]
    if not elements:
        raise TwigRuntimeError('The "random" function cannot pick from an empty sequence or mapping.')
    return secrets.choice(elements)


def _random_number(given: int, highest: Value) -> int:
    if highest is not None:
        return _between(given, integer(highest))
    return _between(given, 0) if given < 0 else _between(0, given)


def _between(low: int, high: int) -> int:
    if high < low:
        raise PhpError("mt_rand(): Argument #2 ($max) must be greater than or equal to argument #1 ($min)")
    return low + secrets.randbelow(min(high - low, INT_MAX) + 1)


def source(run: Run, name: Value, ignore_missing: Value = False) -> str:
    """`source`: a template's text."""
    try:
        found = run.environment.source_of(text(name))
    except TwigLoaderError:
        if truth(ignore_missing):
            return ""
        raise
    run.text(len(found))
    return found


def constant(run: Run, constant: Value, object: Value = None, check_defined: Value = False) -> Value:
    """`constant`: PHP's own ones; classes there are none."""
    name = text(constant)
    if object is not None:
        if name == "class" and is_object(object):
            return type_name(object)
        name = f"{type_name(object)}::{name}"
    if name not in CONSTANTS:
        raise TwigRuntimeError(f'Constant "{name}" is undefined.')
    return CONSTANTS[name]


def has_constant(constant: Value, object: Value = None, check_defined: Value = False) -> bool:
    """`constant(...) is defined`."""
    return object is None and text(constant) in CONSTANTS


def dump(run: Run, *values: Value) -> None:
    """`dump`: nothing, as in Twig outside of debugging."""


def enum(run: Run, enum: Value) -> Value:
    """`enum`: there are no PHP enums here."""
    raise TwigRuntimeError(f'"{text(enum)}" is not an enum.')


def enum_cases(run: Run, enum: Value) -> Value:
    """`enum_cases`: there are no PHP enums here."""
    raise TwigRuntimeError(f'Enum "{text(enum)}" does not exist.')
