"""A delivery as its sender knows it: the columns that sending needs, read with the claim."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from tracking.models import Delivery
from tracking.store import bulk


class Leased(NamedTuple):
    """Named as the columns of `Delivery` are. What was read of it holds for as long as its lease does."""

    id: UUID
    event_id: UUID
    rule_id: int
    version_id: int
    test: bool
    created_at: datetime
    renewed_at: datetime | None
    tries: int
    crashes: int
    claimed_at: datetime | None
    warned_at: datetime | None
    redirect: str | None

    @property
    def begun_at(self) -> datetime | None:
        """From when its lifetime counts: what waits for a worker grows no older. None: it has not begun."""
        return self.claimed_at and max(self.claimed_at, self.renewed_at or self.claimed_at)


COLUMNS = ", ".join(Leased._fields)


def of(row: bulk.Row) -> Leased:
    """From what a raw query gives for `COLUMNS`."""
    one = Leased._make(row)
    if type(one.id) is UUID:  # PostgreSQL has all of these types
        return one
    return one._replace(
        id=bulk.key(one.id),
        event_id=bulk.key(one.event_id),
        test=bool(one.test),
        created_at=bulk.moment(one.created_at),
        renewed_at=one.renewed_at and bulk.moment(one.renewed_at),
        claimed_at=one.claimed_at and bulk.moment(one.claimed_at),
        warned_at=one.warned_at and bulk.moment(one.warned_at),
    )


def read(rows: QuerySet[Delivery]) -> list[Leased]:
    """A claim takes hundreds: a model's instance for each would cost more than the query."""
    return list(map(Leased._make, rows.values_list(*Leased._fields)))
