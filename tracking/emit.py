"""The platform's way in: hand over what happened, and go on.

    with transaction.atomic():
        lead.sell()
        receipt = emit(Event(event_id=f"sale-{sale.pk}", trigger="lms.lead_sold", ...))

Event and mails are written in the caller's transaction: rolled back with it, sent after it. No broker is waited for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tracking import metrics, tasks
from tracking.errors import EventError
from tracking.events import Event
from tracking.pipeline import intake
from tracking.pipeline.intake import Match, Receipt
from tracking.store import clock

__all__ = ["Match", "Receipt", "emit", "emit_many"]


def emit(event: Event) -> Receipt:
    """Take one event. Raises EventError for what is not an Event."""
    return emit_many([event])[0]


def emit_many(events: Iterable[Event]) -> list[Receipt]:
    """Take many events at once; receipts in their order. Raises EventError, and takes none, for what is not one."""
    batch = list(events)
    for number, event in enumerate(batch):
        if not isinstance(event, Event):
            raise EventError({f"{number}": [f"must be a tracking.events.Event, not {type(event).__name__}"]})
    if not batch:
        return []
    taken = intake.submit(batch, now=clock.carried())
    tasks.wake_on_commit(taken.connections)
    for duplicate, number in Counter(receipt.duplicate for receipt in taken.receipts).items():
        metrics.events.labels(str(duplicate).lower()).inc(number)
    return taken.receipts
