"""event -> match -> open deliveries; says whom to wake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from tracking.events import Event
from tracking.store import deliveries, events, rulebook
from tracking.store.deliveries import Owed


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that fired, and the mail it owes."""

    rule: int
    delivery: UUID


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an event that was handed in. A duplicate changed nothing, and has matched nothing anew."""

    event_id: str
    duplicate: bool
    matched: tuple[Match, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "duplicate": self.duplicate,
            "matched": [{"rule": match.rule, "delivery": str(match.delivery)} for match in self.matched],
        }


@dataclass(frozen=True, slots=True)
class Taken:
    """Receipts in the order of the events, and the connections that have mail to send now."""

    receipts: list[Receipt]
    connections: set[int]


def submit(batch: Sequence[Event], *, now: datetime) -> Taken:
    """Write events and the deliveries they cause, in the caller's transaction if there is one."""
    matcher = rulebook.matcher()
    firsts = _first_of_each(batch)
    with transaction.atomic():
        new = events.add(firsts, now=now)
        owed = [
            Owed(event, new[event.event_id], candidate)
            for event in firsts
            if event.event_id in new
            for candidate in matcher.match(event)
        ]
        opened = deliveries.open_for(owed, now=now)
    return Taken(
        receipts=_receipts(batch, new, owed, opened),
        connections={
            one.candidate.connection_id for one in owed if (one.event.event_id, one.candidate.rule_id) in opened
        },
    )


def _first_of_each(batch: Sequence[Event]) -> list[Event]:
    return list({event.event_id: event for event in reversed(batch)}.values())[::-1]


def _receipts(
    batch: Sequence[Event],
    new: Mapping[str, UUID],
    owed: Sequence[Owed],
    opened: Mapping[tuple[str, int], UUID],
) -> list[Receipt]:
    matches: dict[str, list[Match]] = {}
    for one in owed:
        delivery = opened.get((one.event.event_id, one.candidate.rule_id))
        if delivery is not None:
            matches.setdefault(one.event.event_id, []).append(Match(one.candidate.rule_id, delivery))
    seen: set[str] = set()
    receipts = []
    for event in batch:
        duplicate = event.event_id not in new or event.event_id in seen
        seen.add(event.event_id)
        receipts.append(Receipt(event.event_id, duplicate, () if duplicate else tuple(matches.get(event.event_id, ()))))
    return receipts
