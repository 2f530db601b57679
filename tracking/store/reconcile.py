"""The proof that every processed event was accounted once: counts of the same things from several places, by rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from django.db.models import Count, QuerySet, Sum

from tracking.choices import DeliveryState
from tracking.models import Delivery, EventMinute, SentMinute, UsageDay, WarningMinute
from tracking.store import retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The counts of one rule. In balance: events agree in all three places, what is sent and warnings in both."""

    rule_id: int
    usage: int
    events: int
    processed: int
    sent: int
    delivered: int
    warnings: int
    warned: int

    @property
    def balanced(self) -> bool:
        return (
            self.usage == self.events == self.processed and self.sent == self.delivered and self.warnings == self.warned
        )


def accounts(*, now: datetime) -> Iterator[Account]:
    """One a rule that was counted in the days of which nothing has been pruned yet.

    From one consistent reading when called inside a transaction.
    """
    since = datetime.combine(retention.kept_since(now), time(), tzinfo=UTC)
    counted = Delivery.objects.filter(test=False)
    processed = _by_rule(counted.filter(claimed_at__gte=since), Count("id"))
    delivered = _by_rule(counted.filter(state=DeliveryState.SENT, finished_at__gte=since), Count("id"))
    warned = _by_rule(counted.filter(warned_at__gte=since), Count("id"))
    usage = _by_rule(UsageDay.objects.filter(day__gte=since.date()), Sum("events"))
    events = _by_rule(EventMinute.objects.filter(minute__gte=since), Sum("events"))
    sent = _by_rule(SentMinute.objects.filter(minute__gte=since), Sum("sent"))
    warnings = _by_rule(WarningMinute.objects.filter(minute__gte=since), Sum("warnings"))
    for rule_id in sorted(set().union(processed, usage, events, sent, delivered, warnings, warned)):
        yield Account(
            rule_id=rule_id,
            usage=usage.get(rule_id, 0),
            events=events.get(rule_id, 0),
            processed=processed.get(rule_id, 0),
            sent=sent.get(rule_id, 0),
            delivered=delivered.get(rule_id, 0),
            warnings=warnings.get(rule_id, 0),
            warned=warned.get(rule_id, 0),
        )


def _by_rule(rows: QuerySet[Any], number: Count | Sum) -> dict[int, int]:
    return dict(rows.values("rule_id").order_by("rule_id").annotate(n=number).values_list("rule_id", "n"))
