"""Reading keys, attributes and methods of values. Only what is named here exists; no Python attribute is reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from tracking.rendering.twig import dates_access
from tracking.rendering.twig.errors import PhpError, TwigRuntimeError
from tracking.rendering.twig.php import array_values, has_text, int_of_float, is_object, key_of_text, text, type_name
from tracking.rendering.twig.php_dates import Interval
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.values import Arrow, Markup, Thing, Value

_ABSENT: Any = object()
_ARRAYS = frozenset({list, dict})


def _lookup(owner: Value, name: Value) -> Value:
    """owner[name] for arrays and what behaves as one."""
    if type(owner) is Thing and owner.listed:
        owner = owner.items
    elif type(owner) not in _ARRAYS:
        return _ABSENT
    kind = type(name)
    if kind is bool or kind is float:
        name = int_of_float(name) if kind is float else int(name)
    elif kind is not int:
        name = key_of_text("" if name is None else text(name))
    if type(owner) is list:
        return owner[name] if type(name) is int and 0 <= name < len(owner) else _ABSENT
    return owner.get(name, _ABSENT)


def get_item(run: Run, owner: Value, name: Value, path: str | None) -> Value:
    """`owner[name]`."""
    found = _lookup(owner, name)
    if found is not _ABSENT:
        return found
    return _missing(run, owner, name, path, "array")


def get_any(run: Run, owner: Value, name: Value, path: str | None) -> Value:
    """`owner.name`."""
    found = _lookup(owner, name)
    if found is _ABSENT and is_object(owner):
        found = _property(run, owner, text(name))
        if found is _ABSENT:
            found = _method(run, owner, text(name), (), {})
    if found is not _ABSENT:
        return found
    return _missing(run, owner, name, path, "any")


def has_attribute(run: Run, owner: Value, name: Value, kind: str) -> bool:
    """`owner.name is defined`, `owner[name] is defined`, `owner.name() is defined`."""
    if kind != "method" and _lookup(owner, name) is not _ABSENT:
        return True
    if kind == "array" or not is_object(owner):
        return False
    if kind != "method" and _property(run, owner, text(name)) is not _ABSENT:
        return True
    return _method_of(owner, text(name)) is not None


def call_method(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run,
    owner: Value,
    name: Value,
    kind: str,
    positional: tuple[Value, ...],
    named: dict[str, Value],
    path: str | None,
) -> Value:
    """`owner.name(...)`."""
    if kind != "method":
        found = _lookup(owner, name)
        if found is not _ABSENT:
            return found
    called = text(name)
    if is_object(owner):
        found = _property(run, owner, called) if kind != "method" else _ABSENT
        if found is _ABSENT:
            found = _method(run, owner, called, positional, named)
        if found is not _ABSENT:
            return found
    return _missing(run, owner, called, path, kind)


def _property(run: Run, owner: Value, name: str) -> Value:
    if type(owner) is Thing:
        return owner.items.get(key_of_text(name), _ABSENT) if not owner.listed else _ABSENT
    for kind, table in _PROPERTIES.items():
        if isinstance(owner, kind):
            return table[name](owner) if name in table else _ABSENT
    return _ABSENT


_PROPERTIES: dict[type, dict[str, Callable[[Any], Value]]] = {
    datetime: dates_access.MOMENT_PROPERTIES,
    Interval: dates_access.INTERVAL_PROPERTIES,
}
_METHODS: dict[type, dict[str, Callable[..., Value]]] = {
    datetime: dates_access.MOMENT_METHODS,
    Interval: dates_access.INTERVAL_METHODS,
    tzinfo: dates_access.ZONE_METHODS,
}


def _arrow_call(run: Run, arrow: Arrow, *given: Value) -> Value:
    run.enter(arrow.cost)
    result = arrow.call(*given)
    run.leave()
    return result


def _markup_text(run: Run, markup: Markup) -> str:
    return text(markup)


def _count(run: Run, thing: Thing) -> int:
    return len(thing.items)


def _copy(run: Run, thing: Thing) -> Value:
    return dict(thing.items)


_OTHER_METHODS: dict[type, dict[str, Callable[..., Value]]] = {
    Arrow: {"__invoke": _arrow_call},
    Markup: {"__tostring": _markup_text, "count": lambda run, markup: len(markup)},
}
_ARRAY_OBJECT = {"count": _count, "getarraycopy": _copy, "arraycopy": _copy}


def register_methods(kind: type, methods: dict[str, Callable[..., Value]]) -> None:
    """Let values of this class of ours have these methods; they take the run, the value and the arguments."""
    _OTHER_METHODS[kind] = methods


def _method_of(owner: Value, name: str) -> Callable[..., Value] | None:
    wanted = name.lower()
    if type(owner) is Thing:
        return _ARRAY_OBJECT.get(wanted) if owner.kind == "ArrayObject" else None
    table = _OTHER_METHODS.get(type(owner))
    if table is None:
        table = next((found for kind, found in _METHODS.items() if isinstance(owner, kind)), {})
    for candidate in (wanted, f"get{wanted}", f"is{wanted}", f"has{wanted}"):
        if candidate in table:
            return table[candidate]
    return None


def _method(run: Run, owner: Value, name: str, positional: tuple[Value, ...], named: dict[str, Value]) -> Value:
    method = _method_of(owner, name)
    if method is None:
        return _ABSENT
    run.charge(4)
    try:
        return method(run, owner, *positional, **named)
    except TypeError as error:  # our methods check values themselves; only the number of arguments is left
        raise PhpError(f"{type_name(owner)}::{name}() does not take these arguments") from error


def _missing(run: Run, owner: Value, name: Value, path: str | None, kind: str) -> None:
    """null for what is not there; under strict variables the error that says why.

    `path` is None where nobody minds (behind `default`, `??`), "" where what was read has no plain name.
    """
    if path is None or not run.strict:
        run.absent(path)
        return
    raise TwigRuntimeError(_reason(owner, name, kind))


def _reason(owner: Value, name: Value, kind: str) -> str:
    shown = "" if is_object(name) and not has_text(name) else text(name)
    if kind == "method":
        return _no_method(owner, shown)
    if type(owner) in _ARRAYS:
        return _no_key(owner, shown)
    if is_object(owner):
        return _no_property(owner, shown, kind)
    what = "key" if kind == "array" else "attribute"
    if owner is None:
        return f'Impossible to access {_a(what)} ("{shown}") on a null variable.'
    return f'Impossible to access {_a(what)} ("{shown}") on a {type_name(owner)} variable ("{text(owner)}").'


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _no_key(owner: Value, shown: str) -> str:
    if not owner:
        return f'Key "{shown}" does not exist as the sequence/mapping is empty.'
    keys = range(len(owner)) if type(owner) is list else owner
    listed = ", ".join(str(one) for one in list(keys)[:1000])
    return f'Key "{shown}" for sequence/mapping with keys "{listed}" does not exist.'


def _no_property(owner: Value, shown: str, kind: str) -> str:
    name = type_name(owner)
    if type(owner) is Thing and owner.kind == "ArrayObject" and kind == "array":
        return f'Key "{shown}" does not exist in ArrayAccess-able object of class "{name}".'
    if kind == "array":
        interface = "that does not implement ArrayAccess interface."
        return f'Impossible to access a key "{shown}" on an object of class "{name}" {interface}'
    return _no_member(shown, name)


def _no_member(shown: str, name: str) -> str:
    methods = f'"{shown}()", "get{shown}()", "is{shown}()", "has{shown}()" or "__call()"'
    what = f'Neither the property "{shown}" nor one of the methods {methods}'
    return f'{what} exist and have public access in class "{name}".'


def _no_method(owner: Value, shown: str) -> str:
    if owner is None:
        return f'Impossible to invoke a method ("{shown}") on a null variable.'
    if type(owner) in _ARRAYS:
        return f'Impossible to invoke a method ("{shown}") on a sequence/mapping.'
    if is_object(owner):
        return _no_member(shown, type_name(owner))
    return f'Impossible to invoke a method ("{shown}") on a {type_name(owner)} variable ("{text(owner)}").'


def member_names(owner: Value) -> list[Value]:
    """Values of a looped object."""
    return array_values(owner.items)
