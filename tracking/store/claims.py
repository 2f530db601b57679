"""Who sends what now: leases on deliveries, renewed while their worker lives and taken back when it does not."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import takewhile
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Case, F, Value, When

from tracking import conf
from tracking.choices import DeliveryPolicy, DeliveryState, Failure, Reason, WarningCause
from tracking.errors import TrackingError
from tracking.models import Connection, Delivery
from tracking.policy import rate
from tracking.store import bulk, connections, leased, leases, outcomes, quotas, turns, usage, versions
from tracking.store.clock import Clock
from tracking.store.leased import Leased
from tracking.store.outcomes import Lost, Result


@dataclass(slots=True, kw_only=True)
class Claim:
    """Deliveries of one connection that this worker alone may send, as long as its lease is renewed."""

    token: UUID
    connection: Connection
    deliveries: list[Leased]
    full: bool = False  # more may be due
    written: list[Result] = field(default_factory=list)  # what became of those that were tried, as far as it is kept


_awaited: set[int] = set()  # connections that a thread of this process waits to claim from
_awaited_lock = threading.Lock()


@contextmanager
def _waiting(connection_id: int) -> Iterator[bool]:
    """To wait for a connection; False when another thread of this process does so for us.

    Claims of one connection follow one another. Each of a burst of wake-ups would wait its turn, hold a thread and find
    what those before it have left: nothing. The one that waits sees all that is committed before it is let in.
    """
    with _awaited_lock:
        alone = connection_id not in _awaited
        _awaited.add(connection_id)
    try:
        yield alone
    finally:
        if alone:
            with _awaited_lock:
                _awaited.discard(connection_id)


def claim(connection_id: int, *, limit: int, lease: timedelta, clock: Clock) -> Claim | None:
    """Lease what is due on a connection, oldest first. None when nothing is, the connection rests, or a thread of this
    process is about to do the same.

    The time is read when the connection's turn has come: it must not be behind that of what was queued meanwhile.
    A delivery counts as an event, and is billed, with its first claim, in this same transaction. Source: DESIGN 8.5.
    """
    token = uuid4()
    with ExitStack() as wait:
        if not wait.enter_context(_waiting(connection_id)):
            return None
        with transaction.atomic():
            # No key of it changes: who writes deliveries of this connection meanwhile does not wait.
            connection = Connection.objects.select_for_update(no_key=True).filter(pk=connection_id).first()
            wait.close()  # who comes from now on may bring what we do not see
            now = clock()
            if connection is None or connection.paused_at(now) or _busy(connection, now):
                return None
            pace = rate.refreshed(connection.pace(), now=now)
            allowed = rate.allowed(pace, limit)
            found = turns.take(connection_id, limit=allowed, now=now) if allowed else []
            if not found:
                return None
            rows = _within_caps(_together(found), now)
            connections.keep_pace(connection, rate.spent(pace, len(rows)))
            leases.grant(token, connection_id, until=now + lease)
            bulk.run(_CLAIM, [token, now], ids=[row.id for row in rows])
            first = [row for row in rows if row.claimed_at is None and not row.test]
            usage.count(first, now=now)
    return Claim(
        token=token, connection=connection, deliveries=rows, full=len(found) == limit or len(rows) < len(found)
    )


_CLAIM = """
    UPDATE tracking_delivery
    SET state = 'sending', reason = '', lease_token = %s, claimed_at = coalesce(claimed_at, %s)
    WHERE id {ids}
