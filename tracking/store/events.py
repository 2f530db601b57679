"""Events as rows: each platform key is kept once, whoever sends it how often."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain
from uuid import UUID

import structlog
from django.db import connection

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
from tracking.models.delivery import new_id
from tracking.models.directory import Entry
from tracking.store import bulk
from tracking.validation import as_utc

log = structlog.get_logger(__name__)

DIRECTORY: Mapping[str, type[Entry]] = {
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
    rows = [_row(event, now) for event in sorted(events, key=lambda event: event.event_id)]
    if connection.features.can_return_rows_from_bulk_insert:
        tail = "ON CONFLICT (event_id) DO NOTHING RETURNING event_id, id"
        return {event_id: bulk.key(id_) for event_id, id_ in bulk.insert(StoredEvent, _COLUMNS, rows, tail=tail)}
    bulk.insert(StoredEvent, _COLUMNS, rows, tail="ON CONFLICT (event_id) DO NOTHING")
    ours = {id_ for id_, *_ in rows}
    kept = StoredEvent.objects.filter(event_id__in=[event_id for _, event_id, *_ in rows])
    return {event_id: id_ for event_id, id_ in kept.values_list("event_id", "id") if id_ in ours}


_COLUMNS = (
    *("id", "event_id", "trigger", "product_id", "campaign_id", "lead_id", "occurred_at", "received_at", "test"),
    "payload",
)


def _row(event: Event, now: datetime) -> bulk.Row:
    return (
        new_id(),
        event.event_id,
        event.trigger,
        event.product,
        event.campaign,
        event.lead_id,
        as_utc(event.occurred_at),
        now,
        event.test,
        event.to_text(),
    )


def load(ids: Iterable[UUID]) -> dict[UUID, Event]:
    """The events of those rows, by the row's id. One that this release cannot read is reported and left out."""
    found = {}
    for row, payload in bulk.ask(_LOAD, [], ids=set(ids)):
        id_ = bulk.key(row)
        try:
            found[id_] = Event.restored(json.loads(payload))
        except EventError as error:
            log.error("event_unreadable", row=str(id_), errors=error.errors)
    return found


_LOAD = "SELECT id, payload FROM tracking_storedevent WHERE id {ids}"


def names(events: Iterable[Event]) -> Mapping[tuple[str, int], str]:
    """(entity, id) -> the directory's name, for all entities that the events name: one query for all of them."""
    wanted: dict[str, set[int]] = {entity: set() for entity in ENTITIES}
    for event in events:
        for entity in ENTITIES:
            number = getattr(event, entity)
            if number is not None:
                wanted[entity].add(number)
    named = {entity: ids for entity, ids in wanted.items() if ids}
    if not named:
        return {}
    statement = " UNION ALL ".join(
        _NAMES.format(entity, _table(entity), ", ".join(["%s"] * len(named[entity]))) for entity in named
    )
    return {(entity, number): name for entity, number, name in bulk.ask(statement, chain.from_iterable(named.values()))}


_NAMES = "SELECT '{}', id, name FROM {} WHERE id IN ({})"


def _table(entity: str) -> str:
    return DIRECTORY[entity]._meta.db_table
