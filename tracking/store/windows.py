"""Counts of one rule over a timeframe, read from the minute buckets."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Sum

from tracking.choices import WarningCause
from tracking.models import EventMinute, WarningMinute
from tracking.policy.warning import Counts
from tracking.store.counters import minute


def counts(rule_id: int, *, until: datetime, timeframe: timedelta) -> Counts:
    """Events and warnings of one rule in (until - timeframe, until], to the minute.

    The minute of `until` counts as far as it has come; the window begins with the first whole minute inside it.
    Two queries over at most 360 minutes.
    """
    within = {"rule_id": rule_id, "minute__gt": minute(until - timeframe), "minute__lte": until}
    events = EventMinute.objects.filter(**within).aggregate(total=Sum("events"))["total"] or 0
    causes = WarningMinute.objects.filter(**within).values_list("cause").annotate(total=Sum("warnings"))
    return Counts(events=events, causes={WarningCause(cause): total for cause, total in causes})
