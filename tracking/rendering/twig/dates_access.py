"""The properties and methods of PHP's date objects that templates may use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from tracking.rendering.twig import php_dates
from tracking.rendering.twig.errors import PhpError
from tracking.rendering.twig.php import integer, text
from tracking.rendering.twig.php_dates import Interval
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.values import Value

_NAMED, _OFFSET, _ABBREVIATION = 3, 1, 2


def _zone_of(moment: datetime) -> tzinfo:
    assert moment.tzinfo is not None  # plain.py gives every moment a zone
    return moment.tzinfo


def _zone_type(moment: datetime) -> int:
    name = php_dates.zone_name(moment.tzinfo)
    if name[:1] in "+-":
        return _OFFSET
    return _NAMED if "/" in name or name == "UTC" else _ABBREVIATION


MOMENT_PROPERTIES: dict[str, Callable[[Any], Value]] = {
    "date": lambda moment: php_dates.format_date(moment, "Y-m-d H:i:s.u"),
    "timezone_type": _zone_type,
    "timezone": lambda moment: php_dates.zone_name(moment.tzinfo),
}


def _format(run: Run, moment: datetime, format: Value) -> str:
    shape = text(format)
    run.text(len(shape) * 40)
    return php_dates.format_date(moment, shape)


def _diff(run: Run, moment: datetime, other: Value, absolute: Value = False) -> Interval:
    if not isinstance(other, datetime):
        raise PhpError("DateTime::diff(): Argument #1 ($targetObject) must be of type DateTimeInterface")
    return php_dates.diff(moment, other)


def _set_zone(run: Run, moment: datetime, zone: Value) -> datetime:
    if not isinstance(zone, tzinfo):
        raise PhpError("DateTime::setTimezone(): Argument #1 ($timezone) must be of type DateTimeZone")
    return moment.astimezone(zone)


def _modify(run: Run, moment: datetime, modifier: Value) -> datetime:
    return php_dates.modify(moment, text(modifier))


def _set_timestamp(run: Run, moment: datetime, seconds: Value) -> datetime:
    return php_dates.parse(f"@{integer(seconds)}", now=moment, tz=_zone_of(moment)).astimezone(moment.tzinfo)


def _set_time(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run, moment: datetime, hour: Value, minute: Value, second: Value = 0, microsecond: Value = 0
) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    passed = timedelta(hours=integer(hour), minutes=integer(minute), seconds=integer(second))
    return (day + passed + timedelta(microseconds=integer(microsecond))).replace(tzinfo=moment.tzinfo)


def _set_date(run: Run, moment: datetime, year: Value, month: Value, day: Value) -> datetime:
    first = f"{integer(year):04d}-01-01"
    start = php_dates.parse(first, now=moment, tz=_zone_of(moment)).replace(
        hour=moment.hour, minute=moment.minute, second=moment.second, microsecond=moment.microsecond
    )
    return php_dates.modify(start, f"{integer(month) - 1:+d} months {integer(day) - 1:+d} days")


def _moved(moment: datetime, interval: Value, sign: int) -> datetime:
    if not isinstance(interval, Interval):
        raise PhpError("DateTime::add(): Argument #1 ($interval) must be of type DateInterval")
    sign = -sign if interval.invert else sign
    parts = {"year": interval.y, "month": interval.m, "day": interval.d}
    parts |= {"hour": interval.h, "minute": interval.i, "second": interval.s}
    moves = " ".join(f"{sign * count:+d} {unit}" for unit, count in parts.items() if count)
    return php_dates.modify(moment, moves) if moves else moment


def _offset(run: Run, moment: datetime) -> int:
    return int((moment.utcoffset() or timedelta(0)).total_seconds())


MOMENT_METHODS: dict[str, Callable[..., Value]] = {
    "format": _format,
    "diff": _diff,
    "modify": _modify,
    "settimezone": _set_zone,
    "settimestamp": _set_timestamp,
    "settime": _set_time,
    "setdate": _set_date,
    "gettimestamp": lambda run, moment: php_dates.timestamp(moment),
    "gettimezone": lambda run, moment: _zone_of(moment),
    "getoffset": _offset,
    "add": lambda run, moment, interval: _moved(moment, interval, 1),
    "sub": lambda run, moment, interval: _moved(moment, interval, -1),
}

INTERVAL_PROPERTIES: dict[str, Callable[[Any], Value]] = {
    "y": lambda interval: interval.y,
    "m": lambda interval: interval.m,
    "d": lambda interval: interval.d,
    "h": lambda interval: interval.h,
    "i": lambda interval: interval.i,
    "s": lambda interval: interval.s,
    "f": lambda interval: interval.f,
    "invert": lambda interval: interval.invert,
    "days": lambda interval: False if interval.days is None else interval.days,
}

INTERVAL_METHODS: dict[str, Callable[..., Value]] = {
    "format": lambda run, interval, format: interval.format(text(format)),
}

ZONE_METHODS: dict[str, Callable[..., Value]] = {
    "getname": lambda run, zone: php_dates.zone_name(zone),
}
