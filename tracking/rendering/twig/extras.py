"""The filters and functions of Twig's string and intl extras, and hashes: plain functions over plain values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracking.rendering.twig import hashes, intl, php, strings, unicode_string
from tracking.rendering.twig.access import register_methods
from tracking.rendering.twig.cleaning import clean, given_text, optional_text
from tracking.rendering.twig.errors import PhpError, TwigRuntimeError
from tracking.rendering.twig.extras_html import add_html
from tracking.rendering.twig.filters.dates import convert, now
from tracking.rendering.twig.php import number_of, real, text, truth
from tracking.rendering.twig.registry import Registry
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.unicode_string import UnicodeString
from tracking.rendering.twig.values import Value

# -- string extra


def u(run: Run, text: Value) -> UnicodeString:
    """`u`."""
    return strings.u(given_text(run, text))


def slug(run: Run, string: Value, separator: Value = "-", locale: Value = None) -> Value:
    """`slug`."""
    given = given_text(run, string)
    between = text(separator)
    run.text(len(given) * max(1, len(between)))
    return strings.u(strings.slug(given, between, optional_text(locale)))


def singular(run: Run, value: Value, locale: Value = "en", all: Value = False) -> Value:
    """`singular`."""
    return strings.singular(given_text(run, value), text(locale), truth(all))


def plural(run: Run, value: Value, locale: Value = "en", all: Value = False) -> Value:
    """`plural`."""
    return strings.plural(given_text(run, value), text(locale), truth(all))


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


# -- intl extra


def _localised(name: str) -> Callable[..., Value]:
    find = getattr(intl, name)

    def named(run: Run, value: Value, locale: Value = None) -> Value:
        run.charge(50)
        return find(None if value is None else text(value), optional_text(locale))

    return named


def _names(name: str) -> Callable[..., Value]:
    find = getattr(intl, name)

    def listed(run: Run, locale: Value = None) -> Value:
        run.charge(30_000)
        return find(optional_text(locale))

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
    return _call(run, intl.format_currency, _number(amount), text(currency), attributes, optional_text(locale))


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
    return _call(run, intl.format_number, _number(number), attributes, text(style), text(type), optional_text(locale))


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
    return _call(run, intl.format_datetime, moment, *styles, shape, text(calendar), optional_text(locale), now=now(run))


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
        return digest(given_text(run, value))

    return hashed


def hmac(run: Run, value: Value, key: Value, algorithm: Value = "sha256") -> str:
    """`hmac`."""
    return hashes.hmac(given_text(run, value), given_text(run, key), text(algorithm))


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
    add_html(registry)
    filters: dict[str, Callable[..., Value]] = {
        "u": u,
        "slug": slug,
        "singular": singular,
        "plural": plural,
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
    registry.add("function", "country_timezones", country_timezones)
    for name in ("md5", "sha1", "sha256", "base64_encode", "base64_decode"):
        registry.add("filter", name, _hash(name))
    php.register_text(UnicodeString, "Symfony\\Component\\String\\UnicodeString", lambda value: value.text)
    register_methods(UnicodeString, {name: _unicode_method(name) for name in unicode_string.METHODS})
