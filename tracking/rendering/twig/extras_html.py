"""The html extra: data_uri, html_classes, html_cva, html_attr and its two filters."""

from __future__ import annotations

from typing import Any

from tracking.rendering.twig import html, html_attr, php
from tracking.rendering.twig.access import register_methods
from tracking.rendering.twig.cleaning import clean, given_text, optional_text
from tracking.rendering.twig.errors import TwigRuntimeError
from tracking.rendering.twig.escape import STRATEGIES, escape_html
from tracking.rendering.twig.html_attr import InlineStyle, TokenList
from tracking.rendering.twig.php import as_dict, text
from tracking.rendering.twig.registry import Registry
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.values import Value

_PER_CHARACTER = 8  # of a name or value at most, escaped: &#xFFFD;
_PER_ELEMENT = 16  # quotes, separators, a number


def data_uri(run: Run, data: Value, mime: Value = None, parameters: Value = None) -> str:
    """`data_uri`."""
    return html.data_uri(given_text(run, data), optional_text(mime), clean(run, parameters or {}))


def html_classes(run: Run, *args: Value) -> str:
    """`html_classes`."""
    try:
        return html.html_classes(*(clean(run, one) for one in args))
    except ValueError as error:
        raise TwigRuntimeError(str(error)) from error


def html_cva(
    run: Run, base: Value = None, variants: Value = None, compound_variants: Value = None, default_variant: Value = None
) -> Value:
    """`html_cva`."""
    return html.html_cva(*(clean(run, one) for one in (base, variants, compound_variants, default_variant)))


def _cva_apply(run: Run, cva: Any, recipes: Value, *additional: Value) -> str:
    run.charge(64)
    return str(cva.apply(clean(run, recipes), *(clean(run, one) for one in additional)))


def _length(value: Any) -> int:
    """Characters that a value of attributes has at most, before it is escaped."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, TokenList | InlineStyle):
        value = list(value.items)
    if isinstance(value, list | tuple):
        return sum(_length(one) + _PER_ELEMENT for one in value)
    if isinstance(value, dict):
        return sum(len(str(name)) + _length(one) + _PER_ELEMENT for name, one in value.items())
    return _PER_ELEMENT


def html_attr_(run: Run, *arrays: Value) -> str:
    """`html_attr`."""
    given = [clean(run, array) for array in arrays]
    run.text(_length(given) * _PER_CHARACTER)
    name_of = STRATEGIES["html_attr_relaxed"]
    return " ".join(f'{name_of(name)}="{escape_html(value)}"' for name, value in html_attr.attributes(*given))


def html_attr_merge(run: Run, value: Value, *arrays: Value) -> dict[int | str, Value]:
    """`html_attr_merge`."""
    given = [clean(run, array) for array in (value, *arrays)]
    run.items(sum(_elements(array) for array in given))
    return html_attr.html_attr_merge(*given)


def _elements(value: Any) -> int:
    """Elements of an array and of those directly inside it: what a merge copies."""
    if isinstance(value, TokenList | InlineStyle):
        return len(value.items)
    return 1 + sum(map(_elements, as_dict(value).values())) if isinstance(value, list | dict) else 1


def html_attr_type(run: Run, value: Value, type: Value = "sst") -> Value:
    """`html_attr_type`."""
    return html_attr.html_attr_type(clean(run, value), text(type))


def add_html(registry: Registry) -> None:
    """Register them."""
    registry.add("filter", "data_uri", data_uri)
    registry.add("function", "html_classes", html_classes)
    registry.add("function", "html_cva", html_cva)
    registry.add("function", "html_attr", html_attr_, safe={"html"})
    registry.add("filter", "html_attr_merge", html_attr_merge)
    registry.add("filter", "html_attr_type", html_attr_type)
    php.register_text(html.Cva, "Twig\\Extra\\Html\\Cva", None)
    php.register_text(TokenList, "Twig\\Extra\\Html\\HtmlAttr\\SeparatedTokenList", None)
    php.register_text(InlineStyle, "Twig\\Extra\\Html\\HtmlAttr\\InlineStyle", None)
    register_methods(html.Cva, {"apply": _cva_apply})
