"""Dates in a locale by ICU's patterns and styles.

Source: UTS #35 part 4, "Date Field Symbol Table". Fields that Babel knows are Babel's; names, digits, the join of
date and time, and zone names follow ICU 72.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.core import get_global
from babel.dates import DateTimeFormat

from tracking.rendering.twig.intl import zones
from tracking.rendering.twig.intl.conventions import KEPT, LENGTHS, Conventions, conventions, find_locale

_JULIAN_OFFSET: Final = 1_721_425  # from Python's ordinal to the Julian day
_NO_STYLE: Final = "yyyyMMdd hh:mm a"  # what ICU writes when both styles are none
MAX_PATTERN: Final = 1_000  # characters
MAX_FIELD: Final = 32  # letters of one field; longer ones would pad without end

_TOKEN = re.compile(r"'(?P<quoted>(?:[^']|'')*)(?:'|$)|(?P<field>([A-Za-z])\3*)|(?P<text>[^A-Za-z']+|')")


@lru_cache(maxsize=512)
def _tokens(pattern: str) -> tuple[tuple[str, str], ...]:
    """(kind, text) pieces; two apostrophes are one."""
    pieces: list[tuple[str, str]] = []
    for found in _TOKEN.finditer(pattern):
        if found["field"]:
            pieces.append(("field", found["field"]))
        elif found["quoted"] is not None:
            pieces.append(("text", _quoted(found["quoted"], whole=found[0])))
        else:
            pieces.append(("text", found["text"]))
    return tuple(pieces)


def _quoted(inner: str, *, whole: str) -> str:
    """A quoted text; two apostrophes alone are one, and an open quote runs to the end."""
    return "'" if whole == "''" else inner.replace("''", "'")


def format_pattern(moment: datetime, pattern: str, locale: str) -> str:
    """The moment, in its own zone, by an ICU pattern.

    Raises ValueError for a field that does not exist, and beyond MAX_PATTERN characters.
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"A date pattern has at most {MAX_PATTERN} characters")
    found = conventions(locale)
    return "".join(text if kind == "text" else _field(moment, text, found) for kind, text in _tokens(pattern))


def _field(moment: datetime, field: str, found: Conventions) -> str:
    if len(field) > MAX_FIELD:
        raise ValueError(f'The date field "{field[0]}" is written at most {MAX_FIELD} times')
    write = _zone if field == "VV" else _OWN_FIELDS.get(field[0])
    if write is not None:
        return write(moment, field, found)
    try:
        return _digits(str(DateTimeFormat(moment, _in_region(found.locale))[field]), found)
    except (KeyError, NotImplementedError):
        raise ValueError(f'Unknown date field "{field}"') from None


@lru_cache(maxsize=KEPT)
def _in_region(locale: Locale) -> Locale:
    """The locale in its likeliest region, because weeks are counted by region."""
    likely: str = get_global("likely_subtags").get(str(locale), "")
    if locale.territory or not likely:
        return locale
    return find_locale(f"{locale}_{likely.rpartition('_')[2]}") or locale


def _digits(text: str, found: Conventions) -> str:
    if found.zero == "0":
        return text
    return text.translate({ord("0") + digit: chr(ord(found.zero) + digit) for digit in range(10)})


def _number(value: int, field: str, found: Conventions) -> str:
    return _digits(f"{value:0{len(field)}d}", found)


def _month(moment: datetime, field: str, found: Conventions) -> str:
    names = found.names.get(field)
    if names is not None:
        return names[moment.month - 1]
    if len(field) < 3:
        return _number(moment.month, field, found)
    return str(DateTimeFormat(moment, _in_region(found.locale))[field])


def _weekday(moment: datetime, field: str, found: Conventions) -> str:
    names = found.names.get("EEE" if field in {"E", "EE"} else field)
    if names is not None:
        return names[moment.weekday()]
    return _digits(str(DateTimeFormat(moment, _in_region(found.locale))[field]), found)


def _half_day(moment: datetime, field: str, found: Conventions) -> str:
    return found.names["a"][moment.hour >= 12]


def _year(moment: datetime, field: str, found: Conventions) -> str:
    return _number(moment.year % 100 if len(field) == 2 else moment.year, field, found)


def _fraction(moment: datetime, field: str, found: Conventions) -> str:
    """Digits of the second, cut, not rounded."""
    return _digits(f"{moment.microsecond:06d}"[: len(field)].ljust(len(field), "0"), found)


def _half_day_or_noon(moment: datetime, field: str, found: Conventions) -> str:
    if moment.hour % 12 or moment.minute or moment.second:
        return _half_day(moment, field, found)
    return str(DateTimeFormat(moment, _in_region(found.locale))[field])


def _julian_day(moment: datetime, field: str, found: Conventions) -> str:
    return _number(moment.toordinal() + _JULIAN_OFFSET, field, found)


def _nothing(moment: datetime, field: str, found: Conventions) -> str:
    """Fields that only a skeleton knows."""
    return ""


def _zone(moment: datetime, field: str, found: Conventions) -> str:
    return zones.format_zone(moment, field, found)


_OWN_FIELDS: Final[dict[str, Callable[[datetime, str, Conventions], str]]] = {
    "M": _month,
    "L": _month,
    "E": _weekday,
    "c": _weekday,
    "a": _half_day,
    "y": _year,
    "u": _year,
    "S": _fraction,
    **dict.fromkeys("zOZXx", _zone),
    "r": _year,
    "U": _year,
    "b": _half_day_or_noon,
    "g": _julian_day,
    **dict.fromkeys("jJC", _nothing),
}


def style_pattern(date_style: str, time_style: str, locale: str) -> str:
    """The pattern of two lengths, "none" for neither; a relative_ prefix is left to the caller."""
    found = conventions(locale)
    date = "" if date_style == "none" else found.dates[LENGTHS.index(date_style)]
    time = "" if time_style == "none" else found.times[LENGTHS.index(time_style)]
    if date and time:
        return found.joins[LENGTHS.index(date_style)].replace("{1}", date).replace("{0}", time)
    return date or time or _NO_STYLE


def format_styles(moment: datetime, date_style: str, time_style: str, locale: str, *, today: datetime) -> str:
    """The moment by two lengths; relative_ ones say "today" where the locale has a word for the day."""
    plain = date_style.removeprefix("relative_")
    word = _relative_word(moment, today, locale) if plain != date_style else None
    if word is None:
        return format_pattern(moment, style_pattern(plain, time_style, locale), locale)
    if time_style == "none":
        return word
    found = conventions(locale)
    time = format_pattern(moment, found.times[LENGTHS.index(time_style)], locale)
    join = "".join(text for _, text in _tokens(found.joins[LENGTHS.index(plain)]))
    return join.replace("{1}", word).replace("{0}", time)


def _relative_word(moment: datetime, today: datetime, locale: str) -> str | None:
    distance = moment.date() - today.astimezone(moment.tzinfo).date()
    return conventions(locale).relative_days.get(str(distance // timedelta(days=1)))
