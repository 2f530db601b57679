"""From a date text to Fields: one action for each rule of the grammar."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from tracking.rendering.twig.php_dates.errors import DateError, parse_failure
from tracking.rendering.twig.php_dates.fields import Edge, Fields, Special, Weekday
from tracking.rendering.twig.php_dates.grammar import longest
from tracking.rendering.twig.php_dates.reader import Reader
from tracking.rendering.twig.php_dates.zones import fixed_zone_at

MAX_TEXT: Final = 1000  # characters; a date text is short, and scanning is quadratic at worst

Action = Callable[[Fields, Reader], None]
_ZONE_UNKNOWN = "The timezone could not be found in the database"


class Refusal(Exception):
    """One piece of the text can't be taken; the scan goes on, the first refusal is reported."""


def scan(text: str) -> Fields:
    """The fields a text names.

    Raises DateError with PHP's message for the first thing that can't be read.
    """
    if len(text) > MAX_TEXT:
        raise DateError(f"A date text has at most {MAX_TEXT} characters")
    return deepcopy(_scan(text))


@lru_cache(maxsize=512)
def _scan(text: str) -> Fields:
    stripped = text.strip(" \t\n\r\v\f")
    # Byte by byte as PHP counts; the NUL at the end is what ends "3pm" and "Jan 2".
    raw = stripped.encode("utf-8", "surrogatepass").decode("latin-1") + "\x00"
    fields, at = Fields(), 0
    while at < len(raw) - 1:
        rule, end = longest(raw, at)
        try:
            ACTIONS[rule](fields, Reader(raw[at:end]))
        except Refusal as refusal:
            raise parse_failure(text, at, _character(raw, at), str(refusal)) from None
        at = end
    return fields


def _character(raw: str, at: int) -> str:
    """The character that starts at a byte."""
    return raw[at:-1].encode("latin-1").decode("utf-8", "replace")[:1]


def _name_date(fields: Fields) -> None:
    if fields.has_date:
        raise Refusal("Double date specification")
    fields.has_date = True


def _name_time(fields: Fields) -> None:
    if fields.times:
        raise Refusal("Double time specification")
    fields.clear_time()
    fields.times = 1


def _name_zone(fields: Fields) -> bool:
    """Whether this zone counts: PHP lets a second one pass unread, a third is refused."""
    fields.zones += 1
    if fields.zones > 2:
        raise Refusal("Double timezone specification")
    return fields.zones == 1


def _read_zone(fields: Fields, reader: Reader) -> None:
    zone = reader.zone()
    if zone is None:
        raise Refusal(_ZONE_UNKNOWN)
    fields.zone = zone


def _unexpected(fields: Fields, reader: Reader) -> None:
    raise Refusal("Unexpected character")


def _nothing(fields: Fields, reader: Reader) -> None:
    pass


def _midnight(fields: Fields, reader: Reader) -> None:
    fields.clear_time()


def _yesterday(fields: Fields, reader: Reader) -> None:
    fields.clear_time()
    fields.move.days = -1


def _tomorrow(fields: Fields, reader: Reader) -> None:
    fields.clear_time()
    fields.move.days = 1


def _noon(fields: Fields, reader: Reader) -> None:
    fields.clear_time()
    fields.times = 1
    fields.hour = 12


def _timestamp(fields: Fields, reader: Reader) -> None:
    fields.has_date = False
    fields.clear_time()
    if not _name_zone(fields):
        fields.set_date(0, 0, 0)
        return
    negative = reader.piece.startswith("@-")
    seconds = reader.signed(24)
    fields.set_date(1970, 1, 1)
    fields.move.seconds += seconds
    if reader.next == ".":
        reader.at += 1
        digits = reader.digits(6)
        fraction = int(digits.ljust(6, "0")) if digits else 0
        fields.move.micros = -fraction if negative else fraction
    fields.zone = fixed_zone_at(timedelta(0))


def _edge_of_month(fields: Fields, reader: Reader) -> None:
    fields.move.edge = Edge.LAST if reader.next in "lL" else Edge.FIRST


