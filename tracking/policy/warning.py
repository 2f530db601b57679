"""What counts as a warning, and when there are too many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tracking.choices import Failure, WarningCause

CAUSES: Mapping[Failure, WarningCause] = {
    Failure.TEMPORARY: WarningCause.TEMPORARY_FAILURE,
    Failure.LIMIT: WarningCause.LIMIT,
    Failure.PERMANENT: WarningCause.PERMANENT_REFUSAL,
    Failure.AUTHENTICATION: WarningCause.AUTHENTICATION,
    Failure.TLS: WarningCause.TLS,
    Failure.HOST: WarningCause.HOST,
    Failure.TIMEOUT: WarningCause.TIMEOUT,
    Failure.UNKNOWN: WarningCause.UNKNOWN_OUTCOME,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """None never fires. `percent` is of events, 0 to 100. Both are exceeded strictly.

    Of fewer than `minimum_events` the percentage says nothing: it is not looked at.
    """

    percent: Decimal | None = None
    number: int | None = None
    minimum_events: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Events and warnings of one rule in a timeframe, and the warnings by cause."""

    events: int
    causes: Mapping[WarningCause, int]

    @property
    def warnings(self) -> int:
        return sum(self.causes.values())

    @property
    def percent(self) -> Decimal:
        return share(self.warnings, self.events)


def share(warnings: int, events: int) -> Decimal:
    """Warnings per hundred events; 100 when there are warnings but no events. Source: DESIGN 8.5."""
    if events == 0:
        return Decimal(100 if warnings else 0)
    return Decimal(100) * warnings / events


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Which thresholds were exceeded, and by what."""

    percent: bool
    number: bool


def breach(counts: Counts, thresholds: Thresholds) -> Breach | None:
    """The thresholds that the counts exceed, None when neither. Source: seed, the example of "Enable notifications"."""
    enough = counts.events >= thresholds.minimum_events
    over_percent = thresholds.percent is not None and enough and counts.percent > thresholds.percent
    over_number = thresholds.number is not None and counts.warnings > thresholds.number
    return Breach(percent=over_percent, number=over_number) if over_percent or over_number else None
