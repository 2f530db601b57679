"""A delivery as its sender knows it: the columns that sending needs, read with the claim."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from tracking.models import Delivery


class Leased(NamedTuple):
    """Named as the columns of `Delivery` are. What was read of it holds for as long as its lease does."""

    id: UUID
    event_id: UUID
    rule_id: int
    version_id: int
    test: bool
    created_at: datetime
    tries: int
    crashes: int
    marked: bool
    claimed_at: datetime | None
    warned_at: datetime | None


def read(rows: QuerySet[Delivery]) -> list[Leased]:
    """A claim takes hundreds: a model's instance for each would cost more than the query."""
    return list(map(Leased._make, rows.values_list(*Leased._fields)))
