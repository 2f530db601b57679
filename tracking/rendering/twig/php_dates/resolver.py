"""From Fields and a clock to a moment, with PHP's overflow of days and months and its daylight-saving rules.

Every unit moves the wall clock, hours too, as PHP 8.2 does; the zone is asked once, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum

from tracking.rendering.twig.php_dates.errors import out_of_range
from tracking.rendering.twig.php_dates.fields import Edge, Fields, Movement, Special, Weekday

_ERA_YEARS, _ERA_DAYS = 400, 146097  # the calendar repeats


class Repeated(Enum):
    """Which one is meant, of an hour that the end of daylight saving repeats."""

    FIRST = "first"
    SECOND = "second"
    BY_ZONE = "by zone"  # the second east of Greenwich, the first west of it


@dataclass(slots=True)
class Wall:
    """A wall clock whose parts may overflow until `settle` carries them over."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    micro: int

    @classmethod
    def of(cls, moment: datetime) -> Wall:
        return cls(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond)

    def settle(self) -> None:
        """Carry every overflow: 30 February becomes 1 or 2 March, hour 24 the next day."""
        carry, self.micro = divmod(self.micro, 1_000_000)
        carry, self.second = divmod(self.second + carry, 60)
        carry, self.minute = divmod(self.minute + carry, 60)
        carry, self.hour = divmod(self.hour + carry, 24)
        self.year, self.month, self.day = _civil(self._day_number() + carry)

    def _day_number(self) -> int:
        years, month = divmod(self.month - 1, 12)
        eras, year = divmod(self.year + years - 1, _ERA_YEARS)
        return eras * _ERA_DAYS + date(year + 1, month + 1, 1).toordinal() + self.day - 1

    def weekday(self) -> int:
        """0 for Sunday."""
        return self._day_number() % 7

    def moment(self, zone: tzinfo, repeated: Repeated) -> datetime:
        """The real moment in a zone; a skipped hour is moved on."""
        naive = self._naive()
        try:
            return (naive - _offset(naive, zone, repeated)).replace(tzinfo=UTC).astimezone(zone)
        except OverflowError:
            raise out_of_range(f"the year {self.year}") from None

    def _naive(self) -> datetime:
        try:
            day = date(self.year, self.month, self.day)
            return datetime.combine(day, time(self.hour, self.minute, self.second, self.micro))
        except (ValueError, OverflowError):
            raise out_of_range(f"the year {self.year}") from None


def _civil(day_number: int) -> tuple[int, int, int]:
    eras, days = divmod(day_number - 1, _ERA_DAYS)
    found = date.fromordinal(days + 1)
    return found.year + eras * _ERA_YEARS, found.month, found.day


def _offset(naive: datetime, zone: tzinfo, repeated: Repeated) -> timedelta:
    early, late = (naive.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta(0) for fold in (0, 1))
    if early <= late or repeated is Repeated.FIRST:
        return early
    return late if repeated is Repeated.SECOND or late >= timedelta(0) else early


def resolve(wall: Wall, move: Movement, zone: tzinfo, *, repeated: Repeated) -> datetime:
    """The moment that a wall clock and a movement give in a zone.

    Raises DateRangeError outside the years 1 to 9999.
    """
    _start_in_month(wall, move)
    wall.settle()
    _to_weekday(wall, move)
    wall.settle()
    _pass(wall, move)
    _to_edge(wall, move)
    wall.settle()
    if move.special is Special.WORKDAYS:
        wall.day += _workdays(wall.weekday(), move.amount)
        wall.settle()
    return wall.moment(zone, repeated)


def _pass(wall: Wall, move: Movement) -> None:
    for part, amount in (
        ("year", move.years), ("month", move.months), ("day", move.days), ("hour", move.hours),
        ("minute", move.minutes), ("second", move.seconds), ("micro", move.micros),
    ):  # fmt: skip
        setattr(wall, part, getattr(wall, part) + amount)


def _start_in_month(wall: Wall, move: Movement) -> None:
    """ "first monday of" and "first day of" count from within the month that the months lead to."""
    if move.special in {Special.NTH_IN_MONTH, Special.LAST_IN_MONTH}:
        wall.day = 1
        wall.month += move.months + (move.special is Special.LAST_IN_MONTH)
        move.months = 0
    _to_edge(wall, move)


def _to_edge(wall: Wall, move: Movement) -> None:
    if move.edge is Edge.FIRST:
        wall.day = 1
    elif move.edge is Edge.LAST:
        wall.month, wall.day = wall.month + 1, 0


def _to_weekday(wall: Wall, move: Movement) -> None:
    if move.weekday is None:
        return
    today = wall.weekday()
    if move.behaviour == Weekday.IN_WEEK.value:
        wall.day += _within_week(move.weekday, today)
        return
    wall.day += _to_next(move.weekday, today, move)


def _within_week(wanted: int, today: int) -> int:
    """Days to a weekday of the week that starts on Monday."""
    return (wanted or 7) - (today or 7)


def _to_next(wanted: int, today: int, move: Movement) -> int:
    if wanted < 0:
        return -(7 - (-wanted - today))
    difference = wanted - today
    if (move.days < 0 and difference < 0) or (move.days >= 0 and difference <= -move.behaviour):
        difference += 7
    return difference


def _workdays(weekday: int, count: int) -> int:
    """Days that `count` workdays take from a weekday (0 for Sunday), weekends not counted."""
    weeks, rest = divmod(abs(count), 5)
    if count > 0:
        return weeks * 7 + _forward(weekday, rest)
    return -(weeks * 7 + _backward(weekday, rest))


def _forward(weekday: int, rest: int) -> int:
    if rest == 0:
        return {0: -2, 6: -1}.get(weekday, 0)
    if weekday == 6:
        return rest + 1
    return rest + 2 if weekday + rest > 5 else rest


def _backward(weekday: int, rest: int) -> int:
    if rest == 0:
        return {6: -2, 0: -1}.get(weekday, 0)
    if weekday == 0:
        return rest + 1
    return rest + 2 if weekday - rest < 1 else rest


def complete(fields: Fields, now: datetime) -> Wall:
    """The wall clock of a text, its silent parts filled from `now`."""
    if fields.has_date and not fields.times:
        fields.set_time(0)
    named = (fields.year, fields.month, fields.day, fields.hour, fields.minute, fields.second)
    if fields.micro is None and any(part is not None for part in named):
        fields.micro = 0
    return overlay(fields, now)


def overlay(fields: Fields, base: datetime) -> Wall:
    """The parts that a text names, over those of a moment."""
    wall = Wall.of(base)
    for part in ("year", "month", "day", "hour", "minute", "second", "micro"):
        value = getattr(fields, part)
        if value is not None:
            setattr(wall, part, value)
    return wall
