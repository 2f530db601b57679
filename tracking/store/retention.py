"""What is old enough to go, and its removal in batches small enough that nobody waits for their locks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from tracking import conf
from tracking.choices import AlertState, DeliveryState
from tracking.models import Alert, Delivery, EventMinute, StoredEvent, WarningMinute
from tracking.models.delivery import first_id

SHORT = (DeliveryState.SENT, DeliveryState.CANCELLED)
LONG = (DeliveryState.FAILED, DeliveryState.UNKNOWN)


def _deliveries(states: tuple[DeliveryState, ...], before: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(state__in=states, id__lt=first_id(before)).order_by("id")


def _events(before: datetime) -> QuerySet[StoredEvent]:
    """Events none of whose mails is kept any more. From then on their keys are free again."""
    mails = Delivery.objects.filter(event=OuterRef("pk"))
    return StoredEvent.objects.filter(~Exists(mails), id__lt=first_id(before)).order_by("id")


Old = Callable[[datetime], QuerySet[Any]]

# What goes, in this order: events wait for their mails.
KINDS: Mapping[str, Old] = {
    "deliveries sent or cancelled": lambda now: _deliveries(SHORT, now - conf.keep_sent()),
    "deliveries failed or unknown": lambda now: _deliveries(LONG, now - conf.keep_failed()),
    "events": lambda now: _events(now - conf.keep_sent()),
    "event minutes": lambda now: EventMinute.objects.filter(minute__lt=now - conf.keep_failed()).order_by("id"),
    "warning minutes": lambda now: WarningMinute.objects.filter(minute__lt=now - conf.keep_failed()).order_by("id"),
    "alerts": lambda now: Alert.objects.filter(
        state__in=(AlertState.SENT, AlertState.FAILED), raised_at__lt=now - conf.keep_failed()
    ).order_by("id"),
}


def count(kind: str, *, now: datetime) -> int:
    return KINDS[kind](now).count()


def remove_batch(kind: str, *, now: datetime, size: int) -> int:
    """Delete at most `size` rows of a kind, with what belongs to them, in one transaction; how many rows went."""
    with transaction.atomic():
        ids = list(KINDS[kind](now).values_list("pk", flat=True)[:size])
        KINDS[kind](now).model._default_manager.filter(pk__in=ids).delete()
    return len(ids)


def kept_since(now: datetime) -> datetime:
    """The first moment of which nothing can have been removed."""
    return now - min(conf.keep_sent(), conf.keep_failed()) + timedelta(days=1)
