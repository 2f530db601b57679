"""Alerts as rows: raised exactly once by a conditional update, sent by whoever claims them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from tracking.choices import AlertState, Timeframe, WatchState
from tracking.definition import Notifications
from tracking.models import Alert, Connection, Rule, RuleWatch, User, WarningMinute
from tracking.policy.warning import Breach, Counts
from tracking.store import windows

_EARLY = timedelta(seconds=2)  # a tick may come this much before its minute; it is the same tick
_LONGEST = max(timeframe.length for timeframe in Timeframe)
_LEASE = timedelta(minutes=2)
_TRIES = 200  # with waits of at most 10 minutes: more than a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Breached:
    """A rule that exceeds its thresholds, with the numbers that say so."""

    rule: Rule
    wanted: Notifications
    counts: Counts
    breach: Breach


def watched(now: datetime) -> list[Rule]:
    """Rules that had warnings in the longest timeframe and wish to tell of them, and those still firing."""
    recent = WarningMinute.objects.filter(minute__gte=windows.first_minute(now, _LONGEST)).order_by()
    firing = RuleWatch.objects.filter(state=WatchState.FIRING)
    ids = {id_ for (id_,) in recent.values_list("rule_id").union(firing.values_list("rule_id"))}
    rules = Rule.objects.filter(pk__in=ids, deleted_at=None, current__isnull=False).select_related("current", "watch")
    wish = Q(current__document__notifications__enable_notifications=True)
    return list(rules.filter(wish | Q(watch__state=WatchState.FIRING)))


def is_firing(rule: Rule) -> bool:
    """Of a rule that `watched` gave."""
    watch: RuleWatch | None = getattr(rule, "watch", None)
    return watch is not None and watch.state == WatchState.FIRING


def raise_once(breached: Breached, *, now: datetime) -> int | None:
    """The new alert's id, or None while the rule's last one is younger than its notification frequency.

    However many look at the same time, one of them raises it.
    """
    rule, wanted = breached.rule, breached.wanted
    assert rule.current is not None  # only rules with a version are watched
    allowed_at = now + timedelta(minutes=wanted.notification_frequency)
    RuleWatch.objects.bulk_create([RuleWatch(rule=rule)], ignore_conflicts=True)
    state = RuleWatch.objects.filter(rule=rule)
    with transaction.atomic():
        state.exclude(state=WatchState.FIRING).update(state=WatchState.FIRING, since=now)
        free = state.filter(Q(next_allowed_at=None) | Q(next_allowed_at__lte=now + _EARLY))
        if free.update(next_allowed_at=allowed_at) == 0:
            return None
        recipients, skipped = addressees(wanted)
        alert = Alert.objects.create(
            rule=rule,
            version=rule.current,
            raised_at=now,
            timeframe=wanted.timeframe,
            events=breached.counts.events,
            warnings=breached.counts.warnings,
            causes={cause.value: number for cause, number in breached.counts.causes.items()},
            percent_exceeded=breached.breach.percent,
            number_exceeded=breached.breach.number,
            recipients=recipients,
            skipped=skipped,
            next_allowed_at=allowed_at,
            next_attempt_at=now,
        )
    return alert.pk


def raise_for_connections(*, now: datetime) -> None:
    """An alert for each connection that has begun to rest: one a rest, however often it is probed meanwhile."""
    for connection in Connection.objects.filter(paused_until__gt=now, told_at=None):
        with transaction.atomic():
            untold = Connection.objects.filter(pk=connection.pk, told_at=None, paused_until__gt=now)
            if untold.update(told_at=now):
                recipients, skipped = _owners(connection)
                Alert.objects.create(
                    connection=connection,
                    raised_at=now,
                    detail=connection.last_error,
                    recipients=recipients,
                    skipped=skipped,
                    next_attempt_at=now,
                )


def _owners(connection: Connection) -> tuple[list[str], list[str]]:
    """Whom the connection's rules notify; the superusers where no rule notifies anybody."""
    rules = Rule.objects.filter(connection=connection, deleted_at=None, current__isnull=False)
    told = rules.filter(current__document__notifications__enable_notifications=True).select_related("current")
    recipients: dict[str, None] = {}
    skipped: dict[str, None] = {}
    for rule in told:
        assert rule.current is not None
        addresses, without = addressees(rule.current.definition().notifications)
        recipients |= dict.fromkeys(addresses)
        skipped |= dict.fromkeys(without)
    if not recipients:
        people = User.objects.filter(is_superuser=True, is_active=True).exclude(email="")
        recipients = dict.fromkeys(people.order_by("id").values_list("email", flat=True))
    return list(recipients), list(skipped)


def addressees(wanted: Notifications) -> tuple[list[str], list[str]]:
    """Addresses to mail, each once, and the names of users who have none or are deactivated."""
    users = {user.username: user for user in User.objects.filter(username__in=wanted.notify_users)}
    reachable = {name: user.email for name, user in users.items() if user.is_active and user.email}
    addresses = dict.fromkeys([*(reachable[name] for name in wanted.notify_users if name in reachable)])
    addresses.update(dict.fromkeys(wanted.notify_emails))
    return list(addresses), [name for name in wanted.notify_users if name not in reachable]


def recovered(rule_id: int, *, now: datetime) -> None:
    RuleWatch.objects.filter(rule_id=rule_id, state=WatchState.FIRING).update(state=WatchState.RECOVERED, since=now)


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
    return Alert.objects.select_related("rule", "version", "connection").get(pk=alert_id)


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
