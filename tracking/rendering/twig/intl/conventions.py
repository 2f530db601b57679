"""How a locale writes dates and numbers: Babel's data, put right where ICU 72 (CLDR 42) writes otherwise.

`cldr42.json` holds what CLDR 42 says, per locale, where the CLDR of Babel 2.18 says something else or nothing:
date, time and joining patterns, number patterns and symbols, month and day names, relative days.
Source of both: Unicode CLDR, under the Unicode licence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global

LENGTHS: Final = ("full", "long", "medium", "short")
DEFAULT: Final = "en"
_LONGEST_NAME: Final = 100  # characters; also what keeps the memory of names small
KEPT: Final = 48  # locales in memory; a template may name all 1,000


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """One locale, resolved. Patterns are CLDR's; `names` maps a kind of name ("MMM") to its forms in order."""

    locale: Locale
    dates: tuple[str, ...]  # by LENGTHS
    times: tuple[str, ...]
    joins: tuple[str, ...]  # "{1}, {0}": date and time
    decimal: str
    currency: str
    percent: str
    scientific: str
    symbols: Mapping[str, str]
    zero: str
    gmt_minus: str  # the sign of "GMT-5"
    names: Mapping[str, tuple[str, ...]]
    relative_days: Mapping[str, str]  # "-1" -> "yesterday"


def find_locale(name: str) -> Locale | None:
    """The locale of "de_CH" or "de-CH", else of its language; None for an unknown language."""
    return _find_locale(name) if len(name) <= _LONGEST_NAME else None


@lru_cache(maxsize=KEPT)
def _find_locale(name: str) -> Locale | None:
    _forget_others()
    parts = name.replace("-", "_").partition("@")[0].partition(".")[0].split("_")
    while parts:
        try:
            return Locale.parse("_".join(parts))
        except (UnknownLocaleError, ValueError):
            parts.pop()
    return None


def _forget_others() -> None:
    """Babel keeps every locale it ever read, some 200 KB each; nothing public lets go of them."""
    read: dict[str, Any] = getattr(localedata, "_cache", {})
    if len(read) > 2 * KEPT:
        read.clear()


def conventions(name: str) -> Conventions:
    """The conventions of a locale's name; those of English for an unknown one."""
    return _conventions(str(find_locale(name) or DEFAULT))


@lru_cache(maxsize=KEPT)
def _conventions(name: str) -> Conventions:
    locale = Locale.parse(name)
    return resolve(locale, _corrections(str(locale)))


def resolve(locale: Locale, corrections: Mapping[str, Any]) -> Conventions:
    """Babel's conventions with corrections laid over them."""
    own = _from_babel(locale)
    found = {**own, **corrections}
    found["symbols"] = {**own["symbols"], **corrections.get("symbols", {})}
    found["names"] = {**own["names"], **{key: tuple(value) for key, value in corrections.get("names", {}).items()}}
    parts: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}
    return Conventions(locale=locale, **parts)


def _from_babel(locale: Locale) -> dict[str, Any]:
    return {
        "dates": [locale.date_formats[length].pattern for length in LENGTHS],
        "times": [locale.time_formats[length].pattern for length in LENGTHS],
        "joins": [str(locale.datetime_formats[length]) for length in LENGTHS],
        "decimal": locale.decimal_formats[None].pattern,
        "currency": locale.currency_formats["standard"].pattern,
        "percent": locale.percent_formats[None].pattern,
        "scientific": locale.scientific_formats[None].pattern,
        "symbols": _symbols(locale),
        "zero": "0",
        "gmt_minus": "-",
        "names": _names(locale),
        "relative_days": {},
    }


def _symbols(locale: Locale) -> dict[str, str]:
    systems = locale.number_symbols
    system = locale.default_numbering_system
    return dict(systems.get(system) or systems["latn"])


def _names(locale: Locale) -> dict[str, tuple[str, ...]]:
    calendar = _calendar(locale)
    months, days, periods = calendar["months"], calendar["days"], calendar["day_periods"]["format"]["abbreviated"]
    return {
        "MMMM": _listed(months["format"]["wide"], first=1),
        "MMM": _listed(months["format"]["abbreviated"], first=1),
        "LLLL": _listed(months["stand-alone"]["wide"], first=1),
        "LLL": _listed(months["stand-alone"]["abbreviated"], first=1),
        "EEEE": _listed(days["format"]["wide"], first=0),  # Monday first
        "EEE": _listed(days["format"]["abbreviated"], first=0),
        "ccc": _listed(days["stand-alone"]["abbreviated"], first=0),
        "a": (periods.get("am", "AM"), periods.get("pm", "PM")),
    }


def _calendar(locale: Locale) -> Mapping[str, Any]:
    """The calendar's names, in a copy: resolving aliases in Babel's own data writes one locale's names into others."""
    data = localedata.load(str(locale))
    return localedata.LocaleDataDict({key: deepcopy(data[key]) for key in ("months", "days", "day_periods")})


def _listed(names: Mapping[int, str], *, first: int) -> tuple[str, ...]:
    return tuple(names[number] for number in range(first, first + len(names)))


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, Any]]:
    text = resources.files(__package__ or __name__).joinpath("cldr42.json").read_text("utf-8")
    return dict(json.loads(text))


def parent(name: str) -> str:
    """The locale whose data a locale inherits; "root" at the end."""
    exceptions: Mapping[str, str] = get_global("parent_exceptions")
    return exceptions.get(name) or (name.rpartition("_")[0] if "_" in name else "root")


def _corrections(name: str) -> dict[str, Any]:
    """What the table says for a locale and the ones it inherits from, the nearest last."""
    if name == "root":  # every language of Babel is complete in itself
        return {}
    own = _table().get(name, {})
    inherited = _corrections(parent(name))
    merged = {**inherited, **own}
    for key in ("symbols", "names"):
        merged[key] = {**inherited.get(key, {}), **own.get(key, {})}
    return merged
