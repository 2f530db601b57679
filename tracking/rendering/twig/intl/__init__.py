"""Twig's intl extra: dates, numbers, amounts and names in a locale.

Everything stands on Babel and the corrections of `cldr42.json`; where PyICU is installed, dates and numbers are
its own. Filters take the value first, then Twig's parameters by Twig's names; `locale` defaults to English.
They raise ValueError with the message that Twig's RuntimeError has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tracking.rendering.twig.intl import dates, icu, names, numbers
from tracking.rendering.twig.intl.collation import sort_key
from tracking.rendering.twig.intl.conventions import DEFAULT

__all__ = [
    "country_name", "country_names", "country_timezones", "currency_name", "currency_names", "currency_symbol",
    "format_currency", "format_date", "format_datetime", "format_number", "format_number_style", "format_time",
    "language_name", "language_names", "locale_name", "locale_names", "script_names", "timezone_name",
    "timezone_names",
]  # fmt: skip

DATE_STYLES: Final = (
    "none", "short", "medium", "long", "full", "relative_short", "relative_medium", "relative_long", "relative_full",
)  # fmt: skip
TIME_STYLES: Final = ("none", "short", "medium", "long", "full")


def format_datetime(  # noqa: PLR0917  Twig's own list of parameters
    value: datetime,
    dateFormat: str | None = "medium",  # noqa: N803  Twig's names
    timeFormat: str | None = "medium",  # noqa: N803
    pattern: str = "",
    calendar: str = "gregorian",
    locale: str | None = None,
    *,
    now: datetime,
) -> str:
    """A moment in its own zone, by two styles or an ICU pattern. `now` is what relative styles are relative to."""
    date_style, time_style = dateFormat or "none", timeFormat or "none"
    _check_style("date", date_style, DATE_STYLES)
    _check_style("time", time_style, TIME_STYLES)
    if icu.AVAILABLE:
        return icu.format_datetime(value, (date_style, time_style), pattern, calendar, locale or DEFAULT)
    if pattern:
        return dates.format_pattern(value, pattern, locale or DEFAULT)
    return dates.format_styles(value, date_style, time_style, locale or DEFAULT, today=now)


def format_date(
    value: datetime,
    dateFormat: str | None = "medium",  # noqa: N803
    pattern: str = "",
    calendar: str = "gregorian",
    locale: str | None = None,
    *,
    now: datetime,
) -> str:
    """format_datetime without a time."""
    return format_datetime(value, dateFormat, "none", pattern, calendar, locale, now=now)


def format_time(
    value: datetime,
    timeFormat: str | None = "medium",  # noqa: N803
    pattern: str = "",
    calendar: str = "gregorian",
    locale: str | None = None,
    *,
    now: datetime,
) -> str:
    """format_datetime without a date."""
    return format_datetime(value, "none", timeFormat, pattern, calendar, locale, now=now)


def _check_style(kind: str, style: str, known: tuple[str, ...]) -> None:
    if style not in known:
        listed = '", "'.join(known)
        raise ValueError(f'The {kind} format "{style}" does not exist, known formats are: "{listed}".')


def format_currency(
    value: float, currency: str, attrs: Mapping[str, Any] | None = None, locale: str | None = None
) -> str:
    """ "€1,000,000.00"."""
    if icu.AVAILABLE:
        return icu.format_currency(value, currency, attrs or {}, locale or DEFAULT)
    return numbers.format_amount(value, currency, attrs or {}, locale or DEFAULT)


def format_number(
    value: float,
    attrs: Mapping[str, Any] | None = None,
    style: str = "decimal",
    type: str = "default",
    locale: str | None = None,
) -> str:
    """A number in one of the styles decimal, currency, percent, scientific, spellout, ordinal, duration."""
    if icu.AVAILABLE:
        return icu.format_number(value, attrs or {}, style, type, locale or DEFAULT)
    return numbers.format_styled(value, style, type, attrs or {}, locale or DEFAULT)


def format_number_style(
    style: str,
    value: float,
    attrs: Mapping[str, Any] | None = None,
    type: str = "default",
    locale: str | None = None,
) -> str:
    """What format_*_number calls, with the style out of the filter's name."""
    return format_number(value, attrs, style, type, locale)


def country_name(value: str | None, locale: str | None = None) -> str:
    return _named(names.country, value, locale)


def currency_name(value: str | None, locale: str | None = None) -> str:
    return _named(names.currency, value, locale)


def currency_symbol(value: str | None, locale: str | None = None) -> str:
    return _named(names.currency_sign, value, locale)


def language_name(value: str | None, locale: str | None = None) -> str:
    return _named(names.language, value, locale)


def locale_name(value: str | None, locale: str | None = None) -> str:
    return _named(names.locale_name, value, locale)


def timezone_name(value: str | None, locale: str | None = None) -> str:
    return _named(names.timezone, value, locale)


def _named(find: Any, value: str | None, locale: str | None) -> str:
    """The name of a code; the code itself where it has none, nothing for null."""
    if value is None:
        return ""
    found = find(value, locale or DEFAULT)
    return value if found is None else str(found)


def country_timezones(country: str) -> list[str]:
    return names.country_zones(country)


def country_names(locale: str | None = None) -> dict[str, str]:
    return _sorted(names.countries(locale or DEFAULT))


def currency_names(locale: str | None = None) -> dict[str, str]:
    return _sorted(names.currencies(locale or DEFAULT))


def language_names(locale: str | None = None) -> dict[str, str]:
    return _sorted(names.languages(locale or DEFAULT))


def script_names(locale: str | None = None) -> dict[str, str]:
    return _sorted(names.scripts(locale or DEFAULT))


def locale_names(locale: str | None = None) -> dict[str, str]:
    return _sorted(names.locales(locale or DEFAULT))


def timezone_names(locale: str | None = None) -> dict[str, str]:
    return _sorted(names.timezones(locale or DEFAULT))


def _sorted(found: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(found.items(), key=lambda pair: sort_key(pair[1])))
