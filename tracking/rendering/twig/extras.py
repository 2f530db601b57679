"""The filters and functions of Twig's extra packages, and hashes: plain functions over plain values, registered here.

What goes to them is checked: texts, numbers and arrays of such, never an object of the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracking.rendering.twig import hashes, html, intl, php, strings, unicode_string
from tracking.rendering.twig.access import register_methods
from tracking.rendering.twig.errors import PhpError, TwigRuntimeError
from tracking.rendering.twig.filters.dates import convert, now
from tracking.rendering.twig.filters.strings import as_text
from tracking.rendering.twig.php import number_of, pairs, real, text, truth, type_name
from tracking.rendering.twig.registry import Registry
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.unicode_string import UnicodeString
from tracking.rendering.twig.values import Markup, Value

_SCALARS = frozenset({str, int, float, bool, type(None)})
_DEPTH = 8


def clean(run: Run, value: Value, depth: int = _DEPTH) -> Any:
    """A value that the packages may see: a scalar, or arrays of them. Raises PhpError for objects."""
    if type(value) in _SCALARS:
        if type(value) is str:
            run.read(len(value) * 4)
        return value
    if type(value) is Markup or type(value) is UnicodeString:
        return text(value)
    if type(value) in {list, dict} and depth:
        run.charge(1 + len(value))
        if type(value) is list:
            return [clean(run, one, depth - 1) for one in value]
        return {name: clean(run, one, depth - 1) for name, one in pairs(value)}
    raise PhpError(f"A value of type {type_name(value)} is not accepted here")


def _given(run: Run, value: Value) -> str:
    string = as_text(value, "str")
    run.text(len(string) * 4)
    return string


def _optional(value: Value) -> str | None:
    return None if value is None else text(value)


# -- string extra


def u(run: Run, text: Value) -> UnicodeString:
    """`u`."""
    return strings.u(_given(run, text))


def slug(run: Run, string: Value, separator: Value = "-", locale: Value = None) -> Value:
    """`slug`."""
    given = _given(run, string)
    between = text(separator)
    run.text(len(given) * max(1, len(between)))
    return strings.u(strings.slug(given, between, _optional(locale)))


def singular(run: Run, value: Value, locale: Value = "en", all: Value = False) -> Value:
    """`singular`."""
    return strings.singular(_given(run, value), text(locale), truth(all))


def plural(run: Run, value: Value, locale: Value = "en", all: Value = False) -> Value:
    """`plural`."""
    return strings.plural(_given(run, value), text(locale), truth(all))


def _unicode_method(name: str) -> Callable[..., Value]:
    def called(run: Run, value: UnicodeString, *arguments: Value) -> Value:
        run.charge(4 + len(value.text) // 4)
        run.text(len(value.text) * 4)
        result = unicode_string.call(value, name, [clean(run, one) for one in arguments])
        if isinstance(result, UnicodeString):
            run.text(len(result.text))
        elif isinstance(result, list):
            run.items(len(result))
        return result

    return called


# -- html extra


def data_uri(run: Run, data: Value, mime: Value = None, parameters: Value = None) -> str:
    """`data_uri`."""
    return html.data_uri(_given(run, data), _optional(mime), clean(run, parameters or {}))


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


def _apply(run: Run, cva: Any, recipes: Value, *additional: Value) -> str:
    run.charge(64)
    return str(cva.apply(clean(run, recipes), *(clean(run, one) for one in additional)))


# -- intl extra


def _localised(name: str) -> Callable[..., Value]:
    find = getattr(intl, name)

    def named(run: Run, value: Value, locale: Value = None) -> Value:
        run.charge(50)
        return find(None if value is None else text(value), _optional(locale))

    return named


def _names(name: str) -> Callable[..., Value]:
    find = getattr(intl, name)

    def listed(run: Run, locale: Value = None) -> Value:
        run.charge(30_000)
        return find(_optional(locale))

    return listed


def country_timezones(run: Run, country: Value) -> Value:
    """`country_timezones`."""
    run.charge(1000)
    return intl.country_timezones(text(country))


def _number(value: Value) -> int | float:
    if type(value) is str:
        found = number_of(value)
        if found is None and value != "":
            raise TwigRuntimeError("Unable to format the given number.")
        return found or 0
    return value if type(value) is int else real(value)


def _call(run: Run, act: Callable[..., str], *given: Any, **named: Any) -> str:
    """An intl function; what it refuses is Twig's own runtime error."""
    run.charge(100)
    try:
        shown = act(*given, **named)
    except PhpError:
        raise
    except ValueError as error:
        raise TwigRuntimeError(str(error)) from error
    run.text(len(shown))
    return shown


