"""Who sends what now: leases on deliveries, renewed while their worker lives and taken back when it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce

from tracking import conf
from tracking.choices import DeliveryPolicy, DeliveryState, Reason, WarningCause
from tracking.errors import TrackingError
from tracking.models import Connection, Delivery, EventMinute, RuleVersion, UsageDay
from tracking.models.delivery import WAITING
from tracking.policy.price import unit_price
from tracking.store import counters, outcomes, versions
from tracking.store.counters import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Deliveries of one connection that this worker alone may send, as long as its lease is renewed."""

    token: UUID
    connection: Connection
    deliveries: list[Delivery]
    full: bool = field(default=False)  # the limit was reached: more may be due

    def chunks(self, size: int) -> Iterator[list[Delivery]]:
        for start in range(0, len(self.deliveries), size):
            yield self.deliveries[start : start + size]


def claim(connection_id: int, *, limit: int, lease: timedelta, now: datetime) -> Claim | None:
    """Lease what is due on a connection, oldest first. None when nothing is, or the connection rests.

    A delivery counts as an event, and is billed, with its first claim, in this same transaction. Source: DESIGN 8.5.
    """
    token = uuid4()
    with transaction.atomic():
        connection = Connection.objects.filter(pk=connection_id).first()
        if connection is None or connection.paused_at(now):
            return None
        due = Delivery.objects.filter(connection_id=connection_id, state__in=WAITING, next_attempt_at__lte=now)
        rows = list(due.order_by("next_attempt_at").select_for_update(skip_locked=True)[:limit])
        if not rows:
            return None
        Delivery.objects.filter(id__in=[row.id for row in rows]).update(
            state=DeliveryState.SENDING,
            reason="",
            lease_token=token,
            lease_until=now + lease,
            marked=False,
            claimed_at=Coalesce(F("claimed_at"), Value(now)),
        )
        _count([row for row in rows if row.claimed_at is None and not row.test], now)
    return Claim(token=token, connection=connection, deliveries=rows, full=len(rows) == limit)


def _count(rows: Iterable[Delivery], now: datetime) -> None:
    minutes: Counter[Key] = Counter()
    days: Counter[Key] = Counter()
    regular = conf.regular_price()
    for row in rows:
        minutes[row.rule_id, counters.minute(now)] += 1
        days[row.rule_id, now.date(), unit_price(regular, notifications=_notifies(row.version_id))] += 1
    counters.add(EventMinute, minutes)
    counters.add(UsageDay, days)


def _notifies(version_id: int) -> bool:
    """Whether that version has warning notifications on, even if this release cannot read the rest of it."""
    try:
        return versions.ready(version_id).definition.notifications.enable_notifications
    except TrackingError:
        document = RuleVersion.objects.values_list("document", flat=True).get(pk=version_id)
        return bool(document.get("notifications", {}).get("enable_notifications"))


def mark(token: UUID, ids: Iterable[UUID]) -> None:
    """Say, before any of them, that their DATA may begin: after a crash these, and only these, are unknown."""
    Delivery.objects.filter(id__in=list(ids), lease_token=token).update(marked=True)


def renew(tokens: Iterable[UUID], *, lease: timedelta, now: datetime) -> None:
    """Keep the leases of a living worker."""
    Delivery.objects.filter(lease_token__in=list(tokens), state=DeliveryState.SENDING).update(lease_until=now + lease)


_BACK = {  # a delivery that was claimed and not tried goes back to where it stood
    "state": Case(
        When(tries=0, crashes=0, then=Value(DeliveryState.QUEUED.value)), default=Value(DeliveryState.RETRYING.value)
    ),
    "lease_token": None,
    "lease_until": None,
    "marked": False,
}


def give_back(token: UUID) -> int:
    """Return what was claimed and not tried; how many deliveries that are."""
    return Delivery.objects.filter(lease_token=token, state=DeliveryState.SENDING).update(**_BACK)


def take_back(*, now: datetime, limit: int = 1_000) -> int:
    """Settle the claims of dead workers; how many deliveries that are.

    Those whose DATA may have begun are unknown (or sent again, where the rule would rather not lose a mail); the others
    go back to the queue, but not for ever: one that was there each time its worker died is failed.
    """
    with transaction.atomic():
        expired = Delivery.objects.filter(state=DeliveryState.SENDING, lease_until__lt=now)
        rows = list(expired.order_by("lease_until").select_for_update(skip_locked=True)[:limit])
        lost = [row for row in rows if not row.marked and row.crashes + 1 >= conf.max_crashes()]
        unsaid = [row for row in rows if row.marked]
        again = [row for row in rows if not row.marked and row not in lost]
        Delivery.objects.filter(id__in=[row.id for row in again]).update(
            **(_BACK | {"crashes": F("crashes") + 1, "state": DeliveryState.RETRYING, "next_attempt_at": now})
        )
        _settle(lost, DeliveryState.FAILED, Reason.WORKER_LOST, WarningCause.WORKER_LOST, now)
        _settle(
            [row for row in unsaid if _policy(row) is DeliveryPolicy.NEVER_TWICE],
            DeliveryState.UNKNOWN,
            None,
            WarningCause.UNKNOWN_OUTCOME,
            now,
        )
        _settle(
            [row for row in unsaid if _policy(row) is DeliveryPolicy.NEVER_LOSE],
            DeliveryState.RETRYING,
            None,
            WarningCause.UNKNOWN_OUTCOME,
            now,
        )
    return len(rows)


def _policy(row: Delivery) -> DeliveryPolicy:
    try:
        return versions.ready(row.version_id).definition.policy.delivery_policy
    except TrackingError:
        return DeliveryPolicy.NEVER_TWICE


def _settle(
    rows: list[Delivery], state: DeliveryState, reason: Reason | None, cause: WarningCause, now: datetime
) -> None:
    outcomes.settle_lost(rows, state=state, reason=reason, cause=cause, now=now)
