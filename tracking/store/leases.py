"""Leases as rows. Whoever changes deliveries that are being sent holds the row of their lease, and takes it first.

So a worker that comes late and whoever takes its claim for dead never decide at once, and one of them changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from tracking.models import Lease
from tracking.store import bulk

_GRANT = "INSERT INTO tracking_lease (token, connection_id, until, marked, knocked) VALUES (%s, %s, %s, %s, %s)"
_MARK = "UPDATE tracking_lease SET marked = %s WHERE token = %s"
_AT_WORK = "SELECT count(*) FROM tracking_lease WHERE connection_id = %s AND until > %s"
_END = "DELETE FROM tracking_lease WHERE token = %s"


def grant(token: UUID, connection_id: int, *, until: datetime) -> None:
    bulk.run(_GRANT, [token, connection_id, until, "[]", False])


class Step(NamedTuple):
    """A change of one lease, as a statement that may be part of a larger one; of one taken away, it changes nothing."""

    statement: str
    parameters: list[Any]


def marking(token: UUID, ids: Collection[UUID]) -> Step:
    """Say of these deliveries, and no others, that their DATA may begin."""
    return Step(_MARK, [json.dumps([id_.hex for id_ in ids]), token])


def ending(token: UUID) -> Step:
    return Step(_END, [token])


def mark(token: UUID, ids: Collection[UUID]) -> bool:
    """Take that step. False when the lease was taken away. Inside a transaction the lease is ours until its end."""
    return bulk.run(*marking(token, ids)) == 1


def renew(tokens: Iterable[UUID], *, until: datetime) -> None:
    Lease.objects.filter(token__in=list(tokens)).update(until=until)


def shorten(*, lease: timedelta, now: datetime) -> None:
    """Let none last longer than a new one: the clock was set back, and the dead renew theirs no more."""
    Lease.objects.filter(until__gt=now + 2 * lease).update(until=now + lease)


def at_work(connection_id: int, *, now: datetime) -> int:
    """How many living claims there are on a connection."""
    return int(bulk.ask(_AT_WORK, [connection_id, now])[0][0])


def knock(connection_id: int, *, now: datetime) -> bool:
    """Have those at work on a connection look again when they end. False when nobody is at work any more."""
    return Lease.objects.filter(connection_id=connection_id, until__gt=now).update(knocked=True) > 0


def held(token: UUID) -> Lease | None:
    """The lease, locked for the transaction; None when it was taken away."""
    return Lease.objects.select_for_update().filter(token=token).first()


def expired(now: datetime, *, limit: int) -> list[Lease]:
    """Leases of dead workers that nobody else is settling, locked for the transaction."""
    over = Lease.objects.filter(until__lt=now).order_by("until")
    return list(over.select_for_update(skip_locked=True)[:limit])


def marks(lease: Lease) -> set[UUID]:
    return {UUID(id_) for id_ in lease.marked}


def end(tokens: Iterable[UUID]) -> None:
    Lease.objects.filter(token__in=list(tokens)).delete()
