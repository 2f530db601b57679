"""What a date text says, before it meets a clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from enum import Enum

from tracking.rendering.twig.php_dates.words import WEEKDAY, WORKDAY


class Edge(Enum):
    """Which day of the month "first day of" and "last day of" ask for."""

    FIRST = "first"
    LAST = "last"


class Weekday(Enum):
    """How "monday" counts: from tomorrow, today included, or within this week (Monday first)."""

    AFTER_TODAY = 0
    FROM_TODAY = 1
    IN_WEEK = 2


class Special(Enum):
    """A movement that is no plain unit."""

    WORKDAYS = "workdays"
    NTH_IN_MONTH = "nth"
    LAST_IN_MONTH = "last"


@dataclass(slots=True)
class Movement:
    """How far the text moves the moment, per unit; `weekday` is 0 for Sunday, None when none is named."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0
    micros: int = 0
    weekday: int | None = None
    behaviour: int = 0
    special: Special | None = None
    amount: int = 0
    edge: Edge | None = None

    def reverse(self) -> None:
        """What "ago" does to everything said before it."""
        for unit in ("years", "months", "days", "hours", "minutes", "seconds"):  # PHP forgets the micros
            setattr(self, unit, -getattr(self, unit))
        # PHP keeps a weekday of 0 when none was named, and turns it into -7: visible only with a weekday.
        if self.weekday is not None:
            self.weekday = -self.weekday or -7
        if self.special is Special.WORKDAYS:
            self.amount = -self.amount


@dataclass(slots=True)
class Fields:
    """Parts of a moment; None where the text is silent."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    micro: int | None = None
    zone: tzinfo | None = None
    times: int = 0  # how many times of day the text named
    has_date: bool = False
    zones: int = 0  # how many zones the text named
    move: Movement = field(default_factory=Movement)

    def clear_time(self) -> None:
        """Midnight, without having named a time."""
        self.times = 0
        self.hour = self.minute = self.second = self.micro = 0

    def set_date(self, year: int | None, month: int, day: int | None) -> None:
        if year is not None:
            self.year = year
        self.month, self.day = month, day

    def set_time(self, hour: int, minute: int = 0, second: int = 0, micro: int = 0) -> None:
        self.hour, self.minute, self.second, self.micro = hour, minute, second, micro

    def shift(self, unit: tuple[str, int] | None, amount: int, behaviour: int) -> None:
        """Move by `amount` of a unit of the table in words."""
        if unit is None:
            return
        kind, size = unit
        if kind == WEEKDAY:
            self.move.days += (amount - 1 if amount > 0 else amount) * 7
            self.move.weekday, self.move.behaviour = size, behaviour
        elif kind == WORKDAY:
            self.move.special, self.move.amount = Special.WORKDAYS, amount
        else:
            setattr(self.move, kind, getattr(self.move, kind) + amount * size)

    def shift_to_day(self, unit: tuple[str, int] | None, amount: int, behaviour: int) -> None:
        """The same for words ("next monday"), where a named day also means its midnight; "+1 monday" does not."""
        if unit is not None and unit[0] in {WEEKDAY, WORKDAY}:
            self.clear_time()
        self.shift(unit, amount, behaviour)
