"""Metering: each delivery is one event, counted and billed with its first claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum

from tracking import conf
from tracking.definition import RuleDefinition
from tracking.errors import TrackingError
from tracking.models import EventMinute, RuleVersion, UsageDay
from tracking.policy.price import unit_price
from tracking.store import counters, versions
from tracking.store.counters import Key
from tracking.store.leased import Leased


def count(rows: Iterable[Leased], *, now: datetime) -> None:
    """Count deliveries in the minute and on the day of their first claim, each at the price of its version."""
    minutes: Counter[Key] = Counter()
    days: Counter[Key] = Counter()
    regular = conf.regular_price()
    for (rule_id, version_id), number in Counter((row.rule_id, row.version_id) for row in rows).items():
        minutes[rule_id, counters.minute(now)] += number
        days[rule_id, now.date(), unit_price(regular, notifications=_notifies(version_id))] += number
    counters.add(EventMinute, minutes)
    counters.add(UsageDay, days)


HEADINGS = ("day", "rule id", "rule", "unit price", "events", "amount")


def lines(rows: QuerySet[UsageDay]) -> Iterator[tuple[Any, ...]]:
    """What people take away: headings, then a line a row."""
    yield HEADINGS
    for row in rows.select_related("rule").iterator(chunk_size=2_000):
        yield row.day, row.rule_id, row.rule.name, row.unit_price, row.events, row.amount


def over_the_cap(rows: Iterable[Leased], *, now: datetime) -> set[UUID]:
    """Of deliveries about to be claimed, those beyond their rules' daily caps. Tests and later tries are free."""
    first = [row for row in rows if row.claimed_at is None and not row.test]
    caps = {version_id: _cap(version_id) for version_id in {row.version_id for row in first}}
    capped = [(row, cap) for row in first if (cap := caps[row.version_id])]
    if not capped:
        return set()
    used = _used({row.rule_id for row, _ in capped}, now)
    over = set()
    for row, cap in capped:
        if used[row.rule_id] >= cap:
            over.add(row.id)
        used[row.rule_id] += 1
    return over


def _used(rule_ids: set[int], now: datetime) -> Counter[int]:
    today = UsageDay.objects.filter(rule_id__in=rule_ids, day=now.date()).order_by()
    return Counter(dict(today.values_list("rule_id").annotate(total=Sum("events")).values_list("rule_id", "total")))


def _cap(version_id: int) -> int | None:
    definition = _definition(version_id)
    return definition.policy.daily_cap if definition else None


def _notifies(version_id: int) -> bool:
    """Whether that version has warning notifications on, even if this release cannot read the rest of it."""
    definition = _definition(version_id)
    if definition is not None:
        return definition.notifications.enable_notifications
    document = RuleVersion.objects.values_list("document", flat=True).get(pk=version_id)
    return bool(document.get("notifications", {}).get("enable_notifications"))


def _definition(version_id: int) -> RuleDefinition | None:
    try:
        return versions.ready(version_id).definition
    except TrackingError:
        return None
