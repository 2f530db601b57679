"""Events as rows: each platform key is kept once, whoever sends it how often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import structlog

from tracking.errors import EventError
from tracking.events import ENTITIES, Event
from tracking.models import (
    Buyer,
    CallTrackingPool,
    Campaign,
    Channel,
    Pingtree,
    Product,
    Publisher,
    Source,
    StoredEvent,
)
from tracking.models.directory import Entry

log = structlog.get_logger(__name__)

_DIRECTORY: Mapping[str, type[Entry]] = {
    "product": Product,
    "campaign": Campaign,
    "publisher": Publisher,
    "channel": Channel,
    "source": Source,
    "buyer": Buyer,
    "pingtree": Pingtree,
    "call_tracking_pool": CallTrackingPool,
}


def add(events: Iterable[Event], *, now: datetime) -> dict[str, UUID]:
    """Write those events that are new, each event_id once among them; event_id -> row's id of the new ones only.

    Rows are written in order of key, so that two batches with the same events wait for each other, never in a ring.
    """
    rows = {event.event_id: _row(event, now) for event in sorted(events, key=lambda event: event.event_id)}
    StoredEvent.objects.bulk_create(rows.values(), ignore_conflicts=True)
    kept = StoredEvent.objects.filter(event_id__in=rows).values_list("event_id", "id")
    return {event_id: id_ for event_id, id_ in kept if rows[event_id].id == id_}


def _row(event: Event, now: datetime) -> StoredEvent:
    return StoredEvent(
        event_id=event.event_id,
        trigger=event.trigger,
        product_id=event.product,
        campaign_id=event.campaign,
        lead_id=event.lead_id,
        occurred_at=event.occurred_at,
        received_at=now,
        test=event.test,
        payload=event.to_json(),
    )


def load(ids: Iterable[UUID]) -> dict[UUID, Event]:
    """The events of those rows, by the row's id. One that this release cannot read is reported and left out."""
    found = {}
    for id_, payload in StoredEvent.objects.filter(id__in=set(ids)).values_list("id", "payload"):
        try:
            found[id_] = Event.restored(payload)
        except EventError as error:
            log.error("event_unreadable", row=str(id_), errors=error.errors)
    return found


def names(events: Iterable[Event]) -> Mapping[tuple[str, int], str]:
    """(entity, id) -> the directory's name, for all entities that the events name: one query an entity."""
    wanted: dict[str, set[int]] = {entity: set() for entity in ENTITIES}
    for event in events:
        for entity in ENTITIES:
            number = getattr(event, entity)
            if number is not None:
                wanted[entity].add(number)
    return {
        (entity, number): name
        for entity, ids in wanted.items()
        if ids
        for number, name in _DIRECTORY[entity]._default_manager.filter(id__in=ids).values_list("id", "name")
    }
