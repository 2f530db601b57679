"""What the grammar's rules of dates, and of dates with times, do to the fields."""

from __future__ import annotations

from datetime import date

from tracking.rendering.twig.php_dates.clock_rules import name_time, read_zone, time12, time24
from tracking.rendering.twig.php_dates.errors import Refusal
from tracking.rendering.twig.php_dates.fields import Fields
from tracking.rendering.twig.php_dates.reader import Reader


def name_date(fields: Fields) -> None:
    if fields.has_date:
        raise Refusal("Double date specification")
    fields.has_date = True


def american(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    month, day = reader.required(2), reader.required(2)
    fields.set_date(reader.year(), month, day)


def iso_date(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    fields.set_date(reader.signed(4), reader.required(2), reader.required(2))


def iso_date_long(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    fields.set_date(reader.signed(19), reader.required(2), reader.required(2))


def iso_date_short(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    fields.set_date(reader.year(), reader.required(2), reader.required(2))


def year_month(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    fields.set_date(reader.year(), reader.required(2), 1)


def day_month_year(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    day = reader.required(2)
    reader.skip_day_suffix()
    month = reader.month()
    fields.set_date(reader.year(), month, day)


def pointed_date(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    day, month = reader.required(2), reader.required(2)
    fields.set_date(reader.year(), month, day)


def month_year(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    month = reader.month()
    fields.set_date(reader.year(), month, 1)


def year_named_month(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    fields.set_date(reader.year(), reader.month(), 1)


def month_day_year(fields: Fields, reader: Reader) -> None:
    """ "Jan 2 2020"; without a year ("Jan 2") a year read before is forgotten."""
    name_date(fields)
    fields.month, fields.day = reader.month(), reader.required(2)
    fields.year = reader.year()


def day_month(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    day = reader.required(2)
    reader.skip_day_suffix()
    fields.set_date(None, reader.month(), day)


def bare_date(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    fields.set_date(reader.required(4), reader.required(2), reader.required(2))


def date_time(fields: Fields, reader: Reader) -> None:
    name_time(fields)
    name_date(fields)
    fields.set_date(reader.required(4), reader.required(2), reader.required(2))
    fields.set_time(reader.required(2), reader.required(2), reader.required(2))
    if reader.next == ".":
        fields.micro = reader.micros()
        if reader.next:
            read_zone(fields, reader)


def year_day(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    fields.set_date(reader.year(), 1, reader.required(3))


def iso_week(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    year, week = reader.required(4), reader.required(2)
    day = reader.number(1)
    fields.set_date(year, 1, 1)
    fields.move.days = days_to_week(year, week, 1 if day is None else day)


def days_to_week(year: int, week: int, day: int) -> int:
    """Days from 1 January to a day of an ISO week."""
    weekday = date(2000 + year % 400, 1, 1).isoweekday() % 7  # the calendar repeats every 400 years
    return -(weekday - 7 if weekday > 4 else weekday) + (week - 1) * 7 + day


def year_month_day(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    fields.set_date(reader.year(), reader.month(), reader.required(2))


def log_format(fields: Fields, reader: Reader) -> None:
    name_time(fields)
    name_date(fields)
    day, month = reader.required(2), reader.month()
    fields.set_date(reader.required(4), month, day)
    fields.set_time(reader.required(2), reader.required(2), reader.required(2))
    read_zone(fields, reader)


def year_alone(fields: Fields, reader: Reader) -> None:
    fields.year = reader.required(4)


def month_alone(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    fields.month = reader.month()


def month_day_time12(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    month, day = reader.month(), reader.required(2)
    fields.set_date(None, month, day)
    time12(fields, reader)


def month_day_time(fields: Fields, reader: Reader) -> None:
    name_date(fields)
    month, day = reader.month(), reader.required(2)
    fields.set_date(None, month, day)
    time24(fields, reader, before_second=":")
