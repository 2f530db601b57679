"""PHP's date(): one function for each letter.

Source: PHP manual, DateTimeInterface::format.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from tracking.rendering.twig.php_dates.words import DAYS, MONTHS
from tracking.rendering.twig.php_dates.zones import is_bare_offset, zone_name

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def format_date(moment: datetime, format: str) -> str:
    """The moment in PHP's date format; a backslash keeps the next character, unknown letters stand for themselves."""
    parts: list[str] = []
    characters = iter(format)
    for letter in characters:
        if letter == "\\":
            parts.append(next(characters, "\\"))
        else:
            parts.append(LETTERS[letter](moment) if letter in LETTERS else letter)
    return "".join(parts)


def timestamp(moment: datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return (moment - _EPOCH) // timedelta(seconds=1)


def offset_seconds(moment: datetime) -> int:
    """Seconds east of UTC."""
    return int((moment.utcoffset() or timedelta(0)).total_seconds())


def is_daylight_saving(moment: datetime) -> bool:
    return bool(moment.dst())


def _offset(moment: datetime, colon: str) -> str:
    seconds = offset_seconds(moment)
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02d}{colon}{minutes % 60:02d}"


def _abbreviation(moment: datetime) -> str:
    if is_bare_offset(moment.tzinfo):
        return "GMT" + _offset(moment, "")
    return moment.tzname() or "UTC"


def _zone(moment: datetime) -> str:
    """The zone as it was written; of a bare offset the seconds are not shown."""
    return _offset(moment, ":") if is_bare_offset(moment.tzinfo) else zone_name(moment.tzinfo)


def _offset_or_z(moment: datetime) -> str:
    return "Z" if _abbreviation(moment) in {"UTC", "Z", "GMT+0000"} else _offset(moment, ":")


def _ordinal_suffix(moment: datetime) -> str:
    if moment.day in {11, 12, 13}:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(moment.day % 10, "th")


def _month_length(moment: datetime) -> int:
    if moment.month == 12:
        return 31
    return (moment.replace(day=1, month=moment.month + 1) - moment.replace(day=1)).days


def _is_leap(moment: datetime) -> bool:
    return moment.year % 4 == 0 and (moment.year % 100 != 0 or moment.year % 400 == 0)


def _swatch(moment: datetime) -> int:
    """Internet time: thousandths of a day in UTC+1."""
    return (timestamp(moment) + 3600) % 86400 * 10 // 864


def _hour12(moment: datetime) -> int:
    return moment.hour % 12 or 12


LETTERS: Final[dict[str, Callable[[datetime], str]]] = {
    "d": lambda moment: f"{moment.day:02d}",
    "D": lambda moment: DAYS[moment.isoweekday() % 7][:3],
    "j": lambda moment: str(moment.day),
    "l": lambda moment: DAYS[moment.isoweekday() % 7],
    "N": lambda moment: str(moment.isoweekday()),
    "S": _ordinal_suffix,
    "w": lambda moment: str(moment.isoweekday() % 7),
    "z": lambda moment: str(moment.timetuple().tm_yday - 1),
    "W": lambda moment: f"{moment.isocalendar().week:02d}",
    "F": lambda moment: MONTHS[moment.month - 1],
    "m": lambda moment: f"{moment.month:02d}",
    "M": lambda moment: MONTHS[moment.month - 1][:3],
    "n": lambda moment: str(moment.month),
    "t": lambda moment: str(_month_length(moment)),
    "L": lambda moment: str(int(_is_leap(moment))),
    "o": lambda moment: str(moment.isocalendar().year),
    "X": lambda moment: f"+{moment.year:04d}",
    "x": lambda moment: f"{moment.year:04d}",
    "Y": lambda moment: f"{moment.year:04d}",
    "y": lambda moment: f"{moment.year % 100:02d}",
    "a": lambda moment: "am" if moment.hour < 12 else "pm",
    "A": lambda moment: "AM" if moment.hour < 12 else "PM",
    "B": lambda moment: f"{_swatch(moment):03d}",
    "g": lambda moment: str(_hour12(moment)),
    "G": lambda moment: str(moment.hour),
    "h": lambda moment: f"{_hour12(moment):02d}",
    "H": lambda moment: f"{moment.hour:02d}",
    "i": lambda moment: f"{moment.minute:02d}",
    "s": lambda moment: f"{moment.second:02d}",
    "u": lambda moment: f"{moment.microsecond:06d}",
    "v": lambda moment: f"{moment.microsecond // 1000:03d}",
    "e": _zone,
    "I": lambda moment: str(int(is_daylight_saving(moment))),
    "O": lambda moment: _offset(moment, ""),
    "P": lambda moment: _offset(moment, ":"),
    "p": _offset_or_z,
    "T": _abbreviation,
    "Z": lambda moment: str(offset_seconds(moment)),
    "c": lambda moment: format_date(moment, r"Y-m-d\TH:i:sP"),
    "r": lambda moment: format_date(moment, "D, d M Y H:i:s O"),
    "U": lambda moment: str(timestamp(moment)),
}
