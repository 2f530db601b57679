"""What the grammar's relative rules ("next monday", "3 days ago") do to the fields."""

from __future__ import annotations

from tracking.rendering.twig.php_dates.fields import Edge, Fields, Special, Weekday
from tracking.rendering.twig.php_dates.reader import Reader


def nothing(fields: Fields, reader: Reader) -> None:
    pass


def yesterday(fields: Fields, reader: Reader) -> None:
    fields.clear_time()
    fields.move.days = -1


def tomorrow(fields: Fields, reader: Reader) -> None:
    fields.clear_time()
    fields.move.days = 1


def edge_of_month(fields: Fields, reader: Reader) -> None:
    fields.move.edge = Edge.LAST if reader.next in "lL" else Edge.FIRST


def weekday_of(fields: Fields, reader: Reader) -> None:
    amount, behaviour = reader.relative_word()
    if amount > 0:
        fields.shift_to_day(reader.unit(), amount, Weekday.FROM_TODAY.value)
        fields.move.special = Special.NTH_IN_MONTH
    else:
        fields.shift_to_day(reader.unit(), amount, behaviour)
        fields.move.special = Special.LAST_IN_MONTH


def ago(fields: Fields, reader: Reader) -> None:
    fields.move.reverse()


def day_name(fields: Fields, reader: Reader) -> None:
    fields.clear_time()
    unit = reader.unit()
    fields.move.weekday = unit[1] if unit else 0
    if fields.move.behaviour != Weekday.IN_WEEK.value:
        fields.move.behaviour = Weekday.FROM_TODAY.value


def relative_week(fields: Fields, reader: Reader) -> None:
    amount, behaviour = reader.relative_word()
    fields.shift_to_day(reader.unit(), amount, behaviour)
    fields.move.behaviour = Weekday.IN_WEEK.value
    if fields.move.weekday is None:
        fields.move.weekday = 1


def relative_word(fields: Fields, reader: Reader) -> None:
    amount, behaviour = reader.relative_word()
    fields.shift_to_day(reader.unit(), amount, behaviour)


def relative_number(fields: Fields, reader: Reader) -> None:
    amount = reader.signed(24)
    fields.shift(reader.unit(), amount, Weekday.FROM_TODAY.value)
