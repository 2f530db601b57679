"""PHP 8.2's dates on Python's datetime: reading texts, formatting, moving, differences.

A moment here is an aware `datetime`. Python's calendar has the years 1 to 9999: texts and movements that leave
them raise DateRangeError, where PHP goes on.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from tracking.rendering.twig.php_dates.errors import DateError, DateRangeError
from tracking.rendering.twig.php_dates.fields import Fields
from tracking.rendering.twig.php_dates.formatting import format_date, timestamp
from tracking.rendering.twig.php_dates.intervals import Interval, diff
from tracking.rendering.twig.php_dates.resolver import Repeated, complete, overlay, resolve
from tracking.rendering.twig.php_dates.scanner import scan
from tracking.rendering.twig.php_dates.zones import timezone, zone_name

__all__ = [
    "DateError", "DateRangeError", "Interval", "diff", "format_date", "modify", "parse", "timestamp", "timezone",
    "zone_name",
]  # fmt: skip


def parse(text: str, *, now: datetime, tz: tzinfo) -> datetime:
    """The moment of a text as `new DateTimeImmutable(text, tz)` gives it; `now` fills what the text leaves out.

    A zone in the text wins over `tz`, but the parts of `now` are those of its clock in `tz`.
    Raises DateError with PHP's message, DateRangeError outside the years 1 to 9999.
    """
    fields = scan(text)
    zone = fields.zone or tz
    wall = complete(fields, now.astimezone(tz))
    return resolve(wall, fields.move, zone, repeated=Repeated.FIRST if fields.zone else Repeated.BY_ZONE)


def modify(moment: datetime, text: str) -> datetime:
    """The moment moved by a text, in its own zone; a zone in the text is not used.

    Raises DateError where PHP's modify() gives false with a warning, DateRangeError outside the years 1 to 9999.
    """
    fields = scan(text)
    zone = moment.tzinfo or UTC
    if _is_timestamp(fields):
        zone = fields.zone or zone
    repeated = Repeated.FIRST if moment.dst() else Repeated.SECOND
    return resolve(overlay(_whole_time(fields), moment), fields.move, zone, repeated=repeated)


def _is_timestamp(fields: Fields) -> bool:
    """Whether the text was "@seconds" (or names the same moment): that sets the zone as well."""
    epoch = (fields.year, fields.month, fields.day, fields.hour, fields.minute, fields.second, fields.micro)
    return epoch == (1970, 1, 1, 0, 0, 0, 0) and fields.zone is not None and not fields.zone.utcoffset(None)


def _whole_time(fields: Fields) -> Fields:
    """An hour without minutes is a full hour."""
    if fields.hour is not None:
        fields.minute = fields.minute or 0
        fields.second = fields.second or 0
    return fields