def format_currency(run: Run, amount: Value, currency: Value, attrs: Value = None, locale: Value = None) -> str:
    """`format_currency`."""
    attributes = clean(run, attrs or {})
    return _call(run, intl.format_currency, _number(amount), text(currency), attributes, _optional(locale))


def format_number(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run,
    number: Value,
    attrs: Value = None,
    style: Value = "decimal",
    type: Value = "default",
    locale: Value = None,
) -> str:
    """`format_number`."""
    attributes = clean(run, attrs or {})
    return _call(run, intl.format_number, _number(number), attributes, text(style), text(type), _optional(locale))


def _number_style(style: str) -> Callable[..., str]:
    def styled(run: Run, number: Value, attrs: Value = None, type: Value = "default", locale: Value = None) -> str:
        return format_number(run, number, attrs, style, type, locale)

    return styled


def format_datetime(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run,
    date: Value,
    date_format: Value = "medium",
    time_format: Value = "medium",
    pattern: Value = "",
    timezone: Value = None,
    calendar: Value = "gregorian",
    locale: Value = None,
) -> str:
    """`format_datetime`."""
    styles = [text(one) if one is not None else "none" for one in (date_format, time_format)]
    shape = text(pattern)
    run.text(len(shape) * 16)
    moment = convert(run, date, timezone)
    return _call(run, intl.format_datetime, moment, *styles, shape, text(calendar), _optional(locale), now=now(run))


def format_date(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run,
    date: Value,
    date_format: Value = "medium",
    pattern: Value = "",
    timezone: Value = None,
    calendar: Value = "gregorian",
    locale: Value = None,
) -> str:
    """`format_date`."""
    return format_datetime(run, date, date_format, "none", pattern, timezone, calendar, locale)


def format_time(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run,
    date: Value,
    time_format: Value = "medium",
    pattern: Value = "",
    timezone: Value = None,
    calendar: Value = "gregorian",
    locale: Value = None,
) -> str:
    """`format_time`."""
    return format_datetime(run, date, "none", time_format, pattern, timezone, calendar, locale)


# -- hashes, no part of Twig


def _hash(name: str) -> Callable[..., Value]:
    digest = getattr(hashes, name)

    def hashed(run: Run, value: Value) -> Value:
        return digest(_given(run, value))

    return hashed


def hmac(run: Run, value: Value, key: Value, algorithm: Value = "sha256") -> str:
    """`hmac`."""
    return hashes.hmac(_given(run, value), text(key), text(algorithm))


_NAME_FILTERS = ("country_name", "currency_name", "currency_symbol", "language_name", "locale_name", "timezone_name")
_NAME_FUNCTIONS = (
    "country_names",
    "currency_names",
    "language_names",
    "locale_names",
    "script_names",
    "timezone_names",
)
_STYLES = ("decimal", "currency", "percent", "scientific", "spellout", "ordinal", "duration")


def add_extras(registry: Registry) -> None:
    """Register them."""
    filters: dict[str, Callable[..., Value]] = {
        "u": u,
        "slug": slug,
        "singular": singular,
        "plural": plural,
        "data_uri": data_uri,
        "format_currency": format_currency,
        "format_number": format_number,
        "format_datetime": format_datetime,
        "format_date": format_date,
        "format_time": format_time,
        "hmac": hmac,
    }
    for name, filter_ in filters.items():
        registry.add("filter", name, filter_)
    for name in _NAME_FILTERS:
        registry.add("filter", name, _localised(name))
    for style in _STYLES:
        registry.add("filter", f"format_{style}_number", _number_style(style))
    for name in _NAME_FUNCTIONS:
        registry.add("function", name, _names(name))
    for function in (country_timezones, html_classes, html_cva):
        registry.add("function", function.__name__, function)
    for name in ("md5", "sha1", "sha256", "base64_encode", "base64_decode"):
        registry.add("filter", name, _hash(name))
    php.register_text(UnicodeString, "Symfony\\Component\\String\\UnicodeString", lambda value: value.text)
    php.register_text(html.Cva, "Twig\\Extra\\Html\\Cva", None)
    register_methods(UnicodeString, {name: _unicode_method(name) for name in unicode_string.METHODS})
    register_methods(html.Cva, {"apply": _apply})