def _around_hour(fields: Fields, reader: Reader) -> None:
    fields.clear_time()
    fields.times = 1
    back = reader.next == "b"
    hour = reader.required(2)
    fields.hour, fields.minute = (hour, 15) if back else (hour - 1, 45)
    if reader.next:
        fields.hour += reader.meridian(fields.hour)


def _weekday_of(fields: Fields, reader: Reader) -> None:
    amount, behaviour = reader.relative_word()
    if amount > 0:
        fields.shift_to_day(reader.unit(), amount, Weekday.FROM_TODAY.value)
        fields.move.special = Special.NTH_IN_MONTH
    else:
        fields.shift_to_day(reader.unit(), amount, behaviour)
        fields.move.special = Special.LAST_IN_MONTH


def _clock(fields: Fields, reader: Reader, before_second: str = ":.") -> None:
    """Hour, and minute, second and fraction where they follow."""
    fields.hour = reader.required(2)
    if reader.next and reader.next in ":.":
        fields.minute = reader.required(2)
        if reader.next and reader.next in before_second:
            fields.second = reader.required(2)
            if reader.next == ".":
                fields.micro = reader.micros()


def _time12(fields: Fields, reader: Reader) -> None:
    _name_time(fields)
    _clock(fields, reader)
    fields.hour = (fields.hour or 0) + reader.meridian(fields.hour or 0)


def _mssql_time(fields: Fields, reader: Reader) -> None:
    _name_time(fields)
    hour, minute, second = (reader.required(2) for _ in range(3))
    fields.set_time(hour, minute, second, reader.micros())
    fields.hour = hour + reader.meridian(hour)


def _time24(fields: Fields, reader: Reader, before_second: str = ":.") -> None:
    _name_time(fields)
    _clock(fields, reader, before_second)
    if reader.next:
        _read_zone(fields, reader)


def _bare_time4(fields: Fields, reader: Reader) -> None:
    """ "1430" is a time, and a year when a time came before it."""
    if fields.times == 0:
        fields.hour, fields.minute, fields.second = reader.required(2), reader.required(2), 0
    elif fields.times == 1:
        fields.year = reader.required(4)
    else:
        raise Refusal("Double time specification")
    fields.times += 1


def _bare_time6(fields: Fields, reader: Reader) -> None:
    _name_time(fields)
    fields.set_time(reader.required(2), reader.required(2), reader.required(2))


