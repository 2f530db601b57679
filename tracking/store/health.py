"""How busy a connection is: sessions at work, what waits and is held, the last errors of its tries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from tracking.choices import DeliveryState, Reason
from tracking.models import Attempt, Connection, Delivery
from tracking.models.delivery import WAITING
from tracking.store import leases

COUNTED = 10_000  # deliveries that wait; more are not counted
LOOKED_AT = 20_000  # tries, of all connections, among which the last errors are sought
ERRORS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """`waiting` and `held` stop at COUNTED together."""

    sessions: int
    waiting: int
    held: tuple[tuple[str, int], ...]  # the reason in words, how many for it
    errors: tuple[Attempt, ...]


def work(connection: Connection, *, now: datetime) -> Work:
    rows = Delivery.objects.filter(connection=connection, state__in=WAITING).order_by()
    found = Counter(rows.values_list("state", "reason")[:COUNTED])
    held = {reason: number for (state, reason), number in found.items() if state == DeliveryState.HELD}
    return Work(
        sessions=leases.at_work(connection.pk, now=now),
        waiting=sum(found.values()) - sum(held.values()),
        held=tuple((Reason(reason).label if reason else "", number) for reason, number in sorted(held.items())),
        errors=tuple(_errors(connection)),
    )


def _errors(connection: Connection) -> list[Attempt]:
    newest = Attempt.objects.aggregate(last=Max("pk"))["last"] or 0
    tries = Attempt.objects.filter(pk__gt=newest - LOOKED_AT, delivery__connection=connection).exclude(failure="")
    return list(tries.order_by("-pk")[:ERRORS])
