"""PHP's DateInterval: reading ISO 8601 durations, formatting, and the difference of two moments."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from tracking.rendering.twig.php_dates.errors import DateError, out_of_range
from tracking.rendering.twig.php_dates.formatting import is_daylight_saving, offset_seconds

_DURATION = re.compile(
    r"P(?=.)(?:(?P<y>\d+)Y)?(?:(?P<m>\d+)M)?(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?"
    r"(?:T(?=.)(?:(?P<h>\d+)H)?(?:(?P<i>\d+)M)?(?:(?P<s>\d+)S)?)?"
)
_COMBINED = re.compile(r"P(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)T(?P<h>\d\d):(?P<i>\d\d):(?P<s>\d\d)")
_DIGITS: Final = 9  # of one part of a duration
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A difference in parts. `f` is a fraction of a second, `days` the whole days of a diff, None otherwise."""

    y: int = 0
    m: int = 0
    d: int = 0
    h: int = 0
    i: int = 0
    s: int = 0
    f: float = 0.0
    invert: int = 0
    days: int | None = None

    @classmethod
    def parse(cls, text: str) -> Interval:
        """The interval of "P1Y2DT3H" or "P0001-00-02T03:00:00"; DateError for anything else."""
        found = _DURATION.fullmatch(text) or _COMBINED.fullmatch(text)
        if found is None or any(part and len(part) > _DIGITS for part in found.groups()):
            raise DateError(f"Unknown or bad format ({text})")
        parts = {name: int(value or 0) for name, value in found.groupdict().items()}
        weeks = parts.pop("w", 0)
        parts["d"] += weeks * 7
        return cls(**parts)

    def format(self, spec: str) -> str:
        """PHP's DateInterval::format: "%y %m %d", capitals padded, unknown letters kept with their percent sign."""
        parts: list[str] = []
        at = 0
        while at < len(spec):
            part, at = self._piece(spec, at)
            parts.append(part)
        return "".join(parts)

    def _piece(self, spec: str, at: int) -> tuple[str, int]:
        letter = spec[at + 1 : at + 2]
        if spec[at] != "%" or not letter:
            return spec[at], at + 1
        shown = _LETTERS.get(letter)
        return (shown(self) if shown else f"%{letter}"), at + 2


_LETTERS: Final[dict[str, Callable[[Interval], str]]] = {
    "Y": lambda interval: f"{interval.y:02d}",
    "y": lambda interval: str(interval.y),
    "M": lambda interval: f"{interval.m:02d}",
    "m": lambda interval: str(interval.m),
    "D": lambda interval: f"{interval.d:02d}",
    "d": lambda interval: str(interval.d),
    "H": lambda interval: f"{interval.h:02d}",
    "h": lambda interval: str(interval.h),
    "I": lambda interval: f"{interval.i:02d}",
    "i": lambda interval: str(interval.i),
    "S": lambda interval: f"{interval.s:02d}",
    "s": lambda interval: str(interval.s),
    "F": lambda interval: f"{round(interval.f * 1_000_000):06d}",
    "f": lambda interval: str(round(interval.f * 1_000_000)),
    "a": lambda interval: "(unknown)" if interval.days is None else str(interval.days),
    "R": lambda interval: "-" if interval.invert else "+",
    "r": lambda interval: "-" if interval.invert else "",
    "%": lambda interval: "%",
}


def diff(a: datetime, b: datetime) -> Interval:
    """How far `b` is from `a`, in calendar parts; `invert` is 1 when `b` is the earlier one.

    Within one named zone wall clocks are compared, and less than a day across a change of offset in real time.
    Raises DateRangeError for moments at the very ends of the calendar.
    """
    try:
        return _difference(a, b)
    except OverflowError:
        raise out_of_range("a moment to compare") from None


def _difference(a: datetime, b: datetime) -> Interval:
    invert = a.astimezone(UTC) > b.astimezone(UTC)
    first, last = (b, a) if invert else (a, b)
    shift = _zone_shift(first, last)
    wall = last.replace(tzinfo=None) - first.replace(tzinfo=None) + shift
    return _parts(
        first.replace(tzinfo=None), last.replace(tzinfo=None), shift, invert=invert, days=_days(first, last, wall)
    )


def _same_zone(first: datetime, last: datetime) -> bool:
    return isinstance(first.tzinfo, ZoneInfo) and first.tzinfo == last.tzinfo


def _zone_shift(first: datetime, last: datetime) -> timedelta:
    """What to add to the difference of the wall clocks."""
    shift = timedelta(seconds=offset_seconds(first) - offset_seconds(last))
    if not _same_zone(first, last) or not shift:
        return shift
    return shift if _crosses_in_real_time(first, last, shift) else timedelta(0)


def _crosses_in_real_time(first: datetime, last: datetime, shift: timedelta) -> bool:
    start, end = first.astimezone(UTC), last.astimezone(UTC)
    if is_daylight_saving(first) and not is_daylight_saving(last):
        return end - start - shift < _DAY
    if not is_daylight_saving(first) and is_daylight_saving(last):
        return _springs_forward(start, end, last.tzinfo, shift)
    return False


def _springs_forward(start: datetime, end: datetime, zone: tzinfo | None, shift: timedelta) -> bool:
    change = _change_before(end, zone)
    if change is None or change < start + _DAY <= change - shift:
        return False
    return (end - start - shift) % _DAY > end - change


def _change_before(end: datetime, zone: tzinfo | None) -> datetime | None:
    """When the zone's offset changed in the day before a moment; None when it did not."""
    now = end.astimezone(zone).utcoffset()
    early, late = end - _DAY, end
    if early.astimezone(zone).utcoffset() == now:
        return None
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        early, late = (early, middle) if middle.astimezone(zone).utcoffset() == now else (middle, late)
    return late.replace(microsecond=0)


def _days(first: datetime, last: datetime, wall: timedelta) -> int:
    """Whole days: of the wall clock within one zone, of real time otherwise."""
    if _same_zone(first, last):
        return (last.replace(tzinfo=None) - first.replace(tzinfo=None)) // _DAY if last.date() > first.date() else 0
    return wall // _DAY


def _parts(first: datetime, last: datetime, shift: timedelta, *, invert: bool, days: int) -> Interval:
    seconds = _seconds_of_day(last) - _seconds_of_day(first) + int(shift.total_seconds())
    borrowed, micros = divmod(last.microsecond - first.microsecond, 1_000_000)
    more_days, seconds = divmod(seconds + borrowed, 86400)
    base = first if invert else last
    months, rest = _borrow_days(
        (last.year - first.year) * 12 + last.month - first.month, last.day - first.day + more_days, base, invert=invert
    )
    return Interval(
        y=months // 12, m=months % 12, d=rest, h=seconds // 3600, i=seconds // 60 % 60, s=seconds % 60,
        f=micros / 1_000_000, invert=int(invert), days=days,
    )  # fmt: skip


def _seconds_of_day(moment: datetime) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _borrow_days(months: int, days: int, base: datetime, *, invert: bool) -> tuple[int, int]:
    """Turn months into days until there are no negative days: the months before the end, or from the start on."""
    month = base.year * 12 + base.month - 1
    while days < 0:
        month -= not invert
        days += calendar.monthrange(month // 12, month % 12 + 1)[1]
        month += invert
        months -= 1
    return months, days
