"""The proof that every processed event was accounted once: three counts of the same thing, by rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from tracking.models import Delivery, EventMinute, UsageDay, WarningMinute


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The counts of one rule. In balance: events agree in all three places, warnings in both."""

    rule_id: int
    usage: int
    events: int
    processed: int
    warnings: int
    warned: int

    @property
    def balanced(self) -> bool:
        return self.usage == self.events == self.processed and self.warnings == self.warned


def accounts() -> Iterator[Account]:
    """One a rule that was ever counted, from one consistent reading when called inside a transaction."""
    counted = Delivery.objects.filter(test=False).values("rule_id")
    processed = dict(counted.filter(claimed_at__isnull=False).annotate(n=Count("id")).values_list("rule_id", "n"))
    warned = dict(counted.filter(Q(warned_at__isnull=False)).annotate(n=Count("id")).values_list("rule_id", "n"))
    usage = dict(UsageDay.objects.values("rule_id").annotate(n=Sum("events")).values_list("rule_id", "n"))
    events = dict(EventMinute.objects.values("rule_id").annotate(n=Sum("events")).values_list("rule_id", "n"))
    warnings = dict(WarningMinute.objects.values("rule_id").annotate(n=Sum("warnings")).values_list("rule_id", "n"))
    for rule_id in sorted({*processed, *usage, *events, *warnings, *warned}):
        yield Account(
            rule_id=rule_id,
            usage=usage.get(rule_id, 0),
            events=events.get(rule_id, 0),
            processed=processed.get(rule_id, 0),
            warnings=warnings.get(rule_id, 0),
            warned=warned.get(rule_id, 0),
        )
