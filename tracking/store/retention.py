"""What is old enough to go, and its removal in batches small enough that nobody waits for their locks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from tracking import conf
from tracking.choices import AlertState, DeliveryState, JobState
from tracking.models import (
    Alert,
    AuditEntry,
    Delivery,
    EventMinute,
    Job,
    KeptAnswer,
    SentMinute,
    StoredEvent,
    WarningMinute,
)
from tracking.models.delivery import first_id
from tracking.store import answers, audit, quotas

AUDIT = "audit entries"
SHORT = (DeliveryState.SENT, DeliveryState.CANCELLED)
LONG = (DeliveryState.FAILED, DeliveryState.UNKNOWN)


def _deliveries(states: tuple[DeliveryState, ...], before: datetime) -> QuerySet[Delivery]:
    old = Delivery.objects.filter(state__in=states, id__lt=first_id(before))
    return old.exclude(finished_at__gte=before).order_by("id")  # sent again of late: as old as its end


def _events(before: datetime) -> QuerySet[StoredEvent]:
    """Events none of whose mails is kept any more. From then on their keys are free again."""
    mails = Delivery.objects.filter(event=OuterRef("pk"))
    return StoredEvent.objects.filter(~Exists(mails), id__lt=first_id(before)).order_by("id")


def _audit(kept: timedelta | None, now: datetime) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.order_by("at")
    return rows.none() if kept is None else rows.filter(at__lt=now - kept)


Old = Callable[[datetime], QuerySet[Any]]

# What goes, in this order: events wait for their mails.
KINDS: Mapping[str, Old] = {
    "deliveries sent or cancelled": lambda now: _deliveries(SHORT, now - conf.keep_sent()),
    "deliveries failed or unknown": lambda now: _deliveries(LONG, now - conf.keep_failed()),
    "events": lambda now: _events(now - conf.keep_sent()),
    "event minutes": lambda now: EventMinute.objects.filter(minute__lt=now - conf.keep_failed()).order_by("id"),
    "sent minutes": lambda now: SentMinute.objects.filter(minute__lt=now - conf.keep_failed()).order_by("id"),
    "warning minutes": lambda now: WarningMinute.objects.filter(minute__lt=now - conf.keep_failed()).order_by("id"),
    "alerts": lambda now: Alert.objects.filter(
        state__in=(AlertState.SENT, AlertState.FAILED), raised_at__lt=now - conf.keep_failed()
    ).order_by("id"),
    "quota counters": quotas.old,
    "jobs": lambda now: (
        Job.objects.filter(finished_at__lt=now - conf.keep_sent())
        .exclude(state__in=(JobState.QUEUED, JobState.RUNNING))
        .order_by("id")
    ),
    "login attempts": lambda now: AccessAttempt.objects.filter(attempt_time__lt=now - conf.login_lock()).order_by("id"),
    "sessions": lambda now: Session.objects.filter(expire_date__lt=now).order_by("pk"),
    AUDIT: lambda now: _audit(conf.keep_audit(), now),
    "answers of the API": lambda now: KeptAnswer.objects.filter(created_at__lte=now - answers.KEPT).order_by("id"),
}


def count(kind: str, *, now: datetime) -> int:
    return KINDS[kind](now).count()


def oldest(kind: str, *, now: datetime, size: int) -> list[Any]:
    """Keys of at most `size` rows of a kind that may go."""
    return list(KINDS[kind](now).values_list("pk", flat=True)[:size])


def remove(kind: str, ids: Sequence[Any], *, now: datetime) -> None:
    """Delete these rows in one transaction, but for those that somebody has put to use again meanwhile, or does now."""
    with transaction.atomic():
        rows = KINDS[kind](now).order_by().filter(pk__in=ids)
        if kind == AUDIT:
            audit.forget(rows, now=now)
        else:  # locked, as they are looked at first and deleted by their keys alone
            ours = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
            rows.model._default_manager.filter(pk__in=ours).delete()


def kept_since(now: datetime) -> datetime:
    """The first moment of which nothing can have been removed."""
    return now - min(conf.keep_sent(), conf.keep_failed()) + timedelta(days=1)
