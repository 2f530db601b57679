"""Alerts as rows: raised exactly once by a conditional update; troubles that begin, are acknowledged, and end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from tracking.choices import Timeframe, WarningCause, WatchState
from tracking.definition import Notifications
from tracking.errors import RuleError
from tracking.models import Alert, Connection, Delivery, Rule, RuleWatch, User, WarningMinute
from tracking.models.delivery import first_id
from tracking.policy.warning import Breach, Counts
from tracking.store import windows

_EARLY = timedelta(seconds=2)  # a tick may come this much before its minute; it is the same tick
_LONGEST = max(timeframe.length for timeframe in Timeframe)
_OLDEST = timedelta(days=1)  # mails that warn are hardly older; what bounds the search for a sample
SETTLED = timedelta(minutes=5)  # a trouble is over when no threshold was exceeded for so long: it must not flap
LONGEST_SNOOZE = timedelta(days=7)
_SAMPLES = 3  # causes of which an alert shows an event
_MAILBOX = re.compile(r"[^\s<>@]+@")


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

    None, too, while the rule is snoozed or this trouble is acknowledged. However many look at the same time, one of
    them raises it.
    """
    rule, wanted = breached.rule, breached.wanted
    assert rule.current is not None  # only rules with a version are watched
    allowed_at = now + timedelta(minutes=wanted.notification_frequency)
    watch = _watch_of(rule)
    with transaction.atomic():
        watch.exclude(state=WatchState.FIRING).update(state=WatchState.FIRING, since=now, **_NEW_TROUBLE)
        watch.filter(calm_since__isnull=False).update(calm_since=None)
        free = watch.filter(Q(next_allowed_at=None) | Q(next_allowed_at__lte=now + _EARLY), acknowledged_at=None)
        if free.exclude(snoozed_until__gt=now).update(next_allowed_at=allowed_at) == 0:
            return None
        alert = Alert(
            **_facts(rule, wanted, breached.counts, now),
            thread_id=watch.values_list("first_alert", flat=True).get(),
            percent_exceeded=breached.breach.percent,
            number_exceeded=breached.breach.number,
            samples=_samples(rule, breached.counts, since=now - wanted.timeframe.length),
            next_allowed_at=allowed_at,
        )
        alert.save()
        watch.filter(first_alert=None).update(first_alert=alert)
    return alert.pk


_NEW_TROUBLE: Mapping[str, None] = dict.fromkeys(("first_alert", "acknowledged_at", "acknowledged_by", "calm_since"))


def _watch_of(rule: Rule) -> QuerySet[RuleWatch]:
    RuleWatch.objects.bulk_create([RuleWatch(rule=rule)], ignore_conflicts=True)
    return RuleWatch.objects.filter(rule=rule)


def _facts(rule: Rule, wanted: Notifications, counts: Counts, now: datetime) -> dict[str, Any]:
    recipients, skipped = addressees(wanted)
    return {
        "rule": rule,
        "version": rule.current,
        "raised_at": now,
        "timeframe": wanted.timeframe,
        "events": counts.events,
        "warnings": counts.warnings,
        "causes": {cause.value: number for cause, number in counts.causes.items()},
        "recipients": recipients,
        "skipped": skipped,
        "next_attempt_at": now,
    }


def _samples(rule: Rule, counts: Counts, *, since: datetime) -> dict[str, str]:
    """Of the most frequent causes: the last event that met it and what the server said, without people's addresses."""
    found = {}
    for cause in sorted(counts.causes, key=lambda cause: -counts.causes[cause])[:_SAMPLES]:
        if (sentence := _sample(rule, cause, since)) is not None:
            found[cause.value] = sentence
    return found


def _sample(rule: Rule, cause: WarningCause, since: datetime) -> str | None:
    recent = Delivery.objects.filter(rule=rule, warned_at__gte=since, id__gte=first_id(since - _OLDEST))
    row = recent.filter(warning=cause).select_related("event").defer("event__payload").order_by("-id").first()
    if row is None:
        return None
    lead = f" of lead {row.event.lead_id}" if row.event.lead_id else ""
    said = _MAILBOX.sub("…@", str(row.attempts.last() or ""))[:300]
    return f"event {row.event.event_id}{lead}{': ' if said else ''}{said}"


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


def settle(rule: Rule, wanted: Notifications, counts: Counts, *, now: datetime) -> int | None:
    """No threshold of a rule that fires is exceeded now; once that has lasted, its trouble is over.

    The id of the mail that says so, where it is wished and somebody was told of the trouble.
    """
    firing = RuleWatch.objects.filter(rule=rule, state=WatchState.FIRING)
    if firing.filter(calm_since=None).update(calm_since=now) and wanted.enable_notifications:
        return None
    patience = SETTLED - _EARLY if wanted.enable_notifications else timedelta(0)
    with transaction.atomic():
        calm = firing.filter(calm_since__lte=now - patience)
        watch = calm.select_for_update().first()
        if watch is None:
            return None
        calm.update(state=WatchState.RECOVERED, since=now, **_NEW_TROUBLE)
        snoozed = watch.snoozed_until is not None and watch.snoozed_until > now
        if not (wanted.enable_notifications and wanted.notify_recovery) or watch.first_alert_id is None or snoozed:
            return None
        facts = _facts(rule, wanted, counts, now)
        return Alert.objects.create(**facts, recovered=True, thread_id=watch.first_alert_id).pk


# --- What people say to it --------------------------------------------------------------------------------------------


def acknowledge(rule: Rule, *, by: User | None, now: datetime) -> bool:
    """No more mails about the trouble that the rule is in. False when it is in none, or somebody said so before."""
    firing = RuleWatch.objects.filter(rule=rule, state=WatchState.FIRING, acknowledged_at=None)
    return firing.update(acknowledged_at=now, acknowledged_by=by) == 1


def snooze(rule: Rule, *, until: datetime, by: User | None, now: datetime) -> None:
    """No mails about the rule until then, whatever happens. Raises RuleError."""
    if not now < until <= now + LONGEST_SNOOZE:
        raise RuleError({"until": [f"must be within the next {LONGEST_SNOOZE.days} days"]})
    _watch_of(rule).update(snoozed_until=until, snoozed_by=by)


def resume(rule: Rule, *, now: datetime) -> bool:
    """Tell again at once: takes back what was acknowledged or snoozed. False when nothing was."""
    silent = RuleWatch.objects.filter(Q(acknowledged_at__isnull=False) | Q(snoozed_until__gt=now), rule=rule)
    return silent.update(acknowledged_at=None, acknowledged_by=None, snoozed_until=None, snoozed_by=None) == 1
