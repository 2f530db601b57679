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
    """None never fires. `percent` is of events, 0 to 100. Both are exceeded strictly."""

    percent: Decimal | None = None
    number: int | None = None


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
        """Warnings per hundred events; 100 when there are warnings but no events. Source: DESIGN 8.5."""
        if self.events == 0:
            return Decimal(100 if self.warnings else 0)
        return Decimal(100) * self.warnings / self.events


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Which thresholds were exceeded, and by what."""

    percent: bool
    number: bool


def breach(counts: Counts, thresholds: Thresholds) -> Breach | None:
    """The thresholds that the counts exceed, None when neither. Source: seed, the example of "Enable notifications"."""
    over_percent = thresholds.percent is not None and counts.percent > thresholds.percent
    over_number = thresholds.number is not None and counts.warnings > thresholds.number
    return Breach(percent=over_percent, number=over_number) if over_percent or over_number else None
