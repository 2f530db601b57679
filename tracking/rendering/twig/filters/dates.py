"""Filters and functions on dates."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from tracking.rendering.twig import php_dates
from tracking.rendering.twig.errors import PhpError
from tracking.rendering.twig.php import text, type_name
from tracking.rendering.twig.php_dates import Interval
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.values import Markup, Value

_FORMAT, _INTERVAL_FORMAT = "F j, Y H:i", "%d days"


def now(run: Run) -> datetime:
    """The moment of this rendering: the same wherever it is asked for."""
    if run.now is None:
        run.now = datetime.now(UTC)
    return run.now


def convert(run: Run, date: Value = None, timezone: Value = None) -> datetime:
    """The function `date`: a moment from a moment, a timestamp, a text; null is now. `false` keeps its own zone."""
    run.charge(20)
    zone = _zone(run, timezone)
    if isinstance(date, datetime):
        return date if zone is None else date.astimezone(zone)
    if date is None or date == "now":
        return now(run).astimezone(zone or run.timezone)
    written = _written(date)
    moment = _parsed(run, written)
    return moment if zone is None else moment.astimezone(zone)


def _zone(run: Run, timezone: Value) -> tzinfo | None:
    if timezone is False:
        return None
    if timezone is None:
        return run.timezone
    return timezone if isinstance(timezone, tzinfo) else php_dates.timezone(text(timezone))


def _written(date: Value) -> str:
    if type(date) in {list, dict}:
        raise PhpError(
            f"DateTime::__construct(): Argument #1 ($datetime) must be of type string, {type_name(date)} given"
        )
    return text(date)


def _parsed(run: Run, written: str) -> datetime:
    digits = written.removeprefix("-")
    stamp = digits.isascii() and digits.isdigit()
    run.read(len(written) * 8)
    try:
        return php_dates.parse(f"@{written}" if stamp else written, now=now(run), tz=run.timezone)
    except php_dates.DateError as error:
        raise _renamed(error) from error


def _renamed(error: Exception) -> PhpError:
    return PhpError(str(error))


def date_filter(run: Run, date: Value, format: Value = None, timezone: Value = None) -> str:
    """`date`."""
    if isinstance(date, Interval):
        shape = _INTERVAL_FORMAT if format is None else text(format)
        run.text(len(shape) * 20)
        return date.format(shape)
    shape = _FORMAT if format is None else text(format)
    run.text(len(shape) * 40)
    run.charge(len(shape))
    return php_dates.format_date(convert(run, date, timezone), shape)


def date_modify(run: Run, date: Value, modifier: Value) -> Value:
    """`date_modify`; false for a text PHP does not understand."""
    moment = convert(run, date, False)
    wanted = text(modifier) if type(modifier) is not Markup else str.__str__(modifier)
    run.read(len(wanted) * 8)
    try:
        return php_dates.modify(moment, wanted)
    except php_dates.DateError:
        return False
