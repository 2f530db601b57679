"""The home page's panels, each on its own: drawn with the page, and again every few seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from tracking.admin.charts import Chart, Series
from tracking.admin.scope import access_of
from tracking.choices import ConnectionKind, Platform, WatchState
from tracking.models import Connection, Rule, RuleWatch, WarningMinute
from tracking.store import board, clock, deliveries
from tracking.store.board import Outcomes

SHOWN = 10  # rules and connections of a panel
KEPT = 60  # seconds that the day's mails are remembered: they are many to count
_KINDS = {"sent": "sent", "waiting": "again", "unknown": "unclear", "failed": "refused"}  # outcome -> colour


def parts(request: HttpRequest) -> dict[str, SafeString]:
    """Panel -> its HTML: those that this person may see."""
    now = clock.now()
    found = {}
    for name, (permission, context) in _PANELS.items():
        if request.user.has_perm(f"tracking.{permission}"):
            found[name] = render_to_string(f"admin/tracking/board_{name}.html", context(request, now), request=request)
    return found


def _mail(request: HttpRequest, now: datetime) -> dict[str, Any]:
    rows = access_of(request).deliveries()
    day = request.GET.get("span") == "24h"
    outcomes = _of_the_day(request, now) if day else board.by_minute(rows, until=now)
    chart = Chart(
        title="Mails by the hour" if day else "Mails by the minute",
        times=outcomes.times,
        bars=[Series(name=name, kind=_KINDS[name], values=values) for name, values in outcomes.counts.items()],
        stacked=True,
        empty=f"No mail in the last {'24 hours' if day else 'hour'}.",
    )
    oldest = deliveries.oldest_due(now, within=rows)
    return {"chart": chart.drawn(), "day": day, "oldest": now - oldest if oldest else None}


def _of_the_day(request: HttpRequest, now: datetime) -> Outcomes:
    key = f"board:{request.user.pk}"
    kept: Outcomes | None = cache.get(key)
    if kept is None:
        kept = board.by_hour(access_of(request).deliveries(), until=now)
        cache.set(key, kept, KEPT)
    return kept


def _causes(request: HttpRequest, now: datetime) -> dict[str, Any]:
    seen = access_of(request)
    minutes = WarningMinute.objects.all()
    if seen.scoped or seen.platforms != frozenset(Platform):
        minutes = minutes.filter(rule__in=seen.rows(Rule).order_by().values("pk"))
    return {"causes": board.causes(minutes, since=now - timedelta(hours=1))}


def _alerts(request: HttpRequest, now: datetime) -> dict[str, Any]:
    firing = RuleWatch.objects.filter(state=WatchState.FIRING, rule__in=access_of(request).rules())
    return {"firing": firing.select_related("rule").order_by("since")[:SHOWN], "now": now}


def _connections(request: HttpRequest, now: datetime) -> dict[str, Any]:
    troubled = Q(paused_until__gt=now) | Q(fail_streak__gt=0) | Q(rate_lowered_at__gt=now - timedelta(hours=1))
    seen = access_of(request)
    found = list(seen.rows(Connection).filter(troubled).order_by("-fail_streak", "name")[:SHOWN])
    custom = [one.pk for one in found if one.kind == ConnectionKind.MANUAL]
    rules = seen.rules().filter(connection__in=custom) if request.user.has_perm("tracking.view_rule") else ()
    owners = {rule.connection_id: rule for rule in rules}
    return {"connections": [(one, owners.get(one.pk)) for one in found], "now": now}


def _usage(request: HttpRequest, now: datetime) -> dict[str, Any]:
    events, amount = board.usage(access_of(request).usage(), now=now)
    return {"events": events, "amount": amount, "month": f"{now:%B %Y}"}


Panel = tuple[str, Callable[[HttpRequest, datetime], dict[str, Any]]]  # the permission it needs, its context
_PANELS: Mapping[str, Panel] = {
    "mail": ("view_delivery", _mail),
    "alerts": ("view_alert", _alerts),
    "causes": ("view_rule", _causes),
    "connections": ("view_connection", _connections),
    "usage": ("view_usageday", _usage),
}
