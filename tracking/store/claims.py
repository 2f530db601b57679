"""Who sends what now: leases on deliveries, renewed while their worker lives and taken back when it does not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import takewhile
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Case, F, Value, When

from tracking import conf
from tracking.choices import DeliveryPolicy, DeliveryState, Reason, WarningCause
from tracking.errors import TrackingError
from tracking.models import Connection, Delivery
from tracking.policy import rate
from tracking.store import bulk, connections, leased, outcomes, turns, usage, versions
from tracking.store.leased import Leased
from tracking.store.outcomes import Lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Deliveries of one connection that this worker alone may send, as long as its lease is renewed."""

    token: UUID
    connection: Connection
    deliveries: list[Leased]
    full: bool = field(default=False)  # more may be due

    def chunks(self, size: int) -> Iterator[list[Leased]]:
        for start in range(0, len(self.deliveries), size):
            yield self.deliveries[start : start + size]


def claim(connection_id: int, *, limit: int, lease: timedelta, now: datetime) -> Claim | None:
    """Lease what is due on a connection, oldest first. None when nothing is, or the connection rests.

    A delivery counts as an event, and is billed, with its first claim, in this same transaction. Source: DESIGN 8.5.
    """
    token = uuid4()
    with transaction.atomic():
        # No key of it changes: who writes deliveries of this connection meanwhile does not wait.
        connection = Connection.objects.select_for_update(no_key=True).filter(pk=connection_id).first()
        if connection is None or connection.paused_at(now) or _busy(connection, now):
            return None
        pace = rate.refreshed(connection.pace(), now=now)
        found = turns.take(connection_id, limit=rate.allowed(pace, limit), now=now)
        if not found:
            return None
        rows = _together(_within_caps(found, now))
        connections.keep_pace(connection, rate.spent(pace, len(rows)))
        bulk.run(_LEASE, [token, now + lease, False, now], ids=[row.id for row in rows])
        usage.count([row for row in rows if row.claimed_at is None and not row.test], now=now)
    return Claim(
        token=token, connection=connection, deliveries=rows, full=len(found) == limit or len(rows) < len(found)
    )


_LEASE = """
    UPDATE tracking_delivery
    SET state = 'sending', reason = '', lease_token = %s, lease_until = %s, marked = %s,
        claimed_at = coalesce(claimed_at, %s)
    WHERE id IN {ids}
"""


def _busy(connection: Connection, now: datetime) -> bool:
    """Whether all sessions that the connection may have are at work. One that fails gets a single one."""
    most = 1 if connection.fail_streak else connection.max_sessions
    return turns.sessions_at_work(connection.pk, now=now) >= most


def _within_caps(rows: list[Leased], now: datetime) -> list[Leased]:
    """Those that their rules' daily caps let go; the others wait, held, for the next day (UTC)."""
    over = usage.over_the_cap(rows, now=now)
    if over:
        tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=now.tzinfo)
        Delivery.objects.filter(id__in=over).update(
            state=DeliveryState.HELD, reason=Reason.DAILY_CAP, next_attempt_at=tomorrow
        )
    return [row for row in rows if row.id not in over]


def _together(rows: list[Leased]) -> list[Leased]:
    """Those that one worker may take at once: one on its last life goes alone, so that it takes no other with it."""
    if not rows:
        return []
    most = conf.max_crashes()
    if _on_last_life(rows[0], most):
        return rows[:1]
    return list(takewhile(lambda row: not _on_last_life(row, most), rows))


def _on_last_life(row: Leased, most: int) -> bool:
    return row.crashes > 0 and row.crashes + 1 >= most


def mark(token: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Say, before any of them, that their DATA may begin: after a crash these, and only these, are unknown.

    Gives those that this worker still holds: if it was taken for dead, others may be sending the rest.
    """
    if bulk.run(_MARK, [True, token], ids=ids) == len(ids):
        return set(ids)
    return set(Delivery.objects.filter(id__in=ids, lease_token=token).values_list("id", flat=True))


_MARK = "UPDATE tracking_delivery SET marked = %s WHERE lease_token = %s AND id IN {ids}"


def unmark(token: UUID) -> None:
    """Say that what is still marked was not tried: the results of all others are written."""
    Delivery.objects.filter(lease_token=token, state=DeliveryState.SENDING, marked=True).update(marked=False)


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
    """Return what was claimed and not tried; how many deliveries that are.

    What is marked stays: it may have been sent, and when its lease ends it is unknown.
    """
    return Delivery.objects.filter(lease_token=token, state=DeliveryState.SENDING, marked=False).update(**_BACK)


def take_back(*, now: datetime, limit: int = 1_000) -> int:
    """Settle the claims of dead workers; how many deliveries that are.

    Those whose DATA may have begun are unknown (or sent again, where the rule would rather not lose a mail); the others
    go back to the queue, but not for ever: one that was there each time its worker died is failed.
    """
    with transaction.atomic():
        expired = Delivery.objects.filter(state=DeliveryState.SENDING, lease_until__lt=now)
        rows = leased.read(expired.order_by("lease_until").select_for_update(skip_locked=True)[:limit])
        fates = {row.id: _after_death(row) for row in rows}
        again = [id_ for id_, lost in fates.items() if lost is None]
        Delivery.objects.filter(id__in=again).update(
            **(_BACK | {"crashes": F("crashes") + 1, "state": DeliveryState.RETRYING, "next_attempt_at": now})
        )
        outcomes.settle_lost([(row, lost) for row in rows if (lost := fates[row.id]) is not None], now=now)
    return len(rows)


def _after_death(row: Leased) -> Lost | None:
    """What becomes of a delivery whose worker died; None: it goes back to the queue as if nothing had been."""
    last = row.crashes + 1 >= conf.max_crashes()
    if not row.marked:
        return _WORKER_LOST if last else None
    return _SEND_AGAIN if not last and _policy(row) is DeliveryPolicy.NEVER_LOSE else _NOBODY_KNOWS


_WORKER_LOST = Lost(state=DeliveryState.FAILED, reason=Reason.WORKER_LOST, cause=WarningCause.WORKER_LOST)
_NOBODY_KNOWS = Lost(state=DeliveryState.UNKNOWN, reason=None, cause=WarningCause.UNKNOWN_OUTCOME)
_SEND_AGAIN = Lost(state=DeliveryState.RETRYING, reason=None, cause=WarningCause.UNKNOWN_OUTCOME)


def _policy(row: Leased) -> DeliveryPolicy:
    try:
        return versions.ready(row.version_id).definition.policy.delivery_policy
    except TrackingError:
        return DeliveryPolicy.NEVER_TWICE