"""


def _busy(connection: Connection, now: datetime) -> bool:
    """Whether all sessions that the connection may have are at work. One that fails gets a single one."""
    most = 1 if connection.fail_streak else connection.max_sessions
    return leases.at_work(connection.pk, now=now) >= most and leases.knock(connection.pk, now=now)


def _within_caps(rows: list[Leased], now: datetime) -> list[Leased]:
    """Those that the caps of their rules and products let go; the others wait, held, for the next day (UTC)."""
    left = _until_tomorrow(rows, usage.over_the_cap(rows, now=now), Reason.DAILY_CAP, now)
    return _until_tomorrow(left, quotas.take_for_products(left, now=now), Reason.PRODUCT_QUOTA, now)


def _until_tomorrow(rows: list[Leased], over: set[UUID], reason: Reason, now: datetime) -> list[Leased]:
    """The rows that are not over; those that are wait."""
    if not over:
        return rows
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=now.tzinfo)
    Delivery.objects.filter(id__in=over).update(
        state=DeliveryState.HELD, reason=reason, next_attempt_at=tomorrow, renewed_at=tomorrow
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


def renew(tokens: Iterable[UUID], *, lease: timedelta, now: datetime) -> None:
    """Keep the leases of a living worker."""
    leases.renew(tokens, until=now + lease)


_BACK = {  # a delivery that was claimed and not tried goes back to where it stood
    "state": Case(
        When(tries=0, crashes=0, then=Value(DeliveryState.QUEUED.value)), default=Value(DeliveryState.RETRYING.value)
    ),
    "lease_token": None,
}


class GivenBack(NamedTuple):
    """How many deliveries were returned untried, and whether somebody was sent away meanwhile.

    `lost`: the lease had been taken away, and nothing is written.
    """

    number: int
    knocked: bool
    lost: bool = False


def give_back(token: UUID, tried: Sequence[Result] = (), *, all_told: bool = False, worker: str = "") -> GivenBack:
    """End a claim: write down what was `tried` last, and return the rest. `all_told`: with these there is no rest.

    Where nothing is told of them, those that are marked stay: they may have been sent, and when their lease ends they
    are unknown.
    """
    if all_told and tried and outcomes.went_well(tried):
        knocked = outcomes.write_well(leases.ending(token), tried, worker=worker)
        return GivenBack(0, knocked=bool(knocked), lost=knocked is None)
    with transaction.atomic():
        lease = leases.held(token)
        if lease is None:
            return GivenBack(0, knocked=False, lost=True)
        told = {one.delivery.id for one in tried}
        marked = set() if tried else leases.marks(lease)
        left = Delivery.objects.filter(lease_token=token, state=DeliveryState.SENDING)
        back = left.exclude(id__in=told | marked).update(**_BACK)
        if not marked:
            leases.end([token])
        if tried:
            outcomes.write(token, tried, worker=worker)
    return GivenBack(back, lease.knocked)


def take_back(*, now: datetime, limit: int = 20) -> int:
    """Settle the claims of dead workers, at most `limit` of them; how many deliveries that are.

    Those whose DATA may have begun are unknown (or sent again, where the rule would rather not lose a mail); the others
    go back to the queue, but not for ever: one that was there each time its worker died is failed.
    """
    with transaction.atomic():
        dead = leases.expired(now, limit=limit)
        if not dead:
            return 0
        marked = set().union(*map(leases.marks, dead))
        tokens = [lease.token for lease in dead]
        claimed = Delivery.objects.filter(lease_token__in=tokens, state=DeliveryState.SENDING)
        rows = leased.read(claimed.select_for_update())
        fates = {row.id: _after_death(row, marked=row.id in marked) for row in rows}
        again = [id_ for id_, lost in fates.items() if lost is None]
        Delivery.objects.filter(id__in=again).update(
            **(_BACK | {"crashes": F("crashes") + 1, "state": DeliveryState.RETRYING, "next_attempt_at": now})
        )
        outcomes.settle_lost([(row, lost) for row in rows if (lost := fates[row.id]) is not None], now=now)
        leases.end(tokens)
    return len(rows)


def _after_death(row: Leased, *, marked: bool) -> Lost | None:
    """What becomes of a delivery whose worker died; None: it goes back to the queue as if nothing had been."""
    last = row.crashes + 1 >= conf.max_crashes()
    if not marked:
        return _WORKER_LOST if last else None
    return _SEND_AGAIN if not last and _policy(row) is DeliveryPolicy.NEVER_LOSE else _NOBODY_KNOWS


_WORKER_LOST = Lost(
    state=DeliveryState.FAILED, reason=Reason.WORKER_LOST, cause=WarningCause.WORKER_LOST, failure=Failure.TEMPORARY
)
_NOBODY_KNOWS = Lost(
    state=DeliveryState.UNKNOWN, reason=None, cause=WarningCause.UNKNOWN_OUTCOME, failure=Failure.UNKNOWN
)
_SEND_AGAIN = replace(_NOBODY_KNOWS, state=DeliveryState.RETRYING)


def _policy(row: Leased) -> DeliveryPolicy:
    try:
        return versions.ready(row.version_id).definition.policy.delivery_policy
    except TrackingError:
        return DeliveryPolicy.NEVER_TWICE
