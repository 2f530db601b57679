"""A rule's warnings: charts with its limits, causes, the state of its alerts, what was mailed; acknowledge, snooze."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from tracking.access import Access
from tracking.admin.alerts import mail_badge, show_to, why
from tracking.admin.charts import Chart, Series
from tracking.admin.listing import badge
from tracking.admin.rules import visible
from tracking.admin.scope import access_of, names_for
from tracking.choices import AuditAction, WatchState
from tracking.definition import Notifications
from tracking.models import Alert, Rule, RuleWatch
from tracking.policy.warning import share
from tracking.store import alerts, audit, clock, windows
from tracking.store.windows import Minutes

SNOOZES = {"1": "1 hour", "4": "4 hours", "24": "1 day", "168": "1 week"}  # hours -> words
SHOWN_ALERTS = 20
_STATES = {WatchState.FIRING: "red", WatchState.RECOVERED: "green", WatchState.OK: "green"}
_BARS = 72  # at most


def page(admin: Any, request: HttpRequest, rule: Rule) -> HttpResponse:
    """GET shows the warnings; POST does what was chosen, and leads back to them."""
    if request.method != "POST":
        return TemplateResponse(request, "admin/tracking/rule_warnings.html", _context(admin, request, rule))
    if not _may_control(request):
        raise PermissionDenied
    done = _act(request, rule, request.POST.get("do", ""), now=clock.now())
    admin.message_user(request, done or "Nothing to do.", messages.SUCCESS if done else messages.WARNING)
    return HttpResponseRedirect(request.get_full_path())


def _may_control(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("tracking.change_alert"))


def _act(request: HttpRequest, rule: Rule, wish: str, *, now: datetime) -> str:
    """What was done, in words; empty when there was nothing to do."""
    user: Any = request.user
    if wish == "acknowledge" and alerts.acknowledge(rule, by=user, now=now):
        audit.note(actor=user, action=AuditAction.ALERT_ACKNOWLEDGED, target=rule, now=now)
        return "Acknowledged: no more mails until the trouble is over."
    if wish in SNOOZES:
        until = now + timedelta(hours=int(wish))
        alerts.snooze(rule, until=until, by=user, now=now)
        audit.note(
            actor=user, action=AuditAction.ALERT_SNOOZED, target=rule, detail={"until": until.isoformat()}, now=now
        )
        return f"Snoozed for {SNOOZES[wish]}."
    if wish == "resume" and alerts.resume(rule, now=now):
        audit.note(actor=user, action=AuditAction.ALERT_SNOOZED, target=rule, detail={"until": None}, now=now)
        return "It tells again."
    return ""


def _context(admin: Any, request: HttpRequest, rule: Rule) -> dict[str, Any]:
    now, seen = clock.now(), access_of(request)
    assert rule.current is not None
    wanted = Notifications.of(rule.current.document)
    length = wanted.timeframe.length
    counts = windows.counts(rule.pk, until=now, timeframe=length)
    minutes = windows.minutes_of(rule.pk, first=now - 2 * length, until=now)
    watch = RuleWatch.objects.filter(rule=rule).select_related("acknowledged_by", "snoozed_by").first()
    people = names_for(seen, [watch.acknowledged_by, watch.snoozed_by]) if watch else {}
    return {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": rule,
        "title": f"Warnings of rule {rule}",
        "now": now,
        "wanted": wanted,
        "counts": counts,
        "causes": sorted(counts.causes.items(), key=lambda row: -row[1]),
        "charts": [chart.drawn() for chart in _charts(minutes, wanted)],
        "watch": watch,
        "acknowledged_by": people.get(watch.acknowledged_by_id) if watch else None,
        "snoozed_by": people.get(watch.snoozed_by_id) if watch else None,
        "state": badge(watch.get_state_display(), _STATES[WatchState(watch.state)]) if watch else badge("OK", "green"),
        "firing": watch is not None and watch.state == WatchState.FIRING,
        "snoozed": watch is not None and watch.snoozed_until is not None and watch.snoozed_until > now,
        "alerts": [_alert(row, seen) for row in rule.alerts.all()[:SHOWN_ALERTS]],
        "connection": visible.connection_of(rule, seen),
        "may_control": _may_control(request),
        "snoozes": SNOOZES,
    }


def _alert(alert: Alert, seen: Access) -> tuple[Alert, str, SafeString, list[str]]:
    """The alert, why, what became of its mail, and to whom, as far as this person gets to know."""
    show_to(seen, alert)
    return alert, why(alert), mail_badge(alert), alert.recipients


def _charts(minutes: Minutes, wanted: Notifications) -> list[Chart]:
    """Of the timeframe that ends now: what arose in each step, and what the limits were measured by at its end."""
    length = int(wanted.timeframe.length.total_seconds()) // 60
    size = -(-(length + 1) // _BARS)
    events, warnings = _windows(minutes.events, length), _windows(minutes.warnings, length)
    shares = [
        float(share(warned, total)) if total >= (wanted.minimum_events or 0) else None
        for total, warned in zip(events, warnings, strict=True)
    ]
    start = len(minutes.events) - length - 1
    times = [minutes.first + timedelta(minutes=number) for number in range(start, len(minutes.events), size)]
    words = wanted.timeframe.label
    return [
        Chart(
            title=f"Events and warnings, {f'each {size} minutes' if size > 1 else 'minute by minute'}",
            times=times,
            bars=[
                Series(name="events", kind="fired", values=_sums(minutes.events[start:], size)),
                Series(name="warnings", kind="warned", values=_sums(minutes.warnings[start:], size)),
            ],
            empty="No event in this timeframe.",
        ),
        Chart(
            title=f"% of Warnings, of the {words} before",
            times=times,
            lines=[Series(name="%", kind="warned", values=_ends(shares, size))],
            limit=None if wanted.warnings_percent is None else float(wanted.warnings_percent),
            unit=" %",
        ),
        Chart(
            title=f"Number of Warnings, of the {words} before",
            times=times,
            lines=[Series(name="warnings", kind="warned", values=_ends(warnings, size))],
            limit=wanted.warnings_number,
        ),
    ]


def _windows(values: Sequence[int], length: int) -> list[int]:
    """For each of the last `length` + 1 minutes the sum of itself and the `length` minutes before it."""
    sums = [0, *accumulate(values)]
    return [sums[end] - sums[max(0, end - length - 1)] for end in range(len(values) - length, len(values) + 1)]


def _sums(values: Sequence[int], size: int) -> list[int]:
    return [sum(values[start : start + size]) for start in range(0, len(values), size)]


def _ends(values: Sequence[Any], size: int) -> list[Any]:
    """The last value of each step."""
    return [values[min(start + size, len(values)) - 1] for start in range(0, len(values), size)]
