"""What the home page counts: the mails of the last hour or day by outcome, warnings by cause, usage of the month.

Each reads a stretch of an index that ends now, never the whole log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncHour, TruncMinute

from tracking.choices import DeliveryState, WarningCause
from tracking.models import Delivery, UsageDay, WarningMinute
from tracking.models.delivery import first_id

# outcome -> the states that are it, from the bottom of the pile to its top
OUTCOMES: Mapping[str, tuple[DeliveryState, ...]] = {
    "sent": (DeliveryState.SENT,),
    "waiting": (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRYING, DeliveryState.HELD),
    "unknown": (DeliveryState.UNKNOWN,),
    "failed": (DeliveryState.FAILED,),
}
_OUTCOME_OF = {state: name for name, states in OUTCOMES.items() for state in states}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Mails by the minute or hour in which they were made, and what has become of them by now."""

    times: tuple[datetime, ...]
    counts: Mapping[str, tuple[int, ...]]  # outcome -> one number a time


def by_minute(rows: QuerySet[Delivery], *, until: datetime) -> Outcomes:
    """Of the last sixty minutes, the one that runs included."""
    first = until.replace(second=0, microsecond=0) - timedelta(minutes=59)
    return _outcomes(rows, TruncMinute("created_at"), [first + timedelta(minutes=step) for step in range(60)])


def by_hour(rows: QuerySet[Delivery], *, until: datetime) -> Outcomes:
    """Of the last twenty-four hours, the one that runs included."""
    first = until.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    return _outcomes(rows, TruncHour("created_at"), [first + timedelta(hours=step) for step in range(24)])


def _outcomes(rows: QuerySet[Delivery], step: TruncMinute | TruncHour, times: list[datetime]) -> Outcomes:
    recent = rows.filter(test=False, id__gte=first_id(times[0])).annotate(step=step).order_by()
    counts = {name: dict.fromkeys(times, 0) for name in OUTCOMES}
    for moment, state, number in recent.values_list("step", "state").annotate(number=Count("pk")):
        name = _OUTCOME_OF.get(state)
        if name is not None and moment in counts[name]:
            counts[name][moment] += number
    return Outcomes(tuple(times), {name: tuple(found.values()) for name, found in counts.items()})


def causes(minutes: QuerySet[WarningMinute], *, since: datetime) -> list[tuple[WarningCause, int]]:
    """The warnings since then, the most frequent cause first."""
    found = minutes.filter(minute__gte=since).order_by().values_list("cause").annotate(number=Sum("warnings"))
    return sorted(((WarningCause(cause), number) for cause, number in found), key=lambda row: -row[1])


def usage(days: QuerySet[UsageDay], *, now: datetime) -> tuple[int, Decimal]:
    """Events of this month (UTC), and what they cost."""
    month = days.filter(day__gte=now.date().replace(day=1))
    prices = month.order_by().values_list("unit_price").annotate(number=Sum("events"))
    rows = list(prices)
    return sum(number for _, number in rows), sum((price * number for price, number in rows), Decimal(0))
