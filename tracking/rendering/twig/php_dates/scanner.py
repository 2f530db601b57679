"""From a date text to Fields: the grammar finds the pieces, one action for each rule reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final

from tracking.rendering.twig.php_dates import clock_rules, date_rules, movement_rules
from tracking.rendering.twig.php_dates.errors import DateError, Refusal, parse_failure
from tracking.rendering.twig.php_dates.fields import Fields
from tracking.rendering.twig.php_dates.grammar import longest
from tracking.rendering.twig.php_dates.reader import Reader

MAX_TEXT: Final = 1000  # characters; a date text is short, and scanning is quadratic at worst

Action = Callable[[Fields, Reader], None]


def scan(text: str) -> Fields:
    """The fields a text names.

    Raises DateError with PHP's message for the first thing that can't be read.
    """
    if len(text) > MAX_TEXT:
        raise DateError(f"A date text has at most {MAX_TEXT} characters")
    found = _scan(text)
    return replace(found, move=replace(found.move))


@lru_cache(maxsize=512)
def _scan(text: str) -> Fields:
    stripped = text.strip(" \t\n\r\v\f")
    # Byte by byte as PHP counts; the NUL at the end is what ends "3pm" and "Jan 2".
    raw = stripped.encode("utf-8", "replace").decode("latin-1") + "\x00"
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


def _unexpected(fields: Fields, reader: Reader) -> None:
    raise Refusal("Unexpected character")


ACTIONS: Final[dict[str, Action]] = {
    "": _unexpected,
    "gap": movement_rules.nothing,
    "now": movement_rules.nothing,
    "yesterday": movement_rules.yesterday,
    "noon": clock_rules.noon,
    "midnight": clock_rules.midnight,
    "tomorrow": movement_rules.tomorrow,
    "timestamp": clock_rules.timestamp,
    "timestamp_fraction": clock_rules.timestamp,
    "edge_of_month": movement_rules.edge_of_month,
    "around_hour": clock_rules.around_hour,
    "weekday_of": movement_rules.weekday_of,
    "time12": clock_rules.time12,
    "mssql_time": clock_rules.mssql_time,
    "time24": clock_rules.time24,
    "bare_time4": clock_rules.bare_time4,
    "bare_time6": clock_rules.bare_time6,
    "american": date_rules.american,
    "iso_date": date_rules.iso_date,
    "iso_date_short": date_rules.iso_date_short,
    "iso_date_long": date_rules.iso_date_long,
    "year_month": date_rules.year_month,
    "day_month_year": date_rules.day_month_year,
    "pointed_date": date_rules.pointed_date,
    "pointed_date_short": date_rules.pointed_date,
    "month_year": date_rules.month_year,
    "year_named_month": date_rules.year_named_month,
    "month_day_year": date_rules.month_day_year,
    "day_month": date_rules.day_month,
    "bare_date": date_rules.bare_date,
    "date_time": date_rules.date_time,
    "year_day": date_rules.year_day,
    "iso_week_day": date_rules.iso_week,
    "iso_week": date_rules.iso_week,
    "year_month_day": date_rules.year_month_day,
    "log_format": date_rules.log_format,
    "year_alone": date_rules.year_alone,
    "ago": movement_rules.ago,
    "day_name": movement_rules.day_name,
    "relative_week": movement_rules.relative_week,
    "relative_word": movement_rules.relative_word,
    "relative_number": movement_rules.relative_number,
    "month_alone": date_rules.month_alone,
    "zone": clock_rules.zone,
    "month_day_time12": date_rules.month_day_time12,
    "month_day_time": date_rules.month_day_time,
}
