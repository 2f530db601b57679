"""PHP 8.2's comparisons: ==, <=>, === and the stricter one that Twig's `in` uses."""

from __future__ import annotations

import math
from datetime import datetime

from tracking.rendering.twig.budget import charge, read
from tracking.rendering.twig.php import (
    SPACES,
    array_values,
    has_text,
    int_of_float,
    is_object,
    number_of,
    pairs,
    text,
    truth,
)
from tracking.rendering.twig.values import INT_MAX, Markup, Thing, Value

UNCOMPARABLE = 1


def equal(left: Value, right: Value) -> bool:
    """`==`."""
    kind = type(left)
    if kind is type(right):
        if kind is str:
            return left == right or (_may_be_number(left) and _may_be_number(right) and _texts(left, right) == 0)
        if kind is int or kind is bool or kind is float or left is None:
            return left == right  # type: ignore[no-any-return]
    return compare(left, right) == 0


def _may_be_number(value: str) -> bool:
    return value != "" and value[0] in "0123456789+-. \t\n\r\v\f"


def order(left: float, right: float) -> int:
    """-1, 0 or 1 for two numbers; 1 where NAN is involved."""
    if left == right:
        return 0
    return -1 if left < right else 1


def compare(left: Value, right: Value) -> int:
    """`<=>`."""
    one, two = type(left), type(right)
    if one is str and two is str:
        return _texts(left, right)
    if one in _NUMBERS and two in _NUMBERS:
        return order(left, right)
    if is_object(left) or is_object(right):
        return _objects(left, right)
    if one is bool or two is bool or left is None or right is None:
        return _with_null_or_bool(left, right)
    return _mixed(left, right)


_NUMBERS = frozenset({int, float})
_ARRAYS = frozenset({list, dict})


def _with_null_or_bool(left: Value, right: Value) -> int:
    if left is None and type(right) is str:
        return 0 if right == "" else -1
    if right is None and type(left) is str:
        return 0 if left == "" else 1
    return order(truth(left), truth(right))


def _mixed(left: Value, right: Value) -> int:
    one, two = type(left), type(right)
    if one in _ARRAYS:
        return _arrays(left, right) if two in _ARRAYS else 1
    if two in _ARRAYS:
        return -1
    if one is str:
        return -_number_with_text(right, left, flip=True)
    return _number_with_text(left, right)


def _number_with_text(number: float, other: str, *, flip: bool = False) -> int:
    if math.isnan(number):  # NAN is always greater, whichever side it stands on
        return -1 if flip else 1
    value = number_of(other)
    if value is not None:
        return order(number, value)
    shown = text(number)
    return (shown > other) - (shown < other)


def _texts(left: str, right: str) -> int:
    if left == right:
        return 0
    if len(left) > 256:
        charge(len(left) >> 5)
    if _may_be_number(left) and _may_be_number(right):
        one, two = number_of(left), number_of(right)
        if one is not None and two is not None and not _both_overflow(one, two):
            return order(one, two)
    if left.isascii() and right.isascii():
        return 1 if left > right else -1
    one_bytes, two_bytes = (value.encode("utf-8", "surrogateescape") for value in (left, right))
    return (one_bytes > two_bytes) - (one_bytes < two_bytes)


def _both_overflow(one: float, two: float) -> bool:
    """Two integers too long for 64 bits are compared as strings when as floats they look the same."""
    return type(one) is float and type(two) is float and one == two and abs(one) > INT_MAX


def _arrays(left: Value, right: Value) -> int:
    if len(left) != len(right):
        return -1 if len(left) < len(right) else 1
    charge(1 + len(left))
    for name, value in pairs(left):
        other = _lookup(right, name)
        if other is _ABSENT:
            return UNCOMPARABLE
        result = compare(value, other)
        if result:
            return result
    return 0


_ABSENT = object()


def _lookup(array: Value, name: int | str) -> Value:
    if type(array) is list:
        return array[name] if type(name) is int and 0 <= name < len(array) else _ABSENT
    return array.get(name, _ABSENT)


def _objects(left: Value, right: Value) -> int:
    if left is right:
        return 0
    if is_object(left) and is_object(right):
        return _two_objects(left, right)
    return _object_with_value(left, right) if is_object(left) else -_object_with_value(right, left)


def _two_objects(left: Value, right: Value) -> int:
    if type(left) is Markup and type(right) is Markup:
        return _texts(text(left), text(right))
    if isinstance(left, datetime) and isinstance(right, datetime):
        return (left > right) - (left < right)
    if type(left) is Thing and type(right) is Thing and left.kind == right.kind:
        return _arrays(left.items, right.items)
    return UNCOMPARABLE


def _object_with_value(left: Value, right: Value) -> int:
    """An object against a value: numbers see it as 1, bools as true, only safe strings have a text."""
    kind = type(right)
    if kind is bool or right is None:
        return order(1, truth(right))
    if kind in _NUMBERS:
        return order(1, right)
    if kind is str and has_text(left):
        return _texts(text(left), right)
    return 1


def same(left: Value, right: Value) -> bool:
    """`===`."""
    one, two = type(left), type(right)
    if one in _ARRAYS and two in _ARRAYS:
        return _same_arrays(left, right)
    if one is not two:
        return False
    if left is None or one in _PLAIN:
        return left == right  # type: ignore[no-any-return]
    return left is right


def _same_arrays(left: Value, right: Value) -> bool:
    if left is right:
        return True
    if len(left) != len(right):
        return False
    charge(1 + len(left))
    return all(
        name == other and type(name) is type(other) and same(value, against)
        for (name, value), (other, against) in zip(pairs(left), pairs(right), strict=True)
    )


_PLAIN = frozenset({bool, int, float, str})


def smaller(left: Value, right: Value) -> bool:
    """`<`."""
    return compare(left, right) < 0


def smaller_or_equal(left: Value, right: Value) -> bool:
    """`<=`. NAN is neither."""
    return compare(left, right) <= 0


def strict_order(left: Value, right: Value) -> int:
    """Twig's own comparison, for `in`: a number equals a string only if the string is exactly that number."""
    one, two = type(left), type(right)
    if one in _NUMBERS and two is str:
        return _number_in_text(left, right)
    if one is str and two in _NUMBERS:
        if type(right) is float and math.isnan(right):
            return 1
        return -_number_in_text(right, left)
    return compare(left, right)


def _number_in_text(number: float, other: str) -> int:
    if math.isnan(number):
        return 1
    value = number_of(other.strip(SPACES))
    if value is None:
        shown = text(number)
        return (shown > other) - (shown < other)
    if type(number) is int and float(int_of_float(value) if type(value) is float else value) == float(value):
        return order(number, int(value))
    return order(float(number), float(value))


def contains(value: Value, within: Value) -> bool:
    """Twig's `in`."""
    if has_text(value):
        value = text(value)
    if has_text(within):
        within = text(within)
    if type(within) is str:
        if type(value) not in _SEARCHABLE:
            return False
        read(within)
        return text(value) in within
    if type(within) is Thing and within.listed:
        within = within.items
    if type(within) not in _ARRAYS:
        return False
    items = array_values(within)
    charge(1 + len(items) * 2)
    if is_object(value):
        return any(item is value for item in items)
    return any(strict_order(value, item) == 0 for item in items)


_SEARCHABLE = frozenset({str, int, float})
