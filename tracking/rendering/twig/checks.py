"""Twig's tests (`is ...`), but `defined`, which the compiler does itself."""

from __future__ import annotations

from tracking.rendering.twig.arithmetic import modulo
from tracking.rendering.twig.compare import same
from tracking.rendering.twig.functions import constant
from tracking.rendering.twig.operations import is_empty, is_iterable
from tracking.rendering.twig.php import is_list, is_object
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.values import Thing, Value

_ARRAYS = frozenset({list, dict})


def even(run: Run, value: Value) -> bool:
    """`even`."""
    return modulo(value, 2) == 0


def odd(run: Run, value: Value) -> bool:
    """`odd`."""
    return abs(modulo(value, 2)) == 1


def same_as(run: Run, value: Value, other: Value) -> bool:
    """`same as`."""
    return same(value, other)


def null(run: Run, value: Value) -> bool:
    """`null`, `none`."""
    return value is None


def true(run: Run, value: Value) -> bool:
    """`true`."""
    return value is True


def divisible_by(run: Run, value: Value, by: Value) -> bool:
    """`divisible by`."""
    return modulo(value, by) == 0


def is_constant(run: Run, value: Value, name: Value, object: Value = None) -> bool:
    """`constant`."""
    return same(value, constant(run, name, object))


def empty(run: Run, value: Value) -> bool:
    """`empty`."""
    return is_empty(value)


def iterable(run: Run, value: Value) -> bool:
    """`iterable`."""
    return is_iterable(value)


def sequence(run: Run, value: Value) -> bool:
    """`sequence`."""
    array = value.items if type(value) is Thing and value.listed else value
    return type(array) in _ARRAYS and is_list(array)


def mapping(run: Run, value: Value) -> bool:
    """`mapping`."""
    array = value.items if type(value) is Thing and value.listed else value
    return (type(array) in _ARRAYS and not is_list(array)) or is_object(array)


def defined(run: Run, value: Value) -> bool:
    """`defined` has a place among the tests; the compiler never calls it."""
    return True
