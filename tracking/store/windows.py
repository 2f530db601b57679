"""Counts of rules over a timeframe, read from the minute buckets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import TruncHour

from tracking.choices import WarningCause
from tracking.models import Delivery, EventMinute, Rule, SentMinute, WarningMinute
from tracking.policy.warning import Counts
from tracking.store.counters import minute


def counts(rule_id: int, *, until: datetime, timeframe: timedelta) -> Counts:
    """Events and warnings of one rule in (until - timeframe, until], to the minute: from `first_minute` on.

    The minute of `until` counts as far as it has come.
    """
    return counts_of([rule_id], until=until, timeframe=timeframe)[rule_id]


def counts_of(rule_ids: Collection[int], *, until: datetime, timeframe: timedelta) -> dict[int, Counts]:
    """The same of many rules at once: two queries over at most 361 minutes of each."""
    within = {"rule_id__in": rule_ids, "minute__gte": first_minute(until, timeframe), "minute__lte": until}
    events = EventMinute.objects.filter(**within).values_list("rule_id").annotate(total=Sum("events"))
    causes: dict[int, dict[WarningCause, int]] = {rule_id: {} for rule_id in rule_ids}
    warnings = WarningMinute.objects.filter(**within).values_list("rule_id", "cause").annotate(total=Sum("warnings"))
    for rule_id, cause, total in warnings:
        causes[rule_id][WarningCause(cause)] = total
    totals = dict(events.values_list("rule_id", "total"))
    return {rule_id: Counts(events=totals.get(rule_id, 0), causes=found) for rule_id, found in causes.items()}


def first_minute(until: datetime, timeframe: timedelta) -> datetime:
    """The first minute that lies in the timeframe by half or more.

    Looked at just after a full minute, the whole timeframe counts: five minutes are not four.
    """
    return minute(until - timeframe + timedelta(seconds=30))


DAY = 24  # hours


@dataclass(frozen=True, slots=True)
class Hours:
    """Events, mails sent and warnings of a rule, one number an hour, the hour that runs last."""

    events: tuple[int, ...]
    sent: tuple[int, ...]
    warnings: tuple[int, ...]


def hours_of(rule_ids: Collection[int], *, until: datetime) -> dict[int, Hours]:
    """The last 24 full hours of many rules, the one that runs included: three queries."""
    first = until.replace(minute=0, second=0, microsecond=0) - timedelta(hours=DAY - 1)
    within = {"rule_id__in": rule_ids, "minute__gte": first, "minute__lte": until}
    events = _by_hour(EventMinute.objects.filter(**within), "events")
    sent = _by_hour(SentMinute.objects.filter(**within), "sent")
    warnings = _by_hour(WarningMinute.objects.filter(**within), "warnings")
    hours = [first + timedelta(hours=number) for number in range(DAY)]
    return {
        rule_id: Hours(
            tuple(events.get((rule_id, hour), 0) for hour in hours),
            tuple(sent.get((rule_id, hour), 0) for hour in hours),
            tuple(warnings.get((rule_id, hour), 0) for hour in hours),
        )
        for rule_id in rule_ids
    }


def _by_hour(
    minutes: QuerySet[EventMinute] | QuerySet[SentMinute] | QuerySet[WarningMinute], counted: str
) -> dict[tuple[int, datetime], int]:
    hours = minutes.annotate(hour=TruncHour("minute", tzinfo=UTC)).values_list("rule_id", "hour")
    return {(rule_id, hour): total for rule_id, hour, total in hours.annotate(total=Sum(counted))}


def last_fired(rule_ids: Collection[int]) -> dict[int, datetime]:
    """When each rule's newest delivery that is no test was made; one look into the log's index a rule."""
    newest = Delivery.objects.filter(rule=OuterRef("pk"), test=False).order_by("-id").values("created_at")[:1]
    found = Rule.objects.filter(pk__in=rule_ids).order_by().annotate(last=Subquery(newest)).values_list("pk", "last")
    return {rule_id: last for rule_id, last in found if last is not None}


@dataclass(frozen=True, slots=True)
class Minutes:
    """Events and warnings of a rule, one number a minute from `first` on."""

    first: datetime
    events: tuple[int, ...]
    warnings: tuple[int, ...]


def minutes_of(rule_id: int, *, first: datetime, until: datetime) -> Minutes:
    """Both from the minute of `first` to that of `until`: two queries."""
    first, last = minute(first), minute(until)
    within = {"rule_id": rule_id, "minute__gte": first, "minute__lte": last}
    events = dict(EventMinute.objects.filter(**within).values_list("minute", "events"))
    warned = WarningMinute.objects.filter(**within).values_list("minute").annotate(total=Sum("warnings"))
    warnings = dict(warned.values_list("minute", "total"))
    steps = [first + number * timedelta(minutes=1) for number in range(int((last - first).total_seconds()) // 60 + 1)]
    return Minutes(first, tuple(events.get(one, 0) for one in steps), tuple(warnings.get(one, 0) for one in steps))
