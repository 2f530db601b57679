"""Where the link in an alert's mail leads: a page that asks, and does by POST what was chosen.

Nobody logs in for it: the link is signed, and good for a week.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods

from tracking.choices import AuditAction, WatchState
from tracking.models import Alert, RuleWatch
from tracking.pipeline import alert_link
from tracking.store import alerts, audit, clock

SNOOZES = {"1": "1 hour", "4": "4 hours", "24": "a day"}  # hours -> words


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows, so that a mail program that follows links does nothing; POST acts."""
    alert = _alert(token)
    done = _act(alert, request.POST.get("do", "")) if request.method == "POST" else ""
    context = {"alert": alert, "watch": _watch(alert), "done": done, "snoozes": SNOOZES, "now": clock.now()}
    response = render(request, "alert.html", context)
    response["Referrer-Policy"] = "same-origin"  # without one, browsers hide the origin that CSRF checks ask for
    add_never_cache_headers(response)
    return response


def _alert(token: str) -> Alert:
    key = alert_link.read(token)
    found = Alert.objects.select_related("rule").filter(pk=key, rule__deleted_at=None).first() if key else None
    if found is None or found.rule is None:
        raise Http404("This link is not valid, or not any more.")
    return found


def _watch(alert: Alert) -> RuleWatch | None:
    return RuleWatch.objects.filter(rule=alert.rule).first()


def _act(alert: Alert, wish: str) -> str:
    """What was done, in words; empty when nothing was wished that there is."""
    assert alert.rule is not None
    now = clock.now()
    if wish == "acknowledge":
        if alerts.acknowledge(alert.rule, by=None, now=now):
            _note(alert, AuditAction.ALERT_ACKNOWLEDGED, {}, now)
            return "Acknowledged: no more mails until it is over."
        watch = _watch(alert)
        firing = watch is not None and watch.state == WatchState.FIRING
        return "It was acknowledged before." if firing else "It is over already: nothing to acknowledge."
    if wish in SNOOZES:
        until = now + timedelta(hours=int(wish))
        alerts.snooze(alert.rule, until=until, by=None, now=now)
        _note(alert, AuditAction.ALERT_SNOOZED, {"until": until.isoformat()}, now)
        return f"Snoozed for {SNOOZES[wish]}."
    return ""


def _note(alert: Alert, action: AuditAction, detail: dict[str, Any], now: datetime) -> None:
    """Nobody is named: whoever has the mail may have followed its link."""
    by = f"the link in the mail of alert {alert.pk}"
    audit.note(actor=None, action=action, target=alert.rule, detail={**detail, "by": by}, now=now)
