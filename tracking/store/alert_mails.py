"""The mails of alerts: found when they are due, sent by whoever claims them, tried again for about a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q

from tracking.choices import AlertState
from tracking.models import Alert

_LEASE = timedelta(minutes=2)
_TRIES = 200  # with waits of at most 10 minutes: more than a day


def _sendable(now: datetime) -> Q:
    waiting = Q(state=AlertState.QUEUED, next_attempt_at__lte=now)
    orphaned = Q(state=AlertState.SENDING, lease_until__lt=now)  # by a worker that died
    return waiting | orphaned


def due(now: datetime) -> list[int]:
    """Alerts that wait to be mailed, those of a dead worker among them."""
    return list(Alert.objects.filter(_sendable(now)).order_by("id").values_list("pk", flat=True)[:100])


def claim(alert_id: int, *, now: datetime) -> Alert | None:
    """The alert, if this worker may send it now."""
    mine = Alert.objects.filter(_sendable(now), pk=alert_id)
    if mine.update(state=AlertState.SENDING, lease_until=now + _LEASE, tries=F("tries") + 1) == 0:
        return None
    return Alert.objects.select_related("rule__connection", "version", "connection", "thread").get(pk=alert_id)


def sent(alert: Alert, *, now: datetime, remark: str = "") -> None:
    Alert.objects.filter(pk=alert.pk).update(
        state=AlertState.SENT, sent_at=now, lease_until=None, next_attempt_at=None, last_error=remark[:1000]
    )


def partly_sent(alert: Alert, *, told: list[str], error: str, now: datetime) -> None:
    """Some have been told, the others are tried again."""
    Alert.objects.filter(pk=alert.pk).update(told=[*alert.told, *told])
    failed(alert, error=error, permanent=False, now=now)


def failed(alert: Alert, *, error: str, permanent: bool, now: datetime) -> None:
    """Try again later, for about a day; a refusal for good, or nobody to tell, ends it."""
    over = permanent or alert.tries >= _TRIES
    wait = min(timedelta(minutes=10), timedelta(seconds=15) * 2 ** min(alert.tries, 6))
    Alert.objects.filter(pk=alert.pk).update(
        state=AlertState.FAILED if over else AlertState.QUEUED,
        lease_until=None,
        next_attempt_at=None if over else now + wait,
        last_error=error[:1000],
    )
