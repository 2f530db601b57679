"""What goes to the extra packages is plain: texts, numbers and arrays of such, charged for before it is read."""

from __future__ import annotations

from typing import Any

from tracking.rendering.twig.errors import PhpError
from tracking.rendering.twig.filters.strings import as_text
from tracking.rendering.twig.html_attr import InlineStyle, TokenList
from tracking.rendering.twig.php import pairs, text, type_name
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.unicode_string import UnicodeString
from tracking.rendering.twig.values import Markup, Value

_SCALARS = frozenset({str, int, float, bool, type(None)})
_DEPTH = 8


def clean(run: Run, value: Value, depth: int = _DEPTH) -> Any:
    """A value that the packages may see: a scalar, what html_attr_type gives, or arrays of them.

    Raises PhpError for other objects.
    """
    if type(value) in _SCALARS:
        if type(value) is str:
            run.read(len(value) * 4)
        return value
    if type(value) is Markup or type(value) is UnicodeString:
        return text(value)
    if type(value) is TokenList or type(value) is InlineStyle:
        run.items(len(value.items))
        clean(run, list(value.items) if type(value) is TokenList else dict(value.items), depth - 1)
        return value
    if type(value) in {list, dict} and depth:
        run.charge(1 + len(value))
        if type(value) is list:
            return [clean(run, one, depth - 1) for one in value]
        return {name: clean(run, one, depth - 1) for name, one in pairs(value)}
    raise PhpError(f"A value of type {type_name(value)} is not accepted here")


def given_text(run: Run, value: Value) -> str:
    """The text of a value that a package turns into another one."""
    string = as_text(value, "str")
    run.text(len(string) * 4)
    return string


def optional_text(value: Value) -> str | None:
    """The text of a value, None for null."""
    return None if value is None else text(value)
