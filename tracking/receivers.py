"""Signals of others, heard."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from tracking.emit import emit
from tracking.events import Event
from tracking.signals import event_emitted


@receiver(event_emitted, dispatch_uid="tracking.submit")
def submit(sender: object, event: Event, **kwargs: Any) -> object:
    """The receipt is the receiver's answer: `event_emitted.send(...)` returns it."""
    return emit(event)
