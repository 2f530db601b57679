"""Counts of one rule over a timeframe, read from the minute buckets."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Sum

from tracking.choices import WarningCause
from tracking.models import EventMinute, WarningMinute
from tracking.policy.warning import Counts
from tracking.store.counters import minute


def counts(rule_id: int, *, until: datetime, timeframe: timedelta) -> Counts:
    """Events and warnings of one rule in (until - timeframe, until], to the minute: from `first_minute` on.

    The minute of `until` counts as far as it has come. Two queries over at most 361 minutes.
    """
    within = {"rule_id": rule_id, "minute__gte": first_minute(until, timeframe), "minute__lte": until}
    events = EventMinute.objects.filter(**within).aggregate(total=Sum("events"))["total"] or 0
    causes = WarningMinute.objects.filter(**within).values_list("cause").annotate(total=Sum("warnings"))
    return Counts(events=events, causes={WarningCause(cause): total for cause, total in causes})


def first_minute(until: datetime, timeframe: timedelta) -> datetime:
    """The first minute that lies in the timeframe by half or more.

    Looked at just after a full minute, the whole timeframe counts: five minutes are not four.
    """
    return minute(until - timeframe + timedelta(seconds=30))
