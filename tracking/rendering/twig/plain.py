"""The boundary: what comes from Python becomes values of templates, or is refused.

Nothing is copied that is already plain; templates never change a value in place. Integers wider than 64 bits come in as
they are: their results are floats, as PHP's, and a template cannot make such a one itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from operator import is_
from typing import Any

from tracking.rendering.twig.php import key_of_text
from tracking.rendering.twig.php_dates import Interval
from tracking.rendering.twig.values import Markup, Thing, Value

_AS_THEY_ARE = frozenset({str, int, float, bool, type(None), Markup})
_all_scalars = _AS_THEY_ARE.issuperset
_DEPTH = 64
_KNOWN_KEYS = 4096


class NotPlain(TypeError):
    """A value of the context is no plain data."""


_good_keys: set[tuple[Any, ...]] = set()  # the key sets seen lately that need no change


def plain(value: Any, depth: int = _DEPTH) -> Value:
    """The value of a template for a Python value. Raises NotPlain."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if depth == 0:
        raise NotPlain("The context is nested too deep")
    if kind is dict:
        return _mapping(value, depth - 1)
    if kind is list:
        return _listing(value, depth - 1)
    return _other(value, depth)


def _listing(values: list[Any], depth: int) -> list[Value]:
    if _all_scalars(map(type, values)):
        return values
    for value in values:  # rows of scalars, the usual case
        if not (type(value) is dict and tuple(value) in _good_keys and _all_scalars(map(type, value.values()))):
            break
    else:
        return values
    made = [plain(value, depth) for value in values]
    return values if all(map(is_, made, values)) else made


def _mapping(values: dict[Any, Any], depth: int) -> dict[Any, Value]:
    names = tuple(values)
    if names not in _good_keys and not _are_good(names):
        return {_key(name): plain(value, depth) for name, value in values.items()}
    if _all_scalars(map(type, values.values())):
        return values
    made = {name: plain(value, depth) for name, value in values.items()}
    return values if all(map(is_, made.values(), values.values())) else made


def _are_good(names: tuple[Any, ...]) -> bool:
    good = all(type(name) is str and key_of_text(name) is name for name in names)
    if good and len(names) <= 64:
        if len(_good_keys) >= _KNOWN_KEYS:
            _good_keys.clear()
        _good_keys.add(names)
    return good


def _key(name: Any) -> int | str:
    if type(name) is str:
        return key_of_text(name)
    if type(name) is int:
        return name
    raise NotPlain(f"A key of the context is {type(name).__name__}, not a string or an integer")


def _other(value: Any, depth: int) -> Value:  # noqa: PLR0911 - one line for each kind
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    if isinstance(value, Interval | tzinfo):
        return value
    if isinstance(value, Thing):
        return Thing(value.kind, _mapping(value.items, depth - 1))
    if isinstance(value, Mapping):
        return _mapping(dict(value), depth - 1)
    if isinstance(value, tuple):
        return _listing(list(value), depth - 1)
    return _subclass(value)


def _subclass(value: Any) -> Value:
    """Enums and other subclasses of the plain kinds become the plain kind."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__index__(value)
    if isinstance(value, float):
        return float.__float__(value)
    raise NotPlain(f"A value of the context is {type(value).__name__}, not plain data")
