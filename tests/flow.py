"""A delivery's way, walked by hand: a clock that tests move, mails that are owed, and the books that must balance."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum

from tests import factories
from tracking.choices import DeliveryState
from tracking.models import Delivery, EventMinute, Rule, SentMinute, UsageDay, WarningMinute
from tracking.models.delivery import WAITING
from tracking.pipeline import deliver, intake

LEASE = timedelta(seconds=60)


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = factories.NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


def owe(rule: Rule, count: int = 1, *, now: datetime = factories.NOON, **fields: Any) -> list[Delivery]:
    """So many events that the rule fires for; the deliveries they caused."""
    owner = {"product": rule.product_id, "campaign": rule.campaign_id, "trigger": rule.trigger}
    taken = intake.submit([factories.event(**{**owner, **fields}) for _ in range(count)], now=now)
    ids = [match.delivery for receipt in taken.receipts for match in receipt.matched if match.rule == rule.pk]
    return [Delivery.objects.get(pk=id_) for id_ in ids]


def drain(rule: Rule, clock: Hands) -> bool:
    rule.refresh_from_db()
    return deliver.drain(rule.connection_id, clock=clock)


def states() -> Counter[str]:
    return Counter(Delivery.objects.values_list("state", flat=True))


def assert_books_balance() -> None:
    """Usage, claimed deliveries and event buckets say the same of each rule; sent and warned ones and theirs too."""
    claimed: Counter[tuple[Any, ...]] = Counter()
    sent: Counter[tuple[Any, ...]] = Counter()
    warned: Counter[tuple[Any, ...]] = Counter()
    for row in Delivery.objects.filter(test=False):
        if row.claimed_at is not None:
            claimed[row.rule_id, row.claimed_at.replace(second=0, microsecond=0)] += 1
        if row.state == DeliveryState.SENT:
            sent[row.rule_id, row.finished_at.replace(second=0, microsecond=0)] += 1
        if row.warned_at is not None:
            warned[row.rule_id, row.warned_at.replace(second=0, microsecond=0), row.warning] += 1
        assert row.claimed_at is not None or row.warned_at is None
        assert row.claimed_at is not None or row.state in {*WAITING, DeliveryState.CANCELLED}
    assert {(row.rule_id, row.minute): row.events for row in EventMinute.objects.all()} == claimed
    assert {(row.rule_id, row.minute): row.sent for row in SentMinute.objects.filter(sent__gt=0)} == sent
    assert {(row.rule_id, row.minute, row.cause): row.warnings for row in WarningMinute.objects.all()} == warned
    billed = UsageDay.objects.values_list("rule_id", "day").annotate(total=Sum("events")).order_by()
    days: Counter[tuple[Any, ...]] = Counter()
    for (rule_id, minute), number in claimed.items():
        days[rule_id, minute.date()] += number
    assert {(rule_id, day): total for rule_id, day, total in billed} == days
