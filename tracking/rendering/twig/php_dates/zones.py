"""Time zones as PHP knows them: identifiers, abbreviations and bare offsets.

A zone found in a text keeps the kind it was written in, because the format letters "e", "T" and "I" show it.
"""

from __future__ import annotations

import re
from datetime import UTC as PYTHON_UTC
from datetime import datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tracking.rendering.twig.php_dates.abbreviations import ABBREVIATIONS
from tracking.rendering.twig.php_dates.errors import DateError

UTC: Final = ZoneInfo("UTC")

_LONGEST_NAME: Final = 64  # characters; every identifier is shorter

_OFFSET = re.compile(
    r"(?P<sign>[+-])(?:"
    r"(?P<h6>\d\d)(?P<m6>\d\d)(?P<s6>\d\d)"
    r"|(?P<h4>\d{1,2})(?P<m4>\d\d)"
    r"|(?P<hc>\d{1,2})(?::(?P<mc>\d{1,2})(?::(?P<sc>\d\d))?)?"
    r")",
)


class AbbreviationZone(tzinfo):
    """A zone written as "EST" or "CEST": one offset all year, daylight saving or not by its name."""

    def __init__(self, name: str, offset: timedelta, *, daylight: bool) -> None:
        self.name = name
        self.offset = offset
        self.daylight = daylight

    def utcoffset(self, moment: datetime | None, /) -> timedelta:
        return self.offset

    def dst(self, moment: datetime | None, /) -> timedelta:
        return timedelta(hours=1) if self.daylight else timedelta(0)

    def tzname(self, moment: datetime | None, /) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AbbreviationZone) and (self.name, self.offset) == (other.name, other.offset)

    def __hash__(self) -> int:
        return hash((self.name, self.offset))

    def __getinitargs__(self) -> tuple[str, timedelta]:
        return self.name, self.offset

    def __reduce__(self) -> tuple[object, ...]:
        return _abbreviation_zone, (self.name, self.offset, self.daylight)


def _abbreviation_zone(name: str, offset: timedelta, daylight: bool) -> AbbreviationZone:
    return AbbreviationZone(name, offset, daylight=daylight)


def timezone(name: str) -> tzinfo:
    """The zone of an identifier ("Europe/Paris", any case), an abbreviation ("EST") or an offset ("+05:30").

    Raises DateError where PHP's DateTimeZone does.
    """
    written = name.strip(" \t")
    found = offset_zone(written.removeprefix("GMT")) if written[-1:].isdigit() else None
    found = found or named_zone(written)
    if found is None:
        raise DateError(f"DateTimeZone::__construct(): Unknown or bad timezone ({name})")
    return found


def named_zone(name: str) -> tzinfo | None:
    """The zone of an abbreviation or an identifier, None when there is none of that name."""
    if len(name) > _LONGEST_NAME:
        return None
    entry = ABBREVIATIONS.get(name.lower())
    if name == "UTC":
        return UTC
    if entry is not None:
        seconds, daylight = entry
        return AbbreviationZone(name.upper(), timedelta(seconds=seconds), daylight=daylight)
    return _identified(name.lower())


@lru_cache(maxsize=1)
def _identifiers() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


@lru_cache(maxsize=1024)
def _identified(lower: str) -> ZoneInfo | None:
    name = _identifiers().get(lower)
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def offset_zone(text: str) -> tzinfo | None:
    """The zone of "+2", "+0230", "+02:30" or "-02:30:15"; None for another shape or a day and more."""
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = (
        int(next((found[f"{part}{form}"] for form in forms if found[f"{part}{form}"]), "0"))
        for part, forms in (("h", "64c"), ("m", "64c"), ("s", "6c"))
    )
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if offset >= timedelta(days=1):
        return None
    return fixed_zone_at(-offset if found["sign"] == "-" else offset)


def fixed_zone_at(offset: timedelta) -> fixed_zone:
    """A bare offset; always named, so that "+00:00" stays apart from UTC."""
    return fixed_zone(offset, offset_name(int(offset.total_seconds())))


def offset_name(seconds: int) -> str:
    """ "+05:30"; the seconds only where there are any."""
    sign = "-" if seconds < 0 else "+"
    minutes, rest = divmod(abs(seconds), 60)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}" + (f":{rest:02d}" if rest else "")


def is_bare_offset(zone: tzinfo | None) -> bool:
    return isinstance(zone, fixed_zone) and zone is not PYTHON_UTC


def zone_name(zone: tzinfo | None) -> str:
    """PHP's getName(): the identifier, the abbreviation or the offset."""
    if zone is None or zone is PYTHON_UTC:
        return "UTC"
    if isinstance(zone, ZoneInfo):
        return zone.key
    return zone.tzname(None) or "UTC"
