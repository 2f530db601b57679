"""A zone in a date: its name, or its offset in one of ICU's shapes.

Source: UTS #35 part 4, "Using Time Zone Names".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.core import get_global

from tracking.rendering.twig.intl.conventions import Conventions
from tracking.rendering.twig.php_dates.formatting import is_daylight_saving, offset_seconds
from tracking.rendering.twig.php_dates.zones import AbbreviationZone, is_bare_offset, zone_name

_UNNAMED: Final = "\u2205\u2205\u2205"  # CLDR's mark for "no name here, on purpose"


def format_zone(moment: datetime, field: str, found: Conventions) -> str:
    """The fields z, O, Z, X and x of any length, and VV."""
    letter, length = field[0], len(field)
    if letter == "V":
        return _identifier(moment)
    if letter == "z":
        return _name(moment, found, long=length == 4)
    if letter == "O" or (letter == "Z" and length == 4):
        return _localized(moment, found, long=length == 4)
    if letter == "Z":
        return _basic(moment, colon=length == 5, zulu=length == 5)
    return _iso(moment, length, zulu=letter == "X")


def _name(moment: datetime, found: Conventions, *, long: bool) -> str:
    """ "UTC", "PST" or "GMT+1"; long "Coordinated Universal Time"."""
    if is_bare_offset(moment.tzinfo) or isinstance(moment.tzinfo, AbbreviationZone):
        return _localized(moment, found, long=long)
    if not long and moment.tzname() == "UTC":
        return "UTC"
    names = _names(zone_name(moment.tzinfo), "long" if long else "short", found.locale)
    name = names.get("daylight" if is_daylight_saving(moment) else "standard", _UNNAMED)
    return _localized(moment, found, long=long) if name == _UNNAMED else name


def _identifier(moment: datetime) -> str:
    bare = is_bare_offset(moment.tzinfo) or isinstance(moment.tzinfo, AbbreviationZone)
    return f"GMT{_basic(moment, colon=True, zulu=False)}" if bare else zone_name(moment.tzinfo)


def _names(zone: str, width: str, locale: Locale) -> Mapping[str, str]:
    """The names of the zones that keep time with this one, under the zone's own."""
    names: dict[str, str] = {}
    metazones: Mapping[str, str] = get_global("meta_zones")
    for known in spellings(zone):
        own = locale.time_zones.get(known, {}).get(width, {})
        shared = locale.meta_zones.get(metazones.get(known, ""), {}).get(width, {})
        names |= {**dict(shared), **dict(own)}
    return names


def spellings(zone: str) -> Iterator[str]:
    """The zone, and the other names that CLDR's tables may have it under."""
    target: str | None = get_global("zone_aliases").get(zone)
    yield from _former_names().get(target or zone, ())
    if target is not None:
        yield target
    yield zone


@lru_cache(maxsize=1)
def _former_names() -> Mapping[str, tuple[str, ...]]:
    former: dict[str, tuple[str, ...]] = {}
    for alias, zone in get_global("zone_aliases").items():
        former[zone] = (*former.get(zone, ()), alias)
    return former


def _localized(moment: datetime, found: Conventions, *, long: bool) -> str:
    """ "GMT+1", long "GMT+01:00", with the locale's word, digits and minus."""
    seconds = offset_seconds(moment)
    pattern: str = found.locale.zone_formats["gmt"]
    if not seconds:
        return (pattern % "").strip()
    hours, minutes = divmod(abs(seconds) // 60, 60)
    shown = f"{hours:02d}:{minutes:02d}" if long else f"{hours}:{minutes:02d}" if minutes else str(hours)
    digits = shown.translate({ord("0") + digit: chr(ord(found.zero) + digit) for digit in range(10)})
    return pattern % f"{found.gmt_minus if seconds < 0 else '+'}{digits}"


def _iso(moment: datetime, length: int, *, zulu: bool) -> str:
    """ISO 8601: one letter "+01" or "+0530", two or four "+0100", three or five "+01:00"."""
    shown = _basic(moment, colon=length in {3, 5}, zulu=zulu)
    return shown[:3] if length == 1 and shown.endswith("00") else shown


def _basic(moment: datetime, *, colon: bool, zulu: bool) -> str:
    seconds = offset_seconds(moment)
    if zulu and not seconds:
        return "Z"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02d}{':' if colon else ''}{minutes:02d}"