def _american(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    month, day = reader.required(2), reader.required(2)
    fields.set_date(reader.year(), month, day)


def _iso_date(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    fields.set_date(reader.signed(4), reader.required(2), reader.required(2))


def _iso_date_long(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    fields.set_date(reader.signed(19), reader.required(2), reader.required(2))


def _iso_date_short(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    fields.set_date(reader.year(), reader.required(2), reader.required(2))


def _year_month(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    fields.set_date(reader.year(), reader.required(2), 1)


def _day_month_year(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    day = reader.required(2)
    reader.skip_day_suffix()
    month = reader.month()
    fields.set_date(reader.year(), month, day)


def _pointed_date(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    day, month = reader.required(2), reader.required(2)
    fields.set_date(reader.year(), month, day)


def _month_year(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    month = reader.month()
    fields.set_date(reader.year(), month, 1)


def _year_named_month(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    fields.set_date(reader.year(), reader.month(), 1)


def _month_day_year(fields: Fields, reader: Reader) -> None:
    """ "Jan 2 2020"; without a year ("Jan 2") a year read before is forgotten."""
    _name_date(fields)
    fields.month, fields.day = reader.month(), reader.required(2)
    fields.year = reader.year()


def _day_month(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    day = reader.required(2)
    reader.skip_day_suffix()
    fields.set_date(None, reader.month(), day)


def _bare_date(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    fields.set_date(reader.required(4), reader.required(2), reader.required(2))


def _date_time(fields: Fields, reader: Reader) -> None:
    _name_time(fields)
    _name_date(fields)
    fields.set_date(reader.required(4), reader.required(2), reader.required(2))
    fields.set_time(reader.required(2), reader.required(2), reader.required(2))
    if reader.next == ".":
        fields.micro = reader.micros()
        if reader.next:
            _read_zone(fields, reader)


def _year_day(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    fields.set_date(reader.year(), 1, reader.required(3))


def _iso_week(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    year, week = reader.required(4), reader.required(2)
    day = reader.number(1)
    fields.set_date(year, 1, 1)
    fields.move.days = _days_to_week(year, week, 1 if day is None else day)


def _days_to_week(year: int, week: int, day: int) -> int:
    """Days from 1 January to a day of an ISO week."""
    weekday = date(2000 + year % 400, 1, 1).isoweekday() % 7  # the calendar repeats every 400 years
    return -(weekday - 7 if weekday > 4 else weekday) + (week - 1) * 7 + day


def _year_month_day(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    fields.set_date(reader.year(), reader.month(), reader.required(2))


def _log_format(fields: Fields, reader: Reader) -> None:
    _name_time(fields)
    _name_date(fields)
    day, month = reader.required(2), reader.month()
    fields.set_date(reader.required(4), month, day)
    fields.set_time(reader.required(2), reader.required(2), reader.required(2))
    _read_zone(fields, reader)


def _year_alone(fields: Fields, reader: Reader) -> None:
    fields.year = reader.required(4)


def _ago(fields: Fields, reader: Reader) -> None:
    fields.move.reverse()


def _day_name(fields: Fields, reader: Reader) -> None:
    fields.clear_time()
    unit = reader.unit()
    fields.move.weekday = unit[1] if unit else 0
    if fields.move.behaviour != Weekday.IN_WEEK.value:
        fields.move.behaviour = Weekday.FROM_TODAY.value


def _relative_week(fields: Fields, reader: Reader) -> None:
    amount, behaviour = reader.relative_word()
    fields.shift_to_day(reader.unit(), amount, behaviour)
    fields.move.behaviour = Weekday.IN_WEEK.value
    if fields.move.weekday is None:
        fields.move.weekday = 1


def _relative_word(fields: Fields, reader: Reader) -> None:
    amount, behaviour = reader.relative_word()
    fields.shift_to_day(reader.unit(), amount, behaviour)


def _relative_number(fields: Fields, reader: Reader) -> None:
    amount = reader.signed(24)
    fields.shift(reader.unit(), amount, Weekday.FROM_TODAY.value)


def _month_alone(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    fields.month = reader.month()


def _zone(fields: Fields, reader: Reader) -> None:
    if _name_zone(fields):
        _read_zone(fields, reader)


def _month_day_time12(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    month, day = reader.month(), reader.required(2)
    fields.set_date(None, month, day)
    _time12(fields, reader)


def _month_day_time(fields: Fields, reader: Reader) -> None:
    _name_date(fields)
    month, day = reader.month(), reader.required(2)
    fields.set_date(None, month, day)
    _time24(fields, reader, before_second=":")


ACTIONS: Final[dict[str, Action]] = {
    "": _unexpected, "gap": _nothing, "now": _nothing, "yesterday": _yesterday, "noon": _noon,
    "midnight": _midnight, "tomorrow": _tomorrow, "timestamp": _timestamp, "timestamp_fraction": _timestamp,
    "edge_of_month": _edge_of_month, "around_hour": _around_hour, "weekday_of": _weekday_of, "time12": _time12,
    "mssql_time": _mssql_time, "time24": _time24, "bare_time4": _bare_time4, "bare_time6": _bare_time6,
    "american": _american, "iso_date": _iso_date, "iso_date_short": _iso_date_short,
    "iso_date_long": _iso_date_long, "year_month": _year_month, "day_month_year": _day_month_year,
    "pointed_date": _pointed_date, "pointed_date_short": _pointed_date, "month_year": _month_year,
    "year_named_month": _year_named_month, "month_day_year": _month_day_year, "day_month": _day_month,
    "bare_date": _bare_date, "date_time": _date_time, "year_day": _year_day, "iso_week_day": _iso_week,
    "iso_week": _iso_week, "year_month_day": _year_month_day, "log_format": _log_format,
    "year_alone": _year_alone, "ago": _ago, "day_name": _day_name, "relative_week": _relative_week,
    "relative_word": _relative_word, "relative_number": _relative_number, "month_alone": _month_alone,
    "zone": _zone, "month_day_time12": _month_day_time12, "month_day_time": _month_day_time,
}  # fmt: skip
