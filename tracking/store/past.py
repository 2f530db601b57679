"""Events as they came: recent ones to judge a rule by, and all of a time in batches for a backtest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db.models import Q, QuerySet

from tracking.definition import RuleDefinition
from tracking.errors import EventError
from tracking.events import Event
from tracking.models import StoredEvent
from tracking.models.delivery import first_id

log = structlog.get_logger(__name__)

LOOKED_AT = 20_000  # of a trigger's newest events, when only the recent ones matter

Row = tuple[UUID, Event]


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest events that a rule's owner and trigger have seen, newest first, and how many a day there are.

    `events` may be fewer than were counted; `per_day` is 0 where there was none.
    """

    events: tuple[Event, ...]
    per_day: float


def recent(definition: RuleDefinition, *, limit: int, days: int = 7, now: datetime) -> Recent:
    """Bounded whatever the table holds: no more than the trigger's newest LOOKED_AT events are looked at."""
    newest = _real(now - timedelta(days=days), now).filter(trigger=definition.trigger).order_by("-id")
    looked_at = list(newest.values_list("id", "product_id", "campaign_id", "received_at")[:LOOKED_AT])
    column = 1 if definition.campaign is None else 2
    owner = definition.product if definition.campaign is None else definition.campaign
    own = [row for row in looked_at if row[column] == owner]
    span = now - looked_at[-1][3] if len(looked_at) == LOOKED_AT else timedelta(days=days)
    per_day = len(own) / max(span / timedelta(days=1), 1 / 1440)
    found = dict(_read(StoredEvent.objects.filter(pk__in=[row[0] for row in own[:limit]])))
    return Recent(tuple(found[row[0]] for row in own[:limit] if row[0] in found), per_day)


def choices(rows: QuerySet[StoredEvent], *, trigger: str, of: Q, limit: int) -> list[StoredEvent]:
    """The newest of these rows that this trigger and these owners have seen, without their content."""
    newest = rows.filter(trigger=trigger, test=False).order_by("-id")
    ids = newest.values("id")[:LOOKED_AT]
    return list(rows.filter(of, id__in=ids).order_by("-id").defer("payload")[:limit])


def owners(definitions: Iterable[RuleDefinition]) -> Q:
    """The events of the owners of these rules."""
    found = Q(pk=None)
    for definition in definitions:
        if definition.campaign is None:
            found |= Q(product_id=definition.product)
        else:
            found |= Q(campaign_id=definition.campaign)
    return found


def scan(
    definitions: Sequence[RuleDefinition], *, since: datetime, until: datetime, size: int
) -> Iterator[tuple[datetime, list[Row]]]:
    """All events that any of these rules might fire for, oldest first, batch by batch by key.

    With each batch comes the moment that the scan has reached. One batch at a time is in memory.
    """
    rows = _real(since, until).filter(owners(definitions), trigger__in={one.trigger for one in definitions})
    after: UUID | None = None
    while True:
        page = rows.filter(id__gt=after) if after else rows
        found = list(page.order_by("id").values_list("id", "payload", "received_at")[:size])
        if not found:
            return
        after = found[-1][0]
        yield found[-1][2], [row for id_, payload, _ in found if (row := _restored(id_, payload))]


def _real(since: datetime, until: datetime) -> QuerySet[StoredEvent]:
    return StoredEvent.objects.filter(test=False, id__gte=first_id(since), id__lt=first_id(until))


def _read(rows: QuerySet[StoredEvent]) -> Iterator[Row]:
    for id_, payload in rows.values_list("id", "payload"):
        if row := _restored(id_, payload):
            yield row


def _restored(id_: UUID, payload: dict[str, object]) -> Row | None:
    try:
        return id_, Event.restored(payload)
    except EventError as error:
        log.error("event_unreadable", row=str(id_), errors=error.errors)
        return None
