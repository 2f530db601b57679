"""What the grammar's rules of times, zones and timestamps do to the fields."""

from __future__ import annotations

from datetime import timedelta

from tracking.rendering.twig.php_dates.errors import Refusal
from tracking.rendering.twig.php_dates.fields import Fields
from tracking.rendering.twig.php_dates.reader import Reader
from tracking.rendering.twig.php_dates.zones import fixed_zone_at

_ZONE_UNKNOWN = "The timezone could not be found in the database"


def name_time(fields: Fields) -> None:
    if fields.times:
        raise Refusal("Double time specification")
    fields.clear_time()
    fields.times = 1


def name_zone(fields: Fields) -> bool:
    """Whether this zone counts: PHP lets a second one pass unread, a third is refused."""
    fields.zones += 1
    if fields.zones > 2:
        raise Refusal("Double timezone specification")
    return fields.zones == 1


def read_zone(fields: Fields, reader: Reader) -> None:
    zone = reader.zone()
    if zone is None:
        raise Refusal(_ZONE_UNKNOWN)
    fields.zone = zone


def midnight(fields: Fields, reader: Reader) -> None:
    fields.clear_time()


def noon(fields: Fields, reader: Reader) -> None:
    fields.clear_time()
    fields.times = 1
    fields.hour = 12


def timestamp(fields: Fields, reader: Reader) -> None:
    fields.has_date = False
    fields.clear_time()
    if not name_zone(fields):
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


def around_hour(fields: Fields, reader: Reader) -> None:
    fields.clear_time()
    fields.times = 1
    back = reader.next == "b"
    hour = reader.required(2)
    fields.hour, fields.minute = (hour, 15) if back else (hour - 1, 45)
    if reader.next:
        fields.hour += reader.meridian(fields.hour)


def clock(fields: Fields, reader: Reader, before_second: str = ":.") -> None:
    """Hour, and minute, second and fraction where they follow."""
    fields.hour = reader.required(2)
    if reader.next and reader.next in ":.":
        fields.minute = reader.required(2)
        if reader.next and reader.next in before_second:
            fields.second = reader.required(2)
            if reader.next == ".":
                fields.micro = reader.micros()


def time12(fields: Fields, reader: Reader) -> None:
    name_time(fields)
    clock(fields, reader)
    fields.hour = (fields.hour or 0) + reader.meridian(fields.hour or 0)


def mssql_time(fields: Fields, reader: Reader) -> None:
    name_time(fields)
    hour, minute, second = (reader.required(2) for _ in range(3))
    fields.set_time(hour, minute, second, reader.micros())
    fields.hour = hour + reader.meridian(hour)


def time24(fields: Fields, reader: Reader, before_second: str = ":.") -> None:
    name_time(fields)
    clock(fields, reader, before_second)
    if reader.next:
        read_zone(fields, reader)


def bare_time4(fields: Fields, reader: Reader) -> None:
    """ "1430" is a time, and a year when a time came before it."""
    if fields.times == 0:
        fields.hour, fields.minute, fields.second = reader.required(2), reader.required(2), 0
    elif fields.times == 1:
        fields.year = reader.required(4)
    else:
        raise Refusal("Double time specification")
    fields.times += 1


def bare_time6(fields: Fields, reader: Reader) -> None:
    name_time(fields)
    fields.set_time(reader.required(2), reader.required(2), reader.required(2))


def zone(fields: Fields, reader: Reader) -> None:
    if name_zone(fields):
        read_zone(fields, reader)
